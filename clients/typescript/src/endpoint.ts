import { readFileSync, statSync } from "node:fs";
import { connect as openSocket, isIP } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { connect as openTls } from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { findToken, showToken } from "./tokens.js";

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

/** The options of `connect`. What is absent is taken from the environment. */
export interface ConnectOptions {
  /** A file with a token, else `CLAWGRPC_TOKEN_FILE`. Read again for each call. */
  readonly tokenFile?: string;
  /** A token, else `CLAWGRPC_TOKEN`; a token file counts before it. */
  readonly token?: string;
  /** A PEM file with the only CA certificates to trust, else `CLAWGRPC_CA_FILE`, else the system's. Read for each connection. */
  readonly caFile?: string;
  /** A PEM file with the client's certificate, else `CLAWGRPC_CERT_FILE`. Read for each connection. */
  readonly certFile?: string;
  /** A PEM file with the key of that certificate, else `CLAWGRPC_KEY_FILE`. */
  readonly keyFile?: string;
  /** The environment; absent for that of the process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Creates a transport for `createClient` and `watchStatus`. It connects with the first call; an idle connection does not keep
 * the process alive. If there is a token, every call shows it; without one, an `http://` loopback address is shown that of the
 * file `admin-token` in the state folder. A call fails if the token cannot be read.
 *
 * @param endpoint As for `resolveEndpoint`: `unix:PATH`, `http://HOST:PORT` or `https://HOST[:PORT]`.
 * @throws TypeError if it is none of them, or if a token would go in the clear beyond this machine.
 */
export function connect(endpoint = "", options: ConnectOptions = {}): Transport {
  const environment = options.environment ?? process.env;
  const resolved = resolveEndpoint(endpoint, environment);
  const path = socketPath(resolved);
  const url = path === undefined ? httpUrl(resolved) : new URL("http://localhost");
  const inClear = path === undefined && url.protocol === "http:";
  const loopback = inClear && isLoopback(url.hostname);
  const source = findToken(options, environment, loopback ? join(stateFolder(environment), "admin-token") : undefined);
  if (source && inClear && !loopback) {
    throw new TypeError(
      `refused to show the token of ${source.origin} to ${url.origin}: without TLS everybody on the way could read it; ` +
        `call https://${url.host}, or call without a token`,
    );
  }
  const sessionManager = new Http2SessionManager(url.origin, keepAlive, {
    ...(path !== undefined && { createConnection: () => openSocket(path) }),
    ...(url.protocol === "https:" && { createConnection: tlsConnections(url, options, environment) }),
  });
  return createGrpcTransport({ baseUrl: url.origin, sessionManager, interceptors: source ? [showToken(source)] : [] });
}

// The files are read for each connection, so that renewed ones are taken up.
function tlsConnections(url: URL, options: ConnectOptions, environment: NodeJS.ProcessEnv) {
  const caFile = options.caFile || environment["CLAWGRPC_CA_FILE"];
  const certFile = options.certFile || environment["CLAWGRPC_CERT_FILE"];
  const keyFile = options.keyFile || environment["CLAWGRPC_KEY_FILE"];
  if (!certFile !== !keyFile) {
    throw new TypeError(
      "a client certificate takes two files: name the certificate (CLAWGRPC_CERT_FILE) and its key (CLAWGRPC_KEY_FILE)",
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return () =>
    openTls({
      host,
      port: Number(url.port || 443),
      ...(!isIP(host) && { servername: host }),
      ALPNProtocols: ["h2"],
      ...(caFile && { ca: readFileSync(caFile) }),
      ...(certFile && keyFile && { cert: readFileSync(certFile), key: readFileSync(keyFile) }),
    });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function socketPath(endpoint: string): string | undefined {
  // unix:///path is equivalent to unix:/path.
  return /^unix:(?:\/\/)?(.+)$/.exec(endpoint)?.[1];
}

function httpUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^(http:\/\/[^/?#@]+:\d+|https:\/\/[^/?#@]+)\/?$/.test(endpoint)) {
    throw new TypeError(`endpoint "${endpoint}" is neither unix:PATH nor http://HOST:PORT nor https://HOST`);
  }
  return url;
}
