// make contract: every client and the programs from what artifacts/dist has, in an empty folder: the five minutes of its README
// line by line, then the same list of cases against a server and a sandbox of its own.
//   node tests/contract/main.mjs [LANGUAGE...]
// The table of results in docs/clients.md is written anew when all languages ran; with CI=true a table that would change fails.
// So is the table of seconds, which differs from run to run and fails nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Programs, certificates, surroundings, unpack } from './programs.mjs';
import { script } from './readme.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const docs = path.join(root, 'docs/clients.md');
const patience = 300_000;

/** What each language must do, by the name that its program prints. */
const cases = {
  unary: 'a completion in one line, with its receipt',
  stream: 'a streamed completion, in pieces, the same text, a receipt at the end',
  cancel: 'leaving a stream ends the request to Anthropic',
  deadline: 'a deadline ends the call, and the request to Anthropic',
  error: 'an error as facts: code, reason, metadata, field violations',
  receipt: 'a failed completion: retry delay and receipt',
  watch: 'a watch goes on across a restart of the server',
  large: 'a prompt of 5 MB and an answer of 5 MB',
  socket: 'the Unix socket, found by itself, proves who calls',
  tls: 'TLS with an own CA, and with no other',
  token: 'a token of a file, and none',
};

const gopath = (folder) => ({ GO111MODULE: 'off', GOPATH: `${folder}/gopath:/usr/share/gocode` });
const languages = {
  'C#': {
    readme: 'src/ClawGrpc.Client/README.md',
    program: ['contract.cs', 'dotnet', 'run', 'contract.cs'],
    // A cache of its own: the usual one may hold other packages of the same version.
    environment: (folder) => ({ NUGET_PACKAGES: `${folder}/nuget`, RestoreFallbackFolders: `${homedir()}/.nuget/packages` }),
  },
  Python: {
    readme: 'clients/python/README.md',
    program: ['contract.py', 'venv/bin/python', 'contract.py'],
    // Debian's, which has grpcio.
    environment: () => ({ PATH: `/usr/bin:${surroundings().PATH}` }),
  },
  asyncio: { folder: 'Python', program: ['contract_aio.py', 'venv/bin/python', 'contract_aio.py'] },
  TypeScript: { readme: 'clients/typescript/README.md', program: ['contract.mjs', 'node', 'contract.mjs'] },
  Go: { readme: 'clients/go/README.md', program: ['contract.go', 'go', 'run', 'contract.go'], environment: gopath },
  shell: { program: ['contract.sh', 'bash', 'contract.sh'] },
};

const asked = process.argv.slice(2).map((name) => name.toLowerCase());
const chosen = Object.keys(languages).filter((name) => asked.length === 0 || asked.includes(name.toLowerCase()));
if (chosen.length === 0) throw new Error(`no such language; there are: ${Object.keys(languages).join(', ')}`);

