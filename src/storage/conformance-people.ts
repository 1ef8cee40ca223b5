import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PAGE_CURSOR } from '../protocol/page-cursor.ts'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newIdentity,
  newKey,
  newMembership,
  newOrganization,
  newUser,
  padded,
} from './conformance-samples.ts'
import type { PersonKey, RoleAssignment } from './records.ts'
import type { StorageReader, StorageTransaction } from './storage.ts'

const first = newKey(1)

/** Tests identities, memberships, roles and groups, and lists of users. */
export function describePeople(subject: Subject): void {
  describe('identities', () => describeIdentities(subject))
  describe('memberships', () => describeMemberships(subject))
  describe('roles and groups', () => describeRoles(subject))
  describe('listUsers', () => describeListing(subject))
}

function describeIdentities(subject: Subject): void {
  it('are found with the user and the membership of the organization asked for', async () => {
    await subject.storage.atomically((transaction) => createPerson(transaction, 1))
    assert.deepEqual(await subject.storage.findPerson(first, 'default'), {
      identity: newIdentity(1),
      user: newUser(1),
      membership: { ...newMembership(1), username: 'person-0001' },
    })
    const elsewhere = await subject.storage.findPerson(first, 'org_other')
    assert.deepEqual(elsewhere, { identity: newIdentity(1), user: newUser(1) })
    const stranger = newKey(9999)
    assert.equal(await subject.storage.findPerson(stranger, 'default'), undefined)
  })

  it('belong to one user only (B20)', async () => {
    await subject.storage.atomically((transaction) => createPerson(transaction, 1))
    const linkAgain = subject.storage.atomically(async (transaction) => {
      await transaction.createUser(newUser(2))
      await transaction.linkIdentity(newIdentity(2, { key: first }))
    })
    await assert.rejects(linkAgain, { name: 'EntradaError', code: 'identity_in_use' })
    assert.equal(await subject.storage.findUser(newUser(2).id), undefined)
  })

  it('of two directories or spaces are two people with the same subject', async () => {
    const elsewhere = { ...first, directory: 'tenant-2' }
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await createPerson(transaction, 2)
      await transaction.linkIdentity(newIdentity(3, { userId: newUser(2).id, key: elsewhere }))
      await transaction.linkIdentity(
        newIdentity(4, { userId: newUser(2).id, key: { ...first, space: 'entra:china' } }),
      )
    })
    const found = await subject.storage.findPerson(elsewhere, 'default')
    assert.equal(found?.user.id, newUser(2).id)
  })

  it('are compared to the letter: a subject in another case is another person', async () => {
    const key = { space: 'oidc', directory: 'https://id.example/A', subject: 'Kim' } as const
    const other = { ...key, subject: 'kim' }
    await subject.storage.atomically(async (transaction) => {
      await transaction.createUser(newUser(1))
      await transaction.createUser(newUser(2))
      await transaction.linkIdentity(newIdentity(1, { key }))
      await transaction.linkIdentity(newIdentity(2, { key: other }))
    })
    const find = (key: PersonKey) => subject.storage.findPerson(key, 'default')
    assert.deepEqual((await find(key))?.identity, newIdentity(1, { key }))
    assert.deepEqual((await find(other))?.identity, newIdentity(2, { key: other }))
    assert.equal(await find({ ...key, directory: 'https://id.example/a' }), undefined)
    assert.equal(await find({ ...key, space: 'saml:con_1' }), undefined)
  })

  it('are refreshed by a sign-in', async () => {
    const { connectionId: _, sub: __, lastSignInAt: ___, ...beforehand } = newIdentity(1)
    const seen = {
      sub: 's',
      lastClaims: { name: 'Zoë "Z" 🦊' },
      lastSignInAt: at(77),
      connectionId: 'default',
    }
    await subject.storage.atomically(async (transaction) => {
      await transaction.createUser(newUser(1))
      await transaction.linkIdentity(beforehand)
    })
    assert.deepEqual((await subject.storage.findPerson(first, 'default'))?.identity, beforehand)
    await subject.storage.atomically((transaction) =>
      transaction.writeAll([{ write: 'refresh_identity', id: beforehand.id, seen: seen }]),
    )
    const found = await subject.storage.findPerson(first, 'default')
    assert.deepEqual(found?.identity, { ...beforehand, ...seen })
  })
}

