// The outcome for people: differences, a table, and the same table in the documentation.
import { readFileSync, writeFileSync } from 'node:fs';
import { products } from './cases.mjs';

const verdicts = ['passed', 'deliberate', 'failing', 'out of scope'];

/** Prints the outcome of one case as soon as it is there, with what differs that should not; `isWhole`: with what is meant to differ too. */
export function tell({ theCase, verdict, differences }, isWhole) {
  console.log(`${verdict.padEnd(12)} ${theCase.id}: ${theCase.title}`);
  for (const { place, step, expected, actual, entry } of differences.filter((each) => isWhole || !each.entry)) {
    console.log(`  ${step === undefined ? '' : `step ${step} `}${place}${entry ? ` (meant: ${entry.reason})` : ''}`);
    console.log(`    expected ${short(expected)}\n    actual   ${short(actual)}`);
  }
}

/** Prints the table; true when nothing differs that should not. */
export function print(results, stale) {
  for (const { reason } of stale) console.log(`\nA deliberate difference that is none any more: ${reason}`);
  console.log(`\n${table(results).join('\n')}`);
  return stale.length === 0 && results.every(({ verdict }) => verdict !== 'failing');
}

/** Writes table and reasons between the marks in a document. */
export function writeDocs(file, results, used) {
  const reasons = used.map(({ reason, source }) => `- ${reason} (${source})`);
  const left = new Map();
  for (const { theCase } of results.filter(({ verdict }) => verdict === 'out of scope')) left.set(theCase.elsewhere, [...(left.get(theCase.elsewhere) ?? []), theCase.id]);
  const outside = [...left].map(([reason, ids]) => `- ${reason}: ${ids.join(', ')}`);
  const generated = [...table(results), '', '### Deliberate differences', '', ...reasons, ...(outside.length > 0 ? ['', '### Out of scope', '', ...outside] : [])].join('\n');
  const [begin, end] = ['<!-- make parity: begin -->', '<!-- make parity: end -->'];
  const text = readFileSync(file, 'utf8');
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`${file} has no marks ${begin} and ${end}.`);
  writeFileSync(file, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${generated}\n${text.slice(text.indexOf(end))}`);
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
