import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, createPerson, newConnection, newIdentity, newTrace } from './conformance-samples.ts'
import type { ConnectionHealth, ConnectionResults, SignInCount } from './records.ts'
import type { ConnectionFilter, TraceFilter } from './storage.ts'

const DAY = '2026-11-22'

/** Tests the health of connections, counts of sign-ins, and sign-in traces of a person. */
export function describeHealth(subject: Subject): void {
  describe('addConnectionResults', () => {
    describeRuns(subject)
    describeSignInCounts(subject)
  })
  describe('connections that need attention', () => describeNeeds(subject))
  describe('sign-in traces of a person', () => {
    describePersonTraces(subject)
    describeForgetting(subject)
  })
}

function describeRuns(subject: Subject): void {
  const healthOf = async (id: string) =>
    (await subject.storage.findConnectionHealth([id, 'absent'])).get(id)
  const add = (health: ConnectionHealth) =>
    subject.storage.addConnectionResults([{ connectionId: 'default', counts: [], health }])

  it('keeps the run of failures, from its first to its last', async () => {
    assert.equal(await healthOf('default'), undefined)
    await add(failures(1, 2, 2))
    await add(failures(5, 9, 3))
    assert.deepEqual(await healthOf('default'), {
      failuresInARow: 5,
      failingSince: at(1),
      lastFailureAt: at(9),
      lastFailureCode: 'provider_timeout_9',
    })
  })

  it('ends the run with a success, and keeps what failed last', async () => {
    await add(failures(1, 2, 2))
    await add({ lastSuccessAt: at(3), failuresInARow: 0 })
    assert.deepEqual(await healthOf('default'), {
      failuresInARow: 0,
      lastSuccessAt: at(3),
      lastFailureAt: at(2),
      lastFailureCode: 'provider_timeout_2',
    })
  })

  it('does not continue a run that another replica reported late', async () => {
    await add({ lastSuccessAt: at(3), failuresInARow: 0 })
    await add(failures(1, 2, 2))
    const health = await healthOf('default')
    assert.equal(health?.failuresInARow, 0)
    assert.equal(health?.failingSince, undefined)
    assert.deepEqual(health?.lastFailureAt, at(2))
  })

  it('loses nothing of twenty replicas at once', async () => {
    const other = await subject.openAnother()
    const results: readonly ConnectionResults[] = ['b', 'a'].map((connectionId) => ({
      connectionId,
      counts: [{ day: DAY, outcome: 'failed', signIns: 2 }],
      health: failures(1, 2, 2),
    }))
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? subject.storage : other).addConnectionResults(results),
      ),
    )
    assert.equal((await healthOf('a'))?.failuresInARow, 40)
    const filter = { since: DAY, until: DAY }
    assert.deepEqual(await subject.storage.listSignInCounts(filter), [
      { day: DAY, outcome: 'failed', signIns: 80 },
    ])
  })
}

function describeSignInCounts(subject: Subject): void {
  const health = { failuresInARow: 0 }
  const result = (connectionId: string, ...counts: SignInCount[]): ConnectionResults => ({
    connectionId,
    counts,
    health,
  })
  const signedIn = (day: string, signIns: number): SignInCount => ({
    day,
    outcome: 'signed_in',
    signIns,
  })

  it('adds up by day and outcome, of some connections or of the whole deployment', async () => {
    const refused: SignInCount = { day: DAY, outcome: 'refused', signIns: 4 }
    await subject.storage.addConnectionResults([
      result('a', signedIn('2026-11-21', 1), signedIn(DAY, 2)),
      result('b', signedIn(DAY, 30), refused),
    ])
    await subject.storage.addConnectionResults([result('c', signedIn(DAY, 500))])
    const days = { since: '2026-11-21', until: DAY }
    assert.deepEqual(await subject.storage.listSignInCounts(days), [
      signedIn('2026-11-21', 1),
      refused,
      signedIn(DAY, 532),
    ])
    const ofSome = { ...days, connectionIds: ['a', 'b'] }
    assert.deepEqual(await subject.storage.listSignInCounts(ofSome), [
      signedIn('2026-11-21', 1),
      refused,
      signedIn(DAY, 32),
    ])
    const ofOneDay = { since: '2026-11-21', until: '2026-11-21' }
    assert.equal((await subject.storage.listSignInCounts(ofOneDay)).length, 1)
    assert.deepEqual(await subject.storage.listSignInCounts({ ...days, connectionIds: [] }), [])
  })

  it('is forgotten after four hundred days, and with its connection', async () => {
    await subject.storage.addConnectionResults([
      { ...result('gone', signedIn('2025-10-01', 1)), health: failures(1, 1, 1) },
      { ...result('default', signedIn(DAY, 1)), health: failures(1, 1, 1) },
    ])
    await subject.storage.sweep(at(0), { tracesBefore: at(0) })
    const known = await subject.storage.findConnectionHealth(['gone', 'default'])
    assert.deepEqual([...known.keys()], ['default'])
    const counts = await subject.storage.listSignInCounts({ since: '2025-01-01', until: DAY })
    assert.deepEqual(counts, [signedIn(DAY, 1)])
  })
}

