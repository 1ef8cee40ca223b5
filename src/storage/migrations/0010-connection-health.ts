import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * How connections do, how many sign in on each day, and by whom a trace is found. Nothing refers to a connection by foreign key: what is
 * written here comes seconds after the sign-in, when the connection may be gone; a sweep takes the rest along.
 */
export async function createConnectionHealth(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('connection_health')
    .addColumn('connection_id', text, (column) => column.primaryKey())
    .addColumn('last_success_at', 'bigint')
    .addColumn('last_failure_at', 'bigint')
    .addColumn('last_failure_code', text)
    .addColumn('failures_in_a_row', 'bigint', (column) => column.notNull())
    .addColumn('failing_since', 'bigint')
    .execute()
  await database.schema
    .createIndex('connection_health_failing')
    .on('connection_health')
    .columns(['failing_since', 'connection_id'])
    .execute()
  await database.schema
    .createTable('sign_in_counts')
    .addColumn('connection_id', text, (column) => column.notNull())
    .addColumn('day', text, (column) => column.notNull())
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('sign_ins', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('sign_in_counts_key', ['connection_id', 'day', 'outcome'])
    .execute()
  await findTracesByPerson(database, text)
}

async function findTracesByPerson(
  database: Kysely<unknown>,
  text: MigrationContext['text'],
): Promise<void> {
  for (const column of ['person_oid', 'name_key', 'email_key']) {
    await database.schema.alterTable('sign_in_traces').addColumn(column, text).execute()
    await database.schema
      .createIndex(`sign_in_traces_by_${column}`)
      .on('sign_in_traces')
      .columns([column, 'at', 'id'])
      .execute()
  }
}
