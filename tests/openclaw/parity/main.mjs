// make parity: the cases of real command lines against clawgrpc and claw as they were built.
//   node tests/openclaw/parity/main.mjs [--cases DIR] [--only PATTERN] [--docs FILE] [--workers N] [--whole]
import path from 'node:path';
import { parseArgs } from 'node:util';
import { casesOf } from './cases.mjs';
import { clawArguments, isOfDefaultAgent } from './commands.mjs';
import { documentIn, ofFiles, ofStep } from './compare.mjs';
import { Deliberate } from './deliberate.mjs';
import { faultsOf, keysIn } from './faults.mjs';
import { Home } from './home.mjs';
import { Sandbox, runClaw, startServer, surroundings } from './programs.mjs';
import { print, tell, writeDocs } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: path.resolve(import.meta.dirname, '../../../../shared/cases') },
    only: { type: 'string', default: '' },
    docs: { type: 'string' },
    whole: { type: 'boolean', default: false },
    workers: { type: 'string', default: '3' },
  },
});

const deliberate = new Deliberate();
const only = new RegExp(options.only);
const queue = casesOf(options.cases).filter((each) => only.test(each.id));
const results = [];
await Promise.all(Array.from({ length: Number(options.workers) }, work));
results.sort((one, other) => (one.theCase.id < other.theCase.id ? -1 : 1));
// Only of all cases can it be said that an entry explains none.
const stale = options.docs ? deliberate.stale() : [];
const isGood = print(results, stale);
if (options.docs) writeDocs(options.docs, results, deliberate.used);
process.exit(isGood ? 0 : 1);

async function work() {
  const sandbox = await Sandbox.start();
  try {
    for (let theCase = queue.shift(); theCase; theCase = queue.shift()) {
      const result = theCase.elsewhere ? { theCase, verdict: 'out of scope', differences: [] } : judged(theCase, await run(theCase, sandbox));
      results.push(result);
      tell(result, options.whole);
    }
  } finally {
    sandbox.stop();
  }
}

function judged(theCase, differences) {
  deliberate.meet(theCase);
  const explained = differences.map((difference) => ({ ...difference, entry: deliberate.explain(theCase, difference) }));
  const isMeant = (difference) => difference.entry !== undefined;
  const verdict = explained.every(isMeant) ? (explained.some(({ entry }) => !entry.addition) ? 'deliberate' : 'passed') : 'failing';
  return { theCase, verdict, differences: explained };
}

async function run(theCase, sandbox) {
  const home = new Home(theCase, sandbox.url);
  const differences = [];
  try {
    if (home.inherit()) differences.push({ place: 'inheritance', expected: 'always', actual: 'with auth.inheritFromMain' });
    for (const step of theCase.steps) {
      const argv = clawArguments(step, home);
      if (!argv) continue;
      const { actual, requests } = await runStep(theCase, step, argv, home, sandbox);
      const isRedirected = isOfDefaultAgent(step, home);
      if (isRedirected) differences.push({ place: 'default agent', expected: 'main', actual: home.defaultAgent(), step: step.index });
      differences.push(...[...ofStep(isRedirected ? anonymous(step) : step, isRedirected ? anonymous(actual) : actual, requests)].map((difference) => ({ ...difference, step: step.index })));
    }
    differences.push(...ofFiles(theCase, home));
    return differences;
  } finally {
    home.remove();
  }
}

// An output of a command to which --agent was added, without what that adds to it.
function anonymous(said) {
  const strip = (text) => text.replace(/^ {2}"agentId": .*\n/m, '').replace(/^ {2}"modelConfig": \{[^}]*\},\n/m, '').replace(/ \((agent|defaults)\)/g, '').replace(/ +: /g, ': ');
  return said.expected ? { ...said, expected: { ...said.expected, stdout: strip(said.expected.stdout) } } : { ...said, stdout: strip(said.stdout) };
}

async function runStep(theCase, step, argv, home, sandbox) {
  const environment = environmentOf(theCase, step, home, sandbox);
  const keys = keysIn([...home.files().values(), JSON.stringify(environment)]);
  await sandbox.teach(faultsOf(step.mockPlan, keys));
  const server = await startServer(environment);
  const ran = await runClaw(argv, environment, { stdin: step.stdin, typed: step.pty });
  await server.stop();
  const text = (said) => home.generalize(said).replaceAll('\r\n', '\n');
  const actual = { exitCode: ran.exitCode, stdout: text(ran.stdout), stderr: text((server.refusal ?? '') + ran.stderr) };
  return { actual, requests: await sandbox.requests() };
}

function environmentOf(theCase, step, home, sandbox) {
  const given = Object.entries({ ...theCase.env, ...step.env }).filter(([name]) => !/^(FAKE_|NODE_)/.test(name))
    .map(([name, value]) => [name, value.replaceAll('{{HOME}}', home.path)]);
  return surroundings(theCase, home, {
    ANTHROPIC_BASE_URL: sandbox.url,
    // Where nothing is there yet, nothing says whose folder it will be.
    ...(home.hasState ? {} : { [theCase.product.variable]: home.state }),
    ...(theCase.product.generation === 'clawdbot' || theCase.product.generation === 'openclaw' ? {} : { CLAWGRPC_GENERATION: theCase.product.generation }),
    ...Object.fromEntries(given),
  });
}
