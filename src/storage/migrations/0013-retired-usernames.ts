import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Usernames of members who were removed stay taken: as a hash under a key of this database, which is stored sealed. Both tables go
 * unnoticed by the release before, and the cascade lets that release remove an organization.
 */
export async function createRetiredUsernames(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('retired_usernames')
    .addColumn('organization_id', text, (column) =>
      column.notNull().references('organizations.id').onDelete('cascade'),
    )
    .addColumn('username_hash', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('retired_usernames_key', ['organization_id', 'username_hash'])
    .execute()
  await database.schema
    .createTable('sealed_keys')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('sealed', text, (column) => column.notNull())
    .execute()
}
