import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Adds what many customers need: the name of a connection, its application and its settings. Earlier programs write rows without
 * these columns, and find their own columns unchanged.
 */
export async function widenConnections(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .alterTable('organizations')
    .addColumn('updated_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`update organizations set updated_at = created_at`.execute(database)
  const columns = [
    ['name', ''],
    ['application', 'own'],
    ['settings', '{}'],
  ] as const
  for (const [name, fallback] of columns) {
    await database.schema
      .alterTable('connections')
      .addColumn(name, text, (column) => column.notNull().defaultTo(fallback))
      .execute()
  }
  await database.schema
    .alterTable('connections')
    .addColumn('credentials_end_at', 'bigint')
    .execute()
  await createLookUps(database)
}

async function createLookUps(database: Kysely<unknown>): Promise<void> {
  const unique = [
    ['organizations', 'slug'],
    ['connections', 'slug'],
  ] as const
  for (const [table, column] of unique) {
    await database.schema.createIndex(`${table}_slug`).on(table).column(column).unique().execute()
  }
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['organizations', ['created_at', 'id']],
    ['connections', ['created_at', 'id']],
    ['connections', ['organization_id', 'created_at', 'id']],
    ['connections', ['credentials_end_at', 'id']],
    ['memberships', ['organization_id', 'created_at', 'id']],
    ['sign_in_traces', ['connection_id', 'at', 'id']],
    ['sign_in_traces', ['organization_id', 'at', 'id']],
    ['audit_events', ['organization_id', 'at', 'id']],
  ]
  for (const [table, names] of lists) {
    await database.schema
      .createIndex(`${table}_by_${names.join('_')}`)
      .on(table)
      .columns([...names])
      .execute()
  }
}
