// A server with a sandbox as its upstream, and what a client's program may ask of them while it runs.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const dist = path.join(root, 'artifacts/dist');
let handedOut;
// A busy machine needs minutes for what takes seconds.
const patience = 240_000;

/** Unpacks the archive of the programs; claw and clawgrpc are those from then on. */
export function unpack(folder) {
  const archives = readdirSync(dist).filter((name) => /^clawgrpc-.*-linux-.*\.tar\.gz$/.test(name));
  if (archives.length !== 1) throw new Error(`${dist} has ${archives.length} archives of the programs`);
  mkdirSync(folder);
  const { status, stderr } = spawnSync('tar', ['-xzf', path.join(dist, archives[0]), '--strip-components=1', '-C', folder]);
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  handedOut = path.join(folder, 'bin');
}

/** The environment without credentials and endpoints of the person who runs this. */
export function surroundings(additions = {}) {
  const hidden = /^(ANTHROPIC|CLAUDE|CLAWGRPC|OPENCLAW|CLAWDBOT|MOLTBOT|MOLDBOT|MAKE|MFLAGS)|^(https?|all)_proxy$/i;
  const kept = Object.entries(process.env).filter(([name]) => !hidden.test(name));
  return { ...Object.fromEntries(kept), PATH: `${handedOut}:${root}/bin:${process.env.PATH}`, NO_COLOR: '1', ...additions };
}

const key = (name) => `sk-ant-api03-FAKE-${name}-${'0'.repeat(60)}`;

// An answer of more than 5 MB.
function large() {
  const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: 'msg_large', type: 'message', role: 'assistant', model: 'claude-opus-4-6', content: [], usage };
  const delta = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x'.repeat(65_536) } });
  return [
    event('message_start', { message }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    delta.repeat(80),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn' }, usage }),
    event('message_stop', {}),
  ].join('');
}

const faults = {
  silent: () => ({ stallBeforeHeaders: true }),
  stalled: () => ({ stall: { afterEvents: 4 } }),
  limited: () => ({ status: { code: 429, headers: { 'retry-after': '30' } } }),
  large: () => ({ replay: { text: large() } }),
};

/** Certificates for localhost: of the server, and of a CA that did not sign it. */
export function certificates(folder) {
  const sign = (name, signer = []) => {
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const of = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...of, ...names, ...files, ...signer], { cwd: folder });
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
  };
  sign('ca');
  sign('other');
  sign('server', ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'basicConstraints=CA:FALSE']);
}

certificates.files = ['ca.pem', 'other.pem', 'server.pem', 'server.key'];

export class Programs {
  #folder;
  #started = [];
  #port = 0;
  #log = '';

  /** Sandbox and server, with one key onboarded. The folder has the certificates. */
  static async start(folder) {
    const programs = new Programs();
    programs.#folder = folder;
    mkdirSync(path.join(folder, 'state'), { mode: 0o700 });
    try {
      programs.sandbox = await programs.#spawn('sandbox', ['--quiet'], {}, /http\S+/);
      await programs.#serve();
      await programs.onboard('anthropic:default');
      const rights = ['--scope', 'complete', '--scope', 'status', '--for-agent', 'main'];
      await programs.#claw(['clients', 'add', 'contract', ...rights]);
      const made = await programs.#claw(['clients', 'token', 'create', 'contract']);
      writeFileSync(path.join(folder, 'token'), /claw_\w+/.exec(made)[0], { mode: 0o600 });
    } catch (error) {
      await programs.stop();
      throw error;
    }
    return programs;
  }

  /** What a client's program needs to know; its endpoint is the socket unless it names another one. */
  get environment() {
    return {
      CLAWGRPC_STATE_DIR: path.join(this.#folder, 'state'),
      CONTRACT_URL: `https://localhost:${this.#port}`,
      CONTRACT_CA: path.join(this.#folder, 'ca.pem'),
      CONTRACT_OTHER_CA: path.join(this.#folder, 'other.pem'),
      CONTRACT_TOKEN_FILE: path.join(this.#folder, 'token'),
    };
  }

  /** Does what a program asks for. */
  async ask(what, argument) {
    switch (what) {
      case 'fault':
        return this.#control('POST', 'faults', [faults[argument]()]);
      case 'left':
        return this.#left();
      case 'reset':
        return this.#claw(['models', 'auth', 'reset', 'anthropic:default']);
      case 'onboard':
        return this.onboard(argument);
      case 'restart':
        await this.#end(this.server);
        return this.#serve();
      default:
        throw new Error(`nothing to ask is called ${what}`);
    }
  }

  onboard(profile) {
    return this.#claw(['onboard', '--profile-id', profile, '--anthropic-api-key', '-'], `${key(profile.replace(':', '-'))}\n`);
  }

  async stop() {
    for (const each of this.#started) await this.#end(each);
  }

  // Waits until a request has been left by the server, because its own caller left.
  async #left() {
    for (const until = Date.now() + patience; Date.now() < until; ) {
      const seen = await this.#control('GET', 'requests');
      if ((seen.requests ?? seen).some(({ outcome }) => outcome === 'aborted')) return this.#control('DELETE', 'requests');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the request to upstream goes on');
  }

  async #serve() {
    const tls = ['--tls-cert', path.join(this.#folder, 'server.pem'), '--tls-key', path.join(this.#folder, 'server.key')];
    const state = path.join(this.#folder, 'state');
    const listen = ['--listen', `unix:${state}/clawgrpc.sock`, '--listen', `https://127.0.0.1:${this.#port}`];
    const environment = { ANTHROPIC_BASE_URL: this.sandbox.found };
    this.server = await this.#spawn('clawgrpc', ['--state-dir', state, ...listen, ...tls], environment, /https:\/\/\S+/);
    this.#port = Number(new URL(this.server.found).port);
  }

  async #claw(args, stdin = '') {
    const env = surroundings({ CLAWGRPC_STATE_DIR: path.join(this.#folder, 'state') });
    const child = spawn('claw', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let printed = '';
    let errors = '';
    child.stdout.on('data', (piece) => (printed += piece));
    child.stderr.on('data', (piece) => (errors += piece));
    child.stdin.end(stdin);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`claw ${args.join(' ')}: ${errors}`);
    return printed;
  }

  async #control(method, where, body) {
    const response = await fetch(`${this.sandbox.found}/_sandbox/${where}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`sandbox: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  async #spawn(name, args, environment, pattern) {
    const env = surroundings(environment);
    const child = spawn(name, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (piece) => (this.#log += piece));
    const ended = once(child, 'close');
    const started = { child, ended };
    this.#started.unshift(started);
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => [''])]);
    started.found = pattern.exec(line ?? '')?.[0].replace(/,$/, '');
    if (!started.found) throw new Error(`${name} did not start: ${this.#log}`);
    return started;
  }

  async #end({ child, ended }) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  }
}
