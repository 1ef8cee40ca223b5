import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Creates the tables of webhooks, their deliveries, the warnings that were sent, and the leases of replicas. */
export async function createWebhooks(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  await createWebhookTable(database, context)
  await createDeliveries(database, context)
  await createLeases(database, context)
}

async function createWebhookTable(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('webhooks')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.references('organizations.id'))
    .addColumn('url', text, (column) => column.notNull())
    .addColumn('event_types', text, (column) => column.notNull())
    .addColumn('secrets', text, (column) => column.notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('off_because', text)
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await createIndex(database, 'webhooks', ['created_at', 'id'])
  await createIndex(database, 'webhooks', ['organization_id', 'created_at', 'id'])
}

async function createDeliveries(
  database: Kysely<unknown>,
  { dialect, text }: MigrationContext,
): Promise<void> {
  const table = database.schema.createTable('webhook_deliveries')
  const withId =
    dialect === 'sqlite'
      ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn('id', 'bigserial', (column) => column.primaryKey())
  await withId
    .addColumn('webhook_id', text, (column) =>
      column.notNull().references('webhooks.id').onDelete('cascade'),
    )
    .addColumn('event_id', text, (column) => column.notNull())
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint')
    .addColumn('last_at', 'bigint')
    .addColumn('last_answer', text)
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await createIndex(database, 'webhook_deliveries', ['next_at', 'id'])
  await createIndex(database, 'webhook_deliveries', ['webhook_id', 'id'])
}

async function createLeases(database: Kysely<unknown>, { text }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('leases')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('holder', text, (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('given_warnings')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute()
}

async function createIndex(
  database: Kysely<unknown>,
  table: string,
  columns: readonly string[],
): Promise<void> {
  await database.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns([...columns])
    .execute()
}
