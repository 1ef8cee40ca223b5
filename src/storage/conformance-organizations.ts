import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  newConnection,
  newIdentity,
  newKey,
  newOrganization,
  newUser,
} from './conformance-samples.ts'
import type { ConnectionFilter, PageRequest } from './storage.ts'

/** Tests organizations and connections. */
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
      const { items } = await subject.storage.listConnections({}, { limit: 50 })
      assert.deepEqual(items, [connection])
    })

    it('are found by their slug, in any letter case', async () => {
      const second = newConnection({ id: 'con_2', slug: 'fabrikam' })
      await subject.storage.atomically((transaction) => transaction.putConnection(second))
      assert.deepEqual(await subject.storage.findConnectionBySlug('Fabrikam'), second)
      assert.deepEqual(await subject.storage.findOrganizationBySlug('DEFAULT'), newOrganization())
      assert.equal(await subject.storage.findConnectionBySlug('absent'), undefined)
      assert.equal(await subject.storage.findOrganizationBySlug('absent'), undefined)
    })

    it('do not take a slug that another one has (B28)', async () => {
      const organization = { ...newOrganization('org_2'), slug: 'default' }
      const connection = newConnection({ id: 'con_2', slug: 'default' })
      await assert.rejects(
        subject.storage.atomically((transaction) => transaction.putOrganization(organization)),
        { code: 'slug_in_use' },
      )
      await assert.rejects(
        subject.storage.atomically((transaction) => transaction.putConnection(connection)),
        { code: 'slug_in_use' },
      )
    })

    it('come in pages, newest first, and by what is asked for', async () => {
      await subject.storage.atomically(async (transaction) => {
        await transaction.putOrganization({ ...newOrganization('org_2'), name: '100% Fabrikam' })
        for (const n of [1, 2, 3]) {
          const id = `con_${n}`
          const organizationId = n === 3 ? 'default' : 'org_2'
          const status = n === 2 ? 'draft' : 'on'
          const active = { id: `crd_${n}`, kind: 'client_secret', state: 'active' } as const
          const credentials = [{ ...active, createdAt: at(0), expiresAt: at(1000 * n) }]
          const createdAt = at(10 + n)
          const own = { id, slug: id, organizationId, status, credentials, createdAt } as const
          await transaction.putConnection(newConnection(own))
        }
      })
      const idsOf = async (filter: ConnectionFilter, page: PageRequest = { limit: 10 }) =>
        (await subject.storage.listConnections(filter, page)).items.map(({ id }) => id)
      assert.deepEqual(await idsOf({}), ['con_3', 'con_2', 'con_1', 'default'])
      assert.deepEqual(await idsOf({ organizationId: 'org_2' }), ['con_2', 'con_1'])
      assert.deepEqual(await idsOf({ status: 'draft' }), ['con_2'])
      assert.deepEqual(await idsOf({ credentialsEndBefore: at(2500) }), [
        'con_2',
        'con_1',
        'default',
      ])
      const first = await subject.storage.listConnections({}, { limit: 3 })
      assert.deepEqual(await idsOf({}, { limit: 3, after: first.next ?? '' }), ['default'])
      assert.deepEqual(await subject.storage.listConnectionIds(), [
        'con_1',
        'con_2',
        'con_3',
        'default',
      ])
      const found = await subject.storage.listOrganizations({ limit: 10, search: '00% fab' })
      assert.deepEqual(
        found.items.map(({ id }) => id),
        ['org_2'],
      )
    })

    it('know under which keys their secrets are sealed', async () => {
      const sealed = { id: 'x', kind: 'certificate', state: 'retired', createdAt: at(0) } as const
      const second = newConnection({
        id: 'second',
        slug: 'second',
        credentials: [
          { ...sealed, sealed: 'v1.key-a.n.c' },
          { ...sealed, sealed: 'v1.key-b.n.c' },
        ],
      })
      await subject.storage.atomically((transaction) => transaction.putConnection(second))
      assert.deepEqual(await subject.storage.listSealingKeyIds(), ['key-a', 'key-b'])
      assert.deepEqual(await subject.storage.countSealedValues(), { 'key-a': 1, 'key-b': 2 })
    })

    it('report whether a connection was removed, by itself or with its organization', async () => {
      const { storage } = subject
      await storage.atomically(async (transaction) => {
        await transaction.putOrganization(newOrganization('org_2'))
        const own = { id: 'con_2', slug: 'con_2', organizationId: 'org_2' } as const
        await transaction.putConnection(newConnection(own))
        await transaction.putConnection(newConnection({ id: 'con_1', slug: 'con_1' }))
      })
      const removed = () =>
        storage.atomically((transaction) =>
          Promise.all(['con_1', 'con_2'].map((id) => transaction.wasConnectionRemoved(id))),
        )
      assert.deepEqual(await removed(), [false, false])
      await storage.atomically((transaction) => transaction.removeConnection('con_1'))
      await storage.atomically((transaction) => transaction.removeOrganization('org_2'))
      assert.deepEqual(await removed(), [true, true])
    })

    it('free the id of a removed draft, unless a person was linked through it', async () => {
      const { storage } = subject
      const states = await storage.atomically(async (transaction) => {
        for (const id of ['con_1', 'con_2'] as const) {
          await transaction.putConnection(newConnection({ id, slug: id, status: 'draft' }))
        }
        await transaction.createUser(newUser(1))
        await transaction.linkIdentity(newIdentity(1, { connectionId: 'con_2' }))
        const ids = ['con_1', 'con_2'] as const
        for (const id of ids) await transaction.removeConnection(id)
        return Promise.all(ids.map((id) => transaction.wasConnectionRemoved(id)))
      })
      assert.deepEqual(states, [false, true])
    })

    it('know the tenants of the identities that were linked through a connection', async () => {
      await subject.storage.atomically(async (transaction) => {
        await transaction.createUser(newUser(1))
        await transaction.linkIdentity(newIdentity(1, { key: newKey(1, { directory: 't-2' }) }))
        await transaction.linkIdentity(
          newIdentity(2, { userId: newUser(1).id, key: newKey(2, { directory: 't-2' }) }),
        )
        await transaction.linkIdentity(
          newIdentity(3, { userId: newUser(1).id, key: newKey(3, { directory: 't-1' }) }),
        )
        const { connectionId: _, ...beforehand } = newIdentity(4, { userId: newUser(1).id })
        await transaction.linkIdentity(beforehand)
      })
      assert.deepEqual(await subject.storage.listLinkedTenants('default'), ['t-1', 't-2'])
      assert.deepEqual(await subject.storage.listLinkedTenants('other'), [])
    })
  })
}
