// The home folder that a case begins with, and what it holds at the end.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const anthropic = 'https://api.anthropic.com';

export class Home {
  // Short: the socket lies in here, and its path has a limit.
  path = mkdtempSync(path.join(tmpdir(), 'parity-'));

  /** Lays out the case's files. Requests that they send to Anthropic by name go to `upstream` instead. */
  constructor(theCase, upstream) {
    this.upstream = upstream;
    this.state = path.join(this.path, theCase.product.folder);
    const input = path.join(theCase.folder, 'input', 'home');
    const before = new Date(theCase.clock.nowMs - 3_600_000);
    for (const file of filesOf(input)) {
      const target = path.join(this.path, file);
      mkdirSync(path.dirname(target), { recursive: true });
      const text = readFileSync(path.join(input, file), 'utf8').replaceAll('{{HOME}}', this.path).replaceAll(anthropic, upstream);
      writeFileSync(target, text);
      chmodSync(target, 0o600);
      utimesSync(target, before, before);
    }
    this.hasState = ['.openclaw', '.clawdbot', '.moltbot', '.moldbot'].some((name) => existsSync(path.join(this.path, name)));
  }

  /** A text that the programs printed or wrote, with this machine taken out of it. */
  generalize(text) {
    return text.replaceAll(this.path, '{{HOME}}').replaceAll(this.upstream, anthropic);
  }

  /** Path to text of all files there are. */
  files() {
    return new Map(filesOf(this.path).map((file) => [file, this.generalize(readFileSync(path.join(this.path, file), 'utf8'))]));
  }

  modeOf(file) {
    const target = path.join(this.path, file);
    return existsSync(target) ? `0o${(statSync(target).mode & 0o777).toString(8)}` : undefined;
  }

  /** The model that the configuration names, or the programs' default. */
  defaultModel() {
    for (const name of ['openclaw.json', 'clawdbot.json']) {
      const file = path.join(this.state, name);
      if (!existsSync(file)) continue;
      const model = relaxed(readFileSync(file, 'utf8'))?.agents?.defaults?.model;
      return (typeof model === 'string' ? model : model?.primary) ?? 'anthropic/claude-opus-4-6';
    }
    return 'anthropic/claude-opus-4-6';
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Reads JSON5 of a case as the JavaScript that it is; undefined when it is broken. */
export function relaxed(text) {
  try {
    return new Function(`"use strict"; return (${text}\n)`)();
  } catch {
    return undefined;
  }
}

/** The files below a folder, as paths relative to it. Sockets are none. */
export function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
