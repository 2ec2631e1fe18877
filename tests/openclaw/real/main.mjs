// make real-openclaw: ClawGrpc writes folders, the real OpenClaw says what it reads in them.
//   node tests/openclaw/real/main.mjs [--install DIR] [--only TEXT] [--whole]
// Without --install OpenClaw is installed from npm into a folder that is removed at the end.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { documentIn } from '../parity/compare.mjs';
import { between } from '../parity/differences.mjs';
import { Sandbox, runClaw, startServer, surroundings } from '../parity/programs.mjs';
import { openclawIn } from './install.mjs';
import { stories } from './stories.mjs';

const { values: options } = parseArgs({
  options: { install: { type: 'string' }, only: { type: 'string', default: '' }, whole: { type: 'boolean', default: false } },
});
const kept = options.install && path.resolve(options.install);
const installed = kept ?? mkdtempSync(path.join(tmpdir(), 'openclaw-'));
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const status = ['models', 'status', '--json'];

// What the two print differently for the same files, and why. Scripts ignore members that only ClawGrpc has.
const meant = [
  [/^\+/, 'ClawGrpc says more'],
  [/^order of json:auth\.unusableProfiles/, 'ClawGrpc says more'],
  [
    /^json:auth\.(unusableProfiles\[\]\.(until|remainingMs)|providers\[\]\.profiles\.labels\[\])$/,
    'a rejected key has no end here, and a far one in OpenClaw', 'a key that is refused',
  ],
];

mkdirSync(installed, { recursive: true });
let failed = 0;
try {
  const openclaw = openclawIn(installed);
  const sandbox = await Sandbox.start();
  for (const story of stories(nowMs).filter(({ name }) => name.includes(options.only))) {
    const isMeant = (place) => meant.some(([pattern, , only]) => pattern.test(place) && (!only || only === story.name));
    const differences = (await tell(story, openclaw, sandbox)).filter(({ place }) => !isMeant(place));
    console.log(`${differences.length === 0 ? 'same      ' : 'different '} ${story.name}`);
    for (const { place, expected, actual } of differences) {
      console.log(`  ${place}\n    openclaw ${JSON.stringify(expected)}\n    claw     ${JSON.stringify(actual)}`);
    }
    if (differences.length > 0) failed++;
  }
  sandbox.stop();
} finally {
  if (!kept) rmSync(installed, { recursive: true, force: true });
}
console.log(failed === 0 ? 'OpenClaw reads everything as ClawGrpc wrote it.' : `${failed} stories are read differently.`);
process.exit(failed === 0 ? 0 : 1);

async function tell(story, openclaw, sandbox) {
  const home = mkdtempSync(path.join(tmpdir(), 'claw-'));
  try {
    for (const [file, text] of Object.entries({ '.openclaw/openclaw.json': '{}\n', ...story.files })) {
      mkdirSync(path.dirname(path.join(home, file)), { recursive: true, mode: 0o700 });
      writeFileSync(path.join(home, file), text, { mode: 0o600 });
    }
    const environment = surroundings({ clock: { mode: 'frozen', nowMs } }, { path: home }, { TERM: 'dumb' });
    const asked = story.asks ?? status;
    await sandbox.teach(story.faults ?? []);
    const server = await startServer({ ...environment, ANTHROPIC_BASE_URL: sandbox.url });
    if (server.refusal) throw new Error(`${story.name}: ${server.refusal}`);
    for (const argv of story.does) {
      const { exitCode, stderr } = await runClaw(argv, environment, { stdin: story.stdin });
      if (exitCode !== 0 && argv[0] !== 'complete') throw new Error(`${story.name}: claw ${argv.join(' ')}: ${stderr}`);
    }
    const ours = documentIn((await runClaw(asked, environment, {})).stdout);
    await server.stop();
    const quiet = { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
    const theirs = documentIn(execFileSync(openclaw[0], [...openclaw.slice(1), ...asked], quiet));
    if (!ours || !theirs) throw new Error(`${story.name}: ${ours ? 'openclaw' : 'claw'} printed no JSON.`);
    if (options.whole) console.log(JSON.stringify(theirs, null, 2));
    return [...between(theirs, ours, 'json:')];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
