// What ClawGrpc does to a folder that OpenClaw then reads: commands of claw, and what upstream answers to completions.
const key = (number) => `sk-ant-api03-FAKE-KEY-${number}-00000000000000000001`;
const token = `sk-ant-oat01-FAKE-TOKEN-${'0'.repeat(80)}`;
const login = { accessToken: 'sk-ant-oat01-FAKE-ACCESS', refreshToken: 'sk-ant-ort01-FAKE-REFRESH' };

const onboard = (id, number) => ['onboard', '--anthropic-api-key', key(number), '--profile-id', id];
const order = ['models', 'auth', 'order', 'set', '--provider', 'anthropic', 'anthropic:one', 'anthropic:two'];
const two = [onboard('anthropic:one', 'ONE'), onboard('anthropic:two', 'TWO'), order];
const complete = ['complete', 'Say hello.'];
const model = 'anthropic/claude-sonnet-4-5';

/** The stories; `nowMs` is the time that stands still while one is told. */
export const stories = (nowMs) => [
  { name: 'onboard an API key', does: [onboard('anthropic:default', 'ONE')] },
  { name: 'onboard a setup-token', does: [['onboard', '--auth-choice', 'setup-token', '--token', token]] },
  {
    name: 'onboard a token that expires, under an id of its own',
    does: [[
      'onboard', '--auth-choice', 'token', '--token-provider', 'anthropic', '--token', token,
      '--token-profile-id', 'anthropic:team', '--token-expires-in', '12h',
    ]],
  },
  {
    name: 'onboard the login of the Claude CLI',
    files: { '.claude/.credentials.json': JSON.stringify({ claudeAiOauth: { ...login, expiresAt: nowMs + 28_800_000 } }) },
    does: [['onboard', '--auth-choice', 'claude-cli']],
  },
  {
    name: 'paste a token',
    does: [['models', 'auth', 'paste-token', '--provider', 'anthropic', '--expires-in', '90d']],
    stdin: token,
  },
  { name: 'set an order', does: two, asks: ['models', 'auth', 'order', 'get', '--provider', 'anthropic', '--json'] },
  { name: 'clear an order', does: [...two, ['models', 'auth', 'order', 'clear', '--provider', 'anthropic']] },
  {
    name: 'put a new profile first in the order of the configuration',
    files: { '.openclaw/openclaw.json': '{ auth: { order: { anthropic: ["anthropic:work"] } } }' },
    does: two,
  },
  {
    name: 'set models, aliases and fallbacks',
    does: [
      onboard('anthropic:default', 'ONE'), ['models', 'set', model],
      ['models', 'aliases', 'add', 'fast', 'anthropic/claude-haiku-4-5'],
      ['models', 'fallbacks', 'add', 'fast'], ['models', 'fallbacks', 'add', 'anthropic/claude-opus-4-5'],
      ['models', 'fallbacks', 'remove', 'fast'],
    ],
  },
  {
    name: 'edit a configuration with comments',
    files: {
      '.openclaw/openclaw.json':
        `// Mine.\n{ agents: { defaults: { model: { primary: '${model}', }, /* all */ } }, gateway: { mode: 'local' } }\n`,
    },
    does: [onboard('anthropic:default', 'ONE'), ['models', 'set', 'anthropic/claude-opus-4-5']],
  },
  {
    name: 'edit a configuration that ClawGrpc includes in its own',
    files: {
      '.openclaw/openclaw.json': `{ agents: { defaults: { model: { primary: '${model}' } } } }\n`,
      '.openclaw/clawgrpc.json': "{ $include: './openclaw.json', clawgrpc: { limits: { attempts: 4 } } }\n",
    },
    does: [onboard('anthropic:default', 'ONE'), ['models', 'set', 'anthropic/claude-opus-4-5']],
  },
  { name: 'a key that is limited', does: [...two, complete], faults: [limited(key('ONE'))] },
  { name: 'both keys limited', does: [...two, complete], faults: [limited()] },
  {
    name: 'a key without credit',
    does: [...two, complete],
    faults: [failing(402, 'billing_error', 'Your credit balance is too low.', key('ONE'))],
  },
  {
    name: 'a key that is refused',
    does: [...two, complete],
    faults: [failing(401, 'authentication_error', 'invalid x-api-key', key('ONE'))],
  },
  {
    name: 'a limited key that is reset',
    does: [...two, complete, ['models', 'auth', 'reset', 'anthropic:one']],
    faults: [limited(key('ONE'))],
  },
];

// An answer of upstream to every request, or to those with one key.
function failing(code, type, message, owner) {
  const status = { code, headers: {}, json: { type: 'error', error: { type, message } } };
  return { ...(owner && { match: { key: owner } }), times: 'forever', status };
}

function limited(owner) {
  return failing(429, 'rate_limit_error', 'Slow down.', owner);
}
