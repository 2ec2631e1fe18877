import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  AccessService, type AgentStatus, AuthService, Code, connect, CredentialType, createClient, ModelService, readError, Role,
  watchStatus,
} from "clawgrpc";
import { example, type Program, start, temporaryFolder } from "./programs.js";

// Passing tests never wait for it.
const limit = { timeout: 120_000 };
const folder = temporaryFolder();
const socket = `unix:${folder.path}/clawgrpc.sock`;
const keys = ["first", "second"].map((name) => `sk-ant-api03-FAKE-${name}-${"0".repeat(80)}`);
let sandbox: Program;
let server: Program;
let endpoints: string[];

async function startServer(port: string): Promise<void> {
  const args = ["--state-dir", folder.path, "--listen", socket, "--listen", `http://127.0.0.1:${port}`];
  const environment = { ANTHROPIC_BASE_URL: sandbox.ready[1], HOME: folder.path };
  server = await start("clawgrpc", args, /^clawgrpc ready on (unix:\S+), (http:\S+)$/m, environment);
  endpoints = server.ready.slice(1);
}

before(async () => {
  // Where the clients find the token for the port.
  process.env["CLAWGRPC_STATE_DIR"] = folder.path;
  // The test waits for the end of a cooldown, so use the shorter ladder.
  writeFileSync(`${folder.path}/clawgrpc.json`, '{ auth: { cooldowns: { preset: "openclaw-2026.9" } } }');
  sandbox = await start("sandbox", ["--listen", "http://127.0.0.1:0", "--quiet"], /^sandbox listening on (http:\S+)$/m);
  await startServer("0");
}, limit);

after(async () => {
  await server?.kill();
  await sandbox?.kill();
  folder.delete();
});

const onboard = (endpoint: string, profileId: string, key: string, agentId = "") =>
  createClient(AuthService, connect(endpoint)).onboard({ agentId, profileId, credential: { case: "apiKey", value: { key } } });

const onboardBoth = (endpoint: string) =>
  Promise.all(keys.map((key, index) => onboard(endpoint, `anthropic:${["first", "second"][index]}`, key)));

const input = (prompt: string) => ({
  prompt: {
    case: "messages" as const,
    value: { messages: [{ role: Role.USER, content: [{ block: { case: "text" as const, value: { text: prompt } } }] }] },
  },
});

const complete = (endpoint: string) => createClient(ModelService, connect(endpoint)).complete({ input: input("Say hello.") });

/** A watcher that records every revision. */
class Watcher {
  readonly revisions: bigint[] = [];
  readonly interrupted: Promise<void>;
  private readonly statuses: AsyncGenerator<AgentStatus, void>;

  constructor(endpoint: string) {
    let tell: () => void;
    this.interrupted = new Promise((accept) => (tell = accept));
    this.statuses = watchStatus(connect(endpoint), { onRetry: () => tell() });
  }

  /** The next status for which `holds` is true. */
  async until(holds: (status: AgentStatus) => boolean): Promise<AgentStatus> {
    for (;;) {
      const { value } = await this.statuses.next();
      assert.ok(value, "the watch goes on");
      assert.ok(value.revision >= (this.revisions.at(-1) ?? 0n), `revision ${value.revision} after ${this.revisions}`);
      this.revisions.push(value.revision);
      if (holds(value)) {
        return value;
      }
    }
  }

  async stop(): Promise<void> {
    await this.statuses.return();
  }
}

const has = (profileId: string) => (status: AgentStatus) =>
  status.auth?.profiles.some((profile) => profile.profileId === profileId) ?? false;

const cooling = (profileId: string) => (status: AgentStatus) =>
  status.auth?.unusableProfiles.some((profile) => profile.profileId === profileId && profile.kind === "cooldown") ?? false;

test("Invalid_key_is_rejected_with_its_field", limit, async () => {
  for (const endpoint of endpoints) {
    for (const key of ["", "sk-ant-api03-FAKE\nbroken"]) {
      const facts = readError(await onboard(endpoint, "anthropic:bad", key).catch((error: unknown) => error));
      assert.equal(facts.code, Code.InvalidArgument);
      assert.equal(facts.reason, "INVALID_FIELD");
      assert.deepEqual(facts.fieldViolations.map((violation) => violation.field), ["api_key.key"]);
    }
  }
});

test("Port_takes_a_token_and_the_socket_none", limit, async () => {
  const environment = { CLAWGRPC_STATE_DIR: "/nonexistent" };
  const [socketEndpoint, port] = endpoints.map((endpoint) => createClient(AccessService, connect(endpoint, { environment })));
  assert.equal((await socketEndpoint?.whoAmI({}))?.proof, "unix");
  const facts = readError(await port?.whoAmI({}).catch((error: unknown) => error));
  assert.deepEqual([facts.code, facts.reason], [Code.Unauthenticated, "UNAUTHENTICATED"]);
});

