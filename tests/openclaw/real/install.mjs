// The real OpenClaw from npm, and a Node that it runs on, in a folder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const version = '2026.2.6-3';

// What `models status` never calls: libsignal is not on npm, and baileys imports these names of it.
const names = ['calculateMAC', 'calculateSignature', 'decrypt', 'deriveSecrets', 'encrypt', 'generateKeyPair', 'verifySignature'];
const absent = names.map((name) => `exports.${name} = undefined;\n`).join('');
const manifest = {
  private: true,
  dependencies: { openclaw: version, node: '22' },
  overrides: { libsignal: 'file:./libsignal', linkedom: '0.18.12' },
};

/** Installs both unless they are there; returns the command line that `models status` and the like are appended to. */
export function openclawIn(folder) {
  const node = path.join(folder, 'node_modules/node/bin/node');
  const openclaw = path.join(folder, 'node_modules/openclaw/openclaw.mjs');
  if (existsSync(node) && existsSync(openclaw)) return [node, openclaw];

  const put = (name, text) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  put('package.json', JSON.stringify(manifest));
  put('libsignal/package.json', JSON.stringify({ name: 'libsignal', version: '2.0.1', main: 'index.js' }));
  for (const file of ['index.js', 'src/crypto.js', 'src/curve.js']) put(`libsignal/${file}`, absent);
  console.log(`npm: installing openclaw@${version} and node@22`);
  const run = (program, args, cwd) => execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  run('npm', ['install', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  run(process.execPath, ['installArchSpecificPackage.js'], path.join(folder, 'node_modules/node'));
  return [node, openclaw];
}
