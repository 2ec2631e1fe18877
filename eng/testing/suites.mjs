// What there is to test, the longest first.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Every suite of the repository at `root`, whose results go to `folder`. */
export function suites(root, folder) {
  const at = (...parts) => path.join(root, ...parts);
  return [...typescript(at), ...python(at), ...dotnet(at, folder), ...own(at, folder)];
}

// One suite for each test project, named by its folder. One that is not in the solution was not built, and so fails here.
const dotnet = (at, folder) =>
  readdirSync(at('tests')).filter((name) => name.endsWith('.Tests')).map((name) => ({
    name,
    results: `${name}.trx`,
    commands: [{
      run: ['dotnet', 'test', at('artifacts/bin', name, 'release', `${name}.dll`),
        '--logger', `trx;LogFileName=${name}.trx`, '--results-directory', folder],
    }],
    cwd: at('tests', name),
  }));

// The clients, in their own languages, with their own runners; they name their results files themselves.
const typescript = (at) => [{
  name: 'client-typescript',
  results: 'client-typescript.xml',
  commands: [{ run: ['npm', 'ci', '--no-audit', '--no-fund'] }, { run: ['npm', 'test'] }],
  cwd: at('clients/typescript'),
}];

const python = (at) => [{
  name: 'client-python',
  results: 'client-python.xml',
  prepare: () => debian(at, 'python3', 'python3-grpcio', 'python3-protobuf', 'protobuf-compiler', 'protobuf-compiler-grpc',
    'libprotobuf-dev'),
  commands: [{ run: ['/usr/bin/python3', 'tests/run.py'] }],
  cwd: at('clients/python'),
}];

// The tests of this folder, by name: node's own search differs between its versions.
const own = (at, folder) => [{
  name: 'eng',
  results: 'eng.xml',
  commands: [{
    run: ['node', '--test', '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=junit', `--test-reporter-destination=${path.join(folder, 'eng.xml')}`,
      ...readdirSync(at('eng/testing')).filter((name) => name.endsWith('.test.mjs')).map((name) => at('eng/testing', name))],
  }],
  cwd: at(),
}];

// Why Debian packages cannot be had here, or nothing. What is installed is said.
function debian(at, ...packages) {
  const { status, stderr } = spawnSync(at('eng/debian.sh'), packages, { encoding: 'utf8', stdio: ['ignore', 'inherit', 'pipe'] });
  if (status !== 0) return stderr.trim().split('\n').at(-1);
  process.stderr.write(stderr);
  return null;
}
