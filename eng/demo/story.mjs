// The whole story, as `make demo` tells it. What follows a `$` runs as it stands there, and all that is not a heading comes
// from the programs themselves. Each chapter checks what it tells.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { play } from './stage.mjs';

const keys = {
  first: `sk-ant-api03-FAKE-demo-first-${'1'.repeat(40)}`,
  second: `sk-ant-api03-FAKE-demo-second-${'2'.repeat(40)}`,
};
const status = 'claw models status';
// A prompt worth caching: the contract itself, about which there is something to ask.
const ask = 'claw complete --session tour --system "$(cat protos/clawgrpc/v1/*.proto)" --receipt "When does a cooldown end?"';
const setAside = (it) => it.auth.unusableProfiles.map((profile) => profile.profileId);

await play(async (stage) => {
  console.log('ClawGrpc, from onboarding to failover. Nothing leaves this machine: a sandbox speaks Anthropic\'s API.\n'
    + 'The home folder ~ is a temporary one; it is removed in the end.');
  for (const [name, key] of Object.entries(keys)) writeFileSync(path.join(stage.home, `${name}.key`), key, { mode: 0o600 });

  stage.chapter('An upstream, and the server in front of it', 'Callers use a Unix socket that only its owner can open.');
  const [, upstream] = await stage.start('sandbox --quiet --token-delay-ms 30', /listening on (http:\S+)/);
  await stage.start(`ANTHROPIC_BASE_URL=${upstream} clawgrpc`, /ready on/);
  const watcher = stage.follow(`${status} --watch --json`);
  await watcher.until('the status at the beginning', () => true);

  stage.chapter('Onboard two API keys', 'They go in by standard input and are stored once; nothing reads them back.');
  for (const name of Object.keys(keys)) {
    await stage.type(`claw onboard --non-interactive --profile-id anthropic:${name} --anthropic-api-key - < ~/${name}.key`);
  }
  await watcher.until('both profiles', (it) => it.auth.oauth.profiles.length === 2);

  stage.chapter('What there is to run on');
  const { text: before } = await stage.type(status);
  for (const [name, key] of Object.entries(keys)) {
    stage.expect(`the status to name anthropic:${name}`, before.includes(`anthropic:${name}`));
    stage.expect('no key in the status', !before.includes(key));
  }

  stage.chapter('A completion, token by token', 'The session keeps the profile that serves it, and so its prompt cache.');
  const { pieces } = await stage.type(`${ask} 2> ~/receipt`);
  stage.expect(`the answer to come bit by bit, not in ${pieces} pieces`, pieces >= 10);
  const { text: first } = await stage.type('grep -E "served by|usage" ~/receipt');
  stage.expect('the first key to serve', first.includes('anthropic:first'));
  stage.expect('the prompt to be written to the cache', count(first, /(\d+) written to the cache/) > 0);

  stage.chapter('The same again', 'What was written to the cache is read from it now, at a fraction of the price.');
  await stage.type(`${ask} 2> ~/receipt`);
  const { text: again } = await stage.type('grep -E "served by|usage" ~/receipt');
  stage.expect('the first key to serve again', again.includes('anthropic:first'));
  stage.expect('the prompt to be read from the cache', count(again, /(\d+) read from it/) > 0);

  stage.chapter('The first key is rate limited', 'The sandbox answers it with 429. The caller gets an answer all the same.');
  await limit(upstream, keys.first);
  const { text: answer } = await stage.type(`${ask} 2> ~/receipt`);
  stage.expect('an answer', answer.trim().length > 0);

  stage.chapter('What is set aside, and until when');
  await stage.type(status);
  const unusable = 'JSON.parse(fs.readFileSync(0)).auth.unusableProfiles';
  const { text: after } = await stage.type(`${status} --json | node -p 'JSON.stringify(${unusable}, null, 2)'`);
  const [profile, ...others] = JSON.parse(after);
  stage.expect('only anthropic:first to be unusable', profile?.profileId === 'anthropic:first' && others.length === 0);
  stage.expect('a cooldown that ends', profile.kind === 'cooldown' && profile.remainingMs > 0);

  stage.chapter('The receipt: what that completion really did');
  const { text: receipt } = await stage.type('cat ~/receipt');
  stage.expect('the failed attempt in the receipt', /attempt +anthropic:first,.*failed.*429/.test(receipt));
  stage.expect('the second key to serve', /served by +anthropic:second/.test(receipt));
  stage.expect('no key in the receipt', !Object.values(keys).some((key) => receipt.includes(key)));

  stage.chapter('What the watcher saw meanwhile', 'It made one call in the beginning. Each change came by itself:');
  await watcher.until('the cooldown', (it) => setAside(it).includes('anthropic:first'));
  const begin = watcher.seen[0].changedAt;
  const lines = watcher.seen.map((it) => [it.changedAt - begin, summary(it)]);
  for (const [after, text] of lines.filter(([, text], i) => text !== lines[i - 1]?.[1])) {
    console.log(`   after ${(after / 1000).toFixed(1).padStart(4)} s: ${text}`);
  }
  console.log('\nAll of it happened.');
});

function summary(it) {
  return `${it.auth.oauth.profiles.length} profiles, ${it.usage?.completions ?? 0} completions, set aside: ${setAside(it).join(', ') || 'none'}`;
}

function count(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

// Scripts the sandbox: the next request with this key is refused.
async function limit(upstream, key) {
  const fault = { match: { key }, status: { code: 429, headers: { 'retry-after': '30' } } };
  const answer = await fetch(`${upstream}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
  if (!answer.ok) throw new Error(`the sandbox refused its script: ${await answer.text()}`);
}
