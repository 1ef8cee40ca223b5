/** Reads and writes domains, and finds the connections of a tenant. */
import { type SqlBool, sql } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import { foldCase } from './columns.ts'
import { parseDomain, toConnectionTenantRows, toDomainRow } from './domain-rows.ts'
import { parseConnection } from './organization-rows.ts'
import { readPage } from './pages.ts'
import type { Connection } from './records.ts'
import type { Database, Row } from './schema.ts'
import type { StorageReader, StorageTransaction } from './storage.ts'

/** Creates the functions that read domains. */
export function domainReads(database: Database) {
  return {
    async listConnectionsOfTenant(tenant, limit) {
      const query = selectOfTenant(database, tenant).limit(limit)
      const rows = await query.where((_) => isAtHome(database, tenant.tenantId)).execute()
      return (rows.length > 0 ? rows : await query.execute()).map(parseConnection)
    },
    async hasConnectionsOfCustomers() {
      const query = database.selectFrom('connections').select('id').where('status', '=', 'on')
      const row = await query.where('id', '!=', 'default').limit(1).executeTakeFirst()
      return row !== undefined
    },
    async findDomain(id) {
      const query = database.selectFrom('domains').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && parseDomain(row)
    },
    async findOwnedDomain(name) {
      const query = database.selectFrom('domains').selectAll().where('owned_name', '=', name)
      const row = await query.executeTakeFirst()
      return row && parseDomain(row)
    },
    async listDomains({ organizationId, name, status }, page) {
      let query = database.selectFrom('domains').selectAll()
      if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
      if (name !== undefined) query = query.where('name', '=', name)
      if (status !== undefined) query = query.where('status', '=', status)
      return readPage(query, page, { by: 'created_at', item: parseDomain })
    },
    async listDomainsToCheck(now, limit) {
      const ofEach = sql<number>`row_number() over (partition by organization_id order by next_check_at, id)`
      const due = database
        .selectFrom('domains')
        .selectAll()
        .select(ofEach.as('place'))
        .where('next_check_at', '<=', now.getTime())
      const inTurn = database.selectFrom(due.as('due')).selectAll().orderBy('place')
      const rows = await inTurn.orderBy('next_check_at').orderBy('id').limit(limit).execute()
      return rows.map(parseDomain)
    },
    async countDomains() {
      const query = database.selectFrom('domains').groupBy('status')
      const rows = await query
        .select(({ fn }) => ['status', fn.countAll<number | string>().as('count')])
        .execute()
      const counts = Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
      return { pending: 0, proven: 0, lost: 0, ...counts }
    },
  } satisfies Partial<StorageReader>
}

type Tenant = Parameters<StorageReader['listConnectionsOfTenant']>[0]

function selectOfTenant(database: Database, { authority, tenantId }: Tenant) {
  const ids = database
    .selectFrom('connection_tenants')
    .select('connection_id')
    .where('authority', '=', authority)
    .where('tenant_id', '=', foldCase(tenantId))
  const query = database.selectFrom('connections').selectAll().where('id', 'in', ids)
  return query.where('status', '=', 'on').orderBy('created_at').orderBy('id')
}

/**
 * Returns whether the connection is pinned to the tenant, or was last used by people of it. Only connections of a kind that has tenants
 * are found by one, so the directory of their people is a tenant. In JSON a quote inside a value has a backslash.
 */
function isAtHome(database: Database, tenantId: string) {
  const people = database
    .selectFrom('identities')
    .select('identities.connection_id')
    .where('directory', '=', foldCase(tenantId))
    .where('identities.connection_id', '=', sql<string>`connections.id`)
    .where('last_sign_in_at', 'is not', null)
  return sql<SqlBool>`(tenants like '%"kind":"pinned"%' or exists ${people})`
}

/** Creates the functions that write domains. */
export function domainWrites(database: Database) {
  return {
    async putDomain(domain) {
      const { id, ...rest } = toDomainRow(domain)
      await checkNameFree(database, { id, ...rest })
      const insert = database.insertInto('domains').values({ id, ...rest })
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute()
    },
    async removeDomain(id) {
      const removed = database.deleteFrom('domains').where('id', '=', id).returningAll()
      const row = await removed.executeTakeFirst()
      return row && parseDomain(row)
    },
  } satisfies Partial<StorageTransaction>
}

/** Stores the tenants by which a connection is found, as a part of writing it. */
export async function putConnectionTenants(
  database: Database,
  connection: Connection,
): Promise<void> {
  await database
    .deleteFrom('connection_tenants')
    .where('connection_id', '=', connection.id)
    .execute()
  const rows = toConnectionTenantRows(connection)
  if (rows.length > 0) await database.insertInto('connection_tenants').values(rows).execute()
}

/** The unique indexes would refuse the same, but with errors that differ by database. */
async function checkNameFree(
  database: Database,
  { id, organization_id, name, owned_name }: Row<'domains'>,
): Promise<void> {
  const query = database.selectFrom('domains').select(['organization_id', 'owned_name'])
  const others = await query.where('name', '=', name).where('id', '!=', id).execute()
  if (others.some((other) => other.organization_id === organization_id)) {
    throw new EntradaError('domain_named_already', { name })
  }
  if (owned_name !== null && others.some((other) => other.owned_name !== null)) {
    throw new EntradaError('domain_in_use', { name })
  }
}
