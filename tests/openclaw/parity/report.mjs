// The outcome for people: differences, a table, and the same table in the documentation.
import { readFileSync, writeFileSync } from 'node:fs';
import { products } from './cases.mjs';

const verdicts = ['passed', 'deliberate', 'failing', 'out of scope'];

/** Prints the outcome of one case and its unexplained differences; `isWhole`: its deliberate differences too. */
export function tell({ theCase, verdict, differences }, isWhole) {
  console.log(`${verdict.padEnd(12)} ${theCase.id}: ${theCase.title}`);
  for (const { place, step, expected, actual, entry, missed } of differences.filter((each) => isWhole || !each.entry)) {
    console.log(`  ${step === undefined ? '' : `step ${step} `}${place}${entry ? ` (deliberate: ${entry.reason})` : ''}`);
    console.log(`    expected ${short(expected)}\n    actual   ${short(actual)}`);
    if (missed) console.log(`    deliberate.json has another value, ${short(missed.gives)}: ${missed.entry.reason}`);
  }
}

/** Prints the table; true if all differences are explained and all entries explain one. */
export function print(results, stale) {
  for (const { reason } of stale) console.log(`\nThis entry of deliberate.json explains no difference: ${reason}`);
  console.log(`\n${table(results).join('\n')}`);
  return stale.length === 0 && results.every(({ verdict }) => verdict !== 'failing');
}

/** Writes table and reasons between the marks in a document. */
export function writeDocs(file, results, used) {
  const [begin, end] = ['<!-- make parity: begin -->', '<!-- make parity: end -->'];
  const text = readFileSync(file, 'utf8');
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`${file} has no marks ${begin} and ${end}.`);
  const generated = [...table(results), ...reasons(used), ...outOfScope(results)].join('\n');
  writeFileSync(file, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${generated}\n${text.slice(text.indexOf(end))}`);
}

const reasons = (used) => ['', '### Deliberate differences', '', ...new Set(used.map(lineOf))];
const lineOf = ({ reason, source }) => `- ${reason} (${source})`;

function outOfScope(results) {
  const cases = results.filter(({ verdict }) => verdict === 'out of scope').map(({ theCase }) => theCase);
  const reasonsToLeave = [...new Set(cases.map(({ elsewhere }) => elsewhere))];
  const idsOf = (reason) => cases.filter(({ elsewhere }) => elsewhere === reason).map(({ id }) => id);
  const lines = reasonsToLeave.map((reason) => `- ${reason}: ${idsOf(reason).join(', ')}`);
  return lines.length > 0 ? ['', '### Out of scope', '', ...lines] : [];
}

function table(results) {
  const rows = Object.entries(products).map(([id, { name }]) => {
    const own = results.filter(({ theCase }) => theCase.product?.id === id);
    return [name, ...verdicts.map((verdict) => `${own.filter((each) => each.verdict === verdict).length}`)];
  });
  return [['Program', ...verdicts], ['---', ...verdicts.map(() => '---:')], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function short(value) {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
