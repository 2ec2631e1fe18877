// Runs suites, as many at once as there are cores, and judges each by the results file it leaves and by its exit code.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { count } from './results.mjs';

/** A suite that has not ended by then hangs. */
const limit = 20 * 60_000;

/**
 * Runs suites and returns the sum of their counts, and `failures`: a line for each thing that failed.
 *
 * A suite is `{ name, commands, cwd, results, prepare }`: `commands` run in the folder `cwd`, one after the other until one
 * fails; `results` is the file they write into the folder of results, or absent when all of it counts as one test; `prepare`
 * says why the suite cannot run here, or nothing.
 */
export async function run(suites, { folder, ci, print, env = process.env }) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const waiting = [...suites];
  const work = async () => {
    for (let suite = waiting.shift(); suite; suite = waiting.shift()) {
      const counts = await runOne(suite, { folder, ci, print, env });
      for (const outcome of ['passed', 'failed', 'skipped']) sum[outcome] += counts[outcome];
      if (counts.failed) sum.failures.push(...(counts.failures?.length ? counts.failures : [counts.note ?? 'failed']).map((what) => `${suite.name}: ${what}`));
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  return sum;
}

/** The closing line. */
export const line = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

async function runOne(suite, { folder, ci, print, env }) {
  const absent = await suite.prepare?.();
  if (absent) {
    // On a machine that is there to test everything, a suite that cannot run is a failure like any other.
    print(`${ci ? 'FAIL' : 'skip'}  ${suite.name}: ${absent}`);
    return { passed: 0, failed: ci ? 1 : 0, skipped: ci ? 0 : 1, note: absent };
  }

  const start = performance.now();
  const log = path.join(folder, `${suite.name}.log`);
  const broken = await runCommands(suite, log, env);
  const counts = await judge(suite, folder, broken);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const note = counts.note ? ` (${counts.note})` : '';
  print(`${counts.failed ? 'FAIL' : 'ok  '}  ${suite.name}: ${line(counts)}, ${seconds} s${note}`);
  if (counts.failed) print((await readFile(log, 'utf8')).replace(/^/gm, '      | '));
  return counts;
}

async function judge(suite, folder, broken) {
  if (!suite.results) return { passed: broken ? 0 : 1, failed: broken ? 1 : 0, skipped: 0, note: broken };
  let counts;
  try {
    counts = count(await readFile(path.join(folder, suite.results), 'utf8'));
  } catch (error) {
    const reason = error.code === 'ENOENT' ? 'it left no results' : error.message;
    return { passed: 0, failed: 1, skipped: 0, note: broken ? `${reason}; ${broken}` : reason };
  }
  // A test host that dies leaves the results of the tests before; what died counts as one more.
  if (broken && counts.failed === 0) return { ...counts, failed: 1, note: broken };
  return counts;
}

async function runCommands({ commands, cwd }, log, env) {
  const out = createWriteStream(log);
  try {
    for (const { run } of commands) {
      const broken = await runCommand(run, cwd, out, env);
      if (broken) return `${run.join(' ')}: ${broken}`;
    }
    return null;
  } finally {
    await new Promise((resolve) => out.end(resolve));
  }
}

function runCommand([program, ...args], cwd, out, env) {
  return new Promise((resolve) => {
    // A process group of its own: whatever the suite leaves running ends with it.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nothing of the group is left.
      }
    };
    const stop = (signal) => { kill(); process.exit(signal === 'SIGINT' ? 130 : 143); };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    let late = false;
    const timer = setTimeout(() => { late = true; kill(); }, limit);
    const end = (broken) => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(broken);
    };
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    child.on('error', (error) => end(error.message));
    child.on('exit', () => child.pid && kill());
    child.on('close', (code, signal) =>
      end(late ? `no end after ${limit / 60_000} minutes` : signal ? `ended by ${signal}` : code ? `exit code ${code}` : null));
  });
}
