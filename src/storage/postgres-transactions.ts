/** Runs transactions on a database where others write at the same time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AbortedTransactionError, sql } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import type { PlanLock } from './compiled-plan.ts'
import { isCollision, isOvertaken } from './postgres-errors.ts'
import type { Database } from './schema.ts'
import { lockNumber } from './transaction-locks.ts'

export const BEGIN = 'begin isolation level read committed'
/** Together with the time of Entra it stays within ten seconds. */
const RETRY_TIME_LIMIT_MS = 4_000
const MAX_OVERTAKEN = 3
const PAUSE_MS = 10

type Work<T> = (transaction: Database) => Promise<T>
type RunAlone = <T>(work: Work<T>, locks: readonly PlanLock[]) => Promise<T>

/**
 * Creates transactions at `read committed` that hold locks. The begin and the locks are sent together. A transaction is run again
 * after a deadlock, and after a unique key that another transaction took.
 */
export function createRunAlone(database: Database, begin: string): RunAlone {
  return (work, locks) =>
    runUntilDone(() => runOnce(database, work, [begin, ...locks.map(toLockStatement)].join('; ')))
}

/** `begin` may be several statements in one text, which are one turn, each with its own view of what is committed. */
async function runOnce<T>(database: Database, work: Work<T>, begin: string): Promise<T> {
  return database.connection().execute(async (connection) => {
    let result: T
    try {
      await sql.raw(begin).execute(connection)
      result = await work(connection)
    } catch (error) {
      // If the connection is lost, the server rolls back by itself.
      await sql
        .raw('rollback')
        .execute(connection)
        .catch(() => {})
      throw error
    }
    await commit(connection)
    return result
  })
}

/** Takes locks inside a transaction. */
export async function takeLocks(transaction: Database, locks: readonly PlanLock[]): Promise<void> {
  for (const lock of locks) await sql.raw(toLockStatement(lock)).execute(transaction)
}

/** Work that caught an error of a statement itself and continued is rolled back by PostgreSQL. */
async function commit(connection: Database): Promise<void> {
  const { rows } = await sql.raw<{ readonly command: string }>('commit').execute(connection)
  if (rows[0]?.command === 'ROLLBACK') throw new AbortedTransactionError()
}

function toLockStatement({ key, alone }: PlanLock): string {
  return `select ${lockFunction(alone)}(${lockNumber(key)})`
}

/** Returns the name of PostgreSQL's function that takes a lock until the end of the transaction. */
export function lockFunction(alone: boolean): string {
  return alone ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'
}

async function runUntilDone<T>(run: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + RETRY_TIME_LIMIT_MS
  for (let overtaken = 0; ; ) {
    try {
      return await run()
    } catch (error) {
      if (!isCollision(error)) overtaken += 1
      if (!mayRunAgain(error) || overtaken > MAX_OVERTAKEN) throw error
      if (performance.now() > endsAt) {
        throw new EntradaError('storage_unavailable', { reason: 'collisions' }, { cause: error })
      }
      await sleep(Math.random() * PAUSE_MS)
    }
  }
}

function mayRunAgain(error: unknown): boolean {
  return isCollision(error) || isOvertaken(error) || error instanceof AbortedTransactionError
}
