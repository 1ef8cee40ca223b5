/** Searches among more rows than are looked through one by one: the index finds what reading every row finds, in the same order. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { newIdentity, newMembership, newOrganization, newUser } from './conformance-samples.ts'
import { membershipReads } from './membership-reads.ts'
import { openStorage } from './open-storage.ts'
import { peopleReads } from './people-reads.ts'
import { toIdentityRow, toMembershipRow, toUserRow } from './people-rows.ts'
import type { Membership, OrganizationId } from './records.ts'
import type { Database, Tables } from './schema.ts'
import { toSearchKey, toSearchTerm } from './search-text.ts'
import { openSqliteConnection } from './sqlite.ts'
import { createSqliteDialect } from './sqlite-driver.ts'
import type { Storage } from './storage.ts'

const PEOPLE = 5_600
const BATCH = 500
const start = Date.UTC(2026, 0, 1)
const names = ['Anna Lee', 'Lars Åkesson', 'Jürgen Weiß', '李明', '王小明', 'Fox 🦊', 'Zoë (NOT) *']

type Person = { readonly n: number; readonly createdAt: number; readonly membership: Membership }
type Opened = {
  readonly storage: Storage
  readonly database: Database
  /** What was sent through this connection. */
  readonly queries: CompiledQuery[]
  /** Returns the steps of a query that read a whole table. */
  wholeTables(query: CompiledQuery): Promise<readonly string[]>
  close(): Promise<void>
}

/** Each person is in a large organization or in a small one. Some have the same time, some are older than those before. */
const people: readonly Person[] = Array.from({ length: PEOPLE }, (_, n) => {
  const createdAt = start + Math.floor(n / 3) * 10 - (n % 11 === 0 ? 5_000 : 0)
  const rare = n % 997 === 5 ? ' Quist' : ''
  const old = n < 400 ? 'firstborn' : 'contoso'
  const membership = newMembership(n, {
    organizationId: organizationOf(n),
    createdAt: new Date(createdAt),
    profile: {
      displayName: `${names[(n * 31) % names.length]}${rare}`,
      email: { address: `p${(n * 7_919) % PEOPLE}@${old}.example`, source: 'upn', proven: true },
    },
  })
  return { n, createdAt, membership }
})

function organizationOf(n: number): OrganizationId {
  return n % 100 === 7 ? 'org_small' : 'org_large'
}

const terms = [
  ...[
    'quist',
    'firstborn',
    'contoso',
    'example',
    'weiss',
    'WEIẞ Q',
    'nobody has this',
    'anna lee quist',
  ],
  ...[
    'p77',
    'p1@',
    '明',
    '李',
    '小明',
    'an',
    'q',
    'x',
    '🦊',
    '*',
    '"',
    '@',
    'person-0013',
    '(not) * qu',
    ' ',
  ],
]

describe('a search among many', () => {
  let postgres: TestPostgres
  const folder = mkdtempSync(join(tmpdir(), 'entrada-search-'))
  before(async () => {
    postgres = await startPostgres()
  })
  after(async () => {
    await postgres.close()
    rmSync(folder, { recursive: true })
  })

  describe('SQLite', () => describeSearches(() => openSqlite(join(folder, 'search.db'))))
  describe('PostgreSQL', () =>
    describeSearches(async () => openPostgres(await postgres.createDatabase())))
})

