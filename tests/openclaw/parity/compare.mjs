// What a step and a case give, compared with the recording.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { between, betweenLines } from './differences.mjs';
import { filesOf, relaxed } from './home.mjs';
import { routesOf, recordedRoutesOf } from './routes.mjs';

// What ClawGrpc reads of a configuration; the rest is the other programs' own.
const sections = [
  ['auth'], ['env'], ['models'], ['agents', 'list'],
  ['agents', 'defaults', 'model'], ['agents', 'defaults', 'imageModel'], ['agents', 'defaults', 'models'],
];

/** Differences of one step: exit code, standard output, and why it failed if it did. */
export function* ofStep(step, actual, sandboxRequests) {
  if (step.argv[0] === 'agent') {
    yield* ofCompletion(step, actual, sandboxRequests);
    return;
  }
  if (step.exitCode !== actual.exitCode) yield { place: 'exit', expected: step.exitCode, actual: actual.exitCode };
  if (step.pty) yield* ofTerminal(step, actual);
  else yield* ofOutput(step.expected.stdout, actual.stdout, step.clock === 'frozen');
  if (step.exitCode !== 0) yield* ofComplaint(step.expected.stderr, actual.stderr);
}

function* ofOutput(expected, actual, isFrozen) {
  const [theirs, ours] = [documentIn(expected), documentIn(actual)];
  if (theirs === undefined && ours !== undefined) yield { place: '+json', expected: withoutDrawing(expected), actual: ours };
  else if (theirs === undefined) yield* betweenLines(withoutDrawing(expected), actual, 'text');
  else if (ours === undefined) yield { place: 'json', expected: theirs, actual: actual.trim() || undefined };
  else yield* between(timeless(theirs, isFrozen), timeless(ours, isFrozen), 'json:');
}

// At a terminal the questions look different; what is said at the end is the same.
function* ofTerminal(step, actual) {
  for (const line of step.expected.stdout.split(/\r?\n/).filter((each) => /^(Updated|Auth profile:)/.test(each))) {
    if (!actual.stdout.includes(line)) yield { place: 'terminal', expected: line, actual: actual.stdout };
  }
}

function* ofComplaint(expected, actual) {
  for (const line of complaintsIn(expected)) {
    if (!actual.includes(line)) yield { place: 'stderr', expected: line, actual };
  }
}

function* ofCompletion(step, actual, sandboxRequests) {
  if (step.exitCode !== actual.exitCode) yield { place: 'exit', expected: step.exitCode, actual: actual.exitCode };
  const answer = documentIn(step.expected.stdout)?.payloads?.[0]?.text;
  const [served, serves] = [answer === 'FAKE-OK', actual.exitCode === 0];
  if (served !== serves) {
    yield { place: 'outcome', expected: answer ?? step.expected.stderr, actual: documentIn(actual.stdout) ?? actual.stderr };
  }
  if (!served && answer === undefined) yield* ofComplaint(step.expected.stderr, actual.stderr);
  yield* between(recordedRoutesOf(step.expected.requests), routesOf(sandboxRequests), 'routes');
}

/** Differences of the files that a case leaves. */
export function* ofFiles(theCase, home) {
  const after = path.join(theCase.folder, 'after', 'home');
  const [theirs, ours] = [filesOf(after), home.files()];
  for (const file of new Set([...theirs, ...ours.keys()].filter((each) => isCredentials(each) || isConfig(each)))) {
    const expected = theirs.includes(file) ? readFileSync(path.join(after, file), 'utf8') : undefined;
    const place = isConfig(file) ? 'config' : 'store';
    const [theirContent, ourContent] = [expected, ours.get(file)].map((text) => contentOf(text, file, theCase));
    if (expected === undefined) {
      yield { place: `+file ${file}`, actual: ourContent };
      continue;
    }
    if (!ours.has(file)) {
      yield { place: `file ${file}`, expected: theirContent };
      continue;
    }
    if (expected !== ours.get(file)) yield* between(theirContent, ourContent, `${place}:`);
    const mode = theCase.afterModes?.[file];
    if (mode && mode !== home.modeOf(file)) yield { place: `mode of ${file}`, expected: mode, actual: home.modeOf(file) };
  }
}

