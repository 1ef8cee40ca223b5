import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the tables of usernames of removed members, which stay taken: as a hash under a key of this database, which is stored
 * sealed. The previous release ignores both tables, and the cascade lets it remove an organization.
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
