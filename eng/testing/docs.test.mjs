// What the prose says about names and files has to be so.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file) => readFileSync(path.join(root, file), 'utf8');
const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
const pages = execFileSync('git', listed, { cwd: root, encoding: 'utf8' })
  .split('\n').filter((page) => page && existsSync(path.join(root, page)));
const readme = read('README.md');

test('The first commands of the README are make demo and make test', () => {
  assert.equal(/```sh\n([^]*?)```/.exec(readme)[1], 'make demo\nmake test\n');
});

test('Links between pages and to files lead somewhere', () => {
  const dead = pages.flatMap((page) => [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(root, path.dirname(page), target)))
    .map((target) => `${page}: ${target}`));
  assert.deepEqual(dead, []);
});

test('The table of failures has one row for each kind of failure, in the same order', () => {
  const kinds = [...read('protos/clawgrpc/v1/receipt.proto').matchAll(/FAILURE_KIND_(\w+) = [1-9]/g)]
    .map(([, kind]) => kind.toLowerCase().replaceAll('_', ' '));
  const table = /## What a failure means\n[^]*?\n\n(\|[^]*?)\n\n/.exec(readme)[1];
  assert.deepEqual(table.split('\n').slice(2).map((row) => row.split('|')[1].trim()), kinds);
});

test('The README lists exactly the RPCs that the server refuses as not implemented', () => {
  const rpcs = ['auth', 'model'].flatMap((name) => [...read(`protos/clawgrpc/v1/${name}_service.proto`).matchAll(/^ {2}rpc (\w+)\(/gm)]);
  const services = execFileSync('git', ['ls-files', 'src/ClawGrpc.Server/Services'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const code = services.map(read).join('\n');
  const refused = rpcs.map(([, rpc]) => rpc).filter((rpc) => code.includes(`NotImplemented("${rpc}"`));
  const listed = /These RPCs answer `UNIMPLEMENTED`: ([^]*?)\.\n/.exec(readme)?.[1] ?? '';
  assert.deepEqual([...listed.matchAll(/`\w+Service\.(\w+)`/g)].map(([, rpc]) => rpc).sort(), refused.sort());
});
