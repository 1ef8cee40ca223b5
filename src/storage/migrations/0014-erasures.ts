import type { Kysely } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the tables for erasing removed people from the audit trail in the background. The previous release does not know these
 * tables: people whom it removes are not erased, and its `audit verify` takes an erased event for a changed one.
 */
export async function createErasures(
  database: Kysely<unknown>,
  { dialect, text }: MigrationContext,
): Promise<void> {
  const due = database.schema.createTable('erasures_due')
  const withPosition =
    dialect === 'sqlite'
      ? due.addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
      : due.addColumn('position', 'bigserial', (column) => column.primaryKey().notNull())
  await withPosition
    .addColumn('user_id', text, (column) => column.notNull().unique())
    .addColumn('object_ids', text, (column) => column.notNull())
    .addColumn('after_event', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('audit_erasures')
    .addColumn('event_id', text, (column) => column.primaryKey().notNull())
    .addColumn('content_hash', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .execute()
}
