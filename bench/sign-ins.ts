/**
 * `node --expose-gc bench/sign-ins.ts`: what a sign-in costs, and whether memory stays flat over many of them. Figures only; nothing fails here.
 * Everything runs in one process without a socket (emulator included), so the figures are upper bounds of our own part.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../src/log/log.ts'
import { createRig, people, SERVER_URL } from '../test/support/rig.ts'

const SIGN_INS = 10_000
const SAMPLE_EVERY = 1_000

const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
// All clients have one address here, and send more requests than the limit for one address allows.
const rig = await createRig({
  database: join(folder, 'bench.db'),
  log: silentLog,
  signInsPerMinute: 1_000_000,
})
const names = [people.alice, people.bob, people.erin]

console.log('sign-ins  heap MB  rss MB  ms each')
let since = performance.now()
for (let count = 1; count <= SIGN_INS; count += 1) {
  const { response } = await rig.signIn(names[count % names.length] ?? people.alice)
  if (response.status !== 200) throw new Error(`sign-in ${count} answered ${response.status}`)
  // The clock goes on, so that claims and sessions end and are swept as they would be.
  rig.clock.advanceSeconds(10)
  if (count % 100 === 0) {
    await rig.services.storage.sweep(rig.clock.now(), {
      tracesBefore: new Date(rig.clock.now().getTime() - 3_600_000),
    })
  }
  if (count % SAMPLE_EVERY === 0) {
    // What the emulator remembers (requests, refresh tokens) is not ours to count.
    rig.emulator.reset()
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    const each = (performance.now() - since) / SAMPLE_EVERY
    console.log(
      `${String(count).padStart(8)}  ${megabytes(heapUsed)}  ${megabytes(rss)}  ${each.toFixed(2)}`,
    )
    since = performance.now()
  }
}

const cookie = await sessionCookie()
since = performance.now()
const LOOK_UPS = 20_000
for (let count = 0; count < LOOK_UPS; count += 1) {
  await rig.entrada.getSession(
    new Request(SERVER_URL, { headers: { cookie, host: new URL(SERVER_URL).host } }),
  )
}
console.log(`getSession: ${(((performance.now() - since) / LOOK_UPS) * 1000).toFixed(0)} µs each`)

await rig.close()
rmSync(folder, { recursive: true })

async function sessionCookie(): Promise<string> {
  const { browser } = await rig.signIn(people.alice)
  return [...browser.cookies(new URL(SERVER_URL).host)]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1).padStart(7)
}
