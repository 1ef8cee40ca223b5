import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, awkwardDetails, newAuditEvent, newTrace, padded } from './conformance-samples.ts'
import type { AuditEventRecord } from './records.ts'
import type { AuditFilter, Storage } from './storage.ts'

/** Tests audit events, sign-in traces and the outbox. */
export function describeTrail(subject: Subject): void {
  describe('audit events', () => describeAuditEvents(subject))
  describe('sign-in traces', () => describeTraces(subject))
  describe('outbox', () => describeOutbox(subject))
}

function describeAuditEvents(subject: Subject): void {
  it('come back exactly as they were appended, whatever they mention', async () => {
    const full = newAuditEvent(1, {
      actor: { kind: 'user', id: 'usr_gone' },
      organizationId: 'org_gone',
      connectionId: 'gone',
      userId: 'usr_gone',
      sessionId: 'ses_gone',
      correlationId: 'cor',
      ip: '192.0.2.1',
      userAgent: `"Mozilla" 'quoted' ünïcödé 🦊`,
      detail: { text: `'; drop table users; -- "ü" 🦊 \\ \u2028`, list: [1.5, null, false, {}] },
    })
    const bare = newAuditEvent(2, { actor: { kind: 'entra' } })
    await append(subject.storage, [full, bare])
    const { items } = await subject.storage.listAuditEvents({}, { limit: 9 })
    assert.deepEqual(items, [bare, full])
  })

  it('hold any detail that JSON can spell', async () => {
    const events = awkwardDetails(100).map((detail, n) => newAuditEvent(n, { detail }))
    await append(subject.storage, events)
    const { items } = await subject.storage.listAuditEvents({}, { limit: 100 })
    assert.deepEqual(items, events.reverse())
  })

  it('hold a huge detail', async () => {
    const event = newAuditEvent(1, { detail: { text: 'ü'.repeat(2_000_000) } })
    await append(subject.storage, [event])
    const { items } = await subject.storage.listAuditEvents({}, { limit: 1 })
    assert.deepEqual(items, [event])
  })

  it('of one millisecond keep one order, without holes or repeats while more arrive', async () => {
    const inOneMillisecond = Array.from({ length: 25 }, (_, n) => newAuditEvent(n, { at: at(5) }))
    await append(subject.storage, inOneMillisecond)
    const seen: string[] = []
    let after: string | undefined
    for (let added = 100; ; added += 1) {
      const page = await subject.storage.listAuditEvents({}, { limit: 4, ...(after && { after }) })
      seen.push(...page.items.map((event) => event.id))
      after = page.next
      if (after === undefined) break
      await append(subject.storage, [newAuditEvent(added, { at: at(6) })])
    }
    const expected = Array.from({ length: 25 }, (_, index) => `evt_${padded(24 - index)}`)
    assert.deepEqual(seen, expected)
  })

  it('cannot be appended twice', async () => {
    await append(subject.storage, [newAuditEvent(1)])
    await assert.rejects(append(subject.storage, [newAuditEvent(1, { type: 'forged' })]))
    const { items } = await subject.storage.listAuditEvents({}, { limit: 9 })
    assert.deepEqual(items, [newAuditEvent(1)])
  })

  it('are filtered by type, user, connection, correlation and time', async () => {
    await append(subject.storage, [
      newAuditEvent(1, { type: 'a', userId: 'usr_1', connectionId: 'c1' }),
      newAuditEvent(2, { type: 'b', userId: 'usr_1', correlationId: 'x' }),
      newAuditEvent(3, { type: 'a', connectionId: 'c1', correlationId: 'x' }),
    ])
    const cases: readonly (readonly [AuditFilter, readonly string[]])[] = [
      [{ type: 'a' }, ['evt_0003', 'evt_0001']],
      [{ userId: 'usr_1' }, ['evt_0002', 'evt_0001']],
      [{ connectionId: 'c1' }, ['evt_0003', 'evt_0001']],
      [{ correlationId: 'x' }, ['evt_0003', 'evt_0002']],
      [{ since: at(2) }, ['evt_0003', 'evt_0002']],
      [{ until: at(2) }, ['evt_0001']],
      [{ type: 'a', correlationId: 'x', since: at(1), until: at(4) }, ['evt_0003']],
    ]
    for (const [filter, expected] of cases) {
      const { items } = await subject.storage.listAuditEvents(filter, { limit: 9 })
      const ids = items.map((event) => event.id)
      assert.deepEqual(ids, expected, JSON.stringify(filter))
    }
  })
}

function describeTraces(subject: Subject): void {
  it('are found by id, and listed newest first by user, outcome and correlation', async () => {
    const refused = newTrace(2, {
      outcome: 'refused',
      code: 'wrong_tenant',
      userId: 'usr_gone',
      connectionId: 'gone',
      organizationId: 'org_gone',
    })
    await subject.storage.atomically(async (transaction) => {
      await transaction.writeAll([{ write: 'append_sign_in_trace', trace: newTrace(1) }])
      await transaction.writeAll([{ write: 'append_sign_in_trace', trace: refused }])
    })
    assert.deepEqual(await subject.storage.findSignInTrace('trc_0002'), refused)
    assert.equal(await subject.storage.findSignInTrace('trc_9999'), undefined)
    const list = async (filter: Parameters<Storage['listSignInTraces']>[0]) =>
      (await subject.storage.listSignInTraces(filter, { limit: 9 })).items
    assert.deepEqual(await list({}), [refused, newTrace(1)])
    assert.deepEqual(await list({ outcome: 'refused' }), [refused])
    assert.deepEqual(await list({ userId: 'usr_gone' }), [refused])
    assert.deepEqual(await list({ correlationId: 'cor-1' }), [newTrace(1)])
  })
}

function describeOutbox(subject: Subject): void {
  it('lists what was put into it oldest first, until it is removed', async () => {
    await append(subject.storage, [newAuditEvent(9), newAuditEvent(3)], { toOutbox: true })
    await append(subject.storage, [newAuditEvent(4)])
    await append(subject.storage, [newAuditEvent(1)], { toOutbox: true })
    const entries = await subject.storage.listOutbox(9)
    const events = entries.map((entry) => entry.event)
    assert.deepEqual(events, [newAuditEvent(9), newAuditEvent(3), newAuditEvent(1)])
    assert.deepEqual(await subject.storage.listOutbox(2), entries.slice(0, 2))

    const sequences = entries.slice(0, 2).map((entry) => entry.sequence)
    await subject.storage.atomically((transaction) => transaction.removeFromOutbox(sequences))
    assert.deepEqual(await subject.storage.listOutbox(9), entries.slice(2))
    const audited = await subject.storage.listAuditEvents({}, { limit: 9 })
    assert.equal(audited.items.length, 4)
  })

  it('never gives a sequence twice', async () => {
    await append(subject.storage, [newAuditEvent(1)], { toOutbox: true })
    const [before] = await subject.storage.listOutbox(1)
    await subject.storage.atomically((transaction) =>
      transaction.removeFromOutbox([before?.sequence ?? 0]),
    )
    await append(subject.storage, [newAuditEvent(2)], { toOutbox: true })
    const [after] = await subject.storage.listOutbox(1)
    assert.ok((after?.sequence ?? 0) > (before?.sequence ?? 0))
  })
}

async function append(
  storage: Storage,
  events: readonly AuditEventRecord[],
  options = { toOutbox: false },
): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (const event of events) await transaction.appendAuditEvent(event, options)
  })
}
