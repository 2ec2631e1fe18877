import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { line, run } from './runner.mjs';

const one = '<testsuites><testcase name="a"/></testsuites>';
const sh = (script) => ({ run: ['sh', '-c', script] });

async function judged(suite, ci = false) {
  const folder = mkdtempSync(path.join(tmpdir(), 'runner-test-'));
  const printed = [];
  try {
    const sum = await run([{ name: 's', cwd: folder, ...suite }], { folder, ci, print: (text) => printed.push(text) });
    return { line: line(sum), printed: printed.join('\n'), failures: sum.failures };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('A suite counts what its results file says', async () => {
  const { line } = await judged({ results: 's.xml', commands: [sh(`echo '${one}' > s.xml`)] });
  assert.equal(line, '1 passed, 0 failed, 0 skipped');
});

test('A test host that dies after good results is a failure, and its output is shown', async () => {
  const { line, printed } = await judged({ results: 's.xml', commands: [sh(`echo '${one}' > s.xml; echo alas; exit 134`)] });
  assert.equal(line, '1 passed, 1 failed, 0 skipped');
  assert.match(printed, /exit code 134[^]*alas/);
});

test('A suite that is killed is a failure', async () => {
  const { line, printed, failures } = await judged({ results: 's.xml', commands: [sh('kill -9 $$')] });
  assert.equal(line, '0 passed, 1 failed, 0 skipped');
  assert.match(printed, /SIGKILL/);
  assert.match(failures.join(), /^s: .*SIGKILL[^,]*$/);
});

test('A suite that succeeds without results is a failure', async () => {
  assert.equal((await judged({ results: 's.xml', commands: [sh('true')] })).line, '0 passed, 1 failed, 0 skipped');
});

test('A program that is not there is a failure', async () => {
  assert.equal((await judged({ commands: [{ run: ['no-such-program'] }] })).line, '0 passed, 1 failed, 0 skipped');
});

test('Commands stop at the first that fails', async () => {
  const { line } = await judged({ results: 's.xml', commands: [sh('exit 1'), sh(`echo '${one}' > s.xml`)] });
  assert.equal(line, '0 passed, 1 failed, 0 skipped');
});

test('A suite without a results file counts as one test', async () => {
  assert.equal((await judged({ commands: [sh('true')] })).line, '1 passed, 0 failed, 0 skipped');
  assert.equal((await judged({ commands: [sh('false')] })).line, '0 passed, 1 failed, 0 skipped');
});

test('A suite that cannot run here is skipped with its reason, and fails where everything has to run', async () => {
  const suite = { prepare: () => 'no snakes', commands: [sh('true')] };
  const here = await judged(suite);
  assert.equal(here.line, '0 passed, 0 failed, 1 skipped');
  assert.match(here.printed, /no snakes/);
  assert.equal((await judged(suite, true)).line, '0 passed, 1 failed, 0 skipped');
});

test('What a suite leaves running ends with it', { timeout: 10_000 }, async () => {
  const { line } = await judged({ commands: [sh('sleep 600 & true')] });
  assert.equal(line, '1 passed, 0 failed, 0 skipped');
});
