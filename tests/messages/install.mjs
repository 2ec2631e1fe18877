// Claude Code and the official SDK from npm, in a folder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const manifest = {
  private: true,
  dependencies: { '@anthropic-ai/claude-code': '2.1.332', '@anthropic-ai/sdk': '1.14.0' },
};

/** Installs them unless they are there; returns the path of `claude` and the entry of the SDK. */
export function clientsIn(folder) {
  const modules = path.join(folder, 'node_modules/@anthropic-ai');
  const claude = path.join(folder, 'node_modules/.bin/claude');
  const sdk = path.join(modules, 'sdk/index.mjs');
  if (!existsSync(claude) || !existsSync(sdk)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    const names = Object.entries(manifest.dependencies).map(([name, version]) => `${name}@${version}`);
    console.log(`npm: installing ${names.join(' and ')}`);
    const run = (program, args, cwd) => execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
    run(process.execPath, ['install.cjs'], path.join(modules, 'claude-code'));
  }

  return { claude, sdk };
}
