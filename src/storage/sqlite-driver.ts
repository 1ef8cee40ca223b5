/**
 * Kysely's driver for one connection to SQLite. It differs from Kysely's own in four ways: statements stay prepared, a transaction
 * takes the write lock at its beginning, waiting for another process does not block the event loop, and errors have our codes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
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
import { isBusy, toStorageError } from './sqlite-errors.ts'

type SqliteValue = null | number | bigint | string | Uint8Array

type SqliteStatement = {
  columns(): readonly unknown[]
  all(...parameters: SqliteValue[]): unknown[]
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint }
}

/** The part of `node:sqlite` that this file uses. */
export type SqliteHandle = {
  readonly isOpen: boolean
  readonly isTransaction: boolean
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

const MAX_PREPARED = 200

/** SQLite itself waits this long, which blocks the event loop; then we wait without blocking, and retry. */
export const BUSY_TIMEOUT_MS = 5
const PAUSE_MS = 45
const TRIES = 40

/** Creates Kysely's dialect for one connection to SQLite. */
export function createSqliteDialect(handle: SqliteHandle): Dialect {
  return {
    createAdapter: createSqliteAdapter,
    createDriver: () => createSqliteDriver(handle),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** SQLite rolls back schema changes like any other statement; Kysely's adapter assumes the opposite out of caution. */
function createSqliteAdapter(): SqliteAdapter {
  return Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true })
}

function createSqliteDriver(handle: SqliteHandle): Driver {
  const patiently = createPatience(handle)
  const connection = createConnection(handle, patiently)

  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: () => patiently(() => handle.exec('begin immediate')),
    commitTransaction: async () => translated(() => handle.exec('commit')),
    // After some errors, such as a full disk, SQLite rolls back by itself.
    rollbackTransaction: async () => {
      if (isInTransaction(handle)) translated(() => handle.exec('rollback'))
    },
    releaseConnection: async () => {},
    destroy: async () => translated(() => handle.close()),
  }
}

function createConnection(handle: SqliteHandle, patiently: Patience): DatabaseConnection {
  const prepare = createPreparer(handle)

  return {
    executeQuery: <R>(query: CompiledQuery) => patiently(() => run<R>(prepare(query.sql), query)),
    streamQuery() {
      throw new Error('node:sqlite answers at once; there is nothing to stream')
    },
  }
}

function run<R>(statement: Prepared, query: CompiledQuery): QueryResult<R> {
  const parameters = query.parameters as SqliteValue[] // rows are made of these by the `to…Row` functions
  if (statement.returnsRows) return { rows: statement.all(...parameters) as R[] } // R is Kysely's own inference
  return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) }
}

type Prepared = {
  readonly returnsRows: boolean
  readonly all: SqliteStatement['all']
  readonly run: SqliteStatement['run']
}

function createPreparer(handle: SqliteHandle): (sql: string) => Prepared {
  const prepared = new Map<string, Prepared>()
  return (sql) => {
    const statement = prepared.get(sql)
    if (statement !== undefined) return statement
    const fresh = toPrepared(handle.prepare(sql))
    for (const oldest of prepared.keys()) {
      if (prepared.size < MAX_PREPARED) break
      prepared.delete(oldest)
    }
    prepared.set(sql, fresh)
    return fresh
  }
}

function toPrepared(statement: SqliteStatement): Prepared {
  return {
    returnsRows: statement.columns().length > 0,
    all: (...parameters) => statement.all(...parameters),
    run: (...parameters) => statement.run(...parameters),
  }
}

type Patience = <T>(step: () => T) => Promise<T>

/**
 * Retries for about two seconds while another process holds the lock. Inside a transaction there is nothing to wait for. After a
 * wait in vain the next statements try only once, or a queue of requests would wait two seconds each.
 */
function createPatience(handle: SqliteHandle): Patience {
  let tries = TRIES
  return async (step) => {
    for (let left = isInTransaction(handle) ? 1 : tries; ; left -= 1) {
      const outcome = tryOnce(step)
      if (outcome.kind === 'done') {
        tries = TRIES
        return outcome.result
      }
      if (left === 1) {
        tries = 1
        throw toStorageError(outcome.error)
      }
      await sleep(PAUSE_MS)
    }
  }
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'busy'; readonly error: unknown }

function tryOnce<T>(step: () => T): Outcome<T> {
  try {
    return { kind: 'done', result: step() }
  } catch (error) {
    if (!isBusy(error)) throw toStorageError(error)
    return { kind: 'busy', error }
  }
}

/** A closed database throws when it is queried. */
function isInTransaction(handle: SqliteHandle): boolean {
  return handle.isOpen && handle.isTransaction
}

function translated(step: () => void): void {
  try {
    step()
  } catch (error) {
    throw toStorageError(error)
  }
}
