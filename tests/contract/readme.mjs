// The five minutes of a README: its code blocks, in order, as one shell script.
import { readFileSync } from 'node:fs';

/**
 * The script from the section "Five minutes" to the section "What there is". Blocks of `sh` run as they stand; a block of another
 * language is a file, named in backticks at the end of the line above it. Blocks without a language are only shown.
 */
export function script(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const begin = lines.indexOf('## Five minutes');
  if (begin < 0) throw new Error(`${file} has no five minutes`);
  const out = ['set -eu', "trap 'echo \"failed at: $BASH_COMMAND\" >&2' ERR"];
  let named = '';
  for (let at = begin; at < lines.length && lines[at] !== '## What there is'; at++) {
    const fence = /^```(\w*)$/.exec(lines[at]);
    if (!fence) {
      named = /`([\w.]+\.\w+)`:?$/.exec(lines[at])?.[1] ?? (lines[at] === '' ? named : '');
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    const block = lines.slice(at + 1, end);
    if (fence[1] === 'sh') out.push(...block);
    else if (fence[1] && named) out.push(`cat >${named} <<'END_OF_BLOCK'`, ...block, 'END_OF_BLOCK');
    else if (fence[1]) throw new Error(`${file}:${at + 1}: a block of ${fence[1]} without a file name above it`);
    at = end;
    named = '';
  }
  return `${out.join('\n')}\n`;
}
