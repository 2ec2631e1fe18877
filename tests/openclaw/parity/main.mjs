// make parity: the cases of real command lines against clawgrpc and claw as they were built.
//   node tests/openclaw/parity/main.mjs [--cases DIR] [--only PATTERN] [--docs FILE] [--workers N] [--whole]
//   ... --save FILE   keeps what the programs gave
//   ... --from FILE   judges that again without running them, for work on deliberate.json
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { casesOf } from './cases.mjs';
import { Deliberate } from './deliberate.mjs';
import { Sandbox } from './programs.mjs';
import { print, tell, writeDocs } from './report.mjs';
import { run } from './run.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: path.resolve(import.meta.dirname, '../../../../shared/cases') },
    only: { type: 'string', default: '' },
    docs: { type: 'string' },
    save: { type: 'string' },
    from: { type: 'string' },
    whole: { type: 'boolean', default: false },
    workers: { type: 'string', default: '3' },
  },
});

const deliberate = new Deliberate();
const only = new RegExp(options.only);
const queue = casesOf(options.cases).filter((each) => only.test(each.id));
const outcomes = options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : {};
const results = [];
if (options.from) {
  for (const theCase of queue.filter(({ id, elsewhere }) => elsewhere || outcomes[id])) note(theCase);
} else {
  await Promise.all(Array.from({ length: Number(options.workers) }, work));
}
results.sort((one, other) => (one.theCase.id < other.theCase.id ? -1 : 1));
// Only a run of all cases shows that an entry explains nothing.
const stale = options.docs ? deliberate.stale() : [];
const isGood = print(results, stale);
if (options.docs) writeDocs(options.docs, results, deliberate.used);
if (options.save) writeFileSync(options.save, JSON.stringify(outcomes));
process.exit(isGood ? 0 : 1);

async function work() {
  const sandbox = await Sandbox.start();
  try {
    for (let theCase = queue.shift(); theCase; theCase = queue.shift()) {
      if (!theCase.elsewhere) outcomes[theCase.id] = await run(theCase, sandbox);
      note(theCase);
    }
  } finally {
    sandbox.stop();
  }
}

function note(theCase) {
  const result = theCase.elsewhere
    ? { theCase, verdict: 'out of scope', differences: [] }
    : judged(theCase, outcomes[theCase.id]);
  results.push(result);
  tell(result, options.whole);
}

function judged(theCase, outcome) {
  deliberate.meet(theCase);
  const differences = outcome.differences.map((each) => ({ ...each, ...deliberate.explain(theCase, outcome, each) }));
  return { theCase, verdict: verdictOn(differences), differences };
}

function verdictOn(differences) {
  if (differences.some(({ entry }) => !entry)) return 'failing';
  return differences.some(({ entry }) => !entry.addition) ? 'deliberate' : 'passed';
}
