import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newIdentity,
  newMembership,
  newOrganization,
  newSession,
  newTrace,
  newUser,
} from './conformance-samples.ts'
import type { Session } from './records.ts'
import type { SessionScope } from './session-scope.ts'
import type { Storage } from './storage.ts'

/** Tests how sessions are found, ended and removed. */
export function describeSessions(subject: Subject): void {
  describe('findSession', () => describeFinding(subject))
  describe('the end of sessions', () => describeEnding(subject))
  describe('sweep', () => describeSweep(subject))
}

function describeFinding(subject: Subject): void {
  it('answers everything that a request needs', async () => {
    const groups = {
      groups: ['g'],
      appRoles: [],
      complete: true,
      takenAt: at(1),
      source: 'claim' as const,
    }
    await createSessions(subject.storage, [newSession(1)])
    await subject.storage.atomically(async (transaction) => {
      await transaction.putGroupSnapshot('mem_0001', groups)
      await transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: 'mem_0001',
          roles: [
            { role: 'writer', source: 'rule:1' },
            { role: 'admin', source: 'rule:2' },
            { role: 'admin', source: 'default' },
          ],
        },
      ])
    })
    assert.deepEqual(await subject.storage.findSession('hash-0001', at(1)), {
      session: newSession(1),
      user: newUser(1),
      identity: newIdentity(1),
      organization: newOrganization(),
      membership: { ...newMembership(1), username: 'person-0001' },
      roles: ['admin', 'writer'],
      groups,
    })
    assert.equal(await subject.storage.findSession('HASH-0001', at(1)), undefined)
  })

  it("answers an operator's token session, which has no user", async () => {
    const session: Session = {
      id: 'ses_operator',
      kind: 'operator',
      tokenHash: 'hash-operator',
      host: 'h',
      createdAt: at(0),
      lastSeenAt: at(0),
      idleEndsAt: at(10),
      absoluteEndsAt: at(10),
    }
    await subject.storage.atomically((transaction) => transaction.createSession(session))
    assert.deepEqual(await subject.storage.findSession('hash-operator', at(9)), {
      session,
      roles: [],
    })
  })

  it('does not find a session after its idle or its absolute end', async () => {
    await createSessions(subject.storage, [
      newSession(1, { idleEndsAt: at(100), absoluteEndsAt: at(200) }),
      newSession(2, { idleEndsAt: at(200), absoluteEndsAt: at(100) }),
    ])
    for (const hash of ['hash-0001', 'hash-0002']) {
      assert.notEqual(await subject.storage.findSession(hash, at(99)), undefined)
      assert.equal(await subject.storage.findSession(hash, at(100)), undefined)
    }
  })

  it('does not find a session of a disabled user or membership', async () => {
    await createSessions(subject.storage, [newSession(1), newSession(2), newSession(3)])
    await subject.storage.atomically(async (transaction) => {
      await transaction.setUserStatus('usr_0001', 'disabled', at(5))
      await transaction.setMembershipStatus('mem_0002', 'disabled')
    })
    assert.equal(await subject.storage.findSession('hash-0001', at(6)), undefined)
    assert.equal(await subject.storage.findSession('hash-0002', at(6)), undefined)
    assert.notEqual(await subject.storage.findSession('hash-0003', at(6)), undefined)
  })

  it('lives on when it is touched, but never past its absolute end', async () => {
    await createSessions(subject.storage, [
      newSession(1, { idleEndsAt: at(100), absoluteEndsAt: at(300) }),
    ])
    const touch = (millis: number) =>
      subject.storage.touchSession('ses_0001', {
        lastSeenAt: at(50),
        idleEndsAt: at(millis),
      })
    await touch(150)
    const touched = await subject.storage.findSession('hash-0001', at(149))
    assert.deepEqual([touched?.session.lastSeenAt, touched?.session.idleEndsAt], [at(50), at(150)])
    await touch(900)
    assert.notEqual(await subject.storage.findSession('hash-0001', at(299)), undefined)
    assert.equal(await subject.storage.findSession('hash-0001', at(300)), undefined)
  })
}

