/** Usernames: once given, they stay taken. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { createPerson, newMembership, newOrganization } from './conformance-samples.ts'
import type { HashUsername } from './username-storage.ts'

const hash: HashUsername = (organizationId, username) => `${organizationId}/${username}`

const parts = { hashUsername: hash, vouchForErasure: () => 'vouched' }

/** Tests usernames, which stay taken after they were given. */
export function describeUsernames(subject: Subject): void {
  describe('usernames', () => {
    const retiredOf = async (organizationId: 'default' | 'org_b', usernames: readonly string[]) => {
      const hashes = usernames.map((username) => hash(organizationId, username))
      return [...(await subject.storage.findRetiredUsernames(organizationId, hashes))].sort()
    }

    it('of a removed user stay taken in each organization, as a hash, until they are released', async () => {
      const { storage } = subject
      await storage.atomically(async (transaction) => {
        await transaction.putOrganization(newOrganization('org_b'))
        await createPerson(transaction, 1)
        await createPerson(transaction, 2)
        const elsewhere = { userId: 'usr_0001', organizationId: 'org_b', username: 'one' } as const
        await transaction.createMembership(newMembership(3, elsewhere))
      })
      assert.deepEqual(await retiredOf('default', ['person-0001', 'person-0002']), [])
      await storage.atomically((transaction) => transaction.removeUser('usr_0001', parts))
      const names = ['person-0001', 'person-0002', 'one']
      assert.deepEqual(await retiredOf('default', names), ['default/person-0001'])
      assert.deepEqual(await retiredOf('org_b', names), ['org_b/one'])

      const release = () =>
        storage.atomically((transaction) => transaction.releaseUsername('org_b', 'org_b/one'))
      assert.deepEqual([await release(), await release()], [true, false])
      assert.deepEqual(await retiredOf('org_b', names), [])
    })

    it('of members who are removed stay taken, and go with their organization', async () => {
      const { storage } = subject
      await storage.atomically(async (transaction) => {
        await transaction.putOrganization(newOrganization('org_b'))
        await createPerson(transaction, 1)
        const member = { userId: 'usr_0001', organizationId: 'org_b', username: 'one' } as const
        await transaction.createMembership(newMembership(3, member))
      })
      await storage.atomically((transaction) => transaction.removeMembers('org_b', 9, parts))
      assert.deepEqual(await retiredOf('org_b', ['one']), ['org_b/one'])
      await storage.atomically((transaction) => transaction.removeOrganization('org_b'))
      assert.deepEqual(await retiredOf('org_b', ['one']), [])
    })

    it('have a sealed key that is made once, counted with the sealed values, and sealed anew', async () => {
      const { storage } = subject
      const keyOf = () => storage.findSealedKey('k')
      assert.equal(await keyOf(), undefined)
      for (const sealed of ['v1.key-z.n.first', 'v1.key-z.n.second']) {
        await storage.atomically((transaction) => transaction.createSealedKey('k', sealed))
      }
      assert.equal(await keyOf(), 'v1.key-z.n.first')
      assert.equal((await storage.countSealedValues())['key-z'], 1)
      const reseal = (from: string, to: string) =>
        storage.atomically((transaction) => transaction.resealKey('k', from, to))
      await reseal('v1.key-z.n.first', 'v1.key-y.n.again')
      await reseal('v1.key-z.n.first', 'v1.key-x.n.late')
      assert.equal(await keyOf(), 'v1.key-y.n.again')
    })
  })
}
