// The server with the sandbox as its upstream, and a recorder between it and its clients.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const bin = (name) => path.join(root, 'bin', name);
// A busy machine needs minutes for what takes seconds.
const patience = 240_000;

export const key = 'sk-ant-api03-FAKE-messages-key-0000000000000001';

/** Of our own surroundings only what programs need to run. */
export const surroundings = (home) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PATH|DOTNET_ROOT|LANG)$/.test(name))),
  HOME: home,
  NO_COLOR: '1',
  DOTNET_EnableDiagnostics: '0',
});

/** A folder that is gone in the end, whatever happens. */
export async function inFolder(act) {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-messages-'));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs a program to its end. */
export async function run(program, args, env, { cwd, stdin = '' } = {}) {
  const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (piece) => (out.stdout += piece));
  child.stderr.on('data', (piece) => (out.stderr += piece));
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  const [code] = await once(child, 'close');
  clearTimeout(late);
  return { ...out, code: code ?? -1 };
}

/** Sandbox, server and recorder. */
export class Programs {
  static async start(folder) {
    const programs = new Programs();
    mkdirSync(path.join(folder, '.clawgrpc'), { recursive: true, mode: 0o700 });
    const config = "{ agents: { list: [{ id: 'main' }, { id: 'other' }] } }\n";
    writeFileSync(path.join(folder, '.clawgrpc/clawgrpc.json'), config, { mode: 0o600 });
    programs.env = surroundings(folder);
    programs.sandbox = await programs.#spawn('sandbox', ['--quiet'], programs.env, /http\S+/);
    const env = { ...programs.env, ANTHROPIC_BASE_URL: programs.sandbox.found };
    programs.server = await programs.#spawn('clawgrpc', ['--http', 'http://127.0.0.1:0'], env, /http:\/\/127\S+/);
    await programs.claw(['onboard', '--anthropic-api-key', '-'], `${key}\n`);
    await programs.#record();
    return programs;
  }

  /** What clients asked of the server since the last `forget`: method, path, headers, body, status and headers of the answer. */
  exchanges = [];

  /** What the server logs. */
  log = '';

  /** The base URL for clients. */
  get url() {
    return `http://127.0.0.1:${this.recorder.address().port}`;
  }

  /** Runs claw as the server's own user. */
  async claw(argv, stdin) {
    const { stdout, stderr, code } = await run(bin('claw'), argv, this.env, { stdin });
    if (code !== 0) throw new Error(`claw ${argv.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** A token of a new client. */
  async token(name, ...options) {
    const rights = ['--scope', 'complete', '--scope', 'status', '--for-agent', 'main'];
    await this.claw(['clients', 'add', name, ...rights, ...options]);
    return /claw_\w+/.exec(await this.claw(['clients', 'token', 'create', name]))[0];
  }

  /** Begins anew: no faults, no cooldowns, nothing recorded; then these faults. */
  async teach(faults = []) {
    await this.#ask('DELETE', 'requests');
    await this.#ask('DELETE', 'faults');
    if (faults.length > 0) await this.#ask('POST', 'faults', faults);
    await this.claw(['models', 'auth', 'reset', 'anthropic:default']);
    this.exchanges.length = 0;
  }

  /** What upstream got. */
  upstream() {
    return this.#ask('GET', 'requests');
  }

  async stop() {
    this.recorder?.close();
    this.recorder?.closeAllConnections();
    for (const each of [this.server, this.sandbox]) {
      each?.child.kill('SIGTERM');
      if (each) await each.ended;
    }
  }

  async #ask(method, where, body) {
    const response = await fetch(`${this.sandbox.found}/_sandbox/${where}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`sandbox: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  async #spawn(name, args, env, pattern) {
    const child = spawn(bin(name), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (piece) => (this.log += piece));
    const ended = once(child, 'close');
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => [''])]);
    const found = pattern.exec(line ?? '')?.[0];
    if (!found) throw new Error(`${name} did not start: ${this.log}`);
    return { child, ended, found };
  }

  async #record() {
    this.recorder = http.createServer((request, response) => {
      const { method, url, headers } = request;
      const exchange = { method, url, headers, body: Buffer.alloc(0) };
      this.exchanges.push(exchange);
      const onward = http.request(new URL(url, this.server.found), { method, headers }, (answer) => {
        Object.assign(exchange, { status: answer.statusCode, answer: answer.headers });
        response.writeHead(answer.statusCode, answer.rawHeaders);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      request.on('data', (piece) => (exchange.body = Buffer.concat([exchange.body, piece])));
      request.pipe(onward);
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
    });
    this.recorder.listen(0, '127.0.0.1');
    await once(this.recorder, 'listening');
  }
}