function describeNeeds(subject: Subject): void {
  it('are counted and listed: those that fail, and those whose credentials end', async () => {
    const credentialsEndAt = (ms: number) => ({
      credentials: [
        {
          id: 'crd',
          kind: 'client_secret',
          state: 'active',
          createdAt: at(0),
          expiresAt: at(ms),
        },
      ] as const,
    })
    await subject.storage.atomically(async (transaction) => {
      const put = (id: string, more: Parameters<typeof newConnection>[0]) =>
        transaction.putConnection(newConnection({ id, slug: id, ...more }))
      await put('default', { ...credentialsEndAt(9_000), roleRules: [] })
      await put('con_off', { status: 'off', ...credentialsEndAt(100) })
      await put('con_draft', { status: 'draft', ...credentialsEndAt(9_000) })
      const { policies } = newConnection()
      const refusing = { ...policies, unmatched: { kind: 'refuse' } } as const
      await put('con_ends', { ...credentialsEndAt(100), roleRules: [], policies: refusing })
      await put('con_fails', {
        name: 'Fabrikam 100%',
        policies: refusing, // its rule is an exception to this policy
        ...credentialsEndAt(9_000),
      })
    })
    await subject.storage.addConnectionResults(
      ['con_fails', 'con_off'].map((connectionId) => ({
        connectionId,
        counts: [],
        health: failures(1, 2, 2),
      })),
    )
    const credentialsEndBefore = at(5_000)
    assert.deepEqual(await subject.storage.countConnections({ credentialsEndBefore }), {
      total: 5,
      on: 3,
      draft: 1,
      failing: 1,
      expiring: 1,
    })
    const elsewhere = { organizationId: 'org_2', credentialsEndBefore } as const
    assert.equal((await subject.storage.countConnections(elsewhere)).total, 0)
    const idsOf = async (filter: ConnectionFilter) =>
      (await subject.storage.listConnections(filter, { limit: 10 })).items.map(({ id }) => id)
    assert.deepEqual(await idsOf({ failing: true, status: 'on' }), ['con_fails'])
    assert.deepEqual(await idsOf({ withoutRoles: true }), ['con_ends'])
    assert.deepEqual(await idsOf({ search: 'KAM 100%' }), ['con_fails'])
    assert.deepEqual(await idsOf({ search: 'con_ends' }), ['con_ends'])
    assert.deepEqual((await idsOf({ search: 'contoso.example' })).length, 5)
    assert.deepEqual(await idsOf({ search: 'nothing' }), [])
  })
}

function describePersonTraces(subject: Subject): void {
  it('are found by user, object id, or the hash of a name', async () => {
    await subject.storage.atomically(async (transaction) => {
      await transaction.writeAll([
        { write: 'append_sign_in_trace', trace: newTrace(1, { userId: 'usr_1' }) },
      ])
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(2, { person: { subject: 'o-2', nameKey: 'n-2' } }),
        },
      ])
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(3, { person: { subject: 'o-3', emailKey: 'n-2' } }),
        },
      ])
      await transaction.writeAll([{ write: 'append_sign_in_trace', trace: newTrace(4) }])
    })
    const find = async (person: NonNullable<TraceFilter['person']>) =>
      (await subject.storage.listSignInTraces({ person }, { limit: 9 })).items
    const idsOf = async (person: Parameters<typeof find>[0]) =>
      (await find(person)).map(({ id }) => id)
    assert.deepEqual(await idsOf({ userIds: [], nameKeys: [] }), [])
    assert.deepEqual(await idsOf({ userIds: ['usr_1'], subject: 'o-2', nameKeys: [] }), [
      'trc_0002',
      'trc_0001',
    ])
    assert.deepEqual(await idsOf({ userIds: [], nameKeys: ['n-0', 'n-2'] }), [
      'trc_0003',
      'trc_0002',
    ])
    const [found] = await find({ userIds: [], subject: 'o-2', nameKeys: [] })
    assert.deepEqual(found?.person, { subject: 'o-2', nameKey: 'n-2' })
  })
}

function describeForgetting(subject: Subject): void {
  it('are not found by name any more once the person is removed', async () => {
    const nameKey = 'n-1'
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      const { subject: theirs } = newIdentity(1).key
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(1, { userId: 'usr_0001', person: { subject: 'x', nameKey } }),
        },
      ])
      // This trace is older than the user.
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(2, { person: { subject: theirs, emailKey: nameKey } }),
        },
      ])
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(3, { person: { subject: 'other', nameKey } }),
        },
      ])
      // Another provider's person may have the same subject.
      const elsewhere = { space: 'oidc', directory: 'https://id.example', subject: theirs } as const
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(4, { person: { ...elsewhere, nameKey } }),
        },
      ])
      await transaction.writeAll([
        {
          write: 'append_sign_in_trace',
          trace: newTrace(5, { person: { ...newIdentity(1).key, nameKey } }),
        },
      ])
    })
    await subject.storage.atomically((transaction) =>
      transaction.removeUser('usr_0001', {
        hashUsername: (_, username) => `hash of ${username}`,
        vouchForErasure: () => 'vouched',
      }),
    )
    const person = { userIds: [], nameKeys: [nameKey] }
    const { items } = await subject.storage.listSignInTraces({ person }, { limit: 9 })
    assert.deepEqual(
      items.map(({ id }) => id),
      ['trc_0004', 'trc_0003'],
    )
  })
}

function failures(from: number, to: number, failuresInARow: number): ConnectionHealth {
  return {
    failuresInARow,
    failingSince: at(from),
    lastFailureAt: at(to),
    lastFailureCode: `provider_timeout_${to}`,
  }
}
