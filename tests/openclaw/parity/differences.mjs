// Finds where two values differ. A difference has a place, such as `json:auth.providers[].labels[]`, and both values.

/**
 * Differences between two JSON values; members that only the actual one has are told apart as `+place`. `owner` is the profile,
 * or another name that a user chose, that a difference is about.
 */
export function* between(expected, actual, place, owner) {
  if (isPlain(expected) && isPlain(actual)) {
    const own = expected.profileId ?? owner;
    for (const name of Object.keys(expected)) {
      const of = ownName(name) ?? own;
      if (name in actual) yield* between(expected[name], actual[name], join(place, name), of);
      else yield { place: join(place, name), expected: expected[name], actual: undefined, owner: of };
    }
    for (const name of Object.keys(actual).filter((each) => !(each in expected))) {
      yield { place: `+${join(place, name)}`, expected: undefined, actual: actual[name], owner: ownName(name) ?? own };
    }
    yield* orderOf(expected, actual, place);
  } else if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    for (const [index, value] of expected.entries()) yield* between(value, actual[index], `${place}[]`, labelled(value) ?? owner);
  } else if (JSON.stringify(expected) !== JSON.stringify(actual)) {
    yield { place, expected, actual, owner };
  }
}

// The order of members is part of what scripts and diffs see.
function* orderOf(expected, actual, place) {
  const shared = Object.keys(expected).filter((name) => name in actual);
  const order = Object.keys(actual).filter((name) => name in expected);
  if (shared.join() !== order.join()) yield { place: `order of ${place}`, expected: shared, actual: order };
}

/** Differences between two texts, line by line, without regard to the order of lines. */
export function* betweenLines(expected, actual, place) {
  const [theirs, ours] = [linesOf(expected), linesOf(actual)];
  for (const line of theirs.filter((each) => !ours.includes(each))) yield { place, expected: line, actual: undefined };
  for (const line of ours.filter((each) => !theirs.includes(each))) {
    yield { place: `+${place}`, expected: undefined, actual: line };
  }
}

const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
const isPlain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// Names that a user chose, such as profile ids, are all the same place.
const ownName = (name) => (/[:@/]/.test(name) ? name : undefined);
const join = (place, name) => `${place.endsWith(':') ? place : `${place}.`}${ownName(name) ? '*' : name}`;

// The profile of a label such as `anthropic:default=sk-ant-a...00000001`.
const labelled = (value) => (typeof value === 'string' ? /^(\S+?)=/.exec(value)?.[1] : undefined);
