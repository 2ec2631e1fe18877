// Real processes under the clock of a case.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../../..');
const bin = (name) => path.join(root, 'bin', name);
// A busy machine needs minutes for what takes a second.
const patience = 300_000;
const faketime = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`).find(existsSync);

if (!faketime) throw new Error('libfaketime is missing: eng/debian.sh faketime installs it.');

/** Of our own surroundings only what programs need to run, and the clock of the case. */
export function surroundings(theCase, home, extra) {
  const runtime = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PATH|DOTNET_ROOT|LANG)$/.test(name)));
  const { nowMs, mode } = theCase.clock;
  return {
    ...runtime,
    HOME: home.path,
    TZ: 'UTC',
    NO_COLOR: '1',
    LD_PRELOAD: faketime,
    FAKETIME: `${mode === 'offset' ? '@' : ''}${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Under a frozen clock every timed wait ends at once and the runtime's threads would spin: each wait takes this long instead.
    FAKETIME_WAIT_MS: '20',
    NO_FAKE_STAT: '1',
    // These processes live for a second.
    DOTNET_TieredPGO: '0',
    DOTNET_EnableDiagnostics: '0',
    ...extra,
  };
}

/** The upstream of one worker, taught anew for each step. */
export class Sandbox {
  static async start() {
    const child = spawn(bin('sandbox'), ['--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(child.stdout), 'line');
    return Object.assign(new Sandbox(), { child, url: /http\S+/.exec(line)[0] });
  }

  async #ask(method, where, body) {
    const response = await fetch(`${this.url}/_sandbox/${where}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`sandbox: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  // The recordings' upstream accepts any credential, ours only those that look like one of Anthropic or are named.
  async teach(faults, keys = []) {
    await this.#ask('DELETE', 'requests');
    await this.#ask('DELETE', 'faults');
    if (keys.length > 0) await this.#ask('POST', 'keys', keys.map((key) => ({ key })));
    if (faults.length > 0) await this.#ask('POST', 'faults', faults);
  }

  requests() {
    return this.#ask('GET', 'requests');
  }

  stop() {
    this.child.kill('SIGTERM');
  }
}

/** Starts clawgrpc; when it refuses to, what it said stands in `refusal`. */
export async function startServer(environment) {
  const child = spawn(bin('clawgrpc'), [], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (piece) => (stderr += piece));
  const ended = once(child, 'close');
  const ready = once(createInterface(child.stdout), 'line');
  const isReady = await Promise.race([ready.then(([line]) => line?.includes('ready') ?? false), ended.then(() => false)]);
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), patience);
    const [code] = await ended;
    clearTimeout(late);
    if (code !== 0) throw new Error(`clawgrpc ended with ${code ?? 'a signal'}: ${stderr}`);
  };
  return isReady ? { stop, refusal: null } : { stop: async () => {}, refusal: stderr };
}

/** Runs claw to its end, at a terminal if there are keys to type: pairs of what to wait for and what to type then. */
export async function runClaw(argv, environment, { stdin, typed }) {
  const quoted = [bin('claw'), ...argv].map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(' ');
  const [program, args] = typed ? ['script', ['-qefc', quoted, '/dev/null']] : [bin('claw'), argv];
  const child = spawn(program, args, { env: { TERM: 'xterm', ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  const left = [...(typed ?? [])];
  let seen = 0;
  child.stdout.on('data', (piece) => {
    out.stdout += piece;
    const at = left.length > 0 ? out.stdout.indexOf(left[0][0], seen) : -1;
    if (at < 0) return;
    seen = out.stdout.length;
    child.stdin.write(left.shift()[1]);
  });
  child.stderr.on('data', (piece) => (out.stderr += piece));
  child.stdin.on('error', () => {});
  if (!typed) child.stdin.end(stdin ?? '');
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  const [code] = await once(child, 'close');
  clearTimeout(late);
  return { ...out, exitCode: code ?? -1 };
}

export const isBuilt = () => ['clawgrpc', 'claw', 'sandbox'].every((name) => existsSync(bin(name)));
