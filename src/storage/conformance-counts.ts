import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, createPerson, newAuditEvent, newSession } from './conformance-samples.ts'

/** Tests counts of uses and of live records. */
export function describeCounts(subject: Subject): void {
  describe('countUses', () => describeUses(subject))
  describe('countLive', () => describeLive(subject))
}

function describeUses(subject: Subject): void {
  const count = (key: string, uses: number, now: number, windowEndsAt: number) =>
    subject.storage.countUses(key, { uses, now: at(now), windowEndsAt: at(windowEndsAt) })

  it('adds up within the window that the first use opened, each key by itself', async () => {
    assert.deepEqual(await count('a', 5, 0, 100), { uses: 5, windowEndsAt: at(100) })
    assert.deepEqual(await count('a', 3, 50, 150), { uses: 8, windowEndsAt: at(100) })
    assert.deepEqual(await count('b', 1, 50, 150), { uses: 1, windowEndsAt: at(150) })
    assert.deepEqual(await count('a', 1, 99, 199), { uses: 9, windowEndsAt: at(100) })
  })

  it('begins anew when the window has ended', async () => {
    await count('a', 5, 0, 100)
    assert.deepEqual(await count('a', 2, 100, 200), { uses: 2, windowEndsAt: at(200) })
    assert.deepEqual(await count('a', 2, 150, 250), { uses: 4, windowEndsAt: at(200) })
  })

  it('loses no use of twenty replicas at once', async () => {
    const other = await subject.openAnother()
    const counted = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? subject.storage : other).countUses('a', {
          uses: 2,
          now: at(0),
          windowEndsAt: at(100),
        }),
      ),
    )
    assert.equal(Math.max(...counted.map(({ uses }) => uses)), 40)
  })

  it('is forgotten by a sweep once its window has ended', async () => {
    await count('a', 1, 0, 100)
    await count('b', 1, 0, 200)
    assert.equal(await subject.storage.sweep(at(100), { tracesBefore: at(0) }), 1)
    assert.equal((await count('b', 1, 100, 300)).uses, 2)
  })
}

function describeLive(subject: Subject): void {
  it('answers the sessions that have not ended and the events that wait, for delivery and for the chain', async () => {
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await transaction.createSession(newSession(1))
      await transaction.createSession(
        newSession(2, { userId: 'usr_0001', identityId: 'idn_0001', idleEndsAt: at(50) }),
      )
      await transaction.appendAuditEvent(newAuditEvent(1), { toOutbox: true })
      await transaction.appendAuditEvent(newAuditEvent(2), { toOutbox: false })
    })
    assert.deepEqual(await subject.storage.countLive(at(49)), {
      sessions: 2,
      outbox: 1,
      unlinked: 2,
    })
    assert.deepEqual(await subject.storage.countLive(at(50)), {
      sessions: 1,
      outbox: 1,
      unlinked: 2,
    })
  })
}
