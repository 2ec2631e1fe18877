// The official SDK in TypeScript.
import { pathToFileURL } from 'node:url';
import { equal, has, holds } from './checks.mjs';

const model = 'claude-sonnet-4-6';
const prompt = { model, max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] };

export async function sdkStories(entry) {
  const { default: Anthropic } = await import(pathToFileURL(entry));
  let made = 0;
  const story = (name, tells) => ({
    name: `TypeScript SDK: ${name}`,
    tells: async (programs) => {
      const apiKey = await programs.token(`sdk${++made}`);
      await tells(new Anthropic({ apiKey, authToken: null, baseURL: programs.url, maxRetries: 2 }), programs);
    },
  });
  const failure = async (act) => {
    try {
      await act();
    } catch (error) {
      return error;
    }
    throw new Error('it did not fail');
  };

  // An error as the SDK makes one of Anthropic's.
  const refused = (name, faults, { status, type, message, requests }) =>
    story(name, async (client, programs) => {
      await programs.teach(faults);
      const error = await failure(() => client.messages.create(prompt));
      holds(error instanceof Anthropic.APIError, `${error}`);
      equal(error.status, status, 'status');
      equal(error.error.error.type, type, 'type');
      has(error.message, message);
      holds(error.requestID?.startsWith('req_'), `the request's id is ${error.requestID}`);
      equal(programs.exchanges.length, requests, 'requests');
    });
  const always = (code, more = {}) => [{ status: { code, ...more }, times: 'forever' }];

  return [
    story('create', async (client) => {
      const message = await client.messages.create(prompt);
      equal(message.stop_reason, 'end_turn');
      has(message.content[0].text, 'This is the sandbox speaking');
      holds(message._request_id?.startsWith('req_'), message._request_id);
      holds(message.usage.output_tokens > 0, 'no usage');
    }),
    story('stream', async (client) => {
      const stream = client.messages.stream(prompt);
      let text = '';
      stream.on('text', (piece) => (text += piece));
      const message = await stream.finalMessage();
      equal(message.content[0].text, text);
      has(text, 'This is the sandbox speaking');
    }),
    story('countTokens', async (client) => {
      holds((await client.messages.countTokens({ model, messages: prompt.messages })).input_tokens > 0);
    }),
    story('models.list and models.retrieve', async (client) => {
      const ids = [];
      for await (const each of client.models.list({ limit: 2 })) ids.push(each.id);
      holds(ids.length > 2 && ids.includes(model) && new Set(ids).size === ids.length, ids.join());
      equal((await client.models.retrieve(model)).id, model);
      equal((await failure(() => client.models.retrieve('claude-none'))).status, 404);
    }),
    story('an agent that the token is not for', async (client, programs) => {
      const error = await failure(() => client.messages.create(prompt, { headers: { 'x-clawgrpc-agent': 'other' } }));
      holds(error instanceof Anthropic.PermissionDeniedError, `${error}`);
      equal(programs.exchanges.length, 1, 'requests');
    }),
    story('a token that is none', async (_, programs) => {
      const client = new Anthropic({ apiKey: 'claw_nonsense', authToken: null, baseURL: programs.url });
      const error = await failure(() => client.messages.create(prompt));
      holds(error instanceof Anthropic.AuthenticationError, `${error}`);
      equal(programs.exchanges.length, 1, 'requests');
    }),
    refused('a request that Anthropic rejects', always(400, { message: 'messages: too short' }), {
      status: 400, type: 'invalid_request_error', message: 'messages: too short', requests: 1,
    }),
    refused('a rate limit', always(429, { headers: { 'retry-after': '3600' } }), {
      status: 429, type: 'rate_limit_error', message: '', requests: 1,
    }),
    refused('a credential that upstream refuses', always(401), { status: 503, type: 'api_error', message: '', requests: 1 }),
    refused('an overload', always(529), { status: 529, type: 'overloaded_error', message: 'verloaded', requests: 3 }),
    story('an error in mid-stream', async (client, programs) => {
      await programs.teach([{ error: { afterEvents: 6 }, times: 'forever' }]);
      let text = '';
      const stream = client.messages.stream(prompt).on('text', (piece) => (text += piece));
      const error = await failure(() => stream.finalMessage());
      holds(error instanceof Anthropic.APIError, `${error}`);
      holds(text.length > 0, 'nothing came before');
    }),
  ];
}
