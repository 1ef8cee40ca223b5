import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** How far the background verification of the audit trail has come: one row, signed. The release before does not notice the table. */
export async function createAuditVerification(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('audit_verification')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .execute()
}
