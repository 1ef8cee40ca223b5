/** Reads and writes organizations and connections. */
import { type SqlBool, sql } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import { acceptedTenants } from './accepted-tenants.ts'
import { foldCase, keyIdOf } from './columns.ts'
import { putConnectionTenants } from './domain-verbs.ts'
import { failingConnections } from './health-verbs.ts'
import {
  parseConnection,
  parseOrganization,
  sealedCredentials,
  toConnectionRow,
  toOrganizationRow,
} from './organization-rows.ts'
import { readPage } from './pages.ts'
import type { Connection, Organization } from './records.ts'
import type { Database } from './schema.ts'
import { searchText } from './search-index.ts'
import { readSearchPage } from './search-reads.ts'
import { countSealedGrants } from './session-grant-verbs.ts'
import type {
  ConnectionFilter,
  Page,
  PageRequest,
  StorageReader,
  StorageTransaction,
} from './storage.ts'
import { sealedWebhookSecrets } from './webhook-rows.ts'

/**
 * Returns every sealed value, column by column. A new column has to be added here, or a key is dropped too early. Results of tests
 * are left out, because they end within an hour and can be repeated.
 */
const sealedColumns: readonly ((database: Database) => Promise<readonly string[]>)[] = [
  async (database) => {
    const rows = await database.selectFrom('connections').select('credentials').execute()
    return rows.flatMap(({ credentials }) => sealedCredentials(credentials))
  },
  async (database) => {
    const rows = await database.selectFrom('webhooks').select('secrets').execute()
    return rows.flatMap(({ secrets }) => sealedWebhookSecrets(secrets))
  },
  async (database) => {
    const rows = await database.selectFrom('sealed_keys').select('sealed').execute()
    return rows.map(({ sealed }) => sealed)
  },
]

/** Creates the functions that read organizations and connections. */
export function organizationReads(database: Database) {
  return {
    async findOrganization(id) {
      const query = database.selectFrom('organizations').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseOrganization(row)
    },
    async findOrganizationBySlug(slug) {
      const query = database.selectFrom('organizations').selectAll()
      const row = await query.where('slug', '=', foldCase(slug)).executeTakeFirst()
      return row && parseOrganization(row)
    },
    async listOrganizations({ search, ...page }) {
      if (search !== undefined) return searchOrganizations(database, search, page)
      const list = database.selectFrom('organizations').selectAll()
      return readPage(list, page, { by: 'created_at', item: parseOrganization })
    },
    async findConnection(id) {
      const query = database.selectFrom('connections').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseConnection(row)
    },
    async findConnectionBySlug(slug) {
      const query = database.selectFrom('connections').selectAll()
      const row = await query.where('slug', '=', foldCase(slug)).executeTakeFirst()
      return row && parseConnection(row)
    },
    async listConnections(filter, page) {
      if (filter.search !== undefined) {
        return searchConnections(database, filter.search, { filter, page })
      }
      const list = selectConnections(database, filter)
      return readPage(list, page, { by: 'created_at', item: parseConnection })
    },
    async listConnectionIds() {
      const rows = await database.selectFrom('connections').select('id').orderBy('id').execute()
      return rows.map(({ id }) => id)
    },
    async listLinkedTenants(connectionId) {
      const query = database.selectFrom('identities').select('directory').distinct()
      const rows = await query
        .where('connection_id', '=', connectionId)
        .orderBy('directory')
        .execute()
      return rows.map((row) => row.directory)
    },
    async listSharedConnectionsOf(cloud, tenantId) {
      const shared = database.selectFrom('connections').selectAll()
      const on = shared.where('application', '=', 'shared').where('status', '=', 'on')
      const rows = await on.where('cloud', '=', cloud).orderBy('id').execute()
      return rows
        .map(parseConnection)
        .filter(({ tenants }) => acceptedTenants(tenants).includes(tenantId))
        .map(({ id }) => id)
    },
    async findSlugs(slugs) {
      const among = slugs.map(foldCase)
      const organizations = await database
        .selectFrom('organizations')
        .select(['slug', 'id'])
        .where('slug', 'in', among)
        .execute()
      const connections = await database
        .selectFrom('connections')
        .select(['slug', 'id'])
        .where((is) => is.or([is('slug', 'in', among), is(is.fn('lower', ['id']), 'in', among)]))
        .execute()
      const names = connections.flatMap(({ slug, id }) => [slug, foldCase(id)])
      return {
        organizations: new Map(organizations.map((row) => [row.slug, row.id])),
        connections: new Set(among.filter((slug) => names.includes(slug))),
      }
    },
    listSealingKeyIds: async () => Object.keys(await countSealedValues(database)).sort(),
    countSealedValues: () => countSealedValues(database),
  } satisfies Partial<StorageReader>
}

