import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { connect, resolveEndpoint } from "clawgrpc";

test("The_endpoint_given_wins_over_the_environment", () => {
  const environment = { CLAWGRPC_ENDPOINT: "unix:/b", CLAWGRPC_STATE_DIR: "/c" };
  assert.equal(resolveEndpoint("unix:/a", environment), "unix:/a");
  assert.equal(resolveEndpoint("", environment), "unix:/b");
});

test("Without_an_endpoint_it_is_the_socket_in_the_state_folder", () => {
  assert.equal(resolveEndpoint("", { CLAWGRPC_ENDPOINT: "", CLAWGRPC_STATE_DIR: "/c" }), "unix:/c/clawgrpc.sock");
  assert.equal(resolveEndpoint("", { CLAWGRPC_STATE_DIR: "" }), `unix:${homedir()}/.clawgrpc/clawgrpc.sock`);
});

test("Both_kinds_of_endpoint_are_taken", () => {
  const endpoints = ["unix:/a b", "unix:///a", "unix:a", "http://127.0.0.1:7700", "http://[::1]:7700/", "http://localhost:80"];
  for (const endpoint of endpoints) {
    assert.ok(connect(endpoint), endpoint);
  }
});

test("Any_other_endpoint_is_an_error_that_names_it", () => {
  const others = [
    "unix:", "https://127.0.0.1:7700", "http://127.0.0.1", "http://127.0.0.1:7700/path", "http://user@h:1", "127.0.0.1:7700",
  ];
  for (const endpoint of others) {
    const message = `endpoint "${endpoint}" is neither unix:PATH nor http://HOST:PORT`;
    assert.throws(() => connect(endpoint), { name: "TypeError", message });
  }
});
