import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the table for the progress of the background verification of the audit trail: one row, signed. The previous release
 * ignores it.
 */
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
