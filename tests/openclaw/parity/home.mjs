// The home folder that a case begins with, and what it holds at the end.
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const names = ['openclaw.json', 'clawdbot.json'];
const anthropic = 'https://api.anthropic.com';
// The upstream of the recording, where a configuration names it.
const local = /http:\/\/127\.0\.0\.1:\d+(?=")/g;

export class Home {
  // Short: the socket lies in here, and its path has a limit.
  path = mkdtempSync(path.join(tmpdir(), 'parity-'));
  #added;
  #named = anthropic;

  /** Lays out the case's files. What they send to Anthropic or the recording's upstream goes to `upstream`. */
  constructor(theCase, upstream) {
    this.upstream = upstream;
    this.state = path.join(this.path, theCase.product.folder);
    const input = path.join(theCase.folder, 'input', 'home');
    const before = new Date(theCase.clock.nowMs - 3_600_000);
    for (const file of filesOf(input)) {
      const target = path.join(this.path, file);
      mkdirSync(path.dirname(target), { recursive: true });
      const text = readFileSync(path.join(input, file), 'utf8').replaceAll('{{HOME}}', this.path);
      this.#named = text.match(local)?.[0] ?? this.#named;
      writeFileSync(target, text.replaceAll(anthropic, upstream).replaceAll(local, upstream));
      chmodSync(target, 0o600);
      utimesSync(target, before, before);
    }
    this.hasState = ['.openclaw', '.clawdbot', '.moltbot', '.moldbot'].some((name) => existsSync(path.join(this.path, name)));
  }

  /** A text that the programs printed or wrote, with this machine taken out of it. */
  generalize(text) {
    return text.replaceAll(this.path, '{{HOME}}').replaceAll(this.upstream, this.#named);
  }

  /** Path to text of all files there are, but for what was only added to make the programs alike. */
  files() {
    const files = filesOf(this.path).map((file) => [file, readFileSync(path.join(this.path, file), 'utf8')]);
    return new Map(files.filter(([, text]) => text !== this.#added).map(([file, text]) => [file, this.generalize(text)]));
  }

  modeOf(file) {
    const target = path.join(this.path, file);
    return existsSync(target) ? `0o${(statSync(target).mode & 0o777).toString(8)}` : undefined;
  }

  /** The model that the configuration names, or the programs' default. */
  defaultModel() {
    const model = this.#config()?.agents?.defaults?.model;
    return (typeof model === 'string' ? model : model?.primary) ?? 'anthropic/claude-opus-4-6';
  }

  /** The agent of commands that name none. */
  defaultAgent() {
    const list = this.#agents();
    return (list.find((agent) => agent.default) ?? list[0])?.id.trim().toLowerCase() ?? 'main';
  }

  /**
   * Lets other agents see the main agent's keys, as they do in the programs, by a configuration file of ClawGrpc's own. False if
   * there are no such keys or no other agents.
   */
  inherit() {
    const name = names.find((each) => existsSync(path.join(this.state, each)));
    const hasKeys = existsSync(path.join(this.state, 'agents', 'main', 'agent', 'auth-profiles.json'));
    if (!name || !hasKeys || this.#agents().every((agent) => agent.id === 'main')) return false;
    this.#added = JSON.stringify({ $include: `./${name}`, auth: { inheritFromMain: true } });
    writeFileSync(path.join(this.state, 'clawgrpc.json'), this.#added);
    return true;
  }

  #agents() {
    const list = this.#config()?.agents?.list;
    return Array.isArray(list) ? list.filter((agent) => typeof agent?.id === 'string') : [];
  }

  #config() {
    const name = names.find((each) => existsSync(path.join(this.state, each)));
    return name && relaxed(readFileSync(path.join(this.state, name), 'utf8'));
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Reads JSON5 of a case as the JavaScript that it is; undefined if it cannot be parsed. */
export function relaxed(text) {
  try {
    return new Function(`"use strict"; return (${text}\n)`)();
  } catch {
    return undefined;
  }
}

/** The files below a folder, as paths relative to it, without sockets. */
export function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
