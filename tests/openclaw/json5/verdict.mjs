// What the reference implementation says of a text, in a form that another language can compare.
import JSON5 from 'json5'

// It warns on the console of U+2028 and U+2029 in strings.
console.warn = () => {}

const bits = new DataView(new ArrayBuffer(8))

function form (value) {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(form).join(',')}]`
  if (typeof value === 'object') {
    const members = Object.keys(value).sort().map((key) => `${quoted(key)}:${form(value[key])}`)
    return `{${members.join(',')}}`
  }
  if (Number.isNaN(value)) return 'NaN'
  bits.setFloat64(0, value)
  return `#${bits.getBigUint64(0).toString(16).padStart(16, '0')}`
}

function quoted (text) {
  const escaped = [...Array(text.length).keys()].map((at) => {
    const unit = text.charCodeAt(at)
    return unit >= 0x20 && unit < 0x7F && unit !== 0x22 && unit !== 0x5C ? text[at] : `\\u${unit.toString(16).padStart(4, '0')}`
  })
  return `"${escaped.join('')}"`
}

export function verdict (text) {
  try {
    return { text, value: form(JSON5.parse(text)) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { text, error: error.message }
  }
}
