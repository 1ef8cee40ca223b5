import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, newConnection } from './conformance-samples.ts'
import type { Connection, SetupLink, TestResultRecord } from './records.ts'

/** Tests set-up links and results of test sign-ins. */
export function describeSetup(subject: Subject): void {
  const put = (...links: readonly SetupLink[]) =>
    subject.storage.atomically(async (transaction) => {
      for (const link of links) await transaction.putSetupLink(link)
    })

  describe('set-up links', () => {
    it('come back exactly as they were put, by id and by the hash of their token', async () => {
      const opened = newSetupLink(1, {
        sessionHash: 'session-1',
        openedAt: at(7),
        progress: { candidateTenant: 'tenant-1', lastTest: 'tst_1' },
        closed: { at: at(9), as: 'withdrawn' },
      })
      await put(newSetupLink(2), opened)
      assert.deepEqual(await subject.storage.findSetupLink('sul_1'), opened)
      assert.deepEqual(await subject.storage.findSetupLinkByTokenHash('token-2'), newSetupLink(2))
      assert.equal(await subject.storage.findSetupLink('sul_3'), undefined)
      assert.equal(await subject.storage.findSetupLinkByTokenHash('TOKEN-2'), undefined)
    })

    it('are replaced by id', async () => {
      await put(newSetupLink(1))
      const later = newSetupLink(1, { sessionHash: 'session-2', openedAt: at(20) })
      await put(later)
      assert.deepEqual(await subject.storage.listSetupLinks('default', 10), [later])
    })

    it('are listed for one connection, newest first, so many of them', async () => {
      await subject.storage.atomically((transaction) =>
        transaction.putConnection(newConnection({ id: 'con_2', slug: 'other' })),
      )
      await put(
        ...[1, 2, 3].map((n) => newSetupLink(n)),
        newSetupLink(4, { connectionId: 'con_2' }),
      )
      const listed = await subject.storage.listSetupLinks('default', 2)
      assert.deepEqual(
        listed.map(({ id }) => id),
        ['sul_3', 'sul_2'],
      )
    })

    it('never share a token', async () => {
      await put(newSetupLink(1))
      await assert.rejects(put(newSetupLink(2, { tokenHash: 'token-1' })))
    })

    it('are removed when they ended before what is kept', async () => {
      await put(newSetupLink(1, { endsAt: at(50) }), newSetupLink(2, { endsAt: at(150) }))
      await subject.storage.sweep(at(1000), { tracesBefore: at(100) })
      assert.equal(await subject.storage.findSetupLink('sul_1'), undefined)
      assert.notEqual(await subject.storage.findSetupLink('sul_2'), undefined)
    })
  })

  describe('results of tests', () => {
    it('are found until they end, and removed afterwards', async () => {
      const result = newTestResult({ endsAt: at(100) })
      await subject.storage.atomically((transaction) => transaction.createTestResult(result))
      assert.deepEqual(await subject.storage.findTestResult('tst_1', at(99)), result)
      assert.equal(await subject.storage.findTestResult('tst_1', at(100)), undefined)
      assert.equal(await subject.storage.findTestResult('tst_2', at(0)), undefined)
      assert.equal(await subject.storage.sweep(at(100), { tracesBefore: at(0) }), 1)
      assert.equal(await subject.storage.findTestResult('tst_1', at(0)), undefined)
    })
  })

  describe('connections of the shared application', () => {
    it('are found by a tenant that they admit, in its cloud, while they are on', async () => {
      const shared = (id: string, own: Partial<Connection>) =>
        newConnection({ id, slug: id, application: 'shared', status: 'on', ...own })
      const pinned = { kind: 'pinned', tenant: 'contoso.example', tenantId: 't-1' } as const
      await subject.storage.atomically(async (transaction) => {
        await transaction.putConnection(shared('con_1', { tenants: pinned }))
        const tenantIds = ['t-2', 't-1']
        await transaction.putConnection(
          shared('con_2', { tenants: { kind: 'allow_list', tenantIds } }),
        )
        await transaction.putConnection(shared('con_3', { tenants: pinned, status: 'draft' }))
        await transaction.putConnection(shared('con_4', { tenants: pinned, application: 'own' }))
        await transaction.putConnection(shared('con_5', { tenants: pinned, cloud: 'china' }))
      })
      const { cloud } = newConnection()
      assert.deepEqual(await subject.storage.listSharedConnectionsOf(cloud, 't-1'), [
        'con_1',
        'con_2',
      ])
      assert.deepEqual(await subject.storage.listSharedConnectionsOf(cloud, 't-2'), ['con_2'])
      assert.deepEqual(await subject.storage.listSharedConnectionsOf(cloud, 't'), [])
    })
  })
}

function newSetupLink(n: number, overrides: Partial<SetupLink> = {}): SetupLink {
  return {
    id: `sul_${n}`,
    connectionId: 'default',
    kind: 'setup',
    tokenHash: `token-${n}`,
    progress: {},
    createdAt: at(n),
    endsAt: at(1_000_000),
    ...overrides,
  }
}

function newTestResult(overrides: Partial<TestResultRecord> = {}): TestResultRecord {
  return {
    id: 'tst_1',
    connectionId: 'default',
    holder: 'setup:sul_1:hash',
    sealed: 'v1.key.nonce.text',
    endsAt: at(3_600_000),
    ...overrides,
  }
}
