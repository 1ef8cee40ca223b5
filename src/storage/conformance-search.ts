import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newMembership,
  newOrganization,
  newUser,
} from './conformance-samples.ts'
import type { Storage, StorageTransaction } from './storage.ts'

/** Tests what searches of users, memberships, organizations and connections find. */
export function describeSearches(subject: Subject): void {
  describe('a search', () => {
    describePeople(subject)
    describeCustomers(subject)
  })
}

/** Each with terms that find it, and no other. */
const names: readonly (readonly [name: string, ...terms: string[]])[] = [
  ['Jürgen Weiß', 'jurgen', 'JÜRGEN', 'ju\u0308rgen', 'weiss', 'WEISS', 'WEIẞ', 'gen we', 'jü'],
  ['İpek Işık', 'ipek', 'IPEK', 'isik', 'ışık', 'ip'],
  ['Οδυσσεύς Παπάς', 'ΟΔΥΣΣΕΥΣ', 'παπας', 'παπάσ', 'οδ'],
  ['Søren Łukasz', 'soren', 'lukasz', 'ŁU'],
  ['李明', '李明', '李', '明'],
  ['山田 太郎', '山田太郎', '太郎', '田', '田 太'],
  ['김철수', '철수', '김', '김철수'],
  ['أَحْمَد', 'احمد', 'أحمد', 'حمد', 'اح'],
  ['ｆｕｌｌ　ｗｉｄｔｈ', 'full', 'full width', 'ＷＩＤＴＨ'],
  ['Fox 🦊', '🦊', 'x 🦊'],
  [
    'O’Neil (100%_sure) \\o/ "*" - NOT NEAR',
    '%',
    '_sure',
    '\\o',
    '"*"',
    '100% _',
    'not near',
    '(',
    '*',
  ],
]

function describePeople(subject: Subject): void {
  it('finds a name in every script, whatever the case, the accents and the width of the term', async () => {
    await putNames(
      subject.storage,
      names.map(([name]) => name),
    )
    for (const [index, [, ...terms]] of names.entries()) {
      for (const search of terms) {
        assert.deepEqual(await findUsers(subject.storage, search), [newUser(index).id], search)
      }
    }
  })

  it('of one or two letters finds beginnings of words, and of longer ones any part', async () => {
    await putNames(subject.storage, ['Anna Lee', 'Lars Ander', 'Hanna-Mia Öl'])
    const found = async (search: string) => await findUsers(subject.storage, search)
    assert.deepEqual(await found('an'), ['usr_0001', 'usr_0000'])
    assert.deepEqual(await found('l'), ['usr_0001', 'usr_0000'])
    assert.deepEqual(await found('ö'), ['usr_0002'])
    assert.deepEqual(await found('m'), ['usr_0002'])
    assert.deepEqual(await found('nn'), [])
    assert.deepEqual(await found('ann'), ['usr_0002', 'usr_0000'])
    assert.deepEqual(await found('a-m'), ['usr_0002'])
  })

  it('finds nothing where there is nothing to look for, and with any text at all', async () => {
    await putNames(subject.storage, ['Anna Lee', 'Bert'])
    const awkward = [
      '',
      ' ',
      '\u0301',
      '\u200d',
      '\0',
      '%%',
      '__',
      '"',
      "'",
      '*',
      'NOT',
      'NEAR(a b)',
      'a* OR b',
      'anna" OR "bert',
      'anna\0',
      '\ud83e',
      'a'.repeat(10_000),
      '語'.repeat(10_000),
      '" AND "'.repeat(1_000),
    ]
    for (const search of awkward) {
      const isName = search === 'anna\0'
      assert.deepEqual(
        await findUsers(subject.storage, search),
        isName ? ['usr_0000'] : [],
        search.slice(0, 20),
      )
    }
  })

  it('matches no text across a name and an address', async () => {
    await putNames(subject.storage, ['Anna Lee'])
    assert.deepEqual(await findUsers(subject.storage, 'lee person'), [])
    assert.deepEqual(await findUsers(subject.storage, 'person-0000 anna'), [])
  })

  it('finds the present name after a change, and not the former one', async () => {
    await putNames(subject.storage, ['Anna Lee'])
    const profile = { displayName: 'Berta Őri' }
    await subject.storage.atomically((transaction) =>
      transaction.writeAll([
        { write: 'refresh_membership', membership: newMembership(0), profile, lastSignInAt: at(9) },
      ]),
    )
    assert.deepEqual(await findUsers(subject.storage, 'anna'), [])
    assert.deepEqual(await findUsers(subject.storage, 'berta ori'), ['usr_0000'])
  })

  it('comes in pages, newest first, of users and of memberships', async () => {
    await subject.storage.atomically(async (transaction) => {
      for (let n = 0; n < 12; n += 1) await createPerson(transaction, n)
    })
    const expected = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => n - 1)
    const users = await numbersOf(async (page) => {
      const { items, ...rest } = await subject.storage.listUsers({ ...page, search: 'person' })
      return { ids: items.map(({ user }) => user.id), ...rest }
    })
    assert.deepEqual(users, expected)
    const members = await numbersOf(async (page) => {
      const filter = { search: 'person', organizationId: 'default' } as const
      const { items, ...rest } = await subject.storage.listMemberships(filter, page)
      return { ids: items.map(({ membership }) => membership.id), ...rest }
    })
    assert.deepEqual(members, expected)
  })
}

