import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema.ts'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the tables of domains, and of connections by the tenants that they accept. Earlier programs ignore both. A connection
 * that one of them changes meanwhile is found by its new tenant after it is written again.
 */
export async function createDomains(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  await createDomainsTable(database, context)
  await createConnectionTenants(database, context)
  await fillConnectionTenants(database as Database) // its tables exist by now
  await database.schema
    .createIndex('connections_by_status_authority')
    .on('connections')
    .columns(['status', 'authority', 'id'])
    .execute()
}

async function createDomainsTable(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('domains')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('owned_name', text, (column) => column.unique())
    .addColumn('connection_id', text, (column) =>
      column.references('connections.id').onDelete('set null'),
    )
    .addColumn('challenge', text, (column) => column.notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('proof', text)
    .addColumn('proven_at', 'bigint')
    .addColumn('checked_at', 'bigint')
    .addColumn('next_check_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('domains_of_organization', ['organization_id', 'name'])
    .execute()
  await createIndexes(database, 'domains', [
    ['created_at', 'id'],
    ['organization_id', 'created_at', 'id'],
    ['name'],
    ['connection_id'],
    ['next_check_at', 'id'],
  ])
}

async function createConnectionTenants(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('connection_tenants')
    .addColumn('connection_id', text, (column) =>
      column.notNull().references('connections.id').onDelete('cascade'),
    )
    .addColumn('authority', text, (column) => column.notNull())
    .addColumn('tenant_id', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('connection_tenants_key', ['connection_id', 'tenant_id'])
    .execute()
  await createIndexes(database, 'connection_tenants', [['authority', 'tenant_id']])
}

/** This uses the form that rows have today: what a later release reads into them does not change what this one wrote. */
async function fillConnectionTenants(database: Database): Promise<void> {
  const rows = await database
    .selectFrom('connections')
    .select(['id', 'authority', 'tenants'])
    .execute()
  for (const { id, authority, tenants } of rows) {
    const { tenantId, tenantIds = tenantId ? [tenantId] : [] } = JSON.parse(tenants) as {
      readonly tenantId?: string
      readonly tenantIds?: readonly string[]
    }
    for (const tenant of new Set(tenantIds.map((tenantId) => tenantId.toLowerCase()))) {
      await sql`insert into connection_tenants (connection_id, authority, tenant_id)
        values (${id}, ${authority}, ${tenant})`.execute(database)
    }
  }
}

async function createIndexes(
  database: Kysely<unknown>,
  table: string,
  indexes: readonly (readonly string[])[],
): Promise<void> {
  for (const columns of indexes) {
    await database.schema
      .createIndex(`${table}_by_${columns.join('_')}`)
      .on(table)
      .columns([...columns])
      .execute()
  }
}
