import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newMembership,
  newOrganization,
  newSession,
} from './conformance-samples.ts'
import type { SessionId } from './records.ts'
import type { SessionGrant } from './session-grants.ts'

/** Tests grants of sessions, their leases, and the use of connections. */
export function describeGrants(subject: Subject): void {
  describe('grants of sessions', () => describeSessionGrants(subject))
  describe('leases of grants', () => describeLeases(subject))
  describe('who signs in through which connection', () => describeUses(subject))
}

const idOf = (n: number): SessionId => `ses_${String(n).padStart(4, '0')}`

function newGrant(n: number, overrides: Partial<SessionGrant> = {}): SessionGrant {
  return {
    sessionId: idOf(n),
    connectionId: 'default',
    sealed: `v1.key-a.nonce.text${n}`,
    nextCheckAt: at(100),
    failures: 0,
    ...overrides,
  }
}

/** Creates sessions 1 to `count`, each of a different person and with a grant. */
async function putGrants(
  { storage }: Subject,
  count: number,
  overrides: (n: number) => Partial<SessionGrant> = () => ({}),
): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (let n = 1; n <= count; n += 1) {
      await createPerson(transaction, n)
      await transaction.createSession(
        newSession(n, { idleEndsAt: at(900), absoluteEndsAt: at(900) }),
      )
      await transaction.writeAll([{ write: 'put_session_grant', grant: newGrant(n, overrides(n)) }])
    }
  })
}

function describeSessionGrants(subject: Subject): void {
  it('come back as they were put, and go with their session, however that ends', async () => {
    await putGrants(subject, 4, (n) => (n === 1 ? { lastCheckedAt: at(5), lastFailure: 'x' } : {}))
    const { storage } = subject
    const expected = newGrant(1, { lastCheckedAt: at(5), lastFailure: 'x' })
    assert.deepEqual(await storage.findSessionGrant(idOf(1)), expected)
    assert.equal(await storage.findSessionGrant('ses_absent'), undefined)
    await storage.atomically(async (transaction) => {
      await transaction.endSession(idOf(1))
      await transaction.endSessionsOfUser('usr_0002')
      await transaction.endSessionByTokenHash('hash-0003')
    })
    await storage.sweep(at(900), { tracesBefore: at(0) })
    for (const n of [1, 2, 3, 4]) {
      assert.equal(await storage.findSessionGrant(idOf(n)), undefined, `session ${n}`)
    }
  })

  it('are due earlier when that is wished, those of one connection, and never later', async () => {
    await putGrants(subject, 3, (n) => ({
      nextCheckAt: at(n * 100),
      connectionId: n === 3 ? 'con_other' : 'default',
    }))
    const { storage } = subject
    await storage.atomically((transaction) => transaction.bringChecksForward('default', at(150)))
    const due = async (n: number) => (await storage.findSessionGrant(idOf(n)))?.nextCheckAt
    assert.deepEqual([await due(1), await due(2), await due(3)], [at(100), at(150), at(300)])
  })

  it('are counted under the key that seals them, and sealed again under another', async () => {
    await putGrants(subject, 3, (n) => ({ sealed: `v1.key-${n === 3 ? 'z' : 'a'}.n.${n}` }))
    const { storage } = subject
    assert.deepEqual(await storage.countSealedValues(), { 'key-a': 2, 'key-b': 1, 'key-z': 1 })
    assert.deepEqual(await storage.listSealingKeyIds(), ['key-a', 'key-b', 'key-z'])
    const old = await storage.listGrantsToReseal('key-z', 10)
    assert.deepEqual(old.map(({ sessionId }) => sessionId).sort(), [idOf(1), idOf(2)])
    assert.equal((await storage.listGrantsToReseal('key-z', 1)).length, 1)
    assert.equal((await storage.listGrantsSealedUnder('key-a', 10)).length, 2)
    assert.equal(await storage.countGrantsSealedUnder('key-a'), 2)
    assert.equal(await storage.countGrantsSealedUnder('key-unknown'), 0)
    const resealed = await storage.atomically(async (transaction) => [
      await transaction.resealSessionGrant(idOf(1), 'v1.key-a.n.1', 'v1.key-z.n.1'),
      await transaction.resealSessionGrant(idOf(2), 'v1.key-a.n.other', 'v1.key-z.n.2'),
      await transaction.resealSessionGrant('ses_absent', 'v1.key-a.n.1', 'v1.key-z.n.1'),
    ])
    assert.deepEqual(resealed, [true, false, false])
    assert.deepEqual(await storage.countSealedValues(), { 'key-a': 1, 'key-b': 1, 'key-z': 2 })
  })

  it('leave a memory of an end, until the session would have ended anyway', async () => {
    const { storage } = subject
    const end = { tokenHash: 'hash-1', reason: 'sign_in_again', until: at(50) } as const
    await storage.atomically(async (transaction) => {
      await transaction.rememberSessionEnd({ ...end, until: at(40) })
      await transaction.rememberSessionEnd({ ...end, connectionId: 'default' })
    })
    const found = { ...end, connectionId: 'default' }
    assert.deepEqual(await storage.findSessionEnd('hash-1', at(49)), found)
    assert.equal(await storage.findSessionEnd('hash-1', at(50)), undefined)
    assert.equal(await storage.findSessionEnd('hash-2', at(1)), undefined)
    await storage.sweep(at(50), { tracesBefore: at(0) })
    assert.equal(await storage.findSessionEnd('hash-1', at(49)), undefined)
  })
}

