// Claude Code itself, without a terminal.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { equal, has, holds } from './checks.mjs';
import { key, run, surroundings } from './programs.mjs';

const spoken = 'This is the sandbox speaking';
const forever = (fault) => ({ ...fault, times: 'forever' });
const failing = (code, more = {}) => [forever({ status: { code, ...more } })];
const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

// A tool call, as Anthropic streams one.
const toolCall = [
  { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6', content: [],
    stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} } },
  { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta',
    partial_json: '{"command":"echo tool-$((40+2))","description":"Adds"}' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
].map(event).join('');

export function claudeStories(claude) {
  const say = async (programs, home, settings, args = [], prompt = 'Say hello') => {
    const env = {
      ...surroundings(home),
      ANTHROPIC_BASE_URL: programs.url,
      CLAUDE_CODE_MAX_RETRIES: '2',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...settings,
    };
    const told = await run(claude, ['-p', '--model', 'claude-sonnet-4-6', ...args, prompt], env, { cwd: home });
    return { ...told, all: told.stdout + told.stderr, posts: postsOf(programs) };
  };
  const postsOf = (programs) => programs.exchanges.filter(({ method, url }) => method === 'POST' && url.includes('/v1/messages'));
  let made = 0;
  const tokenOf = (programs, ...options) => programs.token(`claude${++made}`, ...options);

  // A prompt that is answered, however the token is given.
  const answered = (name, settingsOf) => ({
    name: `Claude Code: ${name}`,
    tells: async (programs, home) => {
      const token = await tokenOf(programs);
      const told = await say(programs, home, await settingsOf(token, home, programs));
      equal(told.code, 0, told.all);
      has(told.stdout, spoken);
      equal(told.posts.length, 1, 'requests');
      const [sent] = await programs.upstream();
      const text = JSON.stringify(sent);
      holds(!text.includes(token) && !text.includes('sk-ant-oat01'), 'a credential of the caller is upstream');
      return { told, sent };
    },
  });

  // One prompt that fails in one way, with so many requests.
  const refused = (name, { faults = [], settings = {}, args = [], options = [], token, posts, says, status, prepare }) => ({
    name: `Claude Code: ${name}`,
    tells: async (programs, home) => {
      const shown = token ?? (await tokenOf(programs, ...options));
      if (prepare) await prepare(programs, shown);
      await programs.teach(faults);
      const told = await say(programs, home, { ANTHROPIC_AUTH_TOKEN: shown, ...settings }, args);
      equal(told.posts.length, posts, `requests (${told.posts.map((each) => each.status)}; ${told.all.slice(0, 300)})`);
      equal(told.posts[0].status, status, 'the status');
      holds(told.posts.every((each) => each.status === 200 || each.answer['content-type'] === 'application/json'), 'no JSON');
      if (says) has(told.all, says);
    },
  });

  return [
    answered('a token', (token) => ({ ANTHROPIC_AUTH_TOKEN: token })),
    answered('a key', (token) => ({ ANTHROPIC_API_KEY: token })),
    answered('a helper', (token, home) => {
      mkdirSync(path.join(home, '.claude'));
      writeFileSync(path.join(home, '.claude/settings.json'), JSON.stringify({ apiKeyHelper: `echo ${token}` }));
      return {};
    }),
    answered('a token beside a key of Anthropic', (token) => ({
      ANTHROPIC_AUTH_TOKEN: token,
      ANTHROPIC_API_KEY: 'sk-ant-api03-mine',
    })),
    answered('the prefix /anthropic', (token, _, programs) => ({
      ANTHROPIC_AUTH_TOKEN: token,
      ANTHROPIC_BASE_URL: `${programs.url}/anthropic/`,
    })),
    {
      name: 'Claude Code: custom headers; its request arrives byte for byte',
      tells: async (programs, home) => {
        const token = await tokenOf(programs);
        const headers = 'x-clawgrpc-agent: main\nx-clawgrpc-cache-retention: none\nx-clawgrpc-session: mine';
        const told = await say(programs, home, { ANTHROPIC_AUTH_TOKEN: token, ANTHROPIC_CUSTOM_HEADERS: headers });
        equal(told.code, 0, told.all);
        const [post] = told.posts;
        equal(post.headers['x-clawgrpc-session'], 'mine');
        const [sent] = await programs.upstream();
        equal(typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.json), `${post.body}`, 'the body upstream');
        const betas = post.headers['anthropic-beta'].split(',').filter((beta) => !/^(oauth|oidc-federation)-/.test(beta));
        const given = Object.fromEntries(sent.headers);
        for (const beta of betas) has(given['anthropic-beta'], beta);
        equal(given['x-api-key'], key);
        const never = /^(authorization|x-app|x-stainless|x-claude-code|x-clawgrpc|anthropic-dangerous)/;
        equal(Object.keys(given).filter((name) => never.test(name)).join(), '', 'headers that must not be upstream');
        holds(given['user-agent'].startsWith('ClawGrpc/'), given['user-agent']);
      },
    },
    {
      name: 'Claude Code: a tool call',
      tells: async (programs, home) => {
        await programs.teach([{ replay: { text: toolCall } }]);
        const settings = { ANTHROPIC_AUTH_TOKEN: await tokenOf(programs) };
        const told = await say(programs, home, settings, ['--allowedTools=Bash']);
        equal(told.code, 0, told.all);
        equal(told.posts.length, 2, 'requests');
        has(`${told.posts[1].body}`, 'tool-42');
        has(told.stdout, spoken);
      },
    },
    {
      name: 'Claude Code: the models that the token may use',
      tells: async (programs, home) => {
        const token = await tokenOf(programs);
        await say(programs, home, {
          ANTHROPIC_AUTH_TOKEN: token,
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '',
          CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
        });
        const asked = programs.exchanges.find(({ url }) => url.startsWith('/v1/models'));
        holds(asked, `it asked ${programs.exchanges.map(({ method, url }) => `${method} ${url}`).join(', ')}`);
        equal(asked.status, 200);
      },
    },
    {
      name: 'Claude Code: an identity of a workload',
      tells: async (programs, home) => {
        const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJGQUtFLWNhbmFyeSJ9.RkFLRQ';
        const file = path.join(home, 'jwt');
        writeFileSync(file, jwt);
        const told = await say(programs, home, {
          ANTHROPIC_FEDERATION_RULE_ID: 'rule_1',
          ANTHROPIC_ORGANIZATION_ID: '00000000-0000-0000-0000-000000000001',
          ANTHROPIC_SERVICE_ACCOUNT_ID: 'svc_1',
          ANTHROPIC_IDENTITY_TOKEN_FILE: file,
        });
        const asked = programs.exchanges.find(({ url }) => url.startsWith('/v1/oauth/token'));
        holds(asked, `it asked ${programs.exchanges.map(({ url }) => url).join(', ')}; ${told.all.slice(0, 300)}`);
        equal(asked.status, 404);
        holds(!programs.log.includes(jwt), 'the identity is in the log');
        equal((await programs.upstream()).length, 0, 'requests upstream');
      },
    },
    refused('401', { token: 'claw_nonsense', status: 401, posts: 1, says: 'Failed to authenticate' }),
    refused('401 for a key of Anthropic', { token: 'sk-ant-oat01-mine', status: 401, posts: 1, says: 'takes its own tokens' }),
    refused('403', {
      settings: { ANTHROPIC_CUSTOM_HEADERS: 'x-clawgrpc-agent: other' }, status: 403, posts: 1, says: 'API Error: 403',
    }),
    refused('404', { faults: failing(404, { type: 'not_found_error', message: 'model: claude-sonnet-4-6' }),
      // Whatever a 404 says, it is asked for once more without a stream.
      status: 404, posts: 2, says: 'issue with the selected model' }),
    refused('429, a budget that is used up', {
      options: ['--budget-tokens', '1'], status: 429, posts: 1, says: 'has used up its budget',
      prepare: async (programs, token) => {
        const headers = { 'x-api-key': token, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' };
        const body = JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 8, messages: [{ role: 'user', content: 'Hi' }] });
        equal((await fetch(`${programs.url}/v1/messages`, { method: 'POST', headers, body })).status, 200);
      },
    }),
    refused('429, cooling for long', { faults: failing(429, { headers: { 'retry-after': '3600' } }), status: 429, posts: 1 }),
    refused('400 in Anthropic’s words', {
      faults: failing(400, { message: 'prompt is too long: 250000 tokens > 200000 maximum' }), status: 400, posts: 1,
      says: 'rompt is too long',
    }),
    refused('503 of a credential that is refused', {
      faults: failing(401), status: 503, posts: 1, says: 'check your inference gateway',
    }),
    refused('529', { faults: failing(529), status: 529, posts: 3, says: '529' }),
    // What has begun is asked for again without a stream, which is repeated twice.
    refused('a connection that breaks in mid-stream', {
      faults: [forever({ cut: { afterEvents: 6 } })], status: 200, posts: 4,
    }),
    refused('an error in mid-stream', {
      faults: [forever({ error: { afterEvents: 12, type: 'overloaded_error', message: 'Overloaded' } })], status: 200, posts: 4,
    }),
  ];
}
