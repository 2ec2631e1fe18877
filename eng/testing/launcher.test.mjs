import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

// A folder as `make build` leaves it, with a shell script for a program.
function built(t, program) {
  const root = mkdtempSync(path.join(tmpdir(), 'launcher test-'));
  t.after(() => rmSync(root, { recursive: true }));
  const write = (file, text) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    chmodSync(path.join(root, file), 0o755);
    return path.join(root, file);
  };
  const template = readFileSync(path.join(import.meta.dirname, '../launcher.sh'), 'utf8');
  const launcher = write('bin/app', template.replaceAll('@PROJECT@', 'The.App').replaceAll('@APP@', 'app'));
  if (program) write('artifacts/bin/The.App/release/app', `#!/bin/sh\n${program}\n`);
  return { root, write, launcher };
}

const clean = (more) => ({ PATH: process.env.PATH, ...more });

test('Arguments arrive as they were given, from any folder', (t) => {
  const { launcher } = built(t, `printf '<%s>' "$@"`);
  assert.equal(execFileSync(launcher, ['a b', '', '$x "y"', '*'], { cwd: '/', encoding: 'utf8' }), '<a b><><$x "y"><*>');
});

test('Symbolic links lead to the program, relative and absolute ones, one to another, and from the PATH', (t) => {
  const { root, launcher } = built(t, 'echo here');
  mkdirSync(path.join(root, 'links'));
  symlinkSync('../bin/app', path.join(root, 'links/relative'));
  symlinkSync(path.join(root, 'links/relative'), path.join(root, 'links/absolute'));
  assert.equal(execFileSync(path.join(root, 'links/absolute'), { encoding: 'utf8' }), 'here\n');
  const onPath = { env: clean({ PATH: `${root}/links:${process.env.PATH}` }), encoding: 'utf8' };
  assert.equal(execFileSync('sh', ['-c', 'absolute'], onPath), 'here\n');
  assert.equal(execFileSync('./app', { cwd: path.dirname(launcher), encoding: 'utf8' }), 'here\n');
});

test('The program is the process that was started, so signals and exit codes are its own', async (t) => {
  const { launcher } = built(t, `trap 'exit 7' TERM; echo $$; read -r _`);
  const child = spawn(launcher);
  const [said] = await once(child.stdout, 'data');
  assert.equal(Number(said), child.pid);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});

test('The .NET that is on the PATH is named to the program; one that was named already stays', (t) => {
  const { root, write, launcher } = built(t, 'echo "$DOTNET_ROOT"');
  write('sdk/dotnet', '#!/bin/sh\n');
  mkdirSync(path.join(root, 'sdk/host/fxr'), { recursive: true });
  mkdirSync(path.join(root, 'path'));
  symlinkSync('../sdk/dotnet', path.join(root, 'path/dotnet'));
  const run = (env) => execFileSync(launcher, { env, encoding: 'utf8' }).trim();
  assert.equal(run(clean({ PATH: `${root}/path:${process.env.PATH}` })), path.join(root, 'sdk'));
  assert.equal(run(clean({ DOTNET_ROOT: '/elsewhere' })), '/elsewhere');
});

test('A program that was not built says what to do', (t) => {
  const { launcher } = built(t);
  const { status, stderr } = spawnSync(launcher, { encoding: 'utf8' });
  assert.equal(status, 127);
  assert.match(stderr, /not built; run `make build`/);
});
