/** Migrates a database to the schema of this program, or reports why this program must not use it. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { EntradaError } from '../../errors/errors.ts'
import { readMark } from '../mark.ts'
import type { Database } from '../schema.ts'
import type { DatabaseMark } from '../storage.ts'
import { createInitialSchema } from './0001-initial.ts'
import { createRateLimitCounts } from './0002-rate-limits.ts'
import { widenConnections } from './0003-connections.ts'
import { createAuditChain } from './0005-audit-chain.ts'
import { createSetupLinks } from './0006-setup-links.ts'
import { createDomains } from './0007-domains.ts'
import { createSessionGrants } from './0008-session-grants.ts'
import { createApiKeys } from './0009-api-keys.ts'
import { createConnectionHealth } from './0010-connection-health.ts'
import { createWebhooks } from './0011-webhooks.ts'
import { addSnapshotConnections } from './0012-snapshot-connections.ts'
import { createRetiredUsernames } from './0013-retired-usernames.ts'
import { createErasures } from './0014-erasures.ts'
import { createAuditVerification } from './0015-audit-verification.ts'
import { indexDueDeliveries } from './0016-webhook-shares.ts'
import { addPersonKeys } from './0017-person-keys.ts'
import { noteRemovedConnections } from './0018-removed-connections.ts'
import { addTraceKeys } from './0019-trace-keys.ts'
import { addSearchKeys } from './0020-search-keys.ts'

/** The input of a migration, in addition to the database. */
export type MigrationContext = MigrationOptions & {
  /** The type of every text column: compared byte by byte, whatever the language of the database. */
  readonly text: 'text' | RawBuilder<unknown>
}
type MigrationOptions = {
  readonly dialect: 'sqlite' | 'postgres'
  readonly mode: DatabaseMark['mode']
  readonly now: () => Date
}

/**
 * The migrations in order. The place in the list is the schema number, which is stored in the mark after each. A migration raises
 * `oldest_program` only if programs before that number can no longer use the result.
 */
const steps: readonly {
  readonly name: string
  readonly up: (database: Kysely<unknown>, context: MigrationContext) => Promise<void>
}[] = [
  { name: '0001-initial', up: createInitialSchema },
  { name: '0002-rate-limits', up: createRateLimitCounts },
  { name: '0003-connections', up: widenConnections },
  { name: '0005-audit-chain', up: createAuditChain },
  { name: '0006-setup-links', up: createSetupLinks },
  { name: '0007-domains', up: createDomains },
  { name: '0008-session-grants', up: createSessionGrants },
  { name: '0009-api-keys', up: createApiKeys },
  { name: '0010-connection-health', up: createConnectionHealth },
  { name: '0011-webhooks', up: createWebhooks },
  { name: '0012-snapshot-connections', up: addSnapshotConnections },
  { name: '0013-retired-usernames', up: createRetiredUsernames },
  { name: '0014-erasures', up: createErasures },
  { name: '0015-audit-verification', up: createAuditVerification },
  { name: '0016-webhook-shares', up: indexDueDeliveries },
  { name: '0017-person-keys', up: addPersonKeys },
  { name: '0018-removed-connections', up: noteRemovedConnections },
  { name: '0019-trace-keys', up: addTraceKeys },
  { name: '0020-search-keys', up: addSearchKeys },
]

/** The names of all migrations, in order. */
export const migrationNames: readonly string[] = steps.map(({ name }) => name)

const LOCK_TIME_LIMIT_MS = 300

/** The schema number that this program was written for. */
export const knownSchemaVersion = steps.length

/**
 * Runs the missing migrations and returns their names. Run it inside a transaction that no other migration can enter, so that of
 * two programs which open a new database one waits.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`
 */
export async function migrate(
  transaction: Database,
  options: MigrationOptions,
): Promise<readonly string[]> {
  const mark = await findMark(transaction, options)
  if (mark !== undefined) checkMark(mark, options)
  // A later release has migrated already and still allows this program; Kysely's migrator would call its migrations corrupt.
  if (mark !== undefined && mark.schemaVersion >= knownSchemaVersion) return []

  if (options.dialect === 'postgres' && mark !== undefined) await lockTables(transaction)
  const text = options.dialect === 'sqlite' ? 'text' : sql`text collate "C"`
  const failures: unknown[] = []
  const migrations = toMigrations({ ...options, text }, failures)
  const migrator = new Migrator({
    db: transaction,
    provider: { getMigrations: async () => migrations },
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  // The first error is thrown, because Kysely then only reports that the transaction can no longer be used.
  if (error !== undefined) throw failures[0] ?? error
  return results.map(({ migrationName }) => migrationName)
}

/**
 * Locks all tables before anything else: if a migration locked them step by step in an order of its own, it and a sign-in would
 * wait for each other. Sign-ins meanwhile wait as long as the migration takes. If another transaction holds a table for long, this
 * does not wait, because all others would wait behind this lock; the caller retries.
 */
async function lockTables(transaction: Database): Promise<void> {
  const tables = await listTables(transaction, 'postgres')
  await sql`set local lock_timeout = ${sql.lit(LOCK_TIME_LIMIT_MS)}`.execute(transaction)
  await sql`lock table ${sql.join(tables.map((name) => sql.table(name)))}`.execute(transaction)
  await sql`set local lock_timeout = 0`.execute(transaction)
}

/** Finds the mark of the database. @throws {EntradaError} `database_not_ours` when tables of another program use our names */
async function findMark(
  transaction: Database,
  { dialect }: MigrationOptions,
): Promise<DatabaseMark | undefined> {
  const tables = await listTables(transaction, dialect)
  if (tables.includes('database_mark')) return readMark(transaction)
  const taken = tables.filter((table) => ['users', 'sessions', 'organizations'].includes(table))
  if (taken.length > 0) throw new EntradaError('database_not_ours', { tables: taken })
  return undefined
}

/** Lists the tables that are found without a schema name, which on PostgreSQL are not all tables. */
async function listTables(
  transaction: Database,
  dialect: MigrationOptions['dialect'],
): Promise<readonly string[]> {
  if (dialect === 'sqlite') {
    return (await transaction.introspection.getTables()).map(({ name }) => name)
  }
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = any(current_schemas(false))
    order by tablename`.execute(transaction)
  return rows.map(({ name }) => name)
}

function checkMark(mark: DatabaseMark, { mode }: MigrationOptions): void {
  if (mark.mode !== mode) {
    throw new EntradaError('database_mode_mismatch', { database: mark.mode, program: mode })
  }
  if (mark.oldestProgram > knownSchemaVersion) {
    throw new EntradaError('database_too_new', {
      oldestProgram: mark.oldestProgram,
      program: knownSchemaVersion,
    })
  }
}

function toMigrations(context: MigrationContext, failures: unknown[]): Record<string, Migration> {
  return Object.fromEntries(
    steps.map(({ name, up }, index) => [
      name,
      {
        up: async (database) => {
          await up(database, context).catch((error: unknown) => {
            failures.push(error)
            throw error
          })
          await sql`update database_mark set schema_version = ${index + 1}`.execute(database)
        },
      },
    ]),
  )
}
