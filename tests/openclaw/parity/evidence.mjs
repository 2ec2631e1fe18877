// The values of a case that rules of deliberate.json may name, as `${name}`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { documentIn } from './compare.mjs';
import { healthAfter } from './health.mjs';
import { filesOf, relaxed } from './home.mjs';

// - `option --name`: the value of an option of a command line of the case; `removed alias`: the alias of `aliases remove`.
// - `stdin`: what is piped in, trimmed; `typed`: the credential that is typed at the terminal; `env NAME`: a variable.
// - `input FILE member/member`: of a file at the beginning; without members all of it.
// - `upstream message`: the message of the last error that upstream answers with in the same step; `upstream first message`: of
//   the first one; `upstream messages`: of any.
// - `fallback N`: a fallback that the configuration names, without its provider; `model`: the configured model;
//   `model profile`: the profile behind its `@`; `session profile`: the one that a session is pinned to.
// - `models`: those that the configuration or a command line names, with and without provider; `left models`: the allow-list of
//   the configuration that ClawGrpc leaves.
// - `kept member`: what a profile has as that member at the beginning.
// - `output member/member`: of the JSON document that ClawGrpc prints in the same step.
// - `added profile`, `all profiles`: the last profile of the files that ClawGrpc leaves, and any of them.
// - `owner`: the profile that a difference is about; `health member`: what healthAfter says of it.
// - `exit`: the exit code that a status has by what it prints.
// - `masked NAME`: a secret as a status shows it; `until NAME`: milliseconds from the beginning of the case to a time.
// - `NAME or NAME`: the second if the first is not there; what is none of these stands for itself.
export class Evidence {
  #case;
  #outputs;
  #files;
  #step;
  #owner;

  constructor(theCase, { outputs, files }, { step, owner }) {
    this.#case = theCase;
    this.#outputs = outputs;
    this.#files = files;
    this.#step = step;
    this.#owner = owner;
  }

  /** The lines that ClawGrpc printed where a difference is: on standard error for `stderr`, else on standard output. */
  printed({ place }) {
    const output = this.#output();
    return linesOf(place === 'stderr' ? output.stderr : output.stdout);
  }

