// The cases of a folder: what a real program was asked on which files, and what it gave (docs/spec/openclaw-spec.md, section 10).
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The programs whose cases are run: where their files are, and which generation of rules that is. */
export const products = {
  clawdbot: { name: 'Clawdbot 2026.1.24-3', folder: '.clawdbot', variable: 'CLAWDBOT_STATE_DIR', generation: 'clawdbot' },
  cn: { name: 'openclaw-cn 2026.1.31', folder: '.openclaw', variable: 'OPENCLAW_STATE_DIR', generation: 'openclaw-cn' },
  oc129: { name: 'OpenClaw 2026.1.29', folder: '.openclaw', variable: 'OPENCLAW_STATE_DIR', generation: 'openclaw-2026.1' },
  oc263: { name: 'OpenClaw 2026.2.6-3', folder: '.openclaw', variable: 'OPENCLAW_STATE_DIR', generation: 'openclaw' },
  oc29: { name: 'OpenClaw 2026.2.9', folder: '.openclaw', variable: 'OPENCLAW_STATE_DIR', generation: 'openclaw' },
};

// Commands that ClawGrpc has under the same name, and why the others are left to the programs themselves.
const elsewhere = [
  [/^doctor/, 'doctor is a command of the other program; ClawGrpc migrates on load'],
  [/^agents add/, 'agents are added by their configuration, not by a command'],
  [/^models auth login/, 'logins of provider plugins are not Anthropic credentials'],
  [/^models scan/, 'scans the catalogue of another provider'],
  [/--probe-provider (?!anthropic)/, 'ClawGrpc serves the models of Anthropic only'],
  [/--auth-choice (?!apiKey|token|setup-token|claude-cli|oauth|nonsense|skip)/, 'onboarding of another provider than Anthropic'],
];

/** All cases, by id. */
export function casesOf(folder) {
  return readdirSync(folder)
    .filter((id) => existsSync(path.join(folder, id, 'case.json')))
    .sort()
    .map((id) => read(path.join(folder, id)));
}

function read(folder) {
  const said = JSON.parse(readFileSync(path.join(folder, 'case.json'), 'utf8'));
  const product = products[said.product] && { id: said.product, ...products[said.product] };
  const steps = said.steps.map((step, index) => ({
    ...step,
    argv: step.argv.slice(1),
    index,
    expected: expectedOf(folder, said.steps.length > 1 ? `.${index}` : ''),
  }));
  const elsewhere = product ? reasonToLeave(steps) : `${said.product} is not one of the compared programs`;
  return { ...said, folder, product, steps, elsewhere };
}

function expectedOf(folder, suffix) {
  const text = (name) => {
    const file = path.join(folder, 'output', name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const requests = text(`requests${suffix}.json`);
  const [stdout, stderr] = [text(`stdout${suffix}.txt`), text(`stderr${suffix}.txt`)];
  return { stdout, stderr, requests: requests ? JSON.parse(requests) : [] };
}

function reasonToLeave(steps) {
  for (const step of steps.filter((each) => each.role === 'test')) {
    const line = step.argv.join(' ');
    const found = elsewhere.find(([pattern]) => pattern.test(line));
    if (found) return found[1];
    if (!/^(models|onboard|agent|agents list)\b/.test(line)) {
      return `the command ${step.argv[0] ?? ''} is the other program's own`;
    }
  }
  return null;
}
