// What a command line of the real programs is at `claw`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The arguments for claw; null: the step has no counterpart, such as `doctor --fix` (ClawGrpc migrates by itself). */
export function clawArguments(step, home) {
  const argv = step.argv.map((argument) => argument.replaceAll('{{HOME}}', home.path));
  switch (argv[0]) {
    case 'models':
      return isOfDefaultAgent(step, home) ? [...argv, '--agent', 'main'] : argv;
    case 'agents':
    case 'onboard':
      return argv;
    case 'agent':
      return completion(argv, home);
    default:
      return null;
  }
}

/** Whether a status is of the main agent there, and here of another one that the configuration makes the default. */
export const isOfDefaultAgent = ({ argv }, home) =>
  /^models( (status|--)|$)/.test(argv.join(' ')) && !argv.includes('--agent') && home.defaultAgent() !== 'main';

// `agent --local` runs one turn of a conversation: here a completion of the same prompt. A profile that the user pinned to the
// conversation is one named with the model; the receipt says which routes were tried.
function completion(argv, home) {
  const valueOf = (name) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  const agent = valueOf('--agent') ?? 'main';
  const pinned = userPin(home, agent);
  const model = pinned ? ['--model', `${home.defaultModel()}@${pinned}`] : [];
  return ['complete', valueOf('--message') ?? '', '--agent', agent, ...model, '--json'];
}

function userPin(home, agent) {
  const file = path.join(home.state, 'agents', agent, 'sessions', 'sessions.json');
  if (!existsSync(file)) return undefined;
  const session = Object.values(JSON.parse(readFileSync(file, 'utf8')))[0];
  return session?.authProfileOverrideSource === 'user' ? session.authProfileOverride : undefined;
}
