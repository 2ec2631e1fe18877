// A token over TLS, against the real server and a sandboxed Anthropic.
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  AccessService, type AgentStatus, AuthService, type Client, Code, connect, ConnectError, createClient, type ErrorFacts,
  ModelService, readError, Scope, watchStatus,
} from "clawgrpc";
import { sign } from "./certificates.js";
import { type Program, start, temporaryFolder } from "./programs.js";

// Passing tests never wait for it.
const limit = { timeout: 120_000 };
const folder = temporaryFolder();
let sandbox: Program;
let server: Program;
let socket: string;
let endpoint: string;
// The server's own user may do everything over the socket.
let access: Client<typeof AccessService>;

before(async () => {
  sign(folder.path, "ca");
  sign(folder.path, "server", "ca");
  sandbox = await start("sandbox", ["--listen", "http://127.0.0.1:0", "--quiet"], /^sandbox listening on (http:\S+)$/m);
  const args = ["--state-dir", `${folder.path}/state`, "--listen", `unix:${folder.path}/state/clawgrpc.sock`];
  const tls = ["--tls-cert", `${folder.path}/server.pem`, "--tls-key", `${folder.path}/server.key`];
  const environment = { ANTHROPIC_BASE_URL: sandbox.ready[1], HOME: folder.path };
  const ready = /^clawgrpc ready on (unix:\S+), (https:\S+)$/m;
  server = await start("clawgrpc", [...args, "--listen", "https://127.0.0.1:0", ...tls], ready, environment);
  [socket, endpoint] = server.ready.slice(1) as [string, string];
  access = createClient(AccessService, connect(socket, { environment: {} }));
  await onboard("anthropic:first");
  await access.addClient({ client: { name: "ci", scopes: [Scope.STATUS, Scope.COMPLETE], agents: ["main"] } });
}, limit);

after(async () => {
  await server?.kill();
  await sandbox?.kill();
  folder.delete();
});

const onboard = (profileId: string) =>
  createClient(AuthService, connect(socket, { environment: {} })).onboard({
    profileId,
    credential: { case: "apiKey", value: { key: `sk-ant-api03-FAKE-${"0".repeat(80)}` } },
  });

async function newToken(): Promise<{ secret: string; tokenId: string }> {
  const { secret, token } = await access.createToken({ client: "ci" });
  return { secret, tokenId: token?.tokenId ?? "" };
}

function writeToken(secret: string): string {
  writeFileSync(`${folder.path}/new`, `${secret}\n`);
  renameSync(`${folder.path}/new`, `${folder.path}/token`);
  return `${folder.path}/token`;
}

const transport = (environment: NodeJS.ProcessEnv) =>
  connect(endpoint, { environment: { CLAWGRPC_CA_FILE: `${folder.path}/ca.pem`, ...environment } });

test("Token_of_a_file_or_variable_serves_every_kind_of_call", limit, async () => {
  const { secret, tokenId } = await newToken();
  for (const environment of [{ CLAWGRPC_TOKEN_FILE: writeToken(secret) }, { CLAWGRPC_TOKEN: secret }]) {
    const shown = transport(environment);
    const who = await createClient(AccessService, shown).whoAmI({});
    assert.deepEqual([who.client?.name, who.proof, who.shown], ["ci", "token", tokenId]);
    const value = new TextEncoder().encode('{"messages":[{"role":"user","content":"Say hello."}]}');
    let text = "";
    let stopReason: string | undefined;
    const input = { prompt: { case: "messagesJson" as const, value } };
    for await (const { event } of createClient(ModelService, shown).streamComplete({ input })) {
      if (event.case === "blockDelta" && event.value.delta.case === "text") {
        text += event.value.delta.value;
      }
      stopReason = event.case === "finished" ? event.value.receipt?.stopReason : undefined;
    }
    assert.ok(text);
    assert.equal(stopReason, "end_turn");
  }
});

test("Call_without_a_token_is_refused", limit, async () => {
  const facts = readError(await createClient(AccessService, transport({})).whoAmI({}).catch((error: unknown) => error));
  assert.deepEqual([facts.code, facts.reason], [Code.Unauthenticated, "UNAUTHENTICATED"]);
});

test("Token_is_not_shown_to_a_stranger_or_in_the_clear", limit, async () => {
  const environment = { CLAWGRPC_TOKEN: (await newToken()).secret };
  await assert.rejects(createClient(AccessService, connect(endpoint, { environment })).whoAmI({}), ConnectError);
  const inClear = endpoint.replace("https://127.0.0.1", "http://claw.example");
  assert.throws(() => connect(inClear, { environment }), TypeError);
});

test("Watch_goes_on_with_the_rotated_token_of_its_file", limit, async () => {
  const { secret, tokenId } = await newToken();
  const retries: (ErrorFacts | undefined)[] = [];
  const shown = transport({ CLAWGRPC_TOKEN_FILE: writeToken(secret) });
  const statuses = watchStatus(shown, { onRetry: (facts) => retries.push(facts) });
  const has = (status: AgentStatus) => status.auth?.profiles.some(({ profileId }) => profileId === "anthropic:second");
  assert.ok((await statuses.next()).value);
  const next = statuses.next();
  writeToken((await access.rotateToken({ tokenId, grace: {} })).secret);
  await onboard("anthropic:second");
  for (let status = await next; !has(status.value!); status = await statuses.next());
  assert.equal(retries[0]?.reason, "CALLER_ENDED");

  // Without a new token in the file, it ends.
  const refused = (async () => {
    while (!(await statuses.next()).done);
  })();
  await access.revokeToken({ tokenId });
  const facts = readError(await refused.catch((error: unknown) => error));
  assert.equal(facts.reason, "UNAUTHENTICATED");
});
