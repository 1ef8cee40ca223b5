/**
 * `node bench/search.ts`: whether searches, lists and the look-up of a sign-in stay as fast with a million people and ten thousand customers
 * as with a thousand and ten, on SQLite and on a PostgreSQL of its own. Figures only; nothing fails here. `ENTRADA_BENCH_CUSTOMERS` and
 * `ENTRADA_BENCH_PEOPLE` say how many at last, `ENTRADA_BENCH_DATABASE` which database alone.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../src/keys/secret.ts'
import { newConnection } from '../src/storage/conformance-samples.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { toConnectionRow, toOrganizationRow } from '../src/storage/organization-rows.ts'
import { toIdentityRow, toMembershipRow, toUserRow } from '../src/storage/people-rows.ts'
import { openPostgresConnection } from '../src/storage/postgres.ts'
import type { OrganizationId } from '../src/storage/records.ts'
import type { Database } from '../src/storage/schema.ts'
import { openSqliteConnection } from '../src/storage/sqlite.ts'
import type { Storage } from '../src/storage/storage.ts'
import { startPostgres, type TestPostgres } from '../test/support/postgres.ts'

const CUSTOMERS = Number(process.env.ENTRADA_BENCH_CUSTOMERS ?? 10_000)
const PEOPLE = Number(process.env.ENTRADA_BENCH_PEOPLE ?? 1_000_000)
const ONLY = process.env.ENTRADA_BENCH_DATABASE
const BATCH = 500
const REPEATS = 15
const start = Date.UTC(2026, 0, 1)
const options = { mode: 'development', now: () => new Date(start) } as const

const firstNames =
  'anna bert carla david erik fatima george hanna ivan julia kim lars maria nils olga peter quinn rosa sven tina'
const lastNames =
  'smith meyer garcía nowak rossi dubois silva ivanov jansen kowalski lópez martin nielsen o’connor pérez quist ricci schmidt tanaka ueda'
const chineseNames = '王伟 李明 张敏 刘洋 陈静 杨磊 赵丽 黄强 周杰 吴娜'

const padded = (n: number) => String(n).padStart(8, '0')
const organizationOf = (n: number): OrganizationId => `org_${padded(n)}`

type Count = { readonly customers: number; readonly people: number }
type Opened = {
  readonly storage: Storage
  readonly database: Database
  /** Called after all rows are there. */
  finish(): Promise<void>
  close(): Promise<unknown>
}

const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
const places: readonly Count[] = [
  { customers: 10, people: 1_000 },
  { customers: CUSTOMERS, people: PEOPLE },
]
if (ONLY !== 'postgres') await compare('SQLite', (n) => openSqlite(join(folder, `${n}.db`)))
rmSync(folder, { recursive: true })
if (ONLY !== 'sqlite') {
  const postgres = await startPostgres({ durable: true })
  await compare('PostgreSQL', async () => openPostgres(postgres))
  await postgres.close()
}

async function openSqlite(path: string): Promise<Opened> {
  const storage = await openStorage(path, options)
  const { database, handle } = openSqliteConnection(path)
  handle.exec('pragma synchronous = off')
  return { storage, database, finish: async () => {}, close: async () => handle.close() }
}

/** The index is made after the rows, which takes a tenth of the time. */
async function openPostgres(postgres: TestPostgres): Promise<Opened> {
  const url = await postgres.createDatabase()
  const name = new URL(url).pathname.slice(1)
  const storage = await openStorage(url, options)
  const [index] = await postgres.run(
    name,
    "select indexdef from pg_indexes where indexname = 'memberships_search'",
  )
  await postgres.run(name, 'drop index memberships_search')
  const { database, close } = await openPostgresConnection(new Secret(url))
  return {
    storage,
    database,
    close,
    async finish() {
      await postgres.run(name, String(index?.indexdef))
      await postgres.run(name, 'vacuum analyze')
    },
  }
}

async function compare(name: string, open: (count: number) => Promise<Opened>): Promise<void> {
  const columns: Map<string, number>[] = []
  for (const [index, count] of places.entries()) {
    const opened = await open(index)
    const startedAt = performance.now()
    await fill(opened.database, count)
    await opened.finish()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
    console.log(
      `${name}: ${count.people} people, ${count.customers} customers, filled in ${seconds} s`,
    )
    columns.push(await measure(opened.storage, count))
    await opened.storage.close()
    await opened.close()
  }
  const [few, many] = columns
  console.log(
    `${'milliseconds, the best of fifteen'.padEnd(60)} ${'few'.padStart(8)} ${'many'.padStart(8)}`,
  )
  for (const [what, ms] of many ?? []) {
    console.log(
      `${what.padEnd(60)} ${(few?.get(what) ?? 0).toFixed(2).padStart(8)} ${ms.toFixed(2).padStart(8)}`,
    )
  }
}

async function fill(database: Database, { customers, people }: Count): Promise<void> {
  await inBatches(customers, async (transaction, numbers) => {
    await transaction.insertInto('organizations').values(numbers.map(organizationRow)).execute()
    await transaction.insertInto('connections').values(numbers.map(connectionRow)).execute()
  })
  await inBatches(people, async (transaction, numbers) => {
    const persons = numbers.map((n) => personOf(n, { customers, people }))
    await transaction
      .insertInto('users')
      .values(persons.map(({ user }) => user))
      .execute()
    await transaction
      .insertInto('identities')
      .values(persons.map(({ identity }) => identity))
      .execute()
    await transaction
      .insertInto('memberships')
      .values(persons.map(({ membership }) => membership))
      .execute()
  })

  async function inBatches(
    count: number,
    put: (transaction: Database, numbers: readonly number[]) => Promise<void>,
  ): Promise<void> {
    for (let from = 0; from < count; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => from + n)
      await database.transaction().execute((transaction) => put(transaction, numbers))
    }
  }
}

