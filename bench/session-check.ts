/**
 * `node bench/session-check.ts`: what one reading of a session costs, in microseconds of CPU: `getSession` of the library, and
 * `GET /api/v1/session` through `fetch`. Figures only; nothing fails here.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEntrada } from '../src/entrada.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { silentLog } from '../src/log/log.ts'
import { openServices } from '../src/open-services.ts'
import { createRig, people } from '../test/support/rig.ts'

const HOST = 'sso.localhost:3000'
const CALLS = 3_000
const ROUNDS = 7

const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
const database = join(folder, 'bench.db')
const key = newSecretKey()
const clock = { now: () => new Date(), advanceSeconds: () => {} }
const rig = await createRig({ database, secretKeys: [new Secret(key)], log: silentLog, clock })
const { browser } = await rig.signIn(people.alice)
const cookie = [...browser.cookies(HOST)].map((pair) => pair.join('=')).join('; ')
await rig.close()
const serverUrl = new URL(`http://${HOST}`)
const options = { serverUrl, database, secretKeys: [new Secret(key)], log: silentLog }
const services = await openServices(options)
const entrada = createEntrada(options, {
  ...services,
  limits: { ...services.limits, spend: async () => {} },
})
const headers = { host: HOST, cookie }

async function measure(name: string, call: () => Promise<unknown>): Promise<void> {
  const figures: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage()
    for (let index = 0; index < CALLS; index += 1) await call()
    const { user, system } = process.cpuUsage(before)
    figures.push((user + system) / CALLS)
  }
  process.stdout.write(`${name}: ${Math.min(...figures).toFixed(1)} µs\n`)
}

const address = new URL('/api/v1/session', serverUrl).href
await measure('getSession', () => entrada.getSession(new Request(address, { headers })))
await measure('fetch /api/v1/session', async () => {
  const response = await entrada.fetch(new Request(address, { headers }))
  if (response.status !== 200) throw new Error(await response.text())
  await response.text()
})
await measure('new Request', async () => new Request(address, { headers }))
await entrada.close()
rmSync(folder, { recursive: true })