function describeCustomers(subject: Subject): void {
  it('finds organizations by part of a name or slug', async () => {
    await subject.storage.atomically((transaction) =>
      transaction.putOrganization({
        ...newOrganization('org_1'),
        name: 'Müller & Söhne 77',
        slug: 'mueller',
      }),
    )
    const found = async (search: string) =>
      (await subject.storage.listOrganizations({ search, limit: 9 })).items.map(({ id }) => id)
    for (const search of ['muller', 'SOHNE 77', 'uell', '& s', '77', 'mu']) {
      assert.deepEqual(await found(search), ['org_1'], search)
    }
    assert.deepEqual(await found('ller s'), [])
  })

  it('finds connections by part of a name, slug, tenant or client id, and by a whole id', async () => {
    const tenants = { kind: 'pinned', tenant: 'fabrikam.example', tenantId: '6f1c-77' } as const
    const own = {
      id: 'con_1',
      slug: 'fab',
      name: 'Fábrikam',
      clientId: '5A-client',
      tenants,
    } as const
    await subject.storage.atomically((transaction) => transaction.putConnection(newConnection(own)))
    const found = async (search: string) =>
      (await subject.storage.listConnections({ search }, { limit: 9 })).items.map(({ id }) => id)
    for (const search of ['FABRI', 'fabrikam.ex', '6F1C', '5a-cl', 'con_1', 'fa']) {
      assert.deepEqual(await found(search), ['con_1'], search)
    }
    for (const search of ['pinned', 'tenantId', 'con_'])
      assert.deepEqual(await found(search), [], search)
  })
}

async function putNames(storage: Storage, displayNames: readonly string[]): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (const [n, displayName] of displayNames.entries())
      await putName(transaction, n, displayName)
  })
}

async function putName(transaction: StorageTransaction, n: number, displayName: string) {
  await transaction.createUser(newUser(n))
  await transaction.createMembership(newMembership(n, { profile: { displayName } }))
}

async function findUsers(storage: Storage, search: string): Promise<readonly string[]> {
  return (await storage.listUsers({ search, limit: 50 })).items.map(({ user }) => user.id)
}

type IdPage = { readonly ids: readonly string[]; readonly next?: string }

/** Reads all pages, and returns the numbers of the ids. */
async function numbersOf(
  read: (page: { readonly limit: number; readonly after?: string }) => Promise<IdPage>,
): Promise<readonly number[]> {
  const numbers: number[] = []
  for (let after: string | undefined; ; ) {
    const page = await read({ limit: 5, ...(after === undefined ? {} : { after }) })
    numbers.push(...page.ids.map((id) => Number(id.slice(4))))
    if (page.next === undefined) return numbers
    after = page.next
  }
}
