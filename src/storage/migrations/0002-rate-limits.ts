import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Creates the table of uses that replicas count together. Earlier programs count by themselves, and ignore it. */
export async function createRateLimitCounts(
  database: Kysely<unknown>,
  { text, dialect }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('rate_limit_counts')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('rate_limit_counts_by_until')
    .on('rate_limit_counts')
    .column('until')
    .execute()
  // The same few rows are written again and again; this leaves room for a new version on the same page.
  if (dialect === 'postgres') {
    await sql`alter table rate_limit_counts set (fillfactor = 50)`.execute(database)
  }
}
