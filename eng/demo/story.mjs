// The whole story, as `make demo` tells it. What follows a `$` runs as it stands there, and all that is not a heading comes from the
// programs themselves. Each chapter checks what it tells.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { play } from './stage.mjs';

const keys = { first: `sk-ant-api03-FAKE-demo-first-${'1'.repeat(40)}`, second: `sk-ant-api03-FAKE-demo-second-${'2'.repeat(40)}` };
const status = 'claw models status';
// A prompt worth caching: the contract itself, so that there is something to ask about.
const ask = `claw complete --session tour --system "$(cat protos/clawgrpc/v1/*.proto)"`;

await play(async (stage) => {
  console.log(`ClawGrpc, from onboarding to failover. Nothing leaves this machine: the upstream is a sandbox that speaks Anthropic's API.
The home folder ~ is a temporary one and is removed in the end.`);
  for (const [name, key] of Object.entries(keys)) writeFileSync(path.join(stage.home, `${name}.key`), key, { mode: 0o600 });

  stage.chapter('An upstream, and the server in front of it', 'Callers talk to the server over a Unix socket that only its owner can open.');
  const [, upstream] = await stage.start('sandbox --token-delay-ms 30', /listening on (http:\S+)/);
  await stage.start(`ANTHROPIC_BASE_URL=${upstream} clawgrpc`, /ready|listening/i);
  const watcher = stage.follow(`${status} --watch --json`);

  stage.chapter('Onboard two API keys', 'They go in by standard input, are stored once, and never come out again.');
  for (const name of Object.keys(keys)) {
    await stage.type(`claw onboard --non-interactive --profile-id anthropic:${name} --anthropic-api-key - < ~/${name}.key`);
  }

  stage.chapter('What the models can run on');
  const { text: shown } = await stage.type(status);
  stage.expect('both profiles in the status', /anthropic:first/.test(shown) && /anthropic:second/.test(shown));
  stage.expect('no key in the status', !Object.values(keys).some((key) => shown.includes(key)));
});
