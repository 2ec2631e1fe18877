// The protocol of proper-lockfile in a few lines, for machines without npm: whichever process creates the directory holds the
// lock, touches it twice in the time after which it counts as stale, and removes it. run.sh uses the package itself.
import fs from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

export async function lock (file, { stale, retries: { retries, minTimeout, maxTimeout } }) {
  const folder = `${await fs.realpath(file)}.lock`
  for (let retry = 0; ; retry++) {
    // As the package does, whatever goes wrong on the way to the lock is tried again: another may just have taken it over.
    const release = await take(folder, stale) ? await hold(folder, stale).catch(() => null) : null
    if (release) return release
    if (retry === retries) throw new Error('Lock file is already being held')
    await wait(Math.min(maxTimeout, minTimeout * 2 ** Math.min(retry, 20) * (1 + Math.random())))
  }
}

async function take (folder, stale) {
  if (await made(folder)) return true
  const stat = await fs.stat(folder).catch(() => null)
  if (stat?.mtimeMs >= Date.now() - stale) return false
  if (stat) await fs.rmdir(folder).catch(() => {})
  return made(folder)
}

const made = (folder) => fs.mkdir(folder).then(() => true, () => false)

async function hold (folder, stale) {
  let [held, isReleased] = [(await fs.stat(folder)).mtimeMs, false]
  const keepFresh = async () => {
    if ((await fs.stat(folder)).mtimeMs !== held) throw new Error('Unable to update lock within the stale threshold')
    const now = new Date()
    await fs.utimes(folder, now, now)
    held = now.getTime()
  }
  const timer = setInterval(() => keepFresh().catch((error) => { if (!isReleased) throw error }), stale / 2)
  return async () => {
    isReleased = true
    clearInterval(timer)
    await fs.rmdir(folder)
  }
}