function organizationRow(n: number) {
  const at = new Date(start + n * 1000)
  const own = { id: organizationOf(n), name: `Customer ${n}`, slug: `customer-${n}` }
  return toOrganizationRow({ ...own, settings: {}, createdAt: at, updatedAt: at })
}

function connectionRow(n: number) {
  const at = new Date(start + n * 1000)
  const tenantId = `aaaaaaaa-0000-4000-8000-${padded(n).padStart(12, '0')}`
  const own = {
    id: `con_${padded(n)}`,
    organizationId: organizationOf(n),
    slug: `customer-${n}`,
  } as const
  const tenants = { kind: 'pinned', tenant: `customer${n}.example`, tenantId } as const
  return toConnectionRow(
    newConnection({ ...own, name: `Customer ${n}`, tenants, createdAt: at, updatedAt: at }),
  )
}

/** The first twentieth of all people are those of the first customer. */
function personOf(n: number, { customers, people }: Count) {
  const at = new Date(start + n * 100)
  const customer = n < people / 20 ? 0 : n % customers
  const pick = (names: string, by: number) => {
    const list = names.split(' ')
    return list[by % list.length] ?? ''
  }
  const shuffled = (n * 7_919) % 1_000_003
  const first = pick(firstNames, shuffled)
  const last = pick(lastNames, Math.floor(shuffled / 20))
  const displayName = n % 10 === 3 ? pick(chineseNames, shuffled) : `${first} ${last}`
  const domain = customer === 0 ? 'firstborn.example' : `customer${customer}.example`
  const address = `${first}.${n}@${domain}`
  const userId = `usr_${padded(n)}` as const
  const common = { createdAt: at, userId }
  return {
    user: toUserRow({ id: userId, status: 'active', createdAt: at, updatedAt: at }),
    identity: toIdentityRow({
      ...common,
      id: `idn_${padded(n)}`,
      key: { space: 'entra:global', directory: `tenant-${customer}`, subject: `oid-${padded(n)}` },
      lastClaims: {},
    }),
    membership: toMembershipRow({
      ...common,
      id: `mem_${padded(n)}`,
      organizationId: organizationOf(customer),
      username: `${first}-${n}`,
      profile: { displayName, email: { address, source: 'email_claim', proven: true } },
      status: 'active',
    }),
  }
}

async function measure(
  storage: Storage,
  { customers, people }: Count,
): Promise<Map<string, number>> {
  const figures = new Map<string, number>()
  const somebody = Math.floor(people / 2)
  const { membership } = personOf(somebody, { customers, people })
  const small = organizationOf(customers - 1)
  const key = {
    space: 'entra:global',
    directory: `tenant-${somebody % customers}`,
    subject: `oid-${padded(somebody)}`,
  } as const
  const time = async (what: string, call: () => Promise<unknown>) => {
    const times: number[] = []
    for (let n = 0; n < REPEATS; n += 1) {
      const before = performance.now()
      const done = await call().then(
        () => true,
        () => false,
      )
      times.push(done ? performance.now() - before : Number.POSITIVE_INFINITY)
    }
    times.sort((a, b) => a - b)
    figures.set(what, times[0] ?? 0)
  }
  const users = (search: string, organizationId?: OrganizationId) =>
    storage.listUsers({ search, limit: 50, ...(organizationId ? { organizationId } : {}) })
  await time('sign-in: the person', () =>
    storage.findPerson(key, organizationOf(somebody % customers)),
  )
  await time('users, first page', () => storage.listUsers({ limit: 50 }))
  await time('members of a customer, first page', () =>
    storage.listMemberships({ organizationId: small }, { limit: 50 }),
  )
  await time('organizations, first page', () => storage.listOrganizations({ limit: 50 }))
  await time('one person by username', () => users(membership.username))
  await time('one person by object id', () => users(key.subject))
  await time('a number in addresses', () => users(String(somebody)))
  await time('a name that many have: anna smith', () => users('anna smith'))
  await time('a name that many have: 李明', () => users('李明'))
  await time('the end of names: 明', () => users('明'))
  await time('two letters: qu', () => users('qu'))
  await time('one letter that nothing begins with: x', () => users('x'))
  await time('what nobody has: xyzzyq', () => users('xyzzyq'))
  await time('what nobody has, of common letters: smith anna', () => users('smith anna'))
  await time('what everybody has: example', () => users('example'))
  await time('what one in twenty has, all old: firstborn', () => users('firstborn'))
  await time('in a small organization: anna', () => users('anna', small))
  await time('in a small organization, what it has not: meyer.ex', () => users('meyer.ex', small))
  await time('in the largest organization: anna smith', () =>
    users('anna smith', organizationOf(0)),
  )
  await time('in the largest organization: example', () => users('example', organizationOf(0)))
  await time('members by name: kowalski', () =>
    storage.listMemberships({ search: 'kowalski' }, { limit: 50 }),
  )
  await time('members of the largest: nowak', () =>
    storage.listMemberships({ search: 'nowak', organizationId: organizationOf(0) }, { limit: 50 }),
  )
  await time('organizations: customer 99', () =>
    storage.listOrganizations({ search: 'customer 99', limit: 50 }),
  )
  await time('organizations: customer-3', () =>
    storage.listOrganizations({ search: 'customer-3', limit: 50 }),
  )
  await time('connections: a tenant', () =>
    storage.listConnections({ search: 'aaaaaaaa-0000-4000-8000-000000000003' }, { limit: 50 }),
  )
  await time('connections: customer3.example', () =>
    storage.listConnections({ search: 'customer3.example' }, { limit: 50 }),
  )
  return figures
}
