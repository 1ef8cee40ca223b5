/** Sessions that are checked against Entra by two replicas on one PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openServices } from '../src/open-services.ts'
import { createRechecking } from '../src/recheck/start-rechecking.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { people, requestsAt } from './support/rig.ts'
import { auditEvents, liveSessions, openRig, recheckFailures } from './support/steps.ts'

const MINUTES = 15
let postgres: TestPostgres

before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

describe('two replicas', () => {
  it('check each session once, and lose none of them to the race', async (t) => {
    const database = await postgres.createDatabase()
    const rig = await openRig(t, { database, entra: { recheckMinutes: MINUTES } })
    const second = await openServices(rig.options)
    t.after(() => second.close())
    for (let n = 0; n < 30; n += 1) await rig.signIn(n % 2 ? people.alice : people.bob)
    const before = requestsAt(rig, 'token')
    const replicas = [createRechecking(rig.services), createRechecking(second)]
    for (let round = 1; round <= 3; round += 1) {
      rig.clock.advanceSeconds(MINUTES * 60)
      const looked = await Promise.all([...replicas, ...replicas].map((replica) => replica.round()))
      const sum = looked.reduce((total, count) => total + count, 0)
      assert.equal(sum, 30)
      assert.equal(requestsAt(rig, 'token') - before, 30 * round)
    }
    assert.equal((await liveSessions(rig)).length, 30)
    assert.deepEqual(await recheckFailures(rig), [])
    assert.deepEqual(await auditEvents(rig, { type: 'session.ended' }), [])
  })

  it('end a session once, and leave alone what somebody else has taken over', async (t) => {
    const database = await postgres.createDatabase()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    let waiting = 0
    let holding = false
    const rig = await openRig(t, {
      database,
      entra: { recheckMinutes: MINUTES },
      async fetch(url, init) {
        if (!holding) return rig.emulator.fetch(new Request(url, init))
        waiting += 1
        await released
        return Response.json({ error: 'invalid_grant', error_codes: [50173] }, { status: 400 })
      },
    })
    const direct: typeof fetch = (url, init) => rig.emulator.fetch(new Request(url, init))
    const second = await openServices({ ...rig.options, fetch: direct })
    t.after(() => second.close())
    await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    rig.clock.advanceSeconds(MINUTES * 60)

    // The first replica waits for Entra until its lease is over; the second checks meanwhile; then the first hears a refusal.
    holding = true
    const slow = createRechecking(rig.services).round()
    while (waiting < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    rig.clock.advanceSeconds(180)
    assert.equal(await createRechecking(second).round(), 2)
    holding = false
    release()
    assert.equal(await slow, 2)
    assert.equal((await liveSessions(rig)).length, 2)
    assert.deepEqual(await auditEvents(rig, { type: 'session.ended' }), [])

    rig.emulator.revokeSessions(people.alice)
    rig.clock.advanceSeconds(MINUTES * 60)
    await Promise.all([createRechecking(rig.services).round(), createRechecking(second).round()])
    assert.equal((await liveSessions(rig)).length, 1)
    assert.equal((await auditEvents(rig, { type: 'session.ended' })).length, 1)
  })
})
