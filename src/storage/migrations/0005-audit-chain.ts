/**
 * The chain over audit events. Links have a table of their own, so that the table that every sign-in writes is neither rebuilt nor
 * updated. A trigger notes each new event for the chain, whichever release wrote it.
 */
import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

const AN_HOUR_MS = 3_600_000

/** Creates the tables of the audit chain, and notes all existing events for it. */
export async function createAuditChain(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  await createLinks(database, context)
  await createUnlinked(database, context)
  await createHead(database, context)
  // Existing events are noted while no writer has to wait; then the trigger is created, for which current writers have to finish;
  // then the events in between are noted.
  await noteEvents(database, new Date(0))
  await createTrigger(database, context)
  await noteEvents(database, new Date(context.now().getTime() - AN_HOUR_MS))
}

async function createLinks(database: Kysely<unknown>, { text }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('audit_links')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('event_id', text, (column) => column.notNull().unique())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .execute()
}

async function createUnlinked(
  database: Kysely<unknown>,
  { dialect, text }: MigrationContext,
): Promise<void> {
  const table = database.schema.createTable('audit_unlinked')
  const withPosition =
    dialect === 'sqlite'
      ? table.addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn('position', 'bigserial', (column) => column.primaryKey())
  await withPosition.addColumn('event_id', text, (column) => column.notNull().unique()).execute()
}

async function createHead(database: Kysely<unknown>, { text }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('audit_chain')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('cut_sequence', 'bigint', (column) => column.notNull())
    .addColumn('cut_hash', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .execute()
  await sql`insert into audit_chain (id, began_at, sequence, hash, cut_sequence, cut_hash, signature)
    values (1, 0, 0, '', 0, '', '')`.execute(database)
}

async function noteEvents(database: Kysely<unknown>, since: Date): Promise<void> {
  await sql`insert into audit_unlinked (event_id) select id from audit_events
    where at >= ${since.getTime()}
    and not exists (select 1 from audit_unlinked where event_id = audit_events.id)
    order by at, id`.execute(database)
}

async function createTrigger(
  database: Kysely<unknown>,
  { dialect }: MigrationContext,
): Promise<void> {
  if (dialect === 'sqlite') {
    await sql`create trigger audit_events_unlinked after insert on audit_events
      begin insert into audit_unlinked (event_id) values (new.id); end`.execute(database)
    return
  }
  await sql`create function entrada_note_audit_event() returns trigger language plpgsql as
    $$ begin insert into audit_unlinked (event_id) values (new.id); return null; end $$`.execute(
    database,
  )
  await sql`create trigger audit_events_unlinked after insert on audit_events
    for each row execute function entrada_note_audit_event()`.execute(database)
}
