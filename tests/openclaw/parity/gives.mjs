// What an entry of deliberate.json says that ClawGrpc gives instead of the program's value, and the check that it does.
import { member } from './evidence.mjs';

// A rule has exactly one of these members. Texts in them may name other values of the case, see Evidence.
const checks = {
  // True: ClawGrpc has no such value, or prints no such line.
  absent: (wanted, { actual }) => wanted === true && actual === undefined,
  // The JSON value itself.
  value: (wanted, { actual }, evidence) => jsonOf(evidence.filled(wanted)) === jsonOf(actual),
  // A regular expression that the whole JSON text of the value matches; of a line of text, the whole line.
  pattern: (wanted, { place, actual }, evidence) =>
    actual !== undefined && evidence.expression(wanted).test(isLine(place) ? actual : jsonOf(actual)),
  // Members of an object and their values; a name such as `auth/providers/0` leads into it.
  has: (wanted, { actual }, evidence) =>
    Object.entries(wanted).every(([names, value]) => jsonOf(member(actual, names)) === jsonOf(evidence.filled(value))),
  // A regular expression that all of what ClawGrpc printed matches.
  text: (wanted, difference, evidence) => evidence.expression(wanted).test(evidence.printed(difference).join('\n')),
  // A regular expression that one whole line matches that ClawGrpc printed.
  line: (wanted, difference, evidence) => evidence.printed(difference).some((line) => evidence.expression(wanted).test(line)),
  // Pairs of a regular expression and a replacement that make a line of the one output of a line of the other, both edited.
  same: (wanted, { expected, actual, place }, evidence) => {
    const others = expected === undefined ? evidence.expected() : evidence.printed({ place });
    return others.some((line) => edited(line, wanted, evidence) === edited(expected ?? actual, wanted, evidence));
  },
  // As `text`, of standard error whatever the place is.
  stderr: (wanted, difference, evidence) => evidence.expression(wanted).test(evidence.printed({ place: 'stderr' }).join('\n')),
  // Pairs of a named value and a regular expression that its text matches: when the rule holds at all.
  known: (wanted, difference, evidence) =>
    Object.entries(wanted).every(([name, pattern]) => evidence.expression(pattern).test(String(evidence.filled(name)))),
  // A regular expression of what a list has as JSON text behind all of the program's.
  more: (wanted, { expected, actual }, evidence) => {
    const [theirs, ours] = [jsonOf(expected).slice(0, -1), jsonOf(actual)];
    return ours.startsWith(theirs) && evidence.expression(`${wanted}\\]`).test(ours.slice(theirs.length));
  },
  // Pairs of a regular expression and a replacement that make ClawGrpc's JSON text of the program's.
  edit: (wanted, { expected, actual }, evidence) => edited(jsonOf(expected), wanted, evidence) === jsonOf(actual),
};

/** Whether a difference is what the rule says; of several rules, what all of them say. */
export const holds = (gives, difference, evidence) =>
  [gives].flat().every((rule) => Object.entries(rule).every(([kind, wanted]) => checks[kind](wanted, difference, evidence)));

/** What is wrong with a rule as it is written; null if nothing is. */
export function mistakeIn(gives) {
  const rules = [gives ?? {}].flat();
  const isRule = (rule) => Object.keys(rule).length === 1 && Object.keys(rule)[0] in checks;
  return rules.length > 0 && rules.every(isRule) ? null : `gives has to be one of ${Object.keys(checks).join(', ')}`;
}

const isLine = (place) => /^\+?text$/.test(place);
const jsonOf = (value) => (value === undefined ? 'absent' : JSON.stringify(value));

function edited(text, pairs, evidence) {
  return pairs.reduce((result, [pattern, replacement]) =>
    result.replace(new RegExp(evidence.quoted(pattern), 'g'), evidence.filled(replacement)), text);
}
