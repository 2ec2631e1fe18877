// Seeded documents: valid ones in every form that JSON5 knows, and ones with a mistake made on purpose.

export function random (seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000
  }
  const below = (n) => Math.floor(next() * n)
  return { below, pick: (list) => list[below(list.length)], chance: (p) => next() < p }
}

const blanks = ['', '', '', ' ', '  ', '\n', '\r\n', '\t', '\v', '\f', '\r', '\u00A0', '\uFEFF', '\u2028', '\u2029', '\u3000',
  '\u2003',
  '/**/', '/* a * b ** c */', '// line\n', '//\r', '// \u2028', '/* {"x": [1,] } */']
const words = ['null', 'true', 'false']
const numbers = ['0', '-0', '+0', '1', '-1', '+1', '42', '1.5', '.5', '-.5', '5.', '+5.', '0.', '0.0', '1e3', '1E+3', '1e-3',
  '.5e1', '5.e1',
  '0e5', '0x0', '0xFF', '0Xabc', '-0x10', '+0x10', '0xfffffffffffffbff', '0x20000000000001', '0x' + 'f'.repeat(256),
  '0x' + 'f'.repeat(257),
  '9007199254740993', '123456789012345678901234567890', '1e400', '-1e400', '1e-400', '4.9e-324', '2.2250738585072011e-308',
  '179769313486231580793e289',
  'Infinity', '-Infinity', '+Infinity', 'NaN', '-NaN', '+NaN', '0.1', '3.141592653589793238462643383279']
const pieces = ['a', 'Z', '0', ' ', '_', '$', '/', '//', '/*', ':', ',', '{', ']', 'é', 'ß', '中', '\u200C', '\u2028', '\u2029',
  '\uFFFD', '😀', '𝒳',
  '\\b', '\\f', '\\n', '\\r', '\\t', '\\v', '\\0', '\\\\', '\\/', '\\"', "\\'", '\\a', '\\😀', '\\x41', '\\xff', '\\u0041',
  '\\u00e9', '\\ud83d\\ude00',
  '\\ud83d', '\\ude00', '\\u2028', '\\\n', '\\\r\n', '\\\r', '\\\u2028', '\\\u2029', '\t', '\u0001', '\u007F']
const keys = ['a', 'b', 'key', '$', '_', '$_1', 'A9', 'été', '中文', 'ª', 'Ⅷ', '𝒳y', 'a\u200Cb', 'a\u0301', 'a٣', 'a‿b',
  '\\u0061', '\\u0061b', 'a\\u0030', 'x\\u200d',
  '__proto__', 'constructor', 'null', 'Infinity', 'NaN', 'true', 'hasOwnProperty']

export function document (r, depth = 0) {
  const blank = () => {
    let text = ''
    while (r.chance(0.35)) text += r.pick(blanks)
    return text
  }
  const string = () => {
    const quote = r.pick(['"', "'"])
    let text = ''
    for (let n = r.below(5); n > 0; n--) text += r.pick(pieces)
    return quote + text + (r.chance(0.3) ? (quote === '"' ? "'" : '"') : '') + quote
  }
  const value = (level) => {
    const kind = level > 4 ? r.below(6) : r.below(10)
    if (kind < 1) return r.pick(words)
    if (kind < 4) return r.chance(0.7) ? r.pick(numbers) : String((r.below(2000) - 1000) / r.pick([1, 8, 10, 1000]))
    if (kind < 6) return string()
    const close = kind < 8 ? '}' : ']'
    const items = []
    for (let n = r.below(4); n > 0; n--) {
      const key = r.chance(0.6) ? r.pick(keys) : string()
      items.push(blank() + (close === '}' ? key + blank() + ':' + blank() : '') + value(level + 1) + blank())
    }
    return (close === '}' ? '{' : '[') + items.join(',') + (items.length && r.chance(0.3) ? ',' : '') + blank() + close
  }
  return blank() + value(depth) + blank()
}

const nasty = [...'{}[]:,"\'\\/*+-.0123456789eExXuINnatrflsy$_ \n\r\t\v\b\f\0\u00A0\uFEFF\u2028\u2029\u200Cé中€'
  + '\u{1F600}\u{1D4B3}\u{20000}\u{31350}ꟊⱯ࢝ⸯ#@`'
  + '\u0001\u001F\u007F\u0080']

export function spoiled (r, text) {
  const units = [...text]
  for (let n = 1 + r.below(2); n > 0; n--) {
    const at = r.below(units.length + 1)
    switch (r.below(5)) {
      case 0: units.splice(at, 1); break
      case 1: units.splice(at, 0, r.pick(nasty)); break
      case 2: units.splice(at, 1, r.pick(nasty)); break
      case 3: units.splice(at); break
      default: units.splice(at, 0, ...units.slice(r.below(units.length + 1), at)); break
    }
  }
  return units.join('')
}