function describeEnding(subject: Subject): void {
  it('lists the oldest live sessions of a user beyond a number, and no others (A10)', async () => {
    const own = (number: number, createdAt: number, more = {}) =>
      newSession(number, {
        userId: 'usr_0001',
        identityId: 'idn_0001',
        createdAt: at(createdAt),
        ...more,
      })
    await createSessions(subject.storage, [
      newSession(1, { createdAt: at(30) }),
      newSession(2, { createdAt: at(1) }),
    ])
    await subject.storage.atomically(async (transaction) => {
      await transaction.createSession(own(3, 20))
      await transaction.createSession(own(4, 10))
      await transaction.createSession(own(5, 10))
      await transaction.createSession(own(6, 40, { idleEndsAt: at(50), absoluteEndsAt: at(50) }))
    })
    const beyond = async (keep: number) => {
      const sessions = await subject.storage.listSessionsBeyond('usr_0001', keep, at(60))
      return sessions.map(({ id }) => id)
    }
    assert.deepEqual(await beyond(4), [])
    assert.deepEqual(await beyond(3), ['ses_0004'])
    assert.deepEqual(await beyond(1), ['ses_0003', 'ses_0005', 'ses_0004'])
    assert.equal((await beyond(0)).length, 4)
  })

  it('ends every session of a user, connection, organization or of the deployment, and counts them (O23)', async () => {
    const sessions = [1, 2, 3, 4].map((number) => newSession(number))
    const createAgain = () =>
      subject.storage.atomically(async (transaction) => {
        for (const session of sessions) await transaction.createSession(session)
      })
    await createSessions(subject.storage, sessions)
    const end = (scope: SessionScope) =>
      subject.storage.atomically((transaction) => transaction.endSessionsIn(scope))
    assert.equal(await end({ of: 'connection', id: 'con_unknown' }), 0)
    assert.equal(await end({ of: 'organization', id: 'org_unknown' }), 0)
    assert.equal(await end({ of: 'user', id: 'usr_0001', organizationId: 'org_unknown' }), 0)
    assert.equal(await end({ of: 'user', id: 'usr_0001' }), 1)
    const { organizationId, connectionId } = newSession(2)
    assert.ok(organizationId && connectionId)
    assert.equal(await end({ of: 'organization', id: organizationId }), 3)
    await createAgain()
    assert.equal(await end({ of: 'connection', id: connectionId }), 4)
    await createAgain()
    assert.equal(await end({ of: 'deployment' }), 4)
  })

  it('ends one session, and answers it', async () => {
    await createSessions(subject.storage, [newSession(1), newSession(2)])
    const end = () =>
      subject.storage.atomically((transaction) => transaction.endSession('ses_0001'))
    assert.deepEqual([await end(), await end()], [newSession(1), undefined])
    assert.deepEqual(await listIds(subject.storage), ['ses_0002'])
  })

  it('ends the session of a token, and answers it', async () => {
    await createSessions(subject.storage, [newSession(1)])
    const end = () =>
      subject.storage.atomically((transaction) => transaction.endSessionByTokenHash('hash-0001'))
    assert.deepEqual([await end(), await end()], [newSession(1), undefined])
  })

  it('ends all sessions of a user, or those in one organization', async () => {
    await createSessions(subject.storage, [newSession(1), newSession(2)])
    await subject.storage.atomically(async (transaction) => {
      await transaction.putOrganization(newOrganization('org_b'))
      const elsewhere = { userId: newUser(1).id, identityId: newIdentity(1).id } as const
      await transaction.createSession(newSession(3, { ...elsewhere, organizationId: 'org_b' }))
      await transaction.createSession(newSession(4, elsewhere))
    })
    const inOne = await subject.storage.atomically((transaction) =>
      transaction.endSessionsOfUser('usr_0001', 'default'),
    )
    assert.equal(inOne, 2)
    assert.deepEqual(await listIds(subject.storage), ['ses_0003', 'ses_0002'])
    const everywhere = await subject.storage.atomically((transaction) =>
      transaction.endSessionsOfUser('usr_0001'),
    )
    assert.equal(everywhere, 1)
  })

  it('ends sessions of exactly this connection and exactly this Entra sid', async () => {
    await subject.storage.atomically((transaction) =>
      transaction.putConnection(newConnection({ id: 'other' })),
    )
    const { entraSid: _, ...withoutSid } = newSession(5)
    await createSessions(subject.storage, [
      newSession(1, { entraSid: 'sid' }),
      newSession(2, { entraSid: 'sid' }),
      newSession(3, { entraSid: 'SID' }),
      newSession(4, { entraSid: 'sid', connectionId: 'other' }),
      withoutSid,
    ])
    const ended = await subject.storage.atomically((transaction) =>
      transaction.endSessionsByEntraSid('default', 'sid'),
    )
    assert.deepEqual(ended.map((session) => session.id).sort(), ['ses_0001', 'ses_0002'])
    assert.deepEqual(await listIds(subject.storage), ['ses_0005', 'ses_0004', 'ses_0003'])
  })

  it('lists live sessions only, by user and organization, in pages', async () => {
    await createSessions(subject.storage, [
      newSession(1, { createdAt: at(7) }),
      newSession(2, { createdAt: at(7) }),
      newSession(3, { createdAt: at(7), idleEndsAt: at(8) }),
    ])
    const first = await subject.storage.listSessions({}, { limit: 1 }, at(8))
    assert.deepEqual(first.items, [newSession(2, { createdAt: at(7) })])
    const page = { limit: 1, after: first.next ?? '' }
    const second = await subject.storage.listSessions({}, page, at(8))
    assert.deepEqual(second, { items: [newSession(1, { createdAt: at(7) })] })
    const filters = [{ userId: 'usr_0002' }, { organizationId: 'org_b' }] as const
    const [ofUser, ofOrganization] = await Promise.all(
      filters.map((filter) => subject.storage.listSessions(filter, { limit: 9 }, at(8))),
    )
    assert.deepEqual([ofUser?.items.length, ofOrganization?.items.length], [1, 0])
  })
}