const work = mkdtempSync(path.join(tmpdir(), 'claw-contract-'));
const results = {};
try {
  certificates(work);
  unpack(path.join(work, 'programs'));
  // Two at a time. What shares a folder runs in one go.
  const groups = chosen.filter((name) => !chosen.includes(languages[name].folder)).map((name) => [
    name, ...chosen.filter((other) => languages[other].folder === name),
  ]);
  const workers = [0, 1].map(async () => {
    for (let group = groups.shift(); group; group = groups.shift()) await runGroup(group);
  });
  await Promise.all(workers);
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = report();

async function runGroup(group) {
  const place = path.join(work, group[0].replace('#', 'sharp').toLowerCase(), 'empty');
  mkdirSync(place, { recursive: true });
  cpSync(path.join(root, 'artifacts/dist'), path.join(place, 'dist'), { recursive: true });
  for (const name of group) {
    const folder = path.join(work, `server-${name.replace('#', 'sharp').toLowerCase()}`);
    mkdirSync(folder);
    for (const file of certificates.files) copyFileSync(path.join(work, file), path.join(folder, file));
    const start = Date.now();
    const programs = await Programs.start(folder);
    const onboarded = Date.now() - start;
    try {
      await runLanguage(name, place, programs);
      results[name].took.onboard = onboarded;
    } finally {
      await programs.stop();
    }
  }
}

async function runLanguage(name, place, programs) {
  const language = languages[name];
  const own = languages[language.folder ?? name].environment?.(place) ?? {};
  const environment = surroundings({ ...programs.environment, ...own });
  const result = (results[name] = { outcomes: {}, readme: undefined, took: {} });
  let start = Date.now();
  // Alone, a language that shares a folder installs by the README of the other.
  const readme = language.readme ?? (results[language.folder] ? undefined : languages[language.folder]?.readme);
  if (readme) {
    const { code, output } = await end(spawn('bash', [], { cwd: place, env: environment }), script(path.join(root, readme)));
    const verdict = code === 0 ? 'ok' : `fail: ${lastOf(output)}`;
    if (language.readme) result.readme = verdict;
    if (language.readme) result.took.readme = Date.now() - start;
    console.log(`${name}: ${readme} ${verdict}, ${seconds(start)}`);
  }
  start = Date.now();
  const [file, program, ...args] = language.program;
  copyFileSync(path.join(root, 'tests/contract', file), path.join(place, file));
  const output = await converse(spawn(program, args, { cwd: place, env: environment }), programs, result);
  for (const each of Object.keys(cases)) result.outcomes[each] ??= `it was not run: ${lastOf(output)}`;
  const failed = Object.entries(result.outcomes).filter(([, outcome]) => outcome !== 'ok');
  const count = Object.keys(cases).length;
  console.log(`${name}: ${count - failed.length} of ${count} cases ok, ${seconds(start)}`);
  for (const [each, why] of failed) console.log(`  fail ${each}: ${why}`);
}

// Reads what a program prints, and does what it asks for in between.
async function converse(child, programs, { outcomes, took }) {
  let last = Date.now();
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  let output = '';
  child.stderr.on('data', (piece) => (output += piece));
  child.stdin.on('error', () => {});
  child.on('error', (error) => (output += error.message));
  const closed = once(child, 'close').catch(() => {});
  for await (const line of createInterface(child.stdout)) {
    const [, word, name, more] = /^(\w+) ([\w-]+):? ?(.*)$/.exec(line) ?? [];
    if (word === 'ok' || word === 'fail') {
      took[name] = Date.now() - last;
      last = Date.now();
    }
    if (word === 'ok') outcomes[name] = 'ok';
    else if (word === 'fail') outcomes[name] = more || 'it does not say why';
    else if (word === 'ask') {
      const why = await programs.ask(name, more).then(() => '', (error) => error.message.replaceAll('\n', ' '));
      child.stdin.write(why ? `failed ${why}\n` : 'done\n');
    } else output += `${line}\n`;
  }
  await closed;
  clearTimeout(late);
  return output;
}

async function end(child, stdin) {
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  let output = '';
  child.stdout.on('data', (piece) => (output += piece));
  child.stderr.on('data', (piece) => (output += piece));
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  clearTimeout(late);
  return { code, output };
}

function lastOf(output) {
  return output.trim().split('\n').slice(-8).join(' | ');
}

function seconds(start) {
  return `${((Date.now() - start) / 1000).toFixed(0)} s`;
}

function report() {
  const all = chosen.length === Object.keys(languages).length;
  const failures = chosen.flatMap((name) => [
    ...(results[name].readme?.startsWith('fail') ? [`${name}, README: ${results[name].readme}`] : []),
    ...Object.entries(results[name].outcomes).filter(([, outcome]) => outcome !== 'ok').map(([each]) => `${name}, ${each}`),
  ]);
  const outcomes = chosen.flatMap((name) => [results[name].readme, ...Object.values(results[name].outcomes)]);
  const passed = outcomes.filter((outcome) => outcome === 'ok').length;
  for (const name of chosen) console.log(minutes(name).join(', '));
  if (all && process.env.CI !== 'true') written(minutesTable(), 'minutes');
  if (all && !written(table(), 'contract')) {
    console.log('docs/clients.md had another table; it is of this run now: commit it');
    if (process.env.CI === 'true') failures.push('the table of docs/clients.md');
  }
  for (const each of failures) console.log(`failed: ${each}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  return failures.length > 0 ? 1 : 0;
}

function table() {
  const names = Object.keys(languages);
  const cell = (outcome) => (outcome === 'ok' ? 'yes' : outcome === undefined ? '' : '**no**');
  const rows = Object.entries(cases).map(([each, what]) => [what, ...names.map((name) => cell(results[name].outcomes[each]))]);
  rows.push(['the five minutes of its README, from its package', ...names.map((name) => cell(results[name].readme))]);
  return [['', ...names], names.map(() => '---').concat('---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

// The seconds that a language took: to start a server and onboard, for the steps of its README, to leave a stream. The shell has
// no README: its steps are those of the contract.
function minutes(name) {
  const { took } = results[name];
  const steps = took.readme ?? (name === 'shell' ? ['unary', 'stream', 'watch'].reduce((sum, each) => sum + took[each], 0) : NaN);
  const all = [took.onboard, steps, took.cancel];
  const text = (each) => (Number.isFinite(each) ? `${(each / 1000).toFixed(1)} s` : '');
  return [name, ...[...all, all.reduce((sum, each) => sum + each, 0)].map(text)];
}

function minutesTable() {
  const head = ['', 'server and onboarding', 'install, complete, stream, watch', 'cancel', 'together'];
  const rows = Object.keys(languages).filter((name) => name !== 'asyncio').map(minutes);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

// Puts a table between its markers; false if another one stood there.
function written(text, name) {
  const before = readFileSync(docs, 'utf8');
  const between = new RegExp(`(?<=<!-- ${name} -->\n\n)[^]*(?=\n\n<!-- /${name} -->)`);
  if (!between.test(before)) throw new Error(`${docs} has no place for the table`);
  const after = before.replace(between, () => text);
  if (after !== before) writeFileSync(docs, after);
  return after === before;
}
