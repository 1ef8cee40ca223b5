/** Brings a database to the schema of this program, or says why this program must leave it alone. */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { EntradaError } from '../../errors.ts'
import { readMark } from '../mark.ts'
import type { Database } from '../schema.ts'
import type { DatabaseMark } from '../storage.ts'
import { createInitialSchema } from './0001-initial.ts'

/** What a migration may depend on besides the database. */
export type MigrationContext = {
  readonly dialect: 'sqlite' | 'postgres'
  readonly mode: DatabaseMark['mode']
  readonly now: () => Date
}

/**
 * In order; the place in the list is the schema number, and each migration writes its number into the mark.
 * It raises `oldest_program` only when programs before that number can no longer run on the result.
 */
const steps: readonly {
  readonly name: string
  readonly up: (database: Kysely<unknown>, context: MigrationContext) => Promise<void>
}[] = [{ name: '0001-initial', up: createInitialSchema }]

/** The schema number that this program was written for. */
export const knownSchemaVersion = steps.length

/**
 * Run it inside a transaction that no other writer can enter, so that of two programs opening a new database one waits.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`
 */
export async function migrate(transaction: Database, context: MigrationContext): Promise<void> {
  const mark = await findMark(transaction)
  if (mark !== undefined) checkMark(mark, context)
  // A later release has migrated already and still admits us; Kysely's migrator would call its migrations corrupt.
  if (mark !== undefined && mark.schemaVersion >= knownSchemaVersion) return

  const migrator = new Migrator({
    db: transaction,
    provider: { getMigrations: async () => toMigrations(context) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function findMark(transaction: Database): Promise<DatabaseMark | undefined> {
  const tables = await transaction.introspection.getTables()
  return tables.some((table) => table.name === 'database_mark') ? readMark(transaction) : undefined
}

function checkMark(mark: DatabaseMark, { mode }: MigrationContext): void {
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

function toMigrations(context: MigrationContext): Record<string, Migration> {
  return Object.fromEntries(
    steps.map(({ name, up }) => [name, { up: (database) => up(database, context) }]),
  )
}
