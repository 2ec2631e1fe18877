import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect, resolveEndpoint } from "clawgrpc";

test("Explicit_endpoint_wins_over_the_environment", () => {
  const environment = { CLAWGRPC_ENDPOINT: "unix:/b", CLAWGRPC_STATE_DIR: "/c" };
  assert.equal(resolveEndpoint("unix:/a", environment), "unix:/a");
  assert.equal(resolveEndpoint("", environment), "unix:/b");
});

test("Default_is_the_socket_in_the_state_folder", () => {
  assert.equal(resolveEndpoint("", { CLAWGRPC_ENDPOINT: "", CLAWGRPC_STATE_DIR: "/c" }), "unix:/c/clawgrpc.sock");
});

test("State_folder_is_the_servers", (t) => {
  const home = mkdtempSync(join(tmpdir(), "clawgrpc-"));
  t.after(() => rmSync(home, { recursive: true }));
  const environment: NodeJS.ProcessEnv = { HOME: home, CLAWGRPC_STATE_DIR: "" };
  assert.equal(resolveEndpoint("", environment), `unix:${home}/.clawgrpc/clawgrpc.sock`);
  mkdirSync(join(home, ".moltbot"));
  assert.equal(resolveEndpoint("", environment), `unix:${home}/.moltbot/clawgrpc.sock`);
  mkdirSync(join(home, ".openclaw"));
  assert.equal(resolveEndpoint("", environment), `unix:${home}/.openclaw/clawgrpc.sock`);
  environment["CLAWDBOT_STATE_DIR"] = "~/elsewhere";
  assert.equal(resolveEndpoint("", environment), `unix:${home}/elsewhere/clawgrpc.sock`);
});

test("Every_kind_of_endpoint_is_accepted", () => {
  const endpoints = [
    "unix:/a b", "unix:///a", "unix:a", "http://127.0.0.1:7700", "http://[::1]:7700/", "http://localhost:80",
    "https://claw.example", "https://claw.example:7700/",
  ];
  for (const endpoint of endpoints) {
    assert.ok(connect(endpoint), endpoint);
  }
});

test("Invalid_endpoint_is_named_in_the_error", () => {
  const others = [
    "unix:", "https://", "https://h/path", "http://127.0.0.1", "http://127.0.0.1:7700/path", "http://user@h:1", "127.0.0.1:7700",
  ];
  for (const endpoint of others) {
    const message = `endpoint "${endpoint}" is neither unix:PATH nor http://HOST:PORT nor https://HOST`;
    assert.throws(() => connect(endpoint), { name: "TypeError", message });
  }
});
