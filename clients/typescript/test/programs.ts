import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

const repository = resolve(import.meta.dirname, "../../../..");

/** A program that runs until it is killed. */
export interface Program {
  /** What the pattern matched in the line that says that it is ready. */
  readonly ready: RegExpExecArray;
  /** Ends it without a chance to clean up, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a program of the repository's `bin` and waits for the line that says that it is ready. */
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

/** Sends the signal and waits for the exit code; null if the signal itself ended it. */
export async function end(program: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (program.exitCode === null && program.signalCode === null) {
    const exit = once(program, "exit");
    program.kill(signal);
    await exit;
  }
  return program.exitCode;
}

/** Runs an example of this package to its end, or until `until` matches what it printed, and then interrupts it. */
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

/** A folder that nothing is left of when the tests are over. */
export function temporaryFolder(): { path: string; delete(): void } {
  const path = mkdtempSync(join(tmpdir(), "clawgrpc-"));
  return { path, delete: () => rmSync(path, { recursive: true, force: true }) };
}

// The credentials and the endpoint of whoever runs the tests are none of their business.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|CLAUDE|CLAWGRPC)_/.test(name)));
}
