import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Through which connection the groups and app roles of a membership were told. Of those from before, it is not known. */
export async function addSnapshotConnections(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema.alterTable('group_snapshots').addColumn('connection_id', text).execute()
}