test("Unknown_agent_is_named_in_the_error", limit, async () => {
  for (const endpoint of endpoints) {
    const models = createClient(ModelService, connect(endpoint));
    const calls = [
      () => models.getStatus({ agentId: "nobody" }),
      () => watchStatus(connect(endpoint), { agentId: "nobody" }).next(),
    ];
    for (const call of calls) {
      const facts = readError(await call().catch((error: unknown) => error));
      assert.equal(facts.code, Code.NotFound);
      assert.equal(facts.reason, "AGENT_NOT_FOUND");
      assert.equal(facts.metadata["agent_id"], "nobody");
    }
  }
});

test("Onboarded_keys_serve_completions_and_streams", limit, async () => {
  for (const endpoint of endpoints) {
    const models = createClient(ModelService, connect(endpoint));
    await onboardBoth(endpoint);
    const { status } = await models.getStatus({});
    assert.deepEqual(
      status?.auth?.profiles.map(({ profileId, type }) => [profileId, type]),
      [["anthropic:first", CredentialType.API_KEY], ["anthropic:second", CredentialType.API_KEY]],
    );

    const { completion, receipt } = await complete(endpoint);
    const whole = completion?.content.map(({ block }) => (block.case === "text" ? block.value.text : "")).join("");
    assert.ok(whole);
    assert.match(receipt?.profileId ?? "", /^anthropic:(first|second)$/);

    let streamed = "";
    const cases: (string | undefined)[] = [];
    for await (const { event } of models.streamComplete({ input: input("Say hello.") })) {
      cases.push(event.case);
      if (event.case === "blockDelta" && event.value.delta.case === "text") {
        streamed += event.value.delta.value;
      }
    }
    assert.equal(streamed, whole);
    assert.equal(cases[0], "started");
    assert.equal(cases.at(-1), "finished");
    assert.ok(cases.filter((name) => name === "blockDelta").length > 1, "the text comes in pieces");
  }
});

test("Watchers_see_every_change_and_survive_a_restart", limit, async () => {
  const watchers = endpoints.map((endpoint) => new Watcher(endpoint));
  const endpoint = endpoints[0] ?? "";
  const all = (holds: (status: AgentStatus) => boolean) => Promise.all(watchers.map((watcher) => watcher.until(holds)));
  const [now] = await all(() => true);

  await onboardBoth(endpoint);
  await all((status) => has("anthropic:first")(status) && has("anthropic:second")(status));

  await complete(endpoint);
  await all((status) => (status.usage?.completions ?? 0n) > (now?.usage?.completions ?? 0n));

  const fault = { status: { code: 429, headers: { "retry-after": "20" } } };
  await fetch(`${sandbox.ready[1]}/_sandbox/faults`, { method: "POST", body: JSON.stringify([fault]) });
  const { receipt } = await complete(endpoint);
  const limited = receipt?.attempts[0]?.profileId ?? "";
  assert.notEqual(receipt?.profileId, limited, "the other profile serves");
  for (const status of await all(cooling(limited))) {
    const unusable = status.auth?.unusableProfiles[0];
    assert.equal(unusable?.reason, "rate_limit");
    assert.ok(unusable?.recoverTime);
  }

  const port = new URL(endpoints[1] ?? "").port;
  const afterRestart = all(has("anthropic:third"));
  // The server writes health within a second, but at once with a change of the order.
  await createClient(AuthService, connect(endpoint)).clearProfileOrder({ provider: "anthropic" });
  await server.kill();
  await Promise.all(watchers.map((watcher) => watcher.interrupted));
  await startServer(port);
  await onboard(endpoint, "anthropic:third", keys[0] ?? "");
  for (const status of await afterRestart) {
    assert.ok(cooling(limited)(status), "the cooldown still stands after the restart");
  }

  // The cooldown ends by itself, without a call.
  await all((status) => !cooling(limited)(status));
  for (const watcher of watchers) {
    assert.ok((watcher.revisions.at(-1) ?? 0n) > (watcher.revisions[0] ?? 0n));
    await watcher.stop();
  }
});

test("Examples_work", limit, async () => {
  for (const endpoint of endpoints) {
    const environment = { CLAWGRPC_ENDPOINT: endpoint, CLAWGRPC_STATE_DIR: folder.path };
    const onboarded = await example("onboard", ["anthropic:example"], environment, `${keys[1]}\n`);
    assert.deepEqual([onboarded.code, onboarded.printed], [0, "anthropic:example of agent main\n"], onboarded.errors);
    const completed = await example("complete", ["Say hello."], environment);
    assert.equal(completed.code, 0, completed.errors);
    const streamed = await example("stream", ["Say hello."], environment);
    assert.deepEqual([streamed.code, streamed.printed], [0, completed.printed], streamed.errors);
    const watched = await example("watch", [], environment, "", /^main revision \d+: \d+ profiles, .*\n/);
    assert.equal(watched.code, 130, watched.errors);
    const refused = await example("watch", ["nobody"], environment);
    assert.equal(refused.code, 1);
    assert.match(refused.errors, /^NotFound AGENT_NOT_FOUND: /);
  }
});
