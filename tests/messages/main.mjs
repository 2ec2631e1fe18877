// make clients-http: the programs that speak to Anthropic, pointed at ClawGrpc by a base URL.
//   node tests/messages/main.mjs [--install DIR] [--only TEXT]
// Without --install they are installed from npm into a folder that is removed at the end. They run where there is no network but
// loopback, if this user may make such a place.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openclawIn } from '../openclaw/real/install.mjs';
import { claudeStories } from './claude.mjs';
import { clientsIn } from './install.mjs';
import { openclawStories } from './openclaw.mjs';
import { Programs, inFolder } from './programs.mjs';
import { sdkStories } from './sdk.mjs';

const { values: options } = parseArgs({
  options: { install: { type: 'string' }, only: { type: 'string', default: '' }, inside: { type: 'boolean', default: false } },
});

if (options.inside) process.exit(await tell(options.install));
const kept = options.install && path.resolve(options.install);
const installed = kept ?? mkdtempSync(path.join(tmpdir(), 'messages-'));
try {
  mkdirSync(installed, { recursive: true });
  clientsIn(path.join(installed, 'clients'));
  mkdirSync(path.join(installed, 'openclaw'), { recursive: true });
  openclawIn(path.join(installed, 'openclaw'));
  const inside = [process.execPath, import.meta.filename, '--inside', '--install', installed, '--only', options.only];
  const alone = ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const mayBeAlone = spawnSync(alone[0], [...alone.slice(1), 'true']).status === 0;
  console.log(mayBeAlone ? 'no network but loopback' : 'with the network of this machine');
  const [program, ...args] = mayBeAlone ? [...alone, ...inside] : inside;
  process.exitCode = spawnSync(program, args, { stdio: 'inherit' }).status ?? 1;
} finally {
  if (!kept) rmSync(installed, { recursive: true, force: true });
}

async function tell(folder) {
  const { claude, sdk } = clientsIn(path.join(folder, 'clients'));
  const openclaw = openclawIn(path.join(folder, 'openclaw'));
  const counts = { passed: 0, failed: 0 };
  await inFolder(async (home) => {
    const programs = await Programs.start(home);
    try {
      const stories = [...claudeStories(claude), ...(await sdkStories(sdk)), ...openclawStories(openclaw)];
      for (const { name, tells } of stories.filter((story) => story.name.includes(options.only))) {
        try {
          await programs.teach();
          await inFolder((own) => tells(programs, own));
          counts.passed++;
          console.log(`ok    ${name}`);
        } catch (error) {
          counts.failed++;
          console.log(`FAIL  ${name}: ${error.message}`);
        }
      }
    } finally {
      await programs.stop();
    }
  });
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
