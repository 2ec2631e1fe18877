// The contract in Node. Prints a line for each case; what it needs done meanwhile it asks the driver for.
import { createInterface } from 'node:readline';
import {
  AccessService, AuthService, Code, complete, connect, createClient, readError, stream, watchStatus,
} from 'clawgrpc';

const { CONTRACT_URL: url, CONTRACT_CA: caFile, CONTRACT_OTHER_CA: otherCa, CONTRACT_TOKEN_FILE: tokenFile } = process.env;
const limit = 60_000;
const answers = createInterface(process.stdin)[Symbol.asyncIterator]();

async function ask(what) {
  console.log(`ask ${what}`);
  const { value } = await answers.next();
  holds(value === 'done', `${what}: ${value}`);
}

function holds(value, why) {
  const readable = (_, each) => (typeof each === 'bigint' ? `${each}` : each);
  if (!value) throw new Error(typeof why === 'string' ? why : JSON.stringify(why, readable));
}

async function failure(call) {
  return readError(await call.then(() => holds(false, 'the call did not fail'), (error) => error));
}

const who = (options) => createClient(AccessService, connect(url, { caFile, ...options })).whoAmI({});

const cases = {
  async unary() {
    const answer = await complete('Say hello.');
    holds(answer.text.startsWith('You said “Say hello.”'), answer.text);
    holds(answer.receipt.profileId === 'anthropic:default', answer.receipt.profileId);
  },

  async stream() {
    const answer = stream('Say hello.');
    const pieces = [];
    for await (const piece of answer) pieces.push(piece);
    holds(pieces.length > 1, `${pieces.length} pieces`);
    holds(pieces.join('') === (await complete('Say hello.')).text, 'another text than that of the whole answer');
    holds(answer.receipt.stopReason === 'end_turn', answer.receipt);
  },

  async cancel() {
    await ask('fault stalled');
    for await (const piece of stream('Say hello.')) {
      holds(piece, 'no piece');
      break;
    }
    await ask('left');
  },

  async deadline() {
    await ask('fault silent');
    const facts = await failure(complete('Say hello.', { timeoutMs: 1000 }));
    holds(facts.code === Code.DeadlineExceeded, facts);
    await ask('left');
  },

  async error() {
    let facts = await failure(complete('Say hello.', { agentId: 'nope' }));
    holds(facts.code === Code.NotFound && facts.reason === 'AGENT_NOT_FOUND', facts);
    holds(facts.metadata.agent_id === 'nope', facts);
    const credential = { case: 'apiKey', value: { key: '' } };
    facts = await failure(createClient(AuthService, connect()).onboard({ credential }));
    holds(facts.code === Code.InvalidArgument && facts.reason === 'INVALID_FIELD', facts);
    holds(facts.fieldViolations.map(({ field }) => field).join() === 'api_key.key', facts);
  },

  async receipt() {
    await ask('fault limited');
    const facts = await failure(complete('Say hello.'));
    await ask('reset');
    holds(facts.code === Code.ResourceExhausted && facts.reason === 'RATE_LIMITED', facts);
    holds(facts.metadata.http_status === '429', facts);
    holds(facts.retryDelayMs > 0 && facts.retryDelayMs < 3_600_000, facts);
    holds(facts.receipt.attempts[0].httpStatus === 429, facts);
  },

  async watch() {
    const profile = 'anthropic:watched-node';
    let retried = false;
    const statuses = watchStatus(connect(), { onRetry: () => (retried = true), signal: AbortSignal.timeout(limit) });
    let { revision } = (await statuses.next()).value;
    const seen = (async () => {
      for await (const status of statuses) {
        holds(status.revision > revision, 'an older revision');
        revision = status.revision;
        if (status.auth.profiles.some(({ profileId }) => profileId === profile)) return;
      }
      throw new Error('the change after the restart was not seen');
    })();
    await ask('restart');
    await ask(`onboard ${profile}`);
    await seen;
    holds(retried, 'the watch was not interrupted');
  },

  async large() {
    await ask('fault large');
    const answer = await complete('x'.repeat(5_000_000));
    holds(answer.text.length > 5_000_000, `${answer.text.length} characters`);
  },

  async socket() {
    const { proof } = await createClient(AccessService, connect()).whoAmI({});
    holds(proof === 'unix', proof);
  },

  async tls() {
    holds((await complete('Say hello.', { transport: connect(url, { caFile, tokenFile }) })).text, 'no text');
    const transport = connect(url, { caFile: otherCa, tokenFile });
    const facts = await failure(complete('Say hello.', { transport, timeoutMs: limit }));
    holds(facts.code !== Code.DeadlineExceeded && facts.reason === '', facts);
  },

  async token() {
    const { client, proof } = await who({ tokenFile });
    holds(client.name === 'contract' && proof === 'token', `${client.name} ${proof}`);
    const facts = await failure(who({}));
    holds(facts.reason === 'UNAUTHENTICATED', facts);
  },
};

for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`fail ${name}: ${`${error.message}`.replaceAll('\n', ' ').slice(0, 600)}`);
  }
}
process.exit();