function describeSearches(open: () => Promise<Opened>): void {
  let opened: Opened
  before(async () => {
    opened = await open()
    await fill(opened)
  })
  after(() => opened.close())

  for (const organizationId of [undefined, 'org_large', 'org_small'] as const) {
    it(`finds the users that reading every row finds, ${organizationId ?? 'everywhere'}`, async () => {
      for (const search of terms) {
        const scope = organizationId === undefined ? {} : { organizationId }
        const expected = matching(search, organizationId).map(({ membership }) => membership.userId)
        assert.deepEqual(
          await listUsers(opened.storage, { search, ...scope }, expected.length),
          expected.slice(0, 120),
          search,
        )
      }
    })
  }

  it('finds the memberships that reading every row finds', async () => {
    for (const search of terms) {
      const expected = matching(search, 'org_large').map(({ membership }) => membership.id)
      const { items } = await opened.storage.listMemberships(
        { search, organizationId: 'org_large' },
        { limit: 40 },
      )
      assert.deepEqual(
        items.map(({ membership }) => membership.id),
        expected.slice(0, 40),
        search,
      )
    }
  })

  it('finds nothing of many that are not in the list', async () => {
    const filter = { search: 'contoso', status: 'disabled' } as const
    assert.deepEqual((await opened.storage.listMemberships(filter, { limit: 9 })).items, [])
  })

  it('reads no table as a whole to find what few have', async () => {
    const { listUsers: list } = peopleReads(opened.database)
    const { listMemberships } = membershipReads(opened.database)
    opened.queries.splice(0)
    await list({ search: 'firstborn', limit: 9 })
    await list({ search: 'qu', limit: 9, organizationId: 'org_large' })
    await listMemberships({ search: 'firstborn' }, { limit: 9 })
    const queries = opened.queries.splice(0)
    assert.ok(queries.length > 12)
    const steps = await Promise.all(queries.map((query) => opened.wholeTables(query)))
    assert.deepEqual(steps.flat(), [])
  })

  it('finds a user by object id, and all of a directory', async () => {
    const byObject = await listUsers(opened.storage, { search: 'oid-0003' }, 1)
    assert.deepEqual(byObject, ['usr_0003'])
    const ofDirectory = await listUsers(opened.storage, { search: 'tenant-old' }, 50)
    assert.deepEqual([...ofDirectory].sort(), ['usr_0001', 'usr_0002', 'usr_0003'])
  })

  it('finds what the previous release writes at once, and its former text no more', async () => {
    const { storage, database } = opened
    const rename = (searchText: string) =>
      database
        .updateTable('memberships')
        .set({ search_text: searchText, profile: JSON.stringify({ displayName: searchText }) })
        .where('id', '=', 'mem_0005')
        .execute()
    assert.deepEqual(await listUsers(storage, { search: 'person-0005' }, 1), ['usr_0005'])
    await rename('renamed weiß')
    assert.deepEqual(await listUsers(storage, { search: 'renamed weiß' }, 1), ['usr_0005'])
    assert.deepEqual(await listUsers(storage, { search: 'person-0005' }, 0), [])
    assert.equal(await storage.fillSearchKeys(10), 1)
    assert.equal(await storage.fillSearchKeys(10), 0)
    assert.deepEqual(await listUsers(storage, { search: 'renamed weiss' }, 1), ['usr_0005'])
  })

  it('fills what was there before, the newest first, and finds the same before, meanwhile and after', async () => {
    const { storage, database } = opened
    const search = 'firstborn'
    const expected = await listUsers(storage, { search }, 120)
    await database.updateTable('memberships').set({ search_key: null }).execute()
    assert.deepEqual(await listUsers(storage, { search }, 120), expected)
    for (let filled = 1; filled > 0; ) {
      filled = await storage.fillSearchKeys(3_000)
      assert.deepEqual(await listUsers(storage, { search }, 120), expected)
    }
    assert.deepEqual(
      await listUsers(storage, { search: 'quist' }, 9),
      await listUsers(storage, { search: 'Quist' }, 9),
    )
  })

  it('keeps nothing of a membership that is removed', async () => {
    const { storage, database } = opened
    await database.deleteFrom('memberships').where('id', '=', 'mem_0009').execute()
    assert.deepEqual(await listUsers(storage, { search: 'person-0009' }, 0), [])
    if (storage.kind !== 'sqlite') return
    const rows = await sql`select 1 from memberships_search_rows where record_id = 'mem_0009'
      union all select 1 from memberships_search where memberships_search match '"009"'`.execute(
      database,
    )
    const left = people.filter(({ n }) => n !== 9 && keyOf(n).includes('009'))
    assert.equal(rows.rows.length, left.length)
  })
}

function keyOf(n: number): string {
  const { username, profile } = people[n]?.membership ?? {}
  return toSearchKey([username ?? '', profile?.displayName ?? '', profile?.email?.address ?? ''])
}

