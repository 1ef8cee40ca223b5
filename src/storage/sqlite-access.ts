/**
 * What is known of one connection to SQLite, apart from who uses it: its prepared statements, who may write now, how durably the next
 * transaction commits, and how often the records that are kept in memory changed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy, toStorageError } from './sqlite-errors.ts'

export type SqliteValue = null | number | bigint | string | Uint8Array

type SqliteStatement = {
  columns(): readonly unknown[]
  all(...parameters: SqliteValue[]): unknown[]
  get(...parameters: SqliteValue[]): unknown
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint }
}

/** The part of `node:sqlite` that this folder uses. */
export type SqliteHandle = {
  readonly isOpen: boolean
  readonly isTransaction: boolean
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

export type Prepared = {
  readonly returnsRows: boolean
  readonly isSelect: boolean
  /** Returns whether it may change a record that is kept in memory. */
  readonly changesRecords: boolean
  readonly statement: SqliteStatement
}

/** Retries a step while another process holds the lock. The first attempt runs before this returns. */
export type Patience = <T>(step: () => T) => Promise<T>

export type SqliteAccess = {
  readonly handle: SqliteHandle
  readonly prepare: (sql: string) => Prepared
  readonly patiently: Patience
  /** Only its holder begins a transaction. */
  readonly lock: FairLock
  /** Sets whether the next commits survive a power cut. It has no effect inside a transaction. */
  readonly commitDurably: (durably: boolean) => void
  readonly records: RecordChanges
}

const MAX_PREPARED = 200

/** SQLite itself waits this long, which blocks the event loop; then we wait without blocking, and retry. */
export const BUSY_TIMEOUT_MS = 5
const PAUSE_MS = 45
const TRIES = 40

/** Creates the access to a connection. */
export function createSqliteAccess(handle: SqliteHandle): SqliteAccess {
  return {
    handle,
    prepare: createPreparer(handle),
    patiently: createPatience(handle),
    lock: createFairLock(),
    commitDurably: createDurability(handle),
    records: createRecordChanges(),
  }
}

/** A closed database throws when it is queried. */
export function isInTransaction(handle: SqliteHandle): boolean {
  return handle.isOpen && handle.isTransaction
}

function createPreparer(handle: SqliteHandle): (sql: string) => Prepared {
  const prepared = new Map<string, Prepared>()
  return (sql) => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = handle.prepare(sql)
    const fresh = {
      returnsRows: statement.columns().length > 0,
      isSelect: isSelect(sql),
      changesRecords: !isSelect(sql) && changesRecords(sql),
      statement,
    }
    for (const oldest of prepared.keys()) {
      if (prepared.size < MAX_PREPARED) break
      prepared.delete(oldest)
    }
    prepared.set(sql, fresh)
    return fresh
  }
}

/** The tables of records that may be kept in memory. No foreign key or trigger of another table changes them. */
const recordTables: ReadonlySet<string> = new Set(['organizations', 'connections', 'webhooks'])

/** A statement of another form than ours may change anything. */
function changesRecords(sql: string): boolean {
  const written = /^\s*(?:insert into|update|delete from)\s+"?(\w+)/i.exec(sql)?.[1]
  return written === undefined || recordTables.has(written.toLowerCase())
}

/** Returns whether a statement certainly writes nothing. */
export function isSelect(sql: string): boolean {
  return /^\s*select\b/i.test(sql)
}

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

export type FairLock = {
  /** Calls `start` when all who came earlier have left: at once if there are none. */
  take(start: () => void): void
  leave(): void
}

/** Creates a lock that is passed on in the order of arrival. */
function createFairLock(): FairLock {
  const waiting: (() => void)[] = []
  let isTaken = false
  return {
    take(start) {
      if (isTaken) waiting.push(start)
      else {
        isTaken = true
        start()
      }
    },
    leave() {
      const next = waiting.shift()
      if (next === undefined) isTaken = false
      else next()
    },
  }
}

/** The level is set only when it differs. A connection begins with SQLite's default, FULL. */
function createDurability(handle: SqliteHandle): (durably: boolean) => void {
  let isDurable = true
  return (durably) => {
    if (durably === isDurable || isInTransaction(handle)) return
    // SQLite runs this pragma while it prepares it, so a prepared one would have no effect.
    handle.exec(durably ? 'pragma synchronous = full' : 'pragma synchronous = normal')
    isDurable = durably
  }
}

export type RecordChanges = {
  /** Called for every statement that was run. */
  noteRun(prepared: Prepared): void
  /** Called after every commit, in the same turn of the event loop. */
  noteCommit(): void
  /** Returns a number that rises with every commit that may have changed the records. */
  count(): number
}

function createRecordChanges(): RecordChanges {
  let count = 0
  let isChanging = false
  return {
    noteRun({ changesRecords }) {
      if (changesRecords) isChanging = true
    },
    noteCommit() {
      if (isChanging) count += 1
      isChanging = false
    },
    count: () => count,
  }
}
