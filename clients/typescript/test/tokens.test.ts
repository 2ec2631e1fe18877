import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createSecureServer, createServer, type Http2Server, type SecureServerOptions } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { TLSSocket } from "node:tls";
import { type ConnectRouter, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AccessService, Code, connect, type ConnectOptions, createClient, readError, watchStatus } from "clawgrpc";
import { sign } from "./certificates.js";
import { temporaryFolder } from "./programs.js";

const secret = "claw_FAKE_of_the_test";

/** A server, a state folder, and the environment of a client. */
class Scene {
  readonly authorizations: (string | null)[] = [];
  readonly peers: (string | string[] | undefined)[] = [];
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  endpoint = "";

  constructor(private readonly context: TestContext) {
    const folder = temporaryFolder();
    context.after(() => folder.delete());
    this.folder = folder.path;
    this.environment = { CLAWGRPC_STATE_DIR: folder.path };
  }

  /** Listens on a loopback port, or on the socket in the state folder. */
  async listen(where: "port" | "socket" | SecureServerOptions = "port"): Promise<this> {
    const routes = (router: ConnectRouter) =>
      router.service(AccessService, {
        whoAmI: (_, { requestHeader }) => {
          this.authorizations.push(requestHeader.get("authorization"));
          return {};
        },
      });
    const handler = connectNodeAdapter({ routes });
    const server: Http2Server = typeof where === "string" ? createServer(handler) : createSecureServer(where, handler);
    const sessions = new Set<{ destroy(): void }>();
    server.on("session", (session) => {
      sessions.add(session);
      this.peers.push((session.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN);
    });
    this.context.after(() => {
      sessions.forEach((session) => session.destroy());
      server.close();
    });
    const socket = join(this.folder, "clawgrpc.sock");
    await once(where === "socket" ? server.listen(socket) : server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    this.endpoint =
      where === "socket" ? `unix:${socket}` : where === "port" ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
    return this;
  }

  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  client(options: ConnectOptions = {}) {
    return createClient(AccessService, connect(this.endpoint, { environment: this.environment, ...options }));
  }

  async shown(options: ConnectOptions = {}): Promise<string | null | undefined> {
    await this.client(options).whoAmI({});
    return this.authorizations.at(-1);
  }

  sign(name: string, by = ""): string {
    return sign(this.folder, name, by);
  }

  credentials(): SecureServerOptions {
    this.environment["CLAWGRPC_CA_FILE"] = this.sign("ca");
    this.environment["CLAWGRPC_TOKEN"] = "named";
    const certificate = this.sign("server", "ca");
    return { cert: readFileSync(certificate), key: readFileSync(certificate.replace(".pem", ".key")) };
  }
}

test("Option_counts_before_file_before_variable_before_admin_token", async (context) => {
  const scene = await new Scene(context).listen();
  assert.equal(await scene.shown(), null);
  scene.write("admin-token", "of-the-operator\n");
  assert.equal(await scene.shown(), "Bearer of-the-operator");
  scene.environment["CLAWGRPC_TOKEN"] = " of-the-variable ";
  assert.equal(await scene.shown(), "Bearer of-the-variable");
  scene.environment["CLAWGRPC_TOKEN_FILE"] = scene.write("file", "of-the-file\r\n");
  assert.equal(await scene.shown(), "Bearer of-the-file");
  assert.equal(await scene.shown({ token: "of-the-option" }), "Bearer of-the-option");
  const tokenFile = scene.write("other", "of-the-other-file");
  assert.equal(await scene.shown({ token: "of-the-option", tokenFile }), "Bearer of-the-other-file");
});

test("Replaced_file_is_taken_up_by_an_open_transport", async (context) => {
  const scene = await new Scene(context).listen();
  const tokenFile = scene.write("file", "first");
  const client = scene.client({ tokenFile });
  await client.whoAmI({});
  renameSync(scene.write("new", "second"), tokenFile);
  await client.whoAmI({});
  assert.deepEqual(scene.authorizations, ["Bearer first", "Bearer second"]);
});

test("Admin_token_does_not_go_over_the_socket", async (context) => {
  const scene = await new Scene(context).listen("socket");
  scene.write("admin-token", secret);
  assert.equal(await scene.shown(), null);
  assert.equal(await scene.shown({ token: "named" }), "Bearer named");
});

test("Token_is_not_shown_in_the_clear_beyond_this_machine", (context) => {
  const { environment } = new Scene(context);
  for (const endpoint of ["http://10.0.0.1:1", "http://claw.example:1", "http://127.0.0.1.example:1"]) {
    assert.ok(connect(endpoint, { environment }));
    const message =
      `refused to show the token of CLAWGRPC_TOKEN to ${endpoint}: without TLS everybody on the way could read it; ` +
      `call https${endpoint.slice(4)}, or call without a token`;
    const refused = () => connect(endpoint, { environment: { ...environment, CLAWGRPC_TOKEN: secret } });
    assert.throws(refused, { name: "TypeError", message });
  }
});

test("File_without_a_token_is_named_and_nothing_is_sent", async (context) => {
  const scene = await new Scene(context).listen();
  for (const [tokenFile, why] of [
    [join(scene.folder, "gone"), "ENOENT"],
    [scene.write("empty", " \n"), "it is empty, or more than one line of ASCII"],
    [scene.write("lines", `${secret}\n${secret}`), "it is empty, or more than one line of ASCII"],
  ] as const) {
    const facts = readError(await scene.client({ tokenFile }).whoAmI({}).catch((error: unknown) => error));
    assert.equal(facts.code, Code.Unauthenticated);
    assert.equal(facts.message, `there is no token to be had from ${tokenFile}: ${why}`);
    const watch = watchStatus(connect(scene.endpoint, { environment: scene.environment, tokenFile }));
    await assert.rejects(watch.next(), { code: Code.Unauthenticated });
  }
  assert.deepEqual(scene.authorizations, []);
});

test("Token_is_shown_to_a_server_of_the_own_CA_only", async (context) => {
  const scene = new Scene(context);
  await scene.listen(scene.credentials());
  assert.equal(await scene.shown(), "Bearer named");
  await assert.rejects(scene.shown({ caFile: scene.sign("other") }), ConnectError);
  assert.equal(scene.authorizations.length, 1);
});

test("Client_certificate_is_shown", async (context) => {
  const scene = new Scene(context);
  const credentials = scene.credentials();
  await scene.listen({ ...credentials, ca: readFileSync(join(scene.folder, "ca.pem")), requestCert: true });
  await assert.rejects(scene.shown());
  scene.environment["CLAWGRPC_KEY_FILE"] = join(scene.folder, "own.key");
  assert.throws(() => scene.client(), { message: /name the certificate \(CLAWGRPC_CERT_FILE\)/ });
  scene.environment["CLAWGRPC_CERT_FILE"] = scene.sign("own", "ca");
  assert.equal(await scene.shown(), "Bearer named");
  assert.equal(scene.peers.at(-1), "own");
});
