/** Two plans about one user at the same time on PostgreSQL, where each would find what it expects. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  newIdentity,
  newKey,
  newMembership,
  newUser,
  putDefaults,
} from '../src/storage/conformance-samples.ts'
import { newPlan } from '../src/storage/plan.ts'
import type { Storage } from '../src/storage/storage.ts'
import { openForConformance } from './support/opened-storage.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'

const UNTIL_THE_OTHER_COULD_HAVE_ENDED_MS = 300

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

/** The plan of a person who is linked to the user that was made beforehand. */
async function planOfLink(storage: Storage, n: number) {
  const question = { connectionId: 'default', person: newKey(n), presentedTokenHashes: [] }
  const state = await storage.readSignIn(question)
  assert(state !== undefined)
  const plan = newPlan(question, { ...state, organizationId: 'default' })
  const address = newMembership(1).profile.email?.address ?? ''
  const wanted = { organizationId: 'default', address, withoutRoles: ['auditor'] } as const
  const candidates = [{ membership: newMembership(1), userStatus: 'active' }] as const
  plan.conditions.push({ still: 'same_candidates', wanted, candidates })
  const identity = newIdentity(n, { userId: 'usr_0001' })
  plan.writes.push({ write: 'link_identity', identity })
  plan.userId = 'usr_0001'
  plan.alone = true
  return plan
}

describe('two people whose address leads to one user', () => {
  it('are not both linked, although the second comes while the first is being written', async (t) => {
    const url = await postgres.createDatabase()
    const storages = [await openForConformance(url), await openForConformance(url)] as const
    t.after(() => Promise.all(storages.map((storage) => storage.close())))
    const [storage, another] = storages
    await putDefaults(storage)
    await storage.atomically((transaction) =>
      transaction.writeAll([
        { write: 'create_user', user: newUser(1) },
        { write: 'create_membership', membership: newMembership(1) },
      ]),
    )

    const [first, second] = [await planOfLink(storage, 1), await planOfLink(another, 2)]
    first.writes.push({
      write: 'refresh_membership',
      membership: newMembership(1),
      lastSignInAt: new Date(0),
    })
    const released = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    // The first plan has met its conditions, and waits for the row of the membership.
    const holding = storage.atomically(
      async (transaction) => {
        await transaction.setMembershipStatus('mem_0001', 'active')
        locked.resolve()
        await released.promise
      },
      { scope: 'nothing' },
    )
    await locked.promise
    const outcomes = [storage.writePlan(first)]
    await untilWaiting(url)
    outcomes.push(another.writePlan(second))
    await pause(UNTIL_THE_OTHER_COULD_HAVE_ENDED_MS)
    released.resolve()
    await holding
    assert.deepEqual(await Promise.all(outcomes), ['written', 'read_again'])
    assert.equal((await storage.findUser('usr_0001'))?.identities.length, 1)
  })
})

async function untilWaiting(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const waiting = await postgres.run(url, 'select 1 from pg_locks where not granted')
    if (waiting.length > 0) return
    assert.ok(tries < 150, 'the first plan does not wait')
    await pause(10)
  }
}
