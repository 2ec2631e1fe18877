import assert from 'node:assert/strict';
import test from 'node:test';
import { count } from './results.mjs';

const trx = (...outcomes) => `<?xml version="1.0"?>\n<TestRun id="1"><Results>${outcomes.map((outcome) =>
  `<UnitTestResult testName="a &gt; b" outcome="${outcome}" duration="1"><Output><ErrorInfo><Message>1 &lt;
  2</Message></ErrorInfo></Output></UnitTestResult>`)}</Results></TestRun>`;

test('A TRX file is counted by the outcomes of its tests', () => {
  assert.deepEqual(count(trx('Passed', 'Passed', 'Failed', 'NotExecuted')), { passed: 2, failed: 1, skipped: 1, failures: ['a > b: 1 < 2'] });
});

test('An outcome that nobody thought of is a failure', () => {
  assert.deepEqual(count(trx('Timeout')), { passed: 0, failed: 1, skipped: 0, failures: ['a > b: 1 < 2'] });
});

test('A JUnit file is counted by what its cases hold, nested suites and names with brackets included', () => {
  const xml = `<testsuites><testsuite name="s"><testcase name="a &gt; b" time="1"/><testcase name="one > two"></testcase>
    <testcase name="c"><failure message="no">at &lt;here&gt;</failure></testcase></testsuite>
    <testcase name="d"><error/></testcase><testcase name="e"><skipped type="skipped"/></testcase>
    <!-- <testcase name="f"/> --></testsuites>`;
  assert.deepEqual(count(xml), { passed: 2, failed: 2, skipped: 1, failures: ['c: no', 'd: '] });
});

test('A torn file is no result', () => {
  assert.throws(() => count(trx('Passed').slice(0, -3)), /torn/);
  assert.throws(() => count('<testsuites><testcase name="a"/>'), /torn/);
  assert.throws(() => count(''), /torn/);
});

test('A file without tests is no result', () => {
  assert.throws(() => count(trx()), /holds no test/);
  assert.throws(() => count('<testsuites></testsuites>'), /holds no test/);
});