/** Creates the functions that write organizations and connections. */
export function organizationWrites(database: Database) {
  return {
    async putOrganization(organization) {
      const { id, ...rest } = toOrganizationRow(organization)
      await checkSlugFree(database, 'organizations', { id, slug: rest.slug })
      const insert = database.insertInto('organizations').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async putConnection(connection) {
      const { id, ...rest } = toConnectionRow(connection)
      await checkSlugFree(database, 'connections', { id, slug: rest.slug })
      const insert = database.insertInto('connections').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
      await putConnectionTenants(database, connection)
    },
  } satisfies Partial<StorageTransaction>
}

function selectConnections(database: Database, filter: ConnectionFilter) {
  const { status, credentialsEndBefore, failing, withoutRoles } = filter
  let query = selectConnectionScope(database, filter)
  if (status !== undefined) query = query.where('status', '=', status)
  if (credentialsEndBefore !== undefined) {
    query = query.where('credentials_end_at', '<', credentialsEndBefore.getTime())
  }
  if (failing) query = query.where('id', 'in', failingConnections(database))
  if (withoutRoles) {
    // Both columns are JSON as `JSON.stringify` writes it.
    query = query
      .where('role_rules', '=', '[]')
      .where('policies', 'like', '%"unmatched":{"kind":"refuse"}%')
  }
  return query
}

/** Selects what an index has in the order of the list. */
function selectConnectionScope(database: Database, { organizationId }: ConnectionFilter) {
  const query = database.selectFrom('connections').selectAll()
  return organizationId === undefined ? query : query.where('organization_id', '=', organizationId)
}

function searchOrganizations(
  database: Database,
  search: string,
  page: PageRequest,
): Promise<Page<Organization>> {
  const text = searchText(database, 'organizations', { text: search })
  const list = database.selectFrom('organizations').selectAll()
  return readSearchPage(
    text,
    {
      along: list,
      matching: list.where(text.matches),
      found: (found) => list.where(found('organizations.id')),
      others: list.where(text.matchesUnfilled),
    },
    { page, item: parseOrganization },
  )
}

function searchConnections(
  database: Database,
  search: string,
  { filter, page }: { readonly filter: ConnectionFilter; readonly page: PageRequest },
): Promise<Page<Connection>> {
  const { organizationId } = filter
  const text = searchText(database, 'connections', { text: search, organizationId })
  const list = selectConnections(database, filter)
  const isItself = sql<SqlBool>`connections.id = ${search}`
  return readSearchPage(
    text,
    {
      along: selectConnectionScope(database, filter),
      matching: list.where(sql<SqlBool>`(${isItself} or ${text.matches})`),
      found: (found) => list.where(found('connections.id')),
      others: list.where(sql<SqlBool>`(${isItself} or ${text.matchesUnfilled})`),
    },
    { page, item: parseConnection },
  )
}

/** The unique index would refuse the same, but with an error that differs by database. */
async function checkSlugFree(
  database: Database,
  table: 'organizations' | 'connections',
  { id, slug }: { readonly id: string; readonly slug: string },
): Promise<void> {
  const holder = await database
    .selectFrom(table)
    .select('id')
    .where('slug', '=', slug)
    .executeTakeFirst()
  if (holder !== undefined && holder.id !== id) throw new EntradaError('slug_in_use', { slug })
}

async function countSealedValues(database: Database): Promise<Readonly<Record<string, number>>> {
  const counts = new Map<string, number>()
  for (const sealedValues of sealedColumns) {
    for (const sealed of await sealedValues(database)) {
      const keyId = keyIdOf(sealed)
      counts.set(keyId, (counts.get(keyId) ?? 0) + 1)
    }
  }
  for (const { keyId, values } of await countSealedGrants(database)) {
    counts.set(keyId, (counts.get(keyId) ?? 0) + values)
  }
  return Object.fromEntries(counts)
}