function describeMemberships(subject: Subject): void {
  it('are not created under a username that is taken in any letter case', async () => {
    const created = await subject.storage.atomically(async (transaction) => {
      const results: boolean[] = []
      for (const [index, username] of ['anna', 'Anna', 'ANNA-2'].entries()) {
        await transaction.createUser(newUser(index))
        results.push(await transaction.createMembership(newMembership(index, { username })))
      }
      return results
    })
    assert.deepEqual(created, [true, false, true])
    const among = ['ANNA', 'anna-2', 'anna-3']
    const taken = await subject.storage.findTakenUsernames('default', among)
    assert.deepEqual([...taken].sort(), ['anna', 'anna-2'])
    assert.deepEqual(await subject.storage.findTakenUsernames('default', []), new Set())
  })

  it('may have the same username in two organizations', async () => {
    const created = await subject.storage.atomically(async (transaction) => {
      await transaction.putOrganization(newOrganization('org_b'))
      await createPerson(transaction, 1)
      const second = { userId: newUser(1).id, organizationId: 'org_b' } as const
      return transaction.createMembership(newMembership(2, { ...second, username: 'person-0001' }))
    })
    assert.equal(created, true)
  })

  it('are one per user and organization', async () => {
    await subject.storage.atomically((transaction) => createPerson(transaction, 1))
    const second = newMembership(2, { userId: newUser(1).id })
    await assert.rejects(
      subject.storage.atomically((transaction) => transaction.createMembership(second)),
    )
    assert.equal((await subject.storage.findUser(newUser(1).id))?.memberships.length, 1)
  })

  it('are found by email in any letter case, in their organization, up to the limit', async () => {
    await subject.storage.atomically(async (transaction) => {
      await transaction.putOrganization(newOrganization('org_b'))
      for (const n of [1, 2, 3]) await createUnlinked(transaction, n)
    })
    assert.deepEqual(await unlinkedOf(subject, 'default', 2), ['mem_0001', 'mem_0002'])
    assert.deepEqual(await unlinkedOf(subject, 'org_b', 2), [])
  })

  it('are found by email only if they have no identity, and without the excluded roles (S8)', async () => {
    await subject.storage.atomically(async (transaction) => {
      for (const n of [1, 2, 3, 4, 5]) await createUnlinked(transaction, n)
      await transaction.linkIdentity(newIdentity(1))
      await transaction.linkIdentity(newIdentity(2))
      await transaction.giveRole('mem_0003', 'auditor')
      await transaction.giveRole('mem_0004', 'reader')
    })
    assert.deepEqual(await unlinkedOf(subject, 'default', 9), ['mem_0004', 'mem_0005'])
  })

  it('are refreshed with the profile of a sign-in, and keep their username', async () => {
    const profile = {
      displayName: `O'Neil; "Jürgen" \\ %_ 日本 🦊`,
      email: { address: 'New@Example.com', source: 'upn', proven: true },
    } as const
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await transaction.writeAll([
        {
          write: 'refresh_membership',
          membership: newMembership(1),
          profile,
          lastSignInAt: at(500),
        },
      ])
      await transaction.setMembershipStatus('mem_0001', 'disabled')
    })
    const expected = { ...newMembership(1), username: 'person-0001' }
    assert.deepEqual((await subject.storage.findPerson(first, 'default'))?.membership, {
      ...expected,
      profile,
      lastSignInAt: at(500),
      status: 'disabled',
    })
    const { items } = await subject.storage.listUsers({ search: 'new@example.com', limit: 5 })
    assert.equal(items.length, 1)
  })
}

/** People 1, 2 … have no identity, and all have the same address. */
async function createUnlinked(transaction: StorageTransaction, n: number): Promise<void> {
  await transaction.createUser(newUser(n))
  const { profile } = newMembership(7)
  await transaction.createMembership(newMembership(n, { profile }))
}

async function unlinkedOf(
  { storage }: Subject,
  organizationId: 'default' | 'org_b',
  limit: number,
): Promise<readonly string[]> {
  const address = 'PERSON.0007@contoso.EXAMPLE'
  const wanted = { organizationId, address, withoutRoles: ['organization_admin', 'auditor'] }
  return (await storage.findUnlinkedMemberships(wanted, limit)).map(({ id }) => id)
}

