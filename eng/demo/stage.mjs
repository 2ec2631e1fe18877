// Where the demo plays: a home folder of its own, the programs that were started, the terminal. Nothing is left of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../..');
const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[0m` : text);
const patience = 20_000;

/** Something that the story tells did not happen. */
class Unexpected extends Error {}

/** Plays a story, cleans up, and sets the exit code: 0 only if the story came to its end. */
export async function play(story) {
  const stage = new Stage();
  let leaving = null;
  const leave = (code) => (leaving ??= stage.clear().then(() => process.exit(code)));
  process.on('SIGINT', () => leave(130)).on('SIGTERM', () => leave(143)).on('SIGHUP', () => leave(129));
  try {
    await story(stage);
    await leave(0);
  } catch (error) {
    if (leaving) return;
    console.error(`\nThe demo did not come to its end: ${error instanceof Unexpected ? error.message : error.stack}`);
    await leave(1);
  }
}

class Stage {
  home = mkdtempSync(path.join(tmpdir(), 'clawgrpc-demo-'));
  #running = [];
  #chapters = 0;

  /** A heading, and what to look for. */
  chapter(title, ...lines) {
    console.log(`\n${bold(`${++this.#chapters}. ${title}`)}`);
    for (const line of lines) console.log(`   ${line}`);
  }

  /** Runs a command line as it is shown, shows what it says as it comes, and returns the text and the number of its pieces. */
  async type(line) {
    console.log(`\n${bold(`$ ${line}`)}`);
    const child = this.#spawn(line, ['ignore', 'pipe', 'inherit']);
    const pieces = [];
    child.stdout.on('data', (piece) => {
      pieces.push(piece);
      process.stdout.write(piece);
    });
    const [code, signal] = await once(child, 'close');
    this.expect(`\`${line}\` to succeed, not to end with ${signal ?? `exit code ${code}`}`, code === 0);
    return { text: Buffer.concat(pieces).toString(), pieces: pieces.length };
  }

  /** Starts a program that stays, shows what it says until it is ready, and returns what `ready` found. */
  async start(line, ready) {
    console.log(`\n${bold(`$ ${line} &`)}`);
    const child = this.#spawn(line, ['ignore', 'pipe', 'pipe']);
    return await new Promise((resolve, reject) => {
      let isReady = false;
      const hear = (text) => {
        if (isReady) return;
        console.log(text);
        const found = ready.exec(text);
        isReady = found !== null;
        if (isReady) resolve(found);
      };
      for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', hear);
      child.on('exit', (code, signal) => reject(new Unexpected(`\`${line}\` ended by itself (${signal ?? code}).`)));
      delay(patience, undefined, { ref: false }).then(() => reject(new Unexpected(`\`${line}\` was not ready in time.`)));
    });
  }

  /** Starts a program that prints one JSON document in a line, again and again; returns what it printed and a way to wait. */
  follow(line) {
    console.log(`\n${bold(`$ ${line} &`)}`);
    const seen = [];
    const child = this.#spawn(line, ['ignore', 'pipe', 'inherit']);
    const lines = createInterface(child.stdout).on('line', (text) => seen.push(JSON.parse(text)));
    const until = async (what, holds) => {
      const timeout = AbortSignal.timeout(patience);
      try {
        while (!seen.some(holds)) await once(lines, 'line', { signal: timeout });
      } catch {
        throw new Unexpected(`the watcher did not see ${what}.`);
      }
    };
    return { seen, until };
  }

  /** Ends the story unless something is so. */
  expect(what, isSo) {
    if (!isSo) throw new Unexpected(`expected ${what}.`);
  }

  /** Ends what was started, the last first, and removes the folder. */
  async clear() {
    for (const child of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(late);
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  #spawn(line, stdio) {
    // Of the surroundings only what the programs need to run: no key, endpoint, state folder or proxy of the person who looks on.
    const others = /^(ANTHROPIC|CLAUDE|CLAWGRPC|OPENCLAW)_|_proxy$/i;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !others.test(name)));
    Object.assign(env, { HOME: this.home, PATH: `${path.join(root, 'bin')}:${process.env.PATH}` });
    const child = spawn('bash', ['-c', line], { cwd: root, env, stdio });
    this.#running.push(child);
    return child;
  }
}
