import { accessSync, constants, readFileSync } from "node:fs";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** Where the token of a transport comes from. A file is read again for each call, so that a replaced one is taken up. */
export interface TokenSource {
  /** What names it to a person; never the token. */
  readonly origin: string;
  /** The token as it stands there. */
  readonly content: () => string;
}

/**
 * The source by order: option (a file before a token), file of the environment, token of the environment, the file `adminToken`
 * if it can be read. Undefined if there is none.
 */
export function findToken(
  options: { readonly token?: string; readonly tokenFile?: string },
  environment: NodeJS.ProcessEnv,
  adminToken: string | undefined,
): TokenSource | undefined {
  const ofFile = (path: string, origin = path) => ({ origin, content: () => readFileSync(path, "utf8") });
  if (options.tokenFile) {
    return ofFile(options.tokenFile);
  }
  const { token } = options;
  if (token?.trim()) {
    return { origin: "the option token", content: () => token };
  }
  const file = environment["CLAWGRPC_TOKEN_FILE"]?.trim();
  if (file) {
    return ofFile(file, `CLAWGRPC_TOKEN_FILE (${file})`);
  }
  const named = environment["CLAWGRPC_TOKEN"]?.trim();
  if (named) {
    return { origin: "CLAWGRPC_TOKEN", content: () => named };
  }
  return adminToken !== undefined && canRead(adminToken) ? ofFile(adminToken) : undefined;
}

/** Shows the token with every call. */
export function showToken(source: TokenSource): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${read(source)}`);
    return next(request);
  };
}

function read(source: TokenSource): string {
  let token: string;
  try {
    token = source.content().trim();
  } catch (error) {
    throw missing(source, (error as NodeJS.ErrnoException).code ?? "it cannot be read");
  }
  if (/^[!-~]{1,65536}$/.test(token)) {
    return token;
  }
  throw missing(source, "it is empty, or more than one line of ASCII");
}

function missing(source: TokenSource, why: string): ConnectError {
  return new ConnectError(`there is no token to be had from ${source.origin}: ${why}`, Code.Unauthenticated);
}

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
