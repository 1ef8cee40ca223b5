import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, newAuditEvent } from './conformance-samples.ts'
import type { AuditEventId, AuditLink } from './records.ts'
import type { Storage } from './storage.ts'

/** Tests the functions of the audit chain. */
export function describeChain(subject: Subject): void {
  describe('withAuditChain', () => {
    it('notes each committed event once, in order, until it has a link', async () => {
      const { storage } = subject
      await append(storage, 1, 2, 3)
      assert.equal(await storage.hasUnlinkedEvents(), true)
      await storage.withAuditChain(async (chain) => {
        const events = await chain.listUnlinked(2)
        assert.deepEqual(
          events.map(({ id }) => id),
          [idOf(1), idOf(2)],
        )
        await chain.putLinks([newLink(1), newLink(2)])
      })
      const links = await storage.listAuditLinks(0, 9)
      assert.deepEqual(
        links.map(({ sequence, eventId, event }) => [sequence, eventId, event?.at]),
        [
          [1, idOf(1), at(1)],
          [2, idOf(2), at(2)],
        ],
      )
      assert.equal((await storage.countLive(at(0))).unlinked, 1)
      const places = await storage.listAuditEventPlaces('', 9)
      assert.deepEqual(
        places.map(({ place }) => place),
        ['linked', 'linked', 'waiting'],
      )
    })

    it('keeps all of its work or none', async () => {
      const { storage } = subject
      await append(storage, 1)
      const before = await storage.findAuditChainHead()
      const work = storage.withAuditChain(async (chain) => {
        await chain.putLinks([newLink(1)])
        await chain.putHead({ ...head, sequence: 1 })
        throw new Error('changed its mind')
      })
      await assert.rejects(work, /changed its mind/)
      assert.deepEqual(await storage.listAuditLinks(0, 9), [])
      assert.deepEqual(await storage.findAuditChainHead(), before)
      assert.equal(await storage.hasUnlinkedEvents(), true)
    })

    it('lends it to one of many at a time, and is in no transaction’s way', async () => {
      const storages = [subject.storage, await subject.openAnother()] as const
      await append(subject.storage, 1)
      let inside = 0
      const borrowed = Array.from({ length: 10 }, (_, n) =>
        storages[n % 2 === 0 ? 0 : 1].withAuditChain(async (chain) => {
          inside += 1
          assert.equal(inside, 1)
          const { sequence = 0 } = chain.head ?? {}
          await chain.putHead({ ...head, sequence: sequence + 1 })
          inside -= 1
        }),
      )
      const answers = await Promise.all([...borrowed, append(subject.storage, 2)])
      const turns = answers.slice(0, 10).filter((answer) => answer !== 'busy').length
      assert.ok(turns >= 1)
      assert.equal((await subject.storage.findAuditChainHead())?.sequence, turns)
      assert.equal((await subject.storage.countLive(at(0))).unlinked, 2)
    })

    it('reports links whose events are gone, and removes the oldest with theirs', async () => {
      const { storage } = subject
      await append(storage, 1, 2, 3)
      await storage.withAuditChain(async (chain) => {
        await chain.putLinks([newLink(1), newLink(2)])
        await chain.removeUpTo(1)
        assert.equal(await chain.lastSequence(), 2)
      })
      const { items } = await storage.listAuditEvents({}, { limit: 9 })
      assert.deepEqual(
        items.map(({ id }) => id),
        [idOf(3), idOf(2)],
      )
      assert.deepEqual(await storage.listVanishedEvents(9), [])
    })

    it('keeps one verification of the trail, the last', async () => {
      const { storage } = subject
      assert.equal(await storage.findAuditVerification(), undefined)
      await storage.putAuditVerification(verification('first'))
      await storage.putAuditVerification(verification('second'))
      assert.deepEqual(await storage.findAuditVerification(), verification('second'))
    })
  })
}

const verification = (state: string) => ({ state, signature: `of ${state}` })

const head = { beganAt: at(0), sequence: 0, hash: 'h', cutSequence: 0, cutHash: '', signature: 's' }

const idOf = (n: number): AuditEventId => newAuditEvent(n).id

function newLink(sequence: number): AuditLink {
  return { sequence, eventId: idOf(sequence), hash: `h${sequence}`, signature: 's' }
}

async function append(storage: Storage, ...numbers: readonly number[]): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (const n of numbers)
      await transaction.appendAuditEvent(newAuditEvent(n), { toOutbox: false })
  })
}