function describeLeases(subject: Subject): void {
  const lease = (leaseId: string, more: { now?: Date; limit?: number } = {}) => {
    const { now = at(200), limit = 10 } = more
    return subject.storage.leaseSessionGrants({ leaseId, now, limit, until: at(300) })
  }
  const idsOf = (grants: readonly SessionGrant[]) => grants.map(({ sessionId }) => sessionId)

  it('are given for what is due, the longest waiting first', async () => {
    await putGrants(subject, 4, (n) => ({ nextCheckAt: at(n === 4 ? 201 : 200 - n) }))
    assert.deepEqual(idsOf(await lease('a', { limit: 2 })), [idOf(3), idOf(2)])
    assert.deepEqual(idsOf(await lease('b')), [idOf(1)])
    assert.deepEqual(await lease('c'), [])
    const { storage } = subject
    const later = { leaseId: 'd', now: at(300), until: at(400), limit: 10 }
    assert.equal((await storage.leaseSessionGrants({ ...later, except: ['default'] })).length, 0)
    const leased = await storage.leaseSessionGrants({ ...later, sessionId: idOf(2) })
    assert.deepEqual(idsOf(leased), [idOf(2)])
    assert.equal((await storage.leaseSessionGrants(later)).length, 3, 'leases end by themselves')
  })

  it('are given once, of twenty callers on two replicas', async () => {
    await putGrants(subject, 30)
    const other = await subject.openAnother()
    const leases = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? other : subject.storage).leaseSessionGrants({
          leaseId: `lease-${n}`,
          now: at(200),
          until: at(300),
          limit: 7,
        }),
      ),
    )
    const ids = leases.flatMap(idsOf)
    assert.equal(new Set(ids).size, ids.length)
    const rest = await lease('rest', { limit: 100 })
    assert.equal(ids.length + rest.length, 30)
  })

  it('are given back by who holds them, with what the check came to', async () => {
    await putGrants(subject, 1)
    const { storage } = subject
    await lease('mine')
    const outcome = { nextCheckAt: at(500), failures: 0, lastCheckedAt: at(210) }
    const settle = (leaseId: string, more = {}) =>
      storage.atomically((transaction) =>
        transaction.settleSessionGrant(idOf(1), leaseId, { ...outcome, ...more }),
      )
    assert.equal(await settle('other'), false)
    assert.deepEqual(await storage.findSessionGrant(idOf(1)), newGrant(1))
    assert.equal(await settle('mine', { sealed: 'v1.key-c.n.new' }), true)
    assert.equal(await settle('mine'), false, 'given back already')
    assert.deepEqual(
      await storage.findSessionGrant(idOf(1)),
      newGrant(1, { ...outcome, sealed: 'v1.key-c.n.new' }),
    )
    assert.deepEqual(await storage.listSealingKeyIds(), ['key-b', 'key-c'])
    await storage.leaseSessionGrants({ leaseId: 'x', now: at(500), until: at(600), limit: 1 })
    const failed = { nextCheckAt: at(700), failures: 2, lastFailure: 'provider_timeout' }
    const settled = await storage.atomically((transaction) =>
      transaction.settleSessionGrant(idOf(1), 'x', failed),
    )
    assert.equal(settled, true)
    const after = await storage.findSessionGrant(idOf(1))
    assert.deepEqual([after?.failures, after?.lastFailure], [2, 'provider_timeout'])
    assert.deepEqual(after?.lastCheckedAt, at(210))
    await storage.atomically((transaction) => transaction.removeSessionGrant(idOf(1)))
    assert.equal(await storage.findSessionGrant(idOf(1)), undefined)
  })
}

