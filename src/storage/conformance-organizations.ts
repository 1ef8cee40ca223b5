import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, newConnection, newIdentity, newOrganization, newUser } from './conformance-samples.ts'

export function describeOrganizations(subject: Subject): void {
  describe('organizations and connections', () => {
    it('come back exactly as they were put', async () => {
      assert.deepEqual(await subject.storage.findOrganization('default'), newOrganization())
      assert.deepEqual(await subject.storage.findConnection('default'), newConnection())
      assert.equal(await subject.storage.findOrganization('org_absent'), undefined)
      assert.equal(await subject.storage.findConnection('absent'), undefined)
    })

    it('are replaced by id', async () => {
      const organization = { ...newOrganization(), name: 'Other', settings: {} }
      const connection = newConnection({
        tenants: { kind: 'allow_list', tenantIds: ['a', 'b'] },
        credentials: [],
        status: 'off',
        updatedAt: at(99),
      })
      await subject.storage.atomically(async (transaction) => {
        await transaction.putOrganization(organization)
        await transaction.putConnection(connection)
      })
      assert.deepEqual(await subject.storage.findOrganization('default'), organization)
      assert.deepEqual(await subject.storage.listConnections(), [connection])
    })

    it('know under which keys their secrets are sealed', async () => {
      const sealed = { id: 'x', kind: 'certificate', state: 'retired', createdAt: at(0) } as const
      const second = newConnection({
        id: 'second',
        credentials: [
          { ...sealed, sealed: 'v1.key-a.n.c' },
          { ...sealed, sealed: 'v1.key-b.n.c' },
        ],
      })
      await subject.storage.atomically((transaction) => transaction.putConnection(second))
      assert.deepEqual(await subject.storage.listSealingKeyIds(), ['key-a', 'key-b'])
      assert.deepEqual(await subject.storage.countSealedValues(), { 'key-a': 1, 'key-b': 2 })
    })

    it('know the tenants of the identities that were linked through a connection', async () => {
      await subject.storage.atomically(async (transaction) => {
        await transaction.createUser(newUser(1))
        await transaction.linkIdentity(newIdentity(1, { tid: 'T-2' }))
        await transaction.linkIdentity(newIdentity(2, { userId: newUser(1).id, tid: 't-2' }))
        await transaction.linkIdentity(newIdentity(3, { userId: newUser(1).id, tid: 't-1' }))
        const { connectionId: _, ...beforehand } = newIdentity(4, { userId: newUser(1).id })
        await transaction.linkIdentity(beforehand)
      })
      assert.deepEqual(await subject.storage.listLinkedTenants('default'), ['t-1', 't-2'])
      assert.deepEqual(await subject.storage.listLinkedTenants('other'), [])
    })
  })
}
