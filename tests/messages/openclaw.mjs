// OpenClaw, whose provider is pointed here.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { equal, has, holds } from './checks.mjs';
import { run, surroundings } from './programs.mjs';

export function openclawStories([node, openclaw]) {
  return [
    {
      name: 'OpenClaw: agent --local',
      tells: async (programs, home) => {
        const apiKey = await programs.token('openclaw');
        const model = { id: 'claude-sonnet-4-6', name: 'Sonnet', reasoning: false, input: ['text'], contextWindow: 200000,
          maxTokens: 8192, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } };
        const config = {
          agents: { defaults: { model: { primary: 'anthropic/claude-sonnet-4-6' }, workspace: path.join(home, 'workspace') } },
          models: { providers: { anthropic: { baseUrl: programs.url, apiKey, api: 'anthropic-messages', models: [model] } } },
        };
        mkdirSync(path.join(home, '.openclaw'), { mode: 0o700 });
        writeFileSync(path.join(home, '.openclaw/openclaw.json'), JSON.stringify(config), { mode: 0o600 });
        const args = [openclaw, 'agent', '--local', '--agent', 'main', '--message', 'Say hello', '--json'];
        const told = await run(node, args, surroundings(home), { cwd: home });
        equal(told.code, 0, `${told.stderr.slice(-800)} ${told.stdout.slice(-800)}`);
        has(told.stdout, 'This is the sandbox speaking');
        const posts = programs.exchanges.filter(({ url }) => url.startsWith('/v1/messages'));
        holds(posts.length >= 1 && posts.every(({ status }) => status === 200), posts.map(({ status }) => status).join());
      },
    },
  ];
}
