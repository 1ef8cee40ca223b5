import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stoppedClock } from '../../test/support/clock.ts'
import { silentLog } from '../log/log.ts'
import type { ConnectionResults } from '../storage/records.ts'
import { createSignInNotes } from './sign-in-notes.ts'

const DAY = '2026-11-22'

function openNotes() {
  const reported: (readonly ConnectionResults[])[] = []
  const clock = stoppedClock()
  let isAway = false
  const storage = {
    async addConnectionResults(results: readonly ConnectionResults[]) {
      if (isAway) throw new Error('away')
      reported.push(results)
    },
  }
  const notes = createSignInNotes({ storage, now: clock.now, log: silentLog })
  return { notes, reported, clock, away: (away: boolean) => (isAway = away) }
}

const failed = (connectionId = 'con_1') =>
  ({ connectionId, outcome: 'failed', code: 'provider_timeout', atConnection: true }) as const

describe('createSignInNotes', () => {
  it('tells a thousand sign-ins in one call, and nothing when there was nothing', async () => {
    const { notes, reported } = openNotes()
    await notes.store()
    for (let n = 0; n < 1_000; n += 1) {
      notes.note({ connectionId: `con_${n % 2}`, outcome: 'signed_in' })
    }
    await notes.store()
    await notes.store()
    assert.equal(reported.length, 1)
    assert.deepEqual(
      reported[0]?.map(({ counts }) => counts),
      [[{ day: DAY, outcome: 'signed_in', signIns: 500 }]].flatMap((counts) => [counts, counts]),
    )
  })

  it('counts the run of failures since the last success', async () => {
    const { notes, reported, clock } = openNotes()
    notes.note(failed())
    clock.advanceSeconds(1)
    notes.note({ connectionId: 'con_1', outcome: 'signed_in' })
    clock.advanceSeconds(1)
    notes.note(failed())
    const failingSince = clock.now()
    clock.advanceSeconds(1)
    notes.note(failed())
    await notes.store()
    const health = reported[0]?.[0]?.health
    assert.equal(health?.failuresInARow, 2)
    assert.deepEqual(health?.failingSince, failingSince)
    assert.deepEqual(health?.lastFailureAt, clock.now())
    assert.equal(health?.lastFailureCode, 'provider_timeout')
  })

  it('does not blame the connection for a person who may not come in', async () => {
    const { notes, reported } = openNotes()
    notes.note({ connectionId: 'con_1', outcome: 'refused', code: 'guest_not_allowed' })
    await notes.store()
    assert.deepEqual(reported[0]?.[0], {
      connectionId: 'con_1',
      counts: [{ day: DAY, outcome: 'refused', signIns: 1 }],
      health: { failuresInARow: 0 },
    })
  })

  it('keeps what the database did not take, and adds what comes meanwhile', async () => {
    const { notes, reported, away } = openNotes()
    notes.note(failed())
    away(true)
    await notes.store()
    notes.note(failed())
    away(false)
    await notes.store()
    assert.equal(reported[0]?.[0]?.health.failuresInARow, 2)
    assert.deepEqual(reported[0]?.[0]?.counts, [{ day: DAY, outcome: 'failed', signIns: 2 }])
  })
})
