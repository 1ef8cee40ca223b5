import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Creates the tables of set-up links and of results of test sign-ins. Earlier programs ignore both. */
export async function createSetupLinks(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('setup_links')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('connection_id', text, (column) => column.notNull().references('connections.id'))
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('token_hash', text, (column) => column.notNull().unique())
    .addColumn('session_hash', text)
    .addColumn('progress', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('opened_at', 'bigint')
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_as', text)
    .execute()
  await database.schema
    .createTable('test_results')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('connection_id', text, (column) => column.notNull().references('connections.id'))
    .addColumn('holder', text, (column) => column.notNull())
    .addColumn('sealed', text, (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .execute()
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['setup_links', ['connection_id', 'created_at', 'id']],
    ['setup_links', ['ends_at']],
    ['test_results', ['connection_id']],
    ['test_results', ['ends_at']],
  ]
  for (const [table, names] of lists) {
    await database.schema
      .createIndex(`${table}_by_${names.join('_')}`)
      .on(table)
      .columns([...names])
      .execute()
  }
}
