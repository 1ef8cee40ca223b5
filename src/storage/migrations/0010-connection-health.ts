import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the tables of the health of connections and of sign-ins per day, and the columns by which a trace is found. There is no
 * foreign key to a connection: the rows are written seconds after the sign-in, when the connection may have been removed; a sweep
 * removes the rest.
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
