// Differences on purpose. Each entry of deliberate.json names cases, places, what ClawGrpc gives there, and the reason.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Evidence } from './evidence.mjs';
import { holds, mistakeIn } from './gives.mjs';

export class Deliberate {
  #entries;

  constructor(file = path.join(import.meta.dirname, 'deliberate.json')) {
    this.#entries = JSON.parse(readFileSync(file, 'utf8')).map(read);
  }

  /** The entry that explains a difference, and the one that would if ClawGrpc gave what it says; undefined if there is none. */
  explain(theCase, outcome, difference) {
    const evidence = new Evidence(theCase, outcome, difference);
    let missed;
    for (const entry of this.#entries.filter((each) => concerns(each, theCase))) {
      const rules = entry.rules.filter((rule) => isAbout(rule, difference));
      if (rules.some(({ gives }) => holds(gives, difference, evidence))) {
        entry.explained++;
        return { entry };
      }
      if (rules.length > 0) missed ??= { entry, gives: rules.map(({ gives }) => gives) };
    }
    return { missed };
  }

  /** Takes note that a case was run. */
  meet(theCase) {
    for (const entry of this.#entries.filter((each) => concerns(each, theCase))) entry.met++;
  }

  /** Entries that are about a case that was run and explain no difference. */
  stale() {
    return this.#entries.filter((entry) => entry.met > 0 && entry.explained === 0);
  }

  get used() {
    return this.#entries.filter((entry) => entry.explained > 0);
  }
}

function read(entry, index) {
  const name = `deliberate.json, entry ${index + 1} (${entry.reason ?? 'no reason'})`;
  if (!entry.reason || !entry.source) throw new Error(`${name}: reason and source are required`);
  if (!entry.differences?.length) throw new Error(`${name}: differences are required`);
  const rules = entry.differences.map(({ where, theirs, gives }) => {
    const mistake = mistakeIn(gives);
    if (mistake) throw new Error(`${name}, ${where}: ${mistake}`);
    return { places: [where].flat().map(whole), theirs: theirs && whole(theirs), gives };
  });
  return { ...entry, rules, asked: entry.argv && new RegExp(entry.argv), met: 0, explained: 0 };
}

const whole = (pattern) => new RegExp(`^(?:${pattern})$`, 's');

const isAbout = ({ places, theirs }, { place, expected }) =>
  places.some((each) => each.test(place)) && (!theirs || theirs.test(textOf(expected)));

// Lines and other texts stand as they are, all other values as JSON.
const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? '');

// `cases` are numbers and ranges of numbers, `products` the names of programs, `argv` a pattern of one of the case's command
// lines, `env` a variable that is set, `input` a file at the beginning and a pattern of its text. An entry without them is about
// all cases.
function concerns({ cases, asked, products, env, input }, { id, product, steps, env: variables, folder }) {
  const number = Number.parseInt(id, 10);
  const isListed = (cases ?? ['0-9999']).some((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return number >= from && number <= to;
  });
  const isSet = !env || [variables, ...steps.map((step) => step.env)].some((each) => each?.[env] !== undefined);
  return isListed && isSet && (!products || products.includes(product.id)) && (!input || looksLike(folder, input))
    && (!asked || steps.some(({ argv }) => asked.test(argv.join(' '))));
}

function looksLike(folder, { file, text }) {
  const home = path.join(folder, 'input', 'home');
  return existsSync(home) && readdirSync(home, { recursive: true })
    .some((each) => new RegExp(`(^|/)${file}$`).test(each) && new RegExp(text).test(readFileSync(path.join(home, each), 'utf8')));
}
