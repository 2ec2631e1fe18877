// node generate.mjs COUNT [SEED]: writes texts and the reference's verdicts on them, one JSON object per line.
import { document, random, spoiled } from './documents.mjs'
import { handwritten } from './handwritten.mjs'
import { verdict } from './verdict.mjs'

const [count, seed] = [Number(process.argv[2]), Number(process.argv[3] ?? 1)]
const r = random(seed)
const texts = [...new Set(handwritten)]
while (texts.length < count) {
  const text = document(r)
  texts.push(r.chance(0.5) ? text : spoiled(r, text))
}

// Escaped to ASCII, so that no editor and no line ending changes a case.
const ascii = (line) => line.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
process.stdout.write(texts.slice(0, count).map((text) => ascii(JSON.stringify(verdict(text))) + '\n').join(''))
