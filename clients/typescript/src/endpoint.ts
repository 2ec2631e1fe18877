import { statSync } from "node:fs";
import { connect as openSocket } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

// Detects a vanished peer within half a minute, during a silent watch too.
const keepAlive = { pingIntervalMs: 20_000, pingTimeoutMs: 10_000 };

// The variables and folders of the state folder, in the order in which the server looks for it.
const stateFolders = [
  ["CLAWGRPC_STATE_DIR", ".clawgrpc"],
  ["OPENCLAW_STATE_DIR", ".openclaw"],
  ["CLAWDBOT_STATE_DIR", ".clawdbot"],
  ["MOLTBOT_STATE_DIR", ".moltbot"],
  ["MOLDBOT_STATE_DIR", ".moldbot"],
] as const;

/**
 * Returns the endpoint to call: `endpoint`, else `CLAWGRPC_ENDPOINT`, else the socket in the state folder. The state folder is
 * `CLAWGRPC_STATE_DIR` or the variable of OpenClaw, Clawdbot or Moltbot, else the first of their default folders that exists,
 * else `~/.clawgrpc`. An empty value counts as absent.
 */
export function resolveEndpoint(endpoint = "", environment: NodeJS.ProcessEnv = process.env): string {
  const named = endpoint || environment["CLAWGRPC_ENDPOINT"];
  if (named) {
    return named;
  }
  return `unix:${join(stateFolder(environment), "clawgrpc.sock")}`;
}

function stateFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment["HOME"] || homedir();
  const named = stateFolders.map(([variable]) => environment[variable]).find((value) => value);
  if (named) {
    return named === "~" || named.startsWith("~/") ? home + named.slice(1) : named;
  }
  const folders = stateFolders.map(([, folder]) => join(home, folder));
  return folders.find((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory()) ?? join(home, ".clawgrpc");
}

/**
 * Creates a transport for `createClient` and `watchStatus`. It connects with the first call; an idle connection does not keep
 * the process alive.
 *
 * @param endpoint As for `resolveEndpoint`: `unix:PATH` or `http://HOST:PORT`.
 * @throws TypeError if it is neither.
 */
export function connect(endpoint = ""): Transport {
  const resolved = resolveEndpoint(endpoint);
  const path = socketPath(resolved);
  const url = path === undefined ? httpOrigin(resolved) : "http://localhost";
  const sessionManager = new Http2SessionManager(
    url,
    keepAlive,
    path === undefined ? {} : { createConnection: () => openSocket(path) },
  );
  return createGrpcTransport({ baseUrl: url, sessionManager });
}

function socketPath(endpoint: string): string | undefined {
  // unix:///path is equivalent to unix:/path.
  return /^unix:(?:\/\/)?(.+)$/.exec(endpoint)?.[1];
}

function httpOrigin(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:" || !/^http:\/\/[^/?#@]+:\d+\/?$/.test(endpoint)) {
    throw new TypeError(`endpoint "${endpoint}" is neither unix:PATH nor http://HOST:PORT`);
  }
  return url.origin;
}
