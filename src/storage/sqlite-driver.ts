/**
 * Kysely's driver for one connection to SQLite. It differs from Kysely's own in five ways: statements stay prepared, a transaction
 * takes the write lock at its beginning, connections are lent in the order of arrival, together with `sqlite-turns.ts`, waiting for
 * another process does not block the event loop, and errors have our codes.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import {
  createSqliteAccess,
  isInTransaction,
  type SqliteAccess,
  type SqliteHandle,
  type SqliteValue,
} from './sqlite-access.ts'
import { toStorageError } from './sqlite-errors.ts'

/** Creates Kysely's dialect for one connection to SQLite. */
export function createSqliteDialect(
  handle: SqliteHandle,
  access: SqliteAccess = createSqliteAccess(handle),
): Dialect {
  return createDialectOf(() => createSqliteDriver(access))
}

/** Creates Kysely's dialect of SQLite with another driver. */
export function createDialectOf(createDriver: () => Driver): Dialect {
  return {
    createAdapter: createSqliteAdapter,
    createDriver,
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/**
 * SQLite rolls back schema changes like any other statement; Kysely's adapter assumes the opposite out of caution. It would also lend
 * a connection once at a time, but not in the order of arrival; our drivers do that themselves.
 */
function createSqliteAdapter(): SqliteAdapter {
  return Object.defineProperties(new SqliteAdapter(), {
    supportsTransactionalDdl: { value: true },
    supportsMultipleConnections: { value: true },
  })
}

function createSqliteDriver(access: SqliteAccess): Driver {
  const { handle, lock, patiently } = access
  const connection = createConnection(access)

  return {
    init: async () => {},
    acquireConnection: () => new Promise((resolve) => lock.take(() => resolve(connection))),
    beginTransaction: () =>
      patiently(() => {
        access.commitDurably(true)
        handle.exec('begin immediate')
      }),
    commitTransaction: async () =>
      translated(() => {
        handle.exec('commit')
        access.records.noteCommit()
      }),
    // After some errors, such as a full disk, SQLite rolls back by itself.
    rollbackTransaction: async () => {
      if (isInTransaction(handle)) translated(() => handle.exec('rollback'))
    },
    releaseConnection: async () => lock.leave(),
    destroy: async () => translated(() => handle.close()),
  }
}

function createConnection(access: SqliteAccess): DatabaseConnection {
  return {
    executeQuery: <R>(query: CompiledQuery) => access.patiently(() => run<R>(access, query)),
    streamQuery() {
      throw new Error('node:sqlite answers at once; there is nothing to stream')
    },
  }
}

function run<R>(access: SqliteAccess, query: CompiledQuery): QueryResult<R> {
  const { handle, records } = access
  const isAlone = !isInTransaction(handle)
  if (isAlone) access.commitDurably(true)
  const prepared = access.prepare(query.sql)
  const parameters = query.parameters as SqliteValue[] // rows are made of these by the `to…Row` functions
  const { statement, returnsRows } = prepared
  records.noteRun(prepared)
  try {
    if (returnsRows) return { rows: statement.all(...parameters) as R[] } // R is Kysely's own inference
    return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) }
  } finally {
    if (isAlone) records.noteCommit()
  }
}

function translated(step: () => void): void {
  try {
    step()
  } catch (error) {
    throw toStorageError(error)
  }
}
