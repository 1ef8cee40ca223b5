import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Ids of connections that were removed: the keys of their people may contain the id, so no other connection gets it. A trigger notes
 * them, whichever release removes the connection.
 */
export async function noteRemovedConnections(
  database: Kysely<unknown>,
  { dialect, text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('removed_connections')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .execute()
  const note = sql`insert into removed_connections (id) values (old.id) on conflict do nothing`
  if (dialect === 'sqlite') {
    await sql`create trigger connections_removed after delete on connections
      begin ${note}; end`.execute(database)
    return
  }
  await sql`create function entrada_note_removed_connection() returns trigger language plpgsql as
    $$ begin ${note}; return null; end $$`.execute(database)
  await sql`create trigger connections_removed after delete on connections
    for each row execute function entrada_note_removed_connection()`.execute(database)
}
