import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

const repository = resolve(import.meta.dirname, "../../../..");

/** A program that runs until it is killed. */
export interface Program {
  /** The match in its ready line. */
  readonly ready: RegExpExecArray;
  /** Kills it and waits for its end. */
  kill(): Promise<void>;
}

/** Starts a program of the repository's `bin` and waits for its ready line. */
export async function start(
  name: string,
  args: string[],
  pattern: RegExp,
  environment: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const program = spawn(join(repository, "bin", name), args, { env: { ...cleanEnvironment(), ...environment } });
  const printed: string[] = [];
  const ready = await new Promise<RegExpExecArray>((accept, reject) => {
    const fail = (why: string) => reject(new Error(`${name} ${args.join(" ")}: ${why}; it printed:\n${printed.join("")}`));
    program.once("error", (error) => fail(`${error.message}; \`make build\` makes it`));
    program.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        printed.push(chunk);
        const match = pattern.exec(printed.join(""));
        if (match) {
          accept(match);
        }
      });
    }
  });
  return { ready, kill: () => end(program, "SIGKILL").then(() => undefined) };
}

/** Sends the signal and waits for the exit code; null if the signal killed it. */
export async function end(program: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (program.exitCode === null && program.signalCode === null) {
    const exit = once(program, "exit");
    program.kill(signal);
    await exit;
  }
  return program.exitCode;
}

/** Runs an example of this package to its end, or interrupts it when `until` matches its output. */
export async function example(name: string, args: string[], environment: NodeJS.ProcessEnv, stdin = "", until?: RegExp) {
  const file = join(repository, "clients/typescript/build/examples", `${name}.js`);
  const program = spawn(process.execPath, [file, ...args], { env: { ...cleanEnvironment(), ...environment } });
  program.stdin.end(stdin);
  let printed = "";
  program.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    if (until?.test(printed)) {
      program.kill("SIGINT");
    }
  });
  const [errors] = await Promise.all([text(program.stderr), once(program, "close")]);
  return { code: program.exitCode, printed, errors };
}

/** A folder that is deleted after the tests. */
export function temporaryFolder(): { path: string; delete(): void } {
  const path = mkdtempSync(join(tmpdir(), "clawgrpc-"));
  return { path, delete: () => rmSync(path, { recursive: true, force: true }) };
}

// Hides the developer's credentials and endpoint from the tests.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|CLAUDE|CLAWGRPC)_/.test(name)));
}
