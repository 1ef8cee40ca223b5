/**
 * The first schema. It is portable: the dialects differ only in how a column counts up by itself, and in `context.text`. Audit
 * events and traces have no foreign keys, so that they outlive the records that they describe.
 */
import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** Creates the tables of the first schema. */
export async function createInitialSchema(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  await createOrganizations(database, context)
  await createUsers(database, context)
  await createMemberships(database, context)
  await createMembershipBelongings(database, context)
  await createSessions(database, context)
  await createAuditEvents(database, context)
  await createSignInTraces(database, context)
  await createOutbox(database, context)
  if (context.dialect === 'postgres') await leaveRoomForUpdates(database)
  await createMark(database, context)
}

async function createOrganizations(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('organizations')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('slug', text, (column) => column.notNull())
    .addColumn('settings', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('connections')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('slug', text, (column) => column.notNull())
    .addColumn('protocol', text, (column) => column.notNull())
    .addColumn('cloud', text, (column) => column.notNull())
    .addColumn('authority', text, (column) => column.notNull())
    .addColumn('tenants', text, (column) => column.notNull())
    .addColumn('client_id', text, (column) => column.notNull())
    .addColumn('credentials', text, (column) => column.notNull())
    .addColumn('policies', text, (column) => column.notNull())
    .addColumn('role_rules', text, (column) => column.notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('managed_by', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
}

async function createUsers(database: Kysely<unknown>, { text }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('users')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('identities')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id'))
    .addColumn('cloud', text, (column) => column.notNull())
    .addColumn('tid', text, (column) => column.notNull())
    .addColumn('oid', text, (column) => column.notNull())
    .addColumn('connection_id', text, (column) => column.references('connections.id'))
    .addColumn('sub', text)
    .addColumn('last_claims', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_sign_in_at', 'bigint')
    .addUniqueConstraint('identities_person', ['cloud', 'tid', 'oid'])
    .execute()
  await createIndexes(database, 'users', [['created_at', 'id']])
  await createIndexes(database, 'identities', [
    ['user_id'],
    ['connection_id', 'tid'],
    ['tid'],
    ['oid'],
  ])
}

async function createMemberships(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('memberships')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id'))
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('username', text, (column) => column.notNull())
    .addColumn('username_key', text, (column) => column.notNull())
    .addColumn('profile', text, (column) => column.notNull())
    .addColumn('email_key', text)
    .addColumn('search_text', text, (column) => column.notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_sign_in_at', 'bigint')
    .addUniqueConstraint('memberships_user', ['user_id', 'organization_id'])
    .addUniqueConstraint('memberships_username', ['organization_id', 'username_key'])
    .execute()
  await createIndexes(database, 'memberships', [['organization_id', 'email_key']])
}

async function createMembershipBelongings(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('role_assignments')
    .addColumn('membership_id', text, (column) => column.notNull().references('memberships.id'))
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('source', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('role_assignments_key', ['membership_id', 'role', 'source'])
    .execute()
  await database.schema
    .createTable('group_snapshots')
    .addColumn('membership_id', text, (column) =>
      column.primaryKey().notNull().references('memberships.id'),
    )
    .addColumn('groups', text, (column) => column.notNull())
    .addColumn('app_roles', text, (column) => column.notNull())
    .addColumn('complete', 'integer', (column) => column.notNull())
    .addColumn('taken_at', 'bigint', (column) => column.notNull())
    .execute()
}

async function createSessions(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('token_hash', text, (column) => column.notNull().unique())
    .addColumn('user_id', text, (column) => column.references('users.id'))
    .addColumn('organization_id', text, (column) => column.references('organizations.id'))
    .addColumn('connection_id', text, (column) => column.references('connections.id'))
    .addColumn('identity_id', text, (column) => column.references('identities.id'))
    .addColumn('entra_sid', text)
    .addColumn('login_hint', text)
    .addColumn('host', text, (column) => column.notNull())
    .addColumn('ip', text)
    .addColumn('user_agent', text)
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
    .addColumn('idle_ends_at', 'bigint', (column) => column.notNull())
    .addColumn('absolute_ends_at', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .execute()
  await createIndexes(database, 'sessions', [
    ['created_at', 'id'],
    ['user_id', 'created_at', 'id'],
    ['organization_id', 'created_at', 'id'],
    ['connection_id', 'entra_sid'],
    ['ends_at'],
  ])
  await database.schema
    .createTable('attempt_claims')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
  await createIndexes(database, 'attempt_claims', [['until']])
}

async function createAuditEvents(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('audit_events')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('type', text, (column) => column.notNull())
    .addColumn('actor_kind', text, (column) => column.notNull())
    .addColumn('actor_id', text)
    .addColumn('organization_id', text)
    .addColumn('connection_id', text)
    .addColumn('user_id', text)
    .addColumn('session_id', text)
    .addColumn('correlation_id', text)
    .addColumn('ip', text)
    .addColumn('user_agent', text)
    .addColumn('detail', text, (column) => column.notNull())
    .execute()
  await createIndexes(database, 'audit_events', [
    ['at', 'id'],
    ['type', 'at', 'id'],
    ['user_id', 'at', 'id'],
    ['connection_id', 'at', 'id'],
    ['correlation_id', 'at', 'id'],
  ])
}

async function createSignInTraces(
  database: Kysely<unknown>,
  { text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('sign_in_traces')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('attempt_id', text, (column) => column.notNull())
    .addColumn('connection_id', text)
    .addColumn('organization_id', text)
    .addColumn('user_id', text)
    .addColumn('correlation_id', text, (column) => column.notNull())
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('code', text)
    .addColumn('steps', text, (column) => column.notNull())
    .execute()
  await createIndexes(database, 'sign_in_traces', [
    ['at', 'id'],
    ['user_id', 'at', 'id'],
    ['outcome', 'at', 'id'],
    ['correlation_id', 'at', 'id'],
  ])
}

async function createOutbox(
  database: Kysely<unknown>,
  { dialect, text }: MigrationContext,
): Promise<void> {
  const table = database.schema.createTable('outbox')
  const withSequence =
    dialect === 'sqlite'
      ? table.addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn('sequence', 'bigserial', (column) => column.primaryKey())
  await withSequence.addColumn('event_id', text, (column) => column.notNull()).execute()
}

/** A new version of a row that fits onto the same page touches no index, and so blocks no other writer. */
async function leaveRoomForUpdates(database: Kysely<unknown>): Promise<void> {
  for (const table of ['users', 'identities', 'memberships', 'group_snapshots', 'sessions']) {
    await sql`alter table ${sql.table(table)} set (fillfactor = 70)`.execute(database)
  }
}

/** The mark is created with the schema, so that no database exists without its mode. */
async function createMark(
  database: Kysely<unknown>,
  { mode, now, text }: MigrationContext,
): Promise<void> {
  await database.schema
    .createTable('database_mark')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('mode', text, (column) => column.notNull())
    .addColumn('schema_version', 'integer', (column) => column.notNull())
    .addColumn('oldest_program', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await sql`insert into database_mark (id, mode, schema_version, oldest_program, created_at)
    values (1, ${mode}, 1, 1, ${now().getTime()})`.execute(database)
}

async function createIndexes(
  database: Kysely<unknown>,
  table: string,
  indexes: readonly (readonly string[])[],
): Promise<void> {
  for (const columns of indexes) {
    const name = `${table}_by_${columns.join('_')}`
    await database.schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute()
  }
}