function describeRoles(subject: Subject): void {
  it('keeps manual roles when those of rules are replaced', async () => {
    const manual: RoleAssignment = { role: 'admin', source: 'manual' }
    const replace = (roles: readonly RoleAssignment[]) =>
      subject.storage.atomically((transaction) =>
        transaction.writeAll([{ write: 'replace_rule_roles', id: 'mem_0001', roles }]),
      )
    await subject.storage.atomically((transaction) => createPerson(transaction, 1))
    await replace([
      manual,
      { role: 'admin', source: 'rule:1' },
      { role: 'reader', source: 'default' },
    ])
    await replace([{ role: 'writer', source: 'rule:2' }])
    assert.deepEqual(await subject.storage.listRoles('mem_0001'), [
      manual,
      { role: 'writer', source: 'rule:2' },
    ])
    await replace([])
    assert.deepEqual(await subject.storage.listRoles('mem_0001'), [manual])
    assert.deepEqual(await subject.storage.listRoles('mem_9999'), [])
  })

  it('keeps the last group snapshot, and whether it was complete', async () => {
    const whole = {
      groups: ['g1', 'g2'],
      appRoles: ['a'],
      complete: true,
      takenAt: at(3),
      source: 'claim' as const,
      connectionId: 'default',
    }
    const overage = {
      groups: [],
      appRoles: [],
      complete: false,
      takenAt: at(4),
      source: 'claim' as const,
    }
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await transaction.putGroupSnapshot('mem_0001', whole)
    })
    assert.deepEqual((await subject.storage.findPerson(first, 'default'))?.groups, whole)
    await subject.storage.atomically((transaction) =>
      transaction.putGroupSnapshot('mem_0001', overage),
    )
    assert.deepEqual((await subject.storage.findPerson(first, 'default'))?.groups, overage)
  })

  it('answers a user with everything that belongs to it', async () => {
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await createPerson(transaction, 2)
      await transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: 'mem_0001',
          roles: [{ role: 'reader', source: 'default' }],
        },
      ])
      await transaction.setUserStatus('usr_0001', 'disabled', at(900))
    })
    assert.deepEqual(await subject.storage.findUser('usr_0001'), {
      user: newUser(1, { status: 'disabled', updatedAt: at(900) }),
      memberships: [{ ...newMembership(1), username: 'person-0001' }],
      identities: [newIdentity(1)],
      roles: [{ membershipId: 'mem_0001', role: 'reader', source: 'default' }],
    })
    assert.equal(await subject.storage.findUser('usr_9999'), undefined)
  })
}