  /** The lines that the program printed in the same step. */
  expected() {
    return linesOf(this.#case.steps[this.#step].expected.stdout);
  }

  /** A value with the names in its texts replaced. */
  filled(value) {
    if (typeof value === 'string') {
      return /^\$\{[^}]+\}$/.test(value) ? this.#named(value.slice(2, -1)) : this.#replaced(value, String);
    }
    if (Array.isArray(value)) return value.map((each) => this.filled(each));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [this.#replaced(key, String), this.filled(each)]));
  }

  /** A regular expression for the whole of a text. */
  expression(pattern) {
    return new RegExp(`^(?:${this.quoted(pattern)})$`, 's');
  }

  /** A regular expression's text with the values that it names taken literally. */
  quoted(pattern) {
    return this.#replaced(pattern, (value) => String(value).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  }

  // Of several values any one may stand there.
  #replaced(text, form) {
    return text.replace(/\$\{([^}]+)\}/g, (_, name) => [this.#named(name)].flat().map(form).join('|'));
  }

  #named(name) {
    const [first, ...others] = name.split(' or ');
    return this.#known(first) ?? (others.length > 0 ? this.#named(others.join(' or ')) : undefined);
  }

  #known(name) {
    const [kind, ...words] = name.split(' ');
    const rest = words.join(' ');
    switch (kind) {
      case 'option': return this.#after(rest);
      case 'removed': return this.#after('remove');
      case 'stdin': return this.#case.steps.map(({ stdin }) => stdin).find(Boolean)?.trim();
      case 'typed': return this.#case.steps.flatMap(({ pty }) => pty ?? []).flat().find((text) => /^sk-ant-/.test(text))?.trim();
      case 'env': return { ...this.#case.env, ...this.#case.steps[this.#step]?.env }[rest];
      case 'input': return member(this.#input(words[0]), words[1]);
      case 'output': return member(documentIn(this.#output().stdout), rest);
      case 'upstream': return words[0] === 'messages' ? this.#messages() : this.#messages().at(words[0] === 'first' ? 0 : -1);
      case 'fallback': return this.#model()?.fallbacks?.[Number(rest)]?.split('/').at(-1);
      case 'model': {
        const model = this.#model()?.primary ?? this.#model();
        return rest ? model?.split('@')[1] : model;
      }
      case 'models': return this.#models();
      case 'left': return Object.keys(member(this.#left(), 'agents/defaults/models') ?? {});
      case 'session': return Object.values(this.#input('sessions.json') ?? {})[0]?.authProfileOverride;
      case 'kept': return this.#kept(rest);
      case 'owner': return this.#owner;
      case 'health': return this.#health()[rest];
      case 'exit': return this.#exit();
      case 'all': return this.#profiles();
      case 'added': return this.#profiles().at(-1);
      case 'masked': return masked(this.#known(rest) ?? '');
      case 'until': return this.#known(rest) - this.#case.clock.nowMs;
      default: return name;
    }
  }

  #output() {
    return this.#outputs.find(({ step }) => step === this.#step) ?? this.#outputs.at(-1);
  }

  #after(word) {
    const argv = this.#case.steps.map((step) => step.argv).find((each) => each.includes(word));
    return argv?.[argv.indexOf(word) + 1];
  }

  #input(name) {
    const home = path.join(this.#case.folder, 'input', 'home');
    const found = filesOf(home).find((each) => path.basename(each) === name);
    const text = found && readFileSync(path.join(home, found), 'utf8');
    return text && (relaxed(text) ?? text);
  }

  #messages() {
    const rules = this.#case.steps[this.#step]?.mockPlan?.rules ?? [];
    return rules.flatMap(({ responses }) => responses).map(({ body }) => body?.error?.message).filter(Boolean);
  }

  #model() {
    return member(this.#config(), 'agents/defaults/model');
  }

  #models() {
    const { model, imageModel, models } = member(this.#config(), 'agents/defaults') ?? {};
    const namesIn = (choice) => (typeof choice === 'string' ? [choice] : Object.values(choice ?? {}).flat());
    const configured = [model, imageModel].flatMap(namesIn);
    const said = this.#case.steps.flatMap(({ argv }) => argv.slice(2)).filter((word) => /^[\w.-]+(\/[\w.:-]+)?$/.test(word));
    const all = [...configured, ...Object.keys(models ?? {}), ...said];
    return [...new Set(all.flatMap((each) => [each, `anthropic/${each}`]))];
  }

  #config() {
    return this.#input('openclaw.json') ?? this.#input('clawdbot.json');
  }

  #left() {
    const found = Object.entries(this.#files).find(([file]) => /(^|\/)(openclaw|clawdbot)\.json$/.test(file));
    return found && relaxed(found[1]);
  }

  #health() {
    return healthAfter(this.#case, this.#step, this.#input('auth-profiles.json'), this.#owner);
  }

  // As `models status --check` says (docs/spec/openclaw-spec.md, section 7.3); without --check it is 0.
  #exit() {
    const { argv } = this.#case.steps[this.#step];
    const auth = documentIn(this.#output().stdout)?.auth;
    if (!argv.includes('--check') || !auth) return 0;
    const states = auth.oauth.profiles.filter(({ type }) => type !== 'api_key').map(({ status }) => status);
    const isBad = auth.missingProvidersInUse.length > 0 || states.some((state) => /^(expired|missing)$/.test(state));
    return isBad ? 1 : states.includes('expiring') ? 2 : 0;
  }

  #kept(name) {
    const profiles = Object.values(member(this.#input('auth-profiles.json'), 'profiles') ?? {});
    return profiles.find((each) => each?.[name] !== undefined)?.[name];
  }

  #profiles() {
    const files = Object.entries(this.#files).filter(([file]) => path.basename(file) === 'auth-profiles.json');
    return files.flatMap(([, text]) => Object.keys(relaxed(text)?.profiles ?? {}));
  }
}

/** The value that member names, joined by slashes, lead to. */
export const member = (value, names = '') => names.split('/').filter(Boolean).reduce((each, name) => each?.[name], value);

const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

const masked = (secret) => {
  const shown = secret.length < 8 ? 0 : secret.length <= 16 ? 2 : 8;
  return `${secret.slice(0, shown)}...${secret.slice(secret.length - shown)}`;
};
