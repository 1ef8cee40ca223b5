import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/**
 * Creates the tables of sessions that are checked again and of the use of connections, and adds the source of groups. Earlier
 * programs write rows without the new columns; when one of them ends a session, its grant is removed too.
 */
export async function createSessionGrants(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  await widenSnapshots(database, context)
  await createConnectionUses(database, context)
  await createGrants(database, context)
  await createIndexes(database)
}

async function widenSnapshots(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .alterTable('group_snapshots')
    .addColumn('source', text, (column) => column.notNull().defaultTo('claim'))
    .execute()
  await database.schema.alterTable('group_snapshots').addColumn('names', text).execute()
}

/** People who signed in before are known by their identity, but not with which application of the connection. */
async function createConnectionUses(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('connection_uses')
    .addColumn('membership_id', text, (column) =>
      column.notNull().references('memberships.id').onDelete('cascade'),
    )
    .addColumn('connection_id', text, (column) =>
      column.notNull().references('connections.id').onDelete('cascade'),
    )
    .addColumn('fingerprint', text, (column) => column.notNull())
    .addColumn('last_sign_in_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('connection_uses_key', ['membership_id', 'connection_id'])
    .execute()
  await sql`insert into connection_uses (membership_id, connection_id, fingerprint, last_sign_in_at)
    select memberships.id, connections.id, '', max(identities.last_sign_in_at)
    from identities
    join connections on connections.id = identities.connection_id
    join memberships on memberships.user_id = identities.user_id
      and memberships.organization_id = connections.organization_id
    where identities.last_sign_in_at is not null
    group by memberships.id, connections.id`.execute(database)
}

async function createGrants(database: Kysely<unknown>, { text }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('session_grants')
    .addColumn('session_id', text, (column) =>
      column.primaryKey().notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('connection_id', text, (column) => column.notNull())
    .addColumn('sealed', text, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('next_check_at', 'bigint', (column) => column.notNull())
    .addColumn('last_checked_at', 'bigint')
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('last_failure', text)
    .addColumn('lease_id', text)
    .addColumn('lease_ends_at', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('session_ends')
    .addColumn('token_hash', text, (column) => column.primaryKey().notNull())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('connection_id', text)
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
}

async function createIndexes(database: Kysely<unknown>): Promise<void> {
  const indexes: readonly (readonly [string, readonly string[]])[] = [
    ['connection_uses', ['connection_id', 'fingerprint']],
    ['session_grants', ['next_check_at']],
    ['session_grants', ['key_id']],
    ['session_grants', ['connection_id', 'last_failure']],
    ['session_ends', ['until']],
  ]
  for (const [table, names] of indexes) {
    await database.schema
      .createIndex(`${table}_by_${names.join('_')}`)
      .on(table)
      .columns([...names])
      .execute()
  }
}
