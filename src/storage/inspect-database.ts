/** Inspects a database as it is: it creates nothing, migrates nothing and changes nothing. */
import { open, stat } from 'node:fs/promises'
import { sql } from 'kysely'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { isAbsent } from '../errors/file-failure.ts'
import { Secret } from '../keys/secret.ts'
import { inspectPostgres, type PostgresHealth } from './inspect-postgres.ts'
import { createKyselyStorage } from './kysely-storage.ts'
import { readMark } from './mark.ts'
import { knownSchemaVersion } from './migrations/migrations.ts'
import { type DatabaseAddress, isPostgresUrl } from './open-storage.ts'
import type { Database } from './schema.ts'
import { findNotPermitted } from './sqlite-errors.ts'
import type { DatabaseMark, Storage, StorageReader } from './storage.ts'

export type DatabaseInspection<T> =
  | { readonly kind: 'absent'; readonly postgres?: PostgresHealth }
  | { readonly kind: 'not_ours' }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** A file that exists or may exist, and that this user may not open. */
  | { readonly kind: 'not_permitted'; readonly file: string }
  | {
      readonly kind: 'found'
      readonly database: Storage['kind']
      readonly mark: DatabaseMark
      readonly knownSchemaVersion: number
      readonly serverVersion: string
      /** `wal` if SQLite is configured as we do it; absent for other databases. */
      readonly journal?: string
      readonly writable: Writable
      readonly postgres?: PostgresHealth
      /** Size of the write-ahead log; absent if there is none. */
      readonly logBytes?: number
      /** What `look` returned; absent if this program cannot read the schema. */
      readonly seen?: T
    }
export type Writable =
  | { readonly kind: 'yes' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'no'; readonly reason: string }

/** Inspects a database. It never rejects because of the database's state. With a clock, it also inspects the server's own state. */
export async function inspectDatabase<T>(
  address: DatabaseAddress,
  look: (reader: StorageReader) => Promise<T>,
  now?: () => Date,
): Promise<DatabaseInspection<T>> {
  const text = address instanceof Secret ? address.reveal() : address
  try {
    const opened = isPostgresUrl(text) ? await openPostgres(text, now) : await openSqlite(text)
    return opened === undefined ? { kind: 'absent' } : await inspect(opened, look)
  } catch (error) {
    const file = isPostgresUrl(text) ? undefined : findNotPermitted(error, text)
    return file === undefined
      ? { kind: 'unreachable', reason: reasonOf(error) }
      : { kind: 'not_permitted', file }
  }
}

type Opened = {
  readonly kind: Storage['kind']
  readonly database: Database
  readonly serverVersion: () => Promise<string>
  readonly journal: () => Promise<string | undefined>
  readonly writable: () => Promise<Writable>
  readonly postgres: () => Promise<PostgresHealth | undefined>
  readonly logBytes: () => Promise<number | undefined>
  readonly close: () => Promise<void>
}

async function inspect<T>(
  { kind, database, ...opened }: Opened,
  look: (reader: StorageReader) => Promise<T>,
): Promise<DatabaseInspection<T>> {
  try {
    const tables = await database.introspection.getTables()
    const postgres = await opened.postgres()
    const health = postgres ? { postgres } : {}
    if (!tables.some(({ name }) => name === 'database_mark')) {
      return tables.length === 0 ? { kind: 'absent', ...health } : { kind: 'not_ours' }
    }
    const logBytes = await opened.logBytes()
    const mark = await readMark(database)
    const journal = await opened.journal()
    const isReadable =
      mark.oldestProgram <= knownSchemaVersion && mark.schemaVersion >= knownSchemaVersion
    return {
      kind: 'found',
      database: kind,
      mark,
      knownSchemaVersion,
      serverVersion: await opened.serverVersion(),
      writable: await opened.writable(),
      ...health,
      ...(logBytes === undefined ? {} : { logBytes }),
      ...(journal === undefined ? {} : { journal }),
      ...(isReadable ? { seen: await look(readerOf(kind, database)) } : {}),
    }
  } finally {
    await opened.close()
  }
}

function readerOf(kind: Storage['kind'], database: Database): StorageReader {
  const refuse = async (): Promise<never> => {
    throw new EntradaError('internal_error', { reason: 'an inspection writes nothing' })
  }
  return createKyselyStorage({
    kind,
    migrated: [],
    reads: database,
    writes: database,
    turns: { runTogether: refuse, writePlan: refuse },
    runAlone: refuse,
    checkWritable: refuse,
    close: refuse,
  })
}

async function openSqlite(path: string): Promise<Opened | undefined> {
  if (!(await isThere(path))) return undefined
  const { openSqliteConnection } = await import('./sqlite.ts')
  const { handle, database } = openSqliteConnection(path)
  const first = (statement: string) =>
    String(Object.values(handle.prepare(statement).get() ?? {})[0] ?? '')
  return {
    kind: 'sqlite',
    database,
    serverVersion: async () => `SQLite ${first('select sqlite_version()')}`,
    journal: async () => first('pragma journal_mode'),
    writable: () => tryChange(database),
    postgres: async () => undefined,
    logBytes: async () => (await stat(`${path}-wal`).catch(() => undefined))?.size,
    close: async () => handle.close(),
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close()
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

async function openPostgres(url: string, now: (() => Date) | undefined): Promise<Opened> {
  const { openPostgresConnection } = await import('./postgres.ts')
  const { database, close, statementTimeoutMs } = await openPostgresConnection(new Secret(url))
  return {
    kind: 'postgres',
    database,
    async serverVersion() {
      const { rows } = await sql<{ server_version: string }>`show server_version`.execute(database)
      return `PostgreSQL ${rows[0]?.server_version.split(' ')[0] ?? ''}`
    },
    journal: async () => undefined,
    writable: () => tryChange(database),
    postgres: async () => now && inspectPostgres(database, { now, statementTimeoutMs }),
    logBytes: async () => undefined,
    close,
  }
}

/** Takes the right to write, changes no row, and rolls back. */
async function tryChange(database: Database): Promise<Writable> {
  const enough = new Error('rolled back')
  try {
    await database.transaction().execute(async (transaction) => {
      await sql`update database_mark set id = id where 1 = 0`.execute(transaction)
      throw enough
    })
  } catch (error) {
    if (error === enough) return { kind: 'yes' }
    const reason = reasonOf(error)
    return isLockHeld(reason) ? { kind: 'busy' } : { kind: 'no', reason }
  }
  return { kind: 'yes' }
}

/** The codes of SQLite and of PostgreSQL. */
function isLockHeld(reason: string): boolean {
  return ['database is locked', '55P03'].includes(reason)
}

/** Returns a code, or a word of the database; never its message if that may quote data. */
function reasonOf(error: unknown): string {
  if (isEntradaError(error)) {
    const { reason } = error.detail
    if (typeof reason !== 'string') return reasonOf(error.cause ?? error.code)
    return /time(d )?out/i.test(reason) ? 'no answer came in time' : reason
  }
  if (error instanceof Error && 'errstr' in error) return String(error.errstr)
  if (error instanceof Error && 'code' in error) return String(error.code)
  return typeof error === 'string' ? error : 'unknown'
}
