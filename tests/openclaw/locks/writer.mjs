// node writer.mjs FILE NAME TIMES STALE_MS: counts in the file as OpenClaw does it: locked, read, changed, written in place. Each
// number it prints is a promise: it is in the file.
import fs from 'node:fs'
import { lock as ownLock } from './protocol.mjs'

const [file, name, times, stale] = process.argv.slice(2)
const lock = process.env.PROPER_LOCKFILE ? (await import('proper-lockfile')).default.lock : ownLock
const options = { stale: Number(stale), retries: { retries: 2000, factor: 2, minTimeout: 1, maxTimeout: 20, randomize: true } }

for (let round = 0; round < Number(times); round++) {
  const release = await lock(file, options)
  const store = JSON.parse(fs.readFileSync(file, 'utf8'))
  const stats = store.usageStats ??= {}
  for (const counted of [name, 'shared']) (stats[counted] ??= {}).errorCount = (stats[counted].errorCount ?? 0) + 1
  fs.writeFileSync(file, `${JSON.stringify(store, null, 2)}\n`, 'utf8')
  fs.chmodSync(file, 0o600)
  await release()
  console.log(stats[name].errorCount)
}
