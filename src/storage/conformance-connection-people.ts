import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newIdentity,
  newMembership,
  newOrganization,
  newSession,
} from './conformance-samples.ts'
import type { MembershipId, RoleAssignment } from './records.ts'
import type { StorageTransaction } from './storage.ts'

const connection = newConnection()
const other = newConnection({ id: 'con_other', slug: 'con_other' })
const assignments: readonly RoleAssignment[] = [
  { role: 'admin', source: 'manual' },
  { role: 'admin', source: 'rule:1' },
  { role: 'reader', source: 'default' },
  { role: 'writer', source: 'rule:2' },
]

/** Tests the roles and live sessions of a connection's users. */
export function describeConnectionPeople(subject: Subject): void {
  describe('roles of the people of a connection', () => describeRoles(subject))
  describe('live sessions of a connection', () => describeSessions(subject))
}

/** Persons 1 and 2 signed in through the first connection, 3 through the other, and for 4 it is unknown. */
async function putPeople(transaction: StorageTransaction): Promise<void> {
  await transaction.putConnection(other)
  await transaction.putOrganization(newOrganization('org_b'))
  for (const n of [1, 2, 3, 4]) {
    await createPerson(transaction, n)
    await transaction.writeAll([
      { write: 'replace_rule_roles', id: membershipId(n), roles: assignments },
    ])
  }
  await putSnapshot(transaction, 1, connection.id)
  await putSnapshot(transaction, 2, connection.id)
  await putSnapshot(transaction, 3, other.id)
}

function membershipId(n: number): MembershipId {
  return newMembership(n).id
}

async function putSnapshot(
  transaction: StorageTransaction,
  n: number,
  connectionId: string,
): Promise<void> {
  const known = { groups: [], appRoles: [], complete: true, takenAt: at(n) }
  const snapshot = { ...known, source: 'claim', connectionId } as const
  await transaction.putGroupSnapshot(membershipId(n), snapshot)
}

function describeRoles(subject: Subject): void {
  const roles = (n: number) => subject.storage.listRoles(membershipId(n))
  const without = (source: string) =>
    assignments.filter((assignment) => assignment.source !== source)

  it('of a rule are removed from all its members, and nothing else is removed (S1)', async () => {
    const gone = await subject.storage.atomically(async (transaction) => {
      await putPeople(transaction)
      return [
        await transaction.removeRolesOfRules({ ...connection, organizationId: 'org_b' }, ['1']),
        await transaction.removeRolesOfRules(connection, ['1', 'unknown']),
        await transaction.removeRolesOfRules(connection, []),
      ]
    })
    assert.deepEqual(gone, [0, 3, 0])
    assert.deepEqual(await roles(1), without('rule:1'))
    assert.deepEqual(await roles(2), without('rule:1'))
    assert.deepEqual(await roles(3), assignments, 'another connection has a rule of the same id')
    assert.deepEqual(await roles(4), without('rule:1'))
  })

  it('by default become another one, or none (S10)', async () => {
    await subject.storage.atomically(putPeople)
    const replace = (role: string | undefined) =>
      subject.storage.atomically((transaction) => transaction.replaceDefaultRole(connection, role))
    assert.equal(await replace('guest'), 3)
    assert.equal(await replace('guest'), 0)
    assert.deepEqual(await roles(1), [
      { role: 'admin', source: 'manual' },
      { role: 'admin', source: 'rule:1' },
      { role: 'guest', source: 'default' },
      { role: 'writer', source: 'rule:2' },
    ])
    assert.equal(await replace(undefined), 3)
    assert.deepEqual(await roles(1), without('default'))
    assert.deepEqual(await roles(3), assignments)
  })
}

function describeSessions(subject: Subject): void {
  it('come with what is known of each person', async () => {
    await subject.storage.atomically(async (transaction) => {
      await putPeople(transaction)
      await transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: membershipId(2),
          roles: [{ role: 'a', source: 'default' }],
        },
      ])
      for (const n of [1, 2, 3]) await transaction.createSession(newSession(n))
      await transaction.createSession(newSession(4, { connectionId: other.id }))
    })
    const ids = await subject.storage.listSessionIdsOf(connection.id)
    assert.deepEqual(ids.toSorted(), ['ses_0001', 'ses_0002', 'ses_0003'])
    const people = (await subject.storage.listSessionPeople(ids)).toSorted((a, b) =>
      a.sessionId < b.sessionId ? -1 : 1,
    )
    const { key, lastClaims, connectionId = '' } = newIdentity(1)
    assert.deepEqual(people[0], {
      sessionId: 'ses_0001',
      identity: { key, lastClaims, connectionId },
      profile: newMembership(1).profile,
      rolesFrom: connection.id,
      matchesRule: true,
    })
    assert.deepEqual(
      people.map(({ rolesFrom, matchesRule }) => [rolesFrom, matchesRule]),
      [
        [connection.id, true],
        [connection.id, false],
        [other.id, true],
      ],
    )
    assert.deepEqual(await subject.storage.listSessionPeople([]), [])
  })

  it('are all seen by who narrows the connection, or their sign-in sees the change (S2)', async () => {
    const { storage } = subject
    await storage.atomically(putPeople)
    const hasRead = Promise.withResolvers<void>()
    const isNarrowed = Promise.withResolvers<void>()
    const signIn = storage.atomically(async (transaction) => {
      const found = await transaction.findConnection(connection.id)
      hasRead.resolve()
      // If transactions take turns, the other one waits for this one.
      await Promise.race([isNarrowed.promise, pause(300)])
      if (found?.status === 'on') await transaction.createSession(newSession(1))
    })
    await hasRead.promise
    await storage.atomically(async (transaction) => {
      await transaction.putConnection({ ...connection, status: 'off' })
      const ids = await transaction.listSessionIdsOf(connection.id)
      await transaction.endSessionsFor(ids, { reason: 'access_changed' })
    })
    isNarrowed.resolve()
    await signIn
    assert.deepEqual(await storage.listSessionIdsOf(connection.id), [])
  })

  it('end together, and each end is remembered for as long as the session would have lasted', async () => {
    await subject.storage.atomically(async (transaction) => {
      await putPeople(transaction)
      for (const n of [1, 2, 3]) await transaction.createSession(newSession(n))
    })
    const end = { reason: 'access_changed', connectionId: connection.id } as const
    const endThem = (ids: readonly `ses_${string}`[]) =>
      subject.storage.atomically((transaction) => transaction.endSessionsFor(ids, end))
    assert.equal(await endThem([]), 0)
    assert.equal(await endThem(['ses_0001', 'ses_0003', 'ses_9999']), 2)
    assert.equal(await endThem(['ses_0001']), 0)
    assert.equal(await subject.storage.findSessionById('ses_0001'), undefined)
    assert.notEqual(await subject.storage.findSessionById('ses_0002'), undefined)
    const { tokenHash, absoluteEndsAt } = newSession(1)
    const remembered = await subject.storage.findSessionEnd(tokenHash, at(0))
    assert.deepEqual(remembered, { tokenHash, until: absoluteEndsAt, ...end })
    assert.equal(await subject.storage.findSessionEnd(newSession(2).tokenHash, at(0)), undefined)
  })
}
