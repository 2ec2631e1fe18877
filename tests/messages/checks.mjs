// What a story holds to be true.
export function holds(value, otherwise = 'it does not hold') {
  if (!value) throw new Error(otherwise);
}

export function equal(actual, expected, what = 'it') {
  if (actual !== expected) throw new Error(`${what}: ${cut(actual)} and not ${cut(expected)}`);
}

export function has(text, part) {
  if (!`${text}`.includes(part)) throw new Error(`${cut(part)} is not in ${cut(text)}`);
}

const cut = (value) => `${value}`.slice(0, 600);