function describeListing(subject: Subject): void {
  it('within an organization searches what that one knows alone (design rule 19)', async () => {
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await transaction.putOrganization(newOrganization('org_2'))
      await transaction.putConnection(
        newConnection({ id: 'con_2', slug: 'con_2', organizationId: 'org_2' }),
      )
      const elsewhere = {
        key: newKey(2, { directory: 't-elsewhere', subject: 'o-elsewhere' }),
        connectionId: 'con_2',
      }
      await transaction.linkIdentity(newIdentity(2, { userId: 'usr_0001', ...elsewhere }))
      const member = { userId: 'usr_0001', organizationId: 'org_2' } as const
      await transaction.createMembership(
        newMembership(2, { ...member, username: 'nickname-elsewhere' }),
      )
    })
    for (const search of ['nickname-elsewhere', 't-elsewhere', 'o-elsewhere']) {
      const found = async (organizationId: 'default' | 'org_2') =>
        (await subject.storage.listUsers({ limit: 9, search, organizationId })).items.length
      assert.deepEqual([await found('default'), await found('org_2')], [0, 1], search)
    }
  })

  it('finds parts of a username, name or email in any letter case, and whole ids', async () => {
    await subject.storage.atomically(async (transaction) => {
      for (const n of [1, 2, 3]) await createPerson(transaction, n)
      const profile = { displayName: 'Jürgen 100% _sure_' }
      await transaction.writeAll([
        { write: 'refresh_membership', membership: newMembership(3), profile, lastSignInAt: at(9) },
      ])
    })
    const key = { space: 'oidc', directory: 'https://id.example', subject: 'Kim' } as const
    await subject.storage.atomically((transaction) =>
      transaction.linkIdentity(newIdentity(4, { userId: 'usr_0003', key })),
    )
    const search = (text: string) => searchUsers(subject.storage, text)
    assert.deepEqual(await search('oidc/https:%2F%2Fid.example/Kim'), ['usr_0003'])
    assert.deepEqual(await search('oidc/https:%2F%2Fid.example/kim'), [])
    assert.deepEqual(await search('PERSON-0001'), ['usr_0001'])
    assert.deepEqual(await search('0002@contoso'), ['usr_0002'])
    assert.deepEqual(await search('JÜRGEN'), ['usr_0003'])
    assert.deepEqual(await search('usr_0002'), ['usr_0002'])
    assert.deepEqual(await search('OID-0001'), ['usr_0001'])
    assert.deepEqual(await search('oid-000'), [])
    assert.deepEqual(await search('tenant-1'), ['usr_0003', 'usr_0002', 'usr_0001'])
  })

  it('takes any text, also what a database cannot spell', async () => {
    await subject.storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      const profile = { displayName: 'nul \0 and half \ud83e a fox' }
      await transaction.writeAll([
        { write: 'refresh_membership', membership: newMembership(1), profile, lastSignInAt: at(9) },
      ])
    })
    assert.deepEqual(await searchUsers(subject.storage, 'a fox'), ['usr_0001'])
    assert.deepEqual(await searchUsers(subject.storage, 'x\0'), [])
    assert.equal(await subject.storage.findSession('\0', at(0)), undefined)
  })

  it('takes the wildcards of SQL literally', async () => {
    await subject.storage.atomically(async (transaction) => {
      for (const n of [1, 2, 3]) await createPerson(transaction, n)
      const profile = { displayName: '100% _sure_ \\o/' }
      await transaction.writeAll([
        { write: 'refresh_membership', membership: newMembership(3), profile, lastSignInAt: at(9) },
      ])
    })
    for (const text of ['%', '_sure', '\\o', '100% _']) {
      assert.deepEqual(await searchUsers(subject.storage, text), ['usr_0003'], text)
    }
    assert.deepEqual(await searchUsers(subject.storage, 'p%1'), [])
    assert.deepEqual(await searchUsers(subject.storage, "' or 1=1 --"), [])
  })

  it('pages newest first without holes or repeats while users are added', async () => {
    const add = (n: number) =>
      subject.storage.atomically((transaction) => transaction.createUser(newUser(n)))
    for (let n = 100; n < 110; n += 1) await add(n)
    const seen: string[] = []
    let after: string | undefined
    for (let added = 200; ; added += 1) {
      const page = await subject.storage.listUsers({ limit: 3, ...(after && { after }) })
      seen.push(...page.items.map((item) => item.user.id))
      after = page.next
      if (after === undefined) break
      assert.match(after, PAGE_CURSOR)
      await add(added)
    }
    const expected = Array.from({ length: 10 }, (_, index) => `usr_${padded(109 - index)}`)
    assert.deepEqual(seen, expected)
  })

  it('gives between one and 200 items, whatever limit is asked for', async () => {
    await subject.storage.atomically(async (transaction) => {
      for (let n = 0; n < 202; n += 1) await transaction.createUser(newUser(n))
    })
    const count = async (limit: number) => (await subject.storage.listUsers({ limit })).items.length
    assert.deepEqual([await count(0), await count(-5), await count(9_999)], [1, 1, 200])
  })

  it('refuses a cursor that it did not make', async () => {
    for (const after of ['', 'x', '1.', '.x', '💥', "1.'; drop table", '1.x\n']) {
      await assert.rejects(subject.storage.listUsers({ limit: 3, after }), {
        code: 'request_invalid',
        detail: { parameter: 'cursor' },
      })
    }
  })
}

async function searchUsers(storage: StorageReader, search: string): Promise<readonly string[]> {
  const { items } = await storage.listUsers({ limit: 10, search })
  return items.map((item) => item.user.id)
}
