import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Creates the tables of API keys and of stored answers to repeated calls. Earlier programs ignore both. */
export async function createApiKeys(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('api_keys')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('token_hash', text, (column) => column.notNull().unique())
    .addColumn('hint', text, (column) => column.notNull())
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('organization_id', text, (column) =>
      column.references('organizations.id').onDelete('cascade'),
    )
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute()
  await database.schema
    .createTable('kept_answers')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('request_hash', text, (column) => column.notNull())
    .addColumn('answer', text, (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['api_keys', ['created_at', 'id']],
    ['api_keys', ['organization_id', 'created_at', 'id']],
    ['kept_answers', ['until']],
    ['memberships', ['created_at', 'id']],
    ['role_assignments', ['role', 'membership_id']],
  ]
  for (const [table, names] of lists) {
    await database.schema
      .createIndex(`${table}_by_${names.join('_')}`)
      .on(table)
      .columns([...names])
      .execute()
  }
}