const isCredentials = (file) => /(^|\/)(auth-profiles|auth|oauth|\.credentials)\.json$/.test(file);
const isConfig = (file) => /^[^/]+\/(openclaw|clawdbot|moltbot|clawgrpc)\.json$/.test(file);

function contentOf(text, file, theCase) {
  const content = text && relaxed(text);
  if (content === undefined) return text;
  return isConfig(file) ? sectionsOf(content) : sinceStart(content, theCase.clock.nowMs);
}

function sectionsOf(config) {
  const found = sections.map((keys) => [keys.join('.'), keys.reduce((value, key) => value?.[key], config)]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

// What ends by nothing but a new credential, a reset or a successful probe.
const never = 253_402_300_799_999;

// Runs take seconds: times within a quarter of an hour after the start are "now", and a cooldown is as long as it is.
function sinceStart(store, nowMs) {
  const isNow = (time) => time >= nowMs && time < nowMs + 900_000;
  const relative = (key, value, { lastFailureAt }) => {
    if (/^(lastUsed|lastFailureAt|cooldownSetAt|disabledSetAt)$/.test(key) && isNow(value)) return 'now';
    if (value === never) return 'until a new credential';
    if (!/^(cooldownUntil|disabledUntil)$/.test(key) || !isNow(lastFailureAt)) return value;
    return `${Math.round((value - lastFailureAt) / 1000)} s after the failure`;
  };
  const statsOf = (entry) => Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, relative(key, value, entry)]));
  const stats = Object.entries(store.usageStats ?? {}).map(([id, entry]) => [id, statsOf(entry)]);
  return store.usageStats ? { ...store, usageStats: Object.fromEntries(stats) } : store;
}

// Measured times differ by nature, and probes run at the same time: which ends first is chance.
const measured = /^(startedAt|finishedAt|durationMs|latencyMs|remainingMs)$/;

function timeless(document, isFrozen) {
  document.auth?.probes?.results?.sort((one, other) => (one.profileId < other.profileId ? -1 : 1));
  const isMeasured = (key) => measured.test(key) && !(key === 'remainingMs' && isFrozen);
  return JSON.parse(JSON.stringify(document, (key, value) => (isMeasured(key) ? 0 : value)));
}

/** The JSON document at the end of an output that may have other lines before it; undefined when there is none. */
export function documentIn(text) {
  const start = text.search(/^(\{|\[$)/m);
  try {
    return start < 0 ? undefined : JSON.parse(text.slice(start));
  } catch {
    return undefined;
  }
}

// Lines of a stack trace and of an error object as Node prints them.
const trace = [
  /^\s+at |^\s*[{}]|^\[diagnostic\]|^\s+\.\.\. \d+ lines matching cause/,
  /^ {2,}(\[?(lineNumber|columnNumber|varName|configPath|includePath|cause|chain|errno|code|syscall|path)\]?:|'.*',?$|\])/,
];

function complaintsIn(stderr) {
  const lines = withoutDrawing(stderr).replaceAll('\\n', '\n').split('\n')
    .filter((line) => !trace.some((each) => each.test(line)))
    .map((line) => line.replace(/^Failed to read config at \S+ /, '').replace(/^\s*(\w*Error: )+/, '').replace(/ \{$/, '')
      .replace(foreignAdvice, '').replace(foreignCommand, 'claw').trim());
  return [...new Set(lines.filter(Boolean))];
}

// The way out leads through commands, and those have other names here.
const foreignAdvice = / Configure auth for this agent \(.*$/;
const foreignCommand = /\b(clawdbot|openclaw-cn|openclaw)(?= (agents|models|onboard)\b)/;

const withoutDrawing = (text) => text.split('\n').filter((line) => !/^[│◇├╭╰└◆■]/.test(line)).join('\n');