/** Newest first. */
function matching(search: string, organizationId: OrganizationId | undefined): readonly Person[] {
  const term = toSearchTerm(search)
  if (term === undefined) return []
  return people
    .filter(({ n }) => keyOf(n).includes(term))
    .filter(({ n }) => organizationId === undefined || organizationOf(n) === organizationId)
    .sort((a, b) => b.createdAt - a.createdAt || b.n - a.n)
}

/** Reads three pages of forty. */
async function listUsers(
  storage: Storage,
  filter: { readonly search: string; readonly organizationId?: OrganizationId },
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = []
  for (let after: string | undefined; ids.length < Math.min(count, 120); ) {
    const page = { limit: 40, ...(after === undefined ? {} : { after }) }
    const { items, next } = await storage.listUsers({ ...filter, ...page })
    ids.push(...items.map(({ user }) => user.id))
    after = next
    if (next === undefined) break
  }
  return count === 0
    ? (await storage.listUsers({ ...filter, limit: 40 })).items.map(({ user }) => user.id)
    : ids
}

async function openSqlite(path: string): Promise<Opened> {
  const storage = await openStorage(path, { mode: 'development', now: () => new Date(start) })
  const { handle } = openSqliteConnection(path)
  const queries: CompiledQuery[] = []
  const database: Database = new Kysely<Tables>({
    dialect: createSqliteDialect(handle),
    log: ({ query }) => void queries.push(query),
  })
  return {
    storage,
    database,
    queries,
    async wholeTables({ sql: text, parameters }) {
      const explain = CompiledQuery.raw(`explain query plan ${text}`, [...parameters])
      const { rows } = await database.executeQuery<{ detail: string }>(explain)
      const steps = rows.map(({ detail }) => detail)
      return steps.filter((step) =>
        /^SCAN [a-z_]+ ?(?!.*(COVERING|VIRTUAL TABLE|without_search_key))/.test(step),
      )
    },
    async close() {
      await storage.close()
      handle.close()
    },
  }
}

async function openPostgres(url: string): Promise<Opened> {
  const storage = await openStorage(url, { mode: 'development', now: () => new Date(start) })
  const queries: CompiledQuery[] = []
  // The tables are small, and PostgreSQL prefers to read such a table as a whole.
  const options = '-c enable_seqscan=off'
  const pool = new pg.Pool({ connectionString: url, max: 1, options })
  const database: Database = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void queries.push(query),
  })
  return {
    storage,
    database,
    queries,
    async wholeTables({ sql: text, parameters }) {
      const explain = CompiledQuery.raw(`explain ${text}`, [...parameters])
      const { rows } = await database.executeQuery<{ 'QUERY PLAN': string }>(explain)
      return rows.map((row) => row['QUERY PLAN']).filter((step) => step.includes('Seq Scan'))
    },
    async close() {
      await storage.close()
      await database.destroy()
    },
  }
}

async function fill({ storage, database }: Opened): Promise<void> {
  await storage.atomically(async (transaction) => {
    await transaction.putOrganization(newOrganization('org_large'))
    await transaction.putOrganization(newOrganization('org_small'))
  })
  for (let from = 0; from < PEOPLE; from += BATCH) {
    const batch = people.slice(from, from + BATCH)
    const users = batch.map(({ n, createdAt }) => newUser(n, { createdAt: new Date(createdAt) }))
    await database.transaction().execute(async (transaction) => {
      await transaction.insertInto('users').values(users.map(toUserRow)).execute()
      const rows = batch.map(({ membership }) => toMembershipRow(membership))
      await transaction.insertInto('memberships').values(rows).execute()
    })
  }
  const identities = [1, 2, 3].map((n) => {
    const { connectionId: _, ...rest } = newIdentity(n)
    return toIdentityRow({ ...rest, key: { ...rest.key, directory: 'tenant-old' } })
  })
  await database.insertInto('identities').values(identities).execute()
  if (storage.kind === 'postgres') await sql`analyze`.execute(database)
}
