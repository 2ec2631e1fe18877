// A client that knows nothing of this project but what the server's reflection tells it: `buf curl`.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

async function start(t, program, args, env, ready) {
  const child = spawn(path.join(root, 'bin', program), args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit');
  });
  for await (const line of createInterface(child.stdout)) {
    const found = ready.exec(line);
    if (found) return found;
  }

  throw new Error(`${program} ended before it was ready.`);
}

test('buf curl lists the services, reads the status, streams a completion and asks for health', { timeout: 120_000 }, async (t) => {
  const home = mkdtempSync(path.join(tmpdir(), 'buf-curl-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const [, upstream] = await start(t, 'sandbox', ['--quiet'], { HOME: home }, /listening on (\S+)/);
  const socket = path.join(home, 'claw.sock');
  const [, url] = await start(t, 'clawgrpc', ['--listen', `unix:${socket}`, '--listen', 'http://127.0.0.1:0'],
    { HOME: home, ANTHROPIC_BASE_URL: upstream, ANTHROPIC_API_KEY: 'sk-ant-api03-FAKE-buf-curl-0000000000000001' }, /(http:\S+)/);
  const curl = async (...args) => (await run(path.join(root, 'eng/buf'), ['curl', '--protocol', 'grpc', ...args])).stdout;
  const tcp = (method, data) => curl('--http2-prior-knowledge', '-d', JSON.stringify(data), `${url}/${method}`);

  const services = (await curl('--http2-prior-knowledge', '--list-services', url)).trim().split('\n').sort();
  assert.deepEqual(services,
    ['clawgrpc.v1.AuthService', 'clawgrpc.v1.ModelService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']);

  assert.equal(JSON.parse(await tcp('grpc.health.v1.Health/Check', {})).status, 'SERVING');
  const { status } = JSON.parse(await tcp('clawgrpc.v1.ModelService/GetStatus', {}));
  assert.equal(status.agentId, 'main');
  assert.equal(status.auth.providers[0].effectiveKind, 'env');

  const prompt = { input: { messagesJson: Buffer.from('{"messages":[{"role":"user","content":"Hello."}]}').toString('base64') } };
  const events = (await tcp('clawgrpc.v1.ModelService/StreamComplete', prompt)).trim().split(/\n(?=\{)/).map((text) => JSON.parse(text));
  assert.ok(events[0].started.messageId.startsWith('msg_'));
  assert.match(events.map((event) => event.blockDelta?.text ?? '').join(''), /Hello/);
  assert.equal(events.at(-1).finished.receipt.stopReason, 'end_turn');

  // The Unix socket speaks the same.
  const overSocket = await curl('--unix-socket', socket, '--http2-prior-knowledge', '-d', '{}', 'http://localhost/grpc.health.v1.Health/Check');
  assert.equal(JSON.parse(overSocket).status, 'SERVING');
});
