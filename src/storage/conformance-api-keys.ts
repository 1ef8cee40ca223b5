import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ApiKey, KeptAnswer } from './api-key-records.ts'
import type { MembershipFilter } from './api-key-storage.ts'
import type { Subject } from './conformance.ts'
import { at, createPerson, newMembership, newOrganization, padded } from './conformance-samples.ts'

function newApiKey(n: number, overrides: Partial<ApiKey> = {}): ApiKey {
  return {
    id: `key_${padded(n)}`,
    name: `Key ${n}`,
    tokenHash: `hash-${n}`,
    hint: `ent_${n}`,
    scopes: ['users:read'],
    createdAt: at(n),
    ...overrides,
  }
}

/** Tests API keys, stored answers and memberships. */
export function describeApiKeys(subject: Subject): void {
  describe('keys for the API', () => {
    it('come back exactly as they were made, by id, by hash and in pages', async () => {
      const keys = [
        newApiKey(1),
        newApiKey(2, { organizationId: 'default', endsAt: at(9), lastUsedAt: at(3) }),
        newApiKey(3, { revokedAt: at(5) }),
      ]
      await subject.storage.atomically(async (transaction) => {
        for (const key of keys) await transaction.createApiKey(key)
      })
      const [first, second, third] = keys
      const { storage } = subject
      assert.deepEqual(await storage.findApiKey('key_0002'), second)
      assert.deepEqual(await storage.findApiKeyByTokenHash('hash-3'), third)
      assert.equal(await storage.findApiKeyByTokenHash('hash-9'), undefined)
      assert.deepEqual((await storage.listApiKeys({}, { limit: 9 })).items, [third, second, first])
      const own = await storage.listApiKeys({ organizationId: 'default' }, { limit: 9 })
      assert.deepEqual(own.items, [second])
      const page = await storage.listApiKeys({}, { limit: 2 })
      const rest = await storage.listApiKeys({}, { limit: 2, after: page.next ?? '' })
      assert.deepEqual(rest.items, [first])
    })

    it('are revoked once and for good, and remember their last use', async () => {
      await subject.storage.atomically((transaction) => transaction.createApiKey(newApiKey(1)))
      await subject.storage.touchApiKey('key_0001', at(60))
      const revoke = (millis: number) =>
        subject.storage.atomically((transaction) =>
          transaction.revokeApiKey('key_0001', at(millis)),
        )
      assert.deepEqual([await revoke(70), await revoke(80)], [true, false])
      const key = await subject.storage.findApiKey('key_0001')
      assert.deepEqual([key?.lastUsedAt, key?.revokedAt], [at(60), at(70)])
    })
  })

  describe('kept answers', () => {
    const kept: KeptAnswer = { requestHash: 'r', answer: '{}', until: at(100) }

    it('are found until their time is over, and swept then', async () => {
      await subject.storage.atomically((transaction) => transaction.keepAnswer('k', kept))
      assert.deepEqual(await subject.storage.findKeptAnswer('k', at(99)), kept)
      assert.equal(await subject.storage.findKeptAnswer('k', at(100)), undefined)
      assert.equal(await subject.storage.sweep(at(100), { tracesBefore: at(0) }), 1)
      assert.equal(await subject.storage.findKeptAnswer('k', at(1)), undefined)
    })

    it('make one of many at once do the work, and the others find what it kept', async () => {
      const other = await subject.openAnother()
      let worked = 0
      const call = (storage: typeof other, n: number) =>
        storage.atomically(async (transaction) => {
          const before = await transaction.findKeptAnswer('k', at(1))
          if (before) return before.answer
          await transaction.createApiKey(newApiKey(n))
          await transaction.keepAnswer('k', { ...kept, answer: `${n}` })
          return `${n}`
        })
      const calls = Array.from({ length: 10 }, (_, n) =>
        call(n % 2 === 0 ? subject.storage : other, n),
      )
      const answers = await Promise.all(calls)
      worked = (await subject.storage.listApiKeys({}, { limit: 50 })).items.length
      assert.equal(worked, 1)
      assert.equal(new Set(answers).size, 1)
    })
  })

  describe('memberships', () => {
    it('are found with their roles, in pages, and by what is asked for', async () => {
      await subject.storage.atomically(async (transaction) => {
        await transaction.putOrganization(newOrganization('org_2'))
        for (const n of [1, 2, 3]) await createPerson(transaction, n)
        await transaction.createMembership(
          newMembership(4, { userId: 'usr_0001', organizationId: 'org_2', username: 'somebody' }),
        )
        await transaction.giveRole(newMembership(2).id, 'auditor')
        await transaction.setMembershipStatus(newMembership(3).id, 'disabled')
      })
      const idsOf = async (filter: MembershipFilter) => {
        const { items } = await subject.storage.listMemberships(filter, { limit: 9 })
        return items.map(({ membership }) => Number(membership.id.slice(-4)))
      }
      assert.deepEqual(await idsOf({}), [4, 3, 2, 1])
      assert.deepEqual(await idsOf({ organizationId: 'default' }), [3, 2, 1])
      assert.deepEqual(await idsOf({ userId: 'usr_0001' }), [4, 1])
      assert.deepEqual(await idsOf({ status: 'disabled' }), [3])
      assert.deepEqual(await idsOf({ role: 'auditor' }), [2])
      assert.deepEqual(await idsOf({ search: 'SOMEBODY' }), [4])
      assert.deepEqual(await idsOf({ search: '%' }), [])
      const found = await subject.storage.findMembershipWithRoles(newMembership(2).id)
      assert.deepEqual(found?.roles, [{ role: 'auditor', source: 'manual' }])
      assert.equal(await subject.storage.findMembershipWithRoles('mem_absent'), undefined)
      const first = await subject.storage.listMemberships({}, { limit: 3 })
      const rest = await subject.storage.listMemberships({}, { limit: 3, after: first.next ?? '' })
      assert.equal(rest.items.length, 1)
    })

    it('keep a role given by hand apart from the same role of a rule', async () => {
      const { id } = newMembership(1)
      await subject.storage.atomically(async (transaction) => {
        await createPerson(transaction, 1)
        await transaction.writeAll([
          { write: 'replace_rule_roles', id: id, roles: [{ role: 'admin', source: 'rule:r1' }] },
        ])
        assert.equal(await transaction.giveRole(id, 'admin'), true)
        assert.equal(await transaction.giveRole(id, 'admin'), false)
      })
      assert.equal((await subject.storage.listRoles(id)).length, 2)
      await subject.storage.atomically(async (transaction) => {
        assert.equal(await transaction.takeRole(id, 'admin'), true)
        assert.equal(await transaction.takeRole(id, 'admin'), false)
      })
      assert.deepEqual(await subject.storage.listRoles(id), [{ role: 'admin', source: 'rule:r1' }])
    })
  })
}
