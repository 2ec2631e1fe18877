// Runs every suite, or only those named, and ends with a line that counts: N passed, N failed, N skipped.
import path from 'node:path';
import { line, run } from './runner.mjs';
import { suites } from './suites.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'artifacts/test-results');
const wanted = process.argv.slice(2);
const all = suites(root, folder);
const unknown = wanted.filter((name) => !all.some((suite) => suite.name === name));
if (unknown.length) {
  console.error(`no suite ${unknown.join(', ')}; there are ${all.map((suite) => suite.name).join(', ')}`);
  process.exit(2);
}

const chosen = all.filter((suite) => !wanted.length || wanted.includes(suite.name));
const sum = await run(chosen, { folder, ci: process.env.CI === 'true', print: (text) => console.log(text) });
// Again what failed, for who sees only the end of a long output.
for (const failure of sum.failures) console.log(`failed: ${failure}`);
console.log(line(sum));
process.exitCode = sum.failed ? 1 : 0;
