/** Sign-ins that are begun and never finished: what is remembered of them is in the browser alone. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { silentLog } from '../../src/log/log.ts'
import { rowCounts } from '../support/refusals.ts'
import { people, SERVER_URL } from '../support/rig.ts'
import { openRig } from '../support/steps.ts'

/** Half of what two thousand attempts would be, if they were kept. */
const MOST_GROWTH_BYTES = 1_000_000

describe('two thousand starts that nobody finishes', () => {
  for (const addresses of [1, 10]) {
    const from = addresses === 1 ? 'one address' : 'ten addresses'
    it(`from ${from} leave no rows and no memory behind, and others sign in (H22)`, async (t) => {
      const rig = await openRig(t, { log: silentLog })
      const flood = async () => {
        for (let n = 0; n < 2_000; n += 1) {
          const request = new Request(`${SERVER_URL}/auth/entra/login?return_to=/page-${n}`)
          const remoteAddress = `203.0.113.${n % addresses}`
          const response = await rig.entrada.fetch(request, { remoteAddress })
          assert.ok([303, 429].includes(response.status), String(response.status))
        }
      }
      await rig.signIn(people.alice)
      await flood() // whatever is kept once and for all is kept now
      const rows = await rowCounts(rig)
      const before = usedMemory()
      rig.clock.advanceSeconds(60)
      await flood()
      const grown = usedMemory() - before
      assert.ok(grown < MOST_GROWTH_BYTES, `${grown} bytes more`)
      assert.deepEqual(await rowCounts(rig), rows)
      assert.equal((await rig.signIn(people.bob)).response.status, 200)
    })
  }
})

/** What is still reachable. */
function usedMemory(): number {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  collectGarbage()
  return process.memoryUsage().heapUsed
}
