// One case: its steps at clawgrpc and claw, and what differs from the recording.
import { clawArguments, isOfDefaultAgent } from './commands.mjs';
import { ofFiles, ofStep } from './compare.mjs';
import { faultsOf, keysIn } from './faults.mjs';
import { Home } from './home.mjs';
import { runClaw, startServer, surroundings } from './programs.mjs';

/** Runs a case: `differences` from the recording, `outputs` of the steps, and `files` at the end by their paths. */
export async function run(theCase, sandbox) {
  const home = new Home(theCase, sandbox.url);
  try {
    const differences = [];
    const outputs = [];
    if (home.inherit()) differences.push({ place: 'inheritance', expected: 'always', actual: 'with auth.inheritFromMain' });
    for (const step of theCase.steps) {
      const argv = clawArguments(step, home);
      if (!argv) continue;
      const { actual, requests } = await runStep(theCase, step, argv, home, sandbox);
      outputs.push({ step: step.index, ...actual });
      differences.push(...differencesOf(step, actual, requests, home).map((each) => ({ ...each, step: step.index })));
    }
    const files = home.files();
    differences.push(...ofFiles(theCase, home));
    return { differences, outputs, files: Object.fromEntries([...files].filter(([file]) => file.endsWith('.json'))) };
  } finally {
    home.remove();
  }
}

function differencesOf(step, actual, requests, home) {
  if (!isOfDefaultAgent(step, home)) return [...ofStep(step, actual, requests)];
  const redirected = { place: 'default agent', expected: 'main', actual: home.defaultAgent() };
  return [redirected, ...ofStep(withoutAgent(step), withoutAgent(actual), requests)];
}

// An output of a command to which --agent was added, without what that adds to the output.
function withoutAgent(said) {
  const strip = (text) => text.replace(/^ {2}"agentId": .*\n/m, '').replace(/^ {2}"modelConfig": \{[^}]*\},\n/m, '')
    .replace(/ \((agent|defaults)\)/g, '').replace(/ +: /g, ': ');
  return said.expected
    ? { ...said, expected: { ...said.expected, stdout: strip(said.expected.stdout) } }
    : { ...said, stdout: strip(said.stdout) };
}

async function runStep(theCase, step, argv, home, sandbox) {
  const environment = environmentOf(theCase, step, home, sandbox);
  const keys = keysIn([...home.files().values(), JSON.stringify(environment)]);
  await sandbox.teach(faultsOf(step.mockPlan, keys), keys);
  const server = await startServer(environment);
  const ran = await runClaw(argv, environment, { stdin: step.stdin, typed: step.pty });
  await server.stop();
  const text = (said) => home.generalize(said).replaceAll('\r\n', '\n');
  const stderr = text((server.refusal ?? '') + ran.stderr);
  return { actual: { exitCode: ran.exitCode, stdout: text(ran.stdout), stderr }, requests: await sandbox.requests() };
}

function environmentOf(theCase, step, home, sandbox) {
  const { generation, variable } = theCase.product;
  const given = Object.entries({ ...theCase.env, ...step.env }).filter(([name]) => !/^(FAKE_|NODE_)/.test(name))
    .map(([name, value]) => [name, value.replaceAll('{{HOME}}', home.path)]);
  return surroundings(theCase, home, {
    ANTHROPIC_BASE_URL: sandbox.url,
    // An empty home does not say which program's state it will hold.
    ...(home.hasState ? {} : { [variable]: home.state }),
    ...(generation === 'clawdbot' || generation === 'openclaw' ? {} : { CLAWGRPC_GENERATION: generation }),
    ...Object.fromEntries(given),
  });
}
