import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Adds the connection that sent the groups and app roles of a membership. For older rows it is unknown. */
export async function addSnapshotConnections(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema.alterTable('group_snapshots').addColumn('connection_id', text).execute()
}
