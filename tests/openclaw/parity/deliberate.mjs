// Differences that are meant: each entry of deliberate.json names cases, places and a reason. An entry that explains nothing is an error.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export class Deliberate {
  #entries = JSON.parse(readFileSync(path.join(import.meta.dirname, 'deliberate.json'), 'utf8')).map((entry) => ({
    ...entry,
    places: entry.where.map((pattern) => new RegExp(`^(?:${pattern})$`)),
    said: entry.says && new RegExp(entry.says),
    asked: entry.argv && new RegExp(entry.argv),
    met: 0,
    explained: 0,
  }));

  /** The entry that explains a difference; undefined: none does. */
  explain(theCase, difference) {
    const entry = this.#entries.find((each) => concerns(each, theCase) && each.places.some((place) => place.test(difference.place))
      && (!each.said || each.said.test(String(difference.expected ?? difference.actual))));
    if (entry) entry.explained++;
    return entry;
  }

  /** Takes note that a case was run. */
  meet(theCase) {
    for (const entry of this.#entries.filter((each) => concerns(each, theCase))) entry.met++;
  }

  /** Entries about cases that were run which explained nothing: the difference is gone, so must the entry be. */
  stale() {
    return this.#entries.filter((entry) => entry.met > 0 && entry.explained === 0);
  }

  get used() {
    return this.#entries.filter((entry) => entry.explained > 0);
  }
}

// `cases` are numbers and ranges of numbers, `argv` is what some command line of the case looks like, `products` the names of programs,
// `env` a variable that is set, `input` a file at the beginning and what its text looks like; without them an entry is about all.
function concerns({ cases, asked, products, env, input }, { id, product, steps, env: variables, folder }) {
  const number = Number.parseInt(id, 10);
  const isListed = (cases ?? ['0-9999']).some((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return number >= from && number <= to;
  });
  const isSet = !env || [variables, ...steps.map((step) => step.env)].some((each) => each?.[env] !== undefined);
  return isListed && isSet && (!input || looksLike(folder, input)) && (!asked || steps.some(({ argv }) => asked.test(argv.join(' ')))) && (!products || products.includes(product.id));
}

function looksLike(folder, { file, text }) {
  const home = path.join(folder, 'input', 'home');
  return existsSync(home) && readdirSync(home, { recursive: true })
    .some((each) => new RegExp(`(^|/)${file}$`).test(each) && new RegExp(text).test(readFileSync(path.join(home, each), 'utf8')));
}
