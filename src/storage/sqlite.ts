/**
 * SQLite in one file, through `node:sqlite`, which nothing else imports.
 *
 * A file has two connections: one writes, transactions and turns (`sqlite-turns.ts`) one after another; the other only reads. So a request that
 * reads while another's transaction is open neither waits for it nor sees its rows (WAL gives each statement the last commit).
 * `:memory:` cannot be shared by two connections without locking readers out, so there everything takes its turn on one, and
 * reading the *storage* inside `atomically`, instead of the transaction, is an error.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type * as Sqlite from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { createKyselyStorage } from './kysely-storage.ts'
import { readMark } from './mark.ts'
import { migrate } from './migrations/migrations.ts'
import type { Database } from './schema.ts'
import { BUSY_TIMEOUT_MS, createSqliteAccess, type SqliteAccess } from './sqlite-access.ts'
import { createCurrentRecords } from './sqlite-current-records.ts'
import { createSqliteDialect } from './sqlite-driver.ts'
import { toOpenError, toStorageError } from './sqlite-errors.ts'
import { createTurnDialect } from './sqlite-turn-dialect.ts'
import { createSqliteTurns } from './sqlite-turns.ts'
import type { DatabaseMark, Storage } from './storage.ts'

export type SqliteOptions = {
  /** A file, which is created if absent, or `:memory:`. */
  readonly path: string
  readonly mode: DatabaseMark['mode']
  readonly now: () => Date
}

const ALL_PAGES = 2 ** 31 - 1

/** The log is merged into the file when it has this many pages, 16 MB. */
const LOG_PAGES = 4_000

// The module is requested at run time, because a Node without it could not even report that.
const sqlite = process.getBuiltinModule('node:sqlite')
// Node 26 renames the class; the types of Node 24 know only the old name.
const SqliteDatabase =
  (sqlite as { readonly Database?: typeof Sqlite.DatabaseSync }).Database ?? sqlite.DatabaseSync

/** One connection: Kysely's database on it, and the handle and the access for what only SQLite has. */
export type SqliteConnection = {
  readonly handle: Sqlite.DatabaseSync
  readonly database: Database
  readonly access: SqliteAccess
}

/**
 * Opens the database, and creates or migrates it if necessary.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_opened`, `file_not_permitted`,
 * `storage_unavailable`, `storage_full`
 */
export async function openSqlite(options: SqliteOptions): Promise<Storage> {
  try {
    return await openPrepared(options)
  } catch (error) {
    throw toOpenError(error, options.path)
  }
}

async function openPrepared(options: SqliteOptions): Promise<Storage> {
  const isFile = options.path !== ':memory:'
  if (isFile) await createFile(options.path)
  const writer = openSqliteConnection(options.path)
  try {
    const migrated = await prepareWriter(writer.database, options)
    const reader = isFile ? await openReader(options.path) : writer
    return toStorage({ migrated, writer, reader })
  } catch (error) {
    writer.handle.close()
    throw error
  }
}

/** Opens the file as it is. Callers other than {@link openSqlite} only maintain the file. */
export function openSqliteConnection(path: string): SqliteConnection {
  try {
    const handle = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS })
    const access = createSqliteAccess(handle)
    return {
      handle,
      database: new Kysely({ dialect: createSqliteDialect(handle, access) }),
      access,
    }
  } catch (error) {
    throw toStorageError(error)
  }
}

/** Copies a database as it is at one moment, in one step, so that a concurrent write does not restart the copy. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const { handle } = openSqliteConnection(from)
  try {
    await sqlite.backup(handle, to, { rate: ALL_PAGES })
  } finally {
    handle.close()
  }
}

/** Only the owner may read the file or a folder that we create; `-wal` and `-shm` inherit the rights. */
async function createFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, 'a+', 0o600)
    await file.close()
  } catch (error) {
    throw toStorageError(error)
  }
}

async function prepareWriter(
  database: Database,
  { mode, now }: SqliteOptions,
): Promise<readonly string[]> {
  await sql`pragma journal_mode = wal`.execute(database)
  // A revocation that was acknowledged must survive a power cut; NORMAL would survive only a crash.
  await sql`pragma synchronous = full`.execute(database)
  // A sign-in changes twenty pages and more, many of them those of the sign-in before; each is merged into the file once per merge.
  await sql`pragma wal_autocheckpoint = ${sql.lit(LOG_PAGES)}`.execute(database)
  await sql`pragma foreign_keys = on`.execute(database)
  await sql`pragma trusted_schema = off`.execute(database)
  return database
    .transaction()
    .execute((transaction) => migrate(transaction, { dialect: 'sqlite', mode, now }))
}

async function openReader(path: string): Promise<SqliteConnection> {
  const reader = openSqliteConnection(path)
  await sql`pragma query_only = on`.execute(reader.database)
  await sql`pragma trusted_schema = off`.execute(reader.database)
  return reader
}

function toStorage({
  migrated,
  writer,
  reader,
}: {
  readonly migrated: readonly string[]
  readonly writer: SqliteConnection
  readonly reader: SqliteConnection
}): Storage {
  const turns = createSqliteTurns({ writer: writer.access, reader: reader.access })
  const storage = createKyselyStorage({
    kind: 'sqlite',
    migrated,
    reads: reader.database,
    writes: new Kysely({ dialect: createTurnDialect(turns) }),
    turns,
    readsTakeTurns: reader === writer,
    runAlone: (work) => writer.database.transaction().execute(work),
    // This waits for a running transaction, because a database with one that never ends must not look ready.
    checkWritable: async () => void (await readMark(writer.database)),
    // Closing takes its turn, so that what is queued or running ends first. The last connection to close merges the log into the file.
    async close() {
      await turns.finish()
      await writer.database.connection().execute(async () => {
        if (reader.handle.isOpen) reader.handle.close()
        if (writer.handle.isOpen) writer.handle.close()
      })
    },
  })
  // In memory a read inside a transaction that goes around it has to stay an error, whatever is known.
  return reader === writer
    ? storage
    : { ...storage, ...createCurrentRecords(storage, turns.version) }
}