function describeSweep(subject: Subject): void {
  it('removes what has ended and traces that are old, and nothing else', async () => {
    await createSessions(subject.storage, [newSession(1, { idleEndsAt: at(100) }), newSession(2)])
    await subject.storage.claimAttempt('old', at(100))
    await subject.storage.claimAttempt('young', at(101))
    await subject.storage.atomically(async (transaction) => {
      await transaction.writeAll([{ write: 'append_sign_in_trace', trace: newTrace(49) }])
      await transaction.writeAll([{ write: 'append_sign_in_trace', trace: newTrace(50) }])
    })
    const sweep = () => subject.storage.sweep(at(100), { tracesBefore: at(50) })
    assert.deepEqual([await sweep(), await sweep()], [3, 0])

    assert.deepEqual(await listIds(subject.storage), ['ses_0002'])
    const traces = await subject.storage.listSignInTraces({}, { limit: 9 })
    assert.deepEqual(traces.items, [newTrace(50)])
    await assert.rejects(subject.storage.claimAttempt('young', at(101)), {
      code: 'attempt_already_used',
    })
  })
}

/** Creates the sessions with their users: a session has the number of its user. */
async function createSessions(storage: Storage, sessions: readonly Session[]): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (const session of sessions) {
      await createPerson(transaction, Number(session.id.slice('ses_'.length)))
      await transaction.createSession(session)
    }
  })
}

async function listIds(storage: Storage): Promise<readonly string[]> {
  const { items } = await storage.listSessions({}, { limit: 50 }, at(0))
  return items.map((session) => session.id)
}