function describeUses(subject: Subject): void {
  const through = { organizationId: 'default', connectionId: 'default' } as const
  const fingerprint = 'directory-1'

  it('is known: who never came, and which administrator did', async () => {
    const { storage } = subject
    await storage.atomically(async (transaction) => {
      for (const n of [1, 2, 3, 4]) await createPerson(transaction, n)
      await transaction.putConnection(newConnection({ id: 'con_2' }))
      await transaction.setUserStatus('usr_0004', 'disabled', at(5))
      const use = { connectionId: 'default', fingerprint }
      await transaction.writeAll([
        { write: 'note_connection_use', id: 'mem_0001', use: { ...use, at: at(10) } },
      ])
      await transaction.writeAll([
        { write: 'note_connection_use', id: 'mem_0001', use: { ...use, at: at(20) } },
      ])
      await transaction.writeAll([
        {
          write: 'note_connection_use',
          id: 'mem_0002',
          use: { ...use, connectionId: 'con_2', at: at(9) },
        },
      ])
    })
    const { items } = await storage.listMembersWithoutUse(through, { limit: 10 })
    const found = items.map(({ membership, identities }) => [membership.id, identities.length])
    assert.deepEqual(found, [
      ['mem_0003', 1],
      ['mem_0002', 1],
    ])
    assert.equal(await storage.countMembersWithoutUse(through), 2)
    const page = await storage.listMembersWithoutUse(through, { limit: 1 })
    const next = await storage.listMembersWithoutUse(through, { limit: 1, after: page.next ?? '' })
    assert.deepEqual(
      next.items.map(({ membership }) => membership.id),
      ['mem_0002'],
    )
    const others = { ...through, organizationId: 'org_b' } as const
    assert.equal(await storage.countMembersWithoutUse(others), 0)

    const find = (of = fingerprint) => storage.findAdministratorUse({ ...through, fingerprint: of })
    assert.equal(await find(), undefined)
    await storage.atomically(async (transaction) => {
      await transaction.giveRole('mem_0001', 'organization_admin')
      await transaction.giveRole('mem_0003', 'organization_admin')
    })
    const membership = { ...newMembership(1), username: 'person-0001' }
    assert.deepEqual(await find(), { membership, at: at(20) })
    assert.equal(await find('another directory'), undefined)
    await storage.atomically((transaction) =>
      transaction.setMembershipStatus('mem_0001', 'disabled'),
    )
    assert.equal(await find(), undefined)
  })

  it('ends the sessions of the other connections of one organization, and remembers why', async () => {
    const { storage } = subject
    await storage.atomically(async (transaction) => {
      await transaction.putOrganization(newOrganization('org_b'))
      await transaction.putConnection(newConnection({ id: 'con_2' }))
      for (const n of [1, 2, 3]) await createPerson(transaction, n)
      const ends = { idleEndsAt: at(900), absoluteEndsAt: at(900) }
      await transaction.createSession(newSession(1, ends))
      await transaction.createSession(newSession(2, { ...ends, connectionId: 'con_2' }))
      const elsewhere = { connectionId: 'con_2', organizationId: 'org_b' } as const
      await transaction.createSession(newSession(3, { ...ends, ...elsewhere }))
    })
    assert.equal(await storage.countSessionsOfOthers('default', 'default', at(1)), 1)
    assert.equal(await storage.countSessionsOfOthers('default', 'default', at(900)), 0)
    const end = { reason: 'sso_session_ended', until: at(800) } as const
    const ended = await storage.atomically((transaction) =>
      transaction.endSessionsOfOthers('default', 'default', end),
    )
    assert.equal(ended, 1)
    assert.equal(await storage.findSessionById(idOf(2)), undefined)
    assert.equal((await storage.findSessionById(idOf(1)))?.id, idOf(1))
    assert.equal((await storage.findSessionById(idOf(3)))?.id, idOf(3))
    assert.deepEqual(await storage.findSessionEnd('hash-0002', at(1)), {
      ...end,
      tokenHash: 'hash-0002',
      connectionId: 'default',
    })
  })
}
