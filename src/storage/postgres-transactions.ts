/** Runs transactions as if they were alone, on a database where others write at the same time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AbortedTransactionError } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import { isCollision, isDuplicate } from './postgres-errors.ts'
import type { Database } from './schema.ts'

/**
 * Together with the time of Entra it stays within ten seconds, and it is long enough for many people who sign in at once, even on a
 * slow machine.
 */
const RETRY_TIME_LIMIT_MS = 4_000
const MAX_DUPLICATES = 3
const PAUSE_MS = 10

type RunAlone = <T>(work: (transaction: Database) => Promise<T>) => Promise<T>

/**
 * Creates serializable transactions that are run again after a collision. Those that collided take turns within this process, so
 * that of twenty first sign-ins of one person nineteen do not retry at once; between replicas one always succeeds, and the others
 * follow.
 */
export function createRunAlone(database: Database): RunAlone {
  const takeTurn = createTurns()
  const runOnce: RunAlone = (work) =>
    database.transaction().setIsolationLevel('serializable').execute(work)

  return async (work) => {
    const endsAt = performance.now() + RETRY_TIME_LIMIT_MS
    try {
      return await runOnce(work)
    } catch (error) {
      if (!mayRunAgain(error)) throw error
    }
    return takeTurn(() => runUntil(endsAt, () => runOnce(work)))
  }
}

async function runUntil<T>(endsAt: number, run: () => Promise<T>): Promise<T> {
  let last: unknown
  for (let duplicates = 1; performance.now() < endsAt; ) {
    try {
      return await run()
    } catch (error) {
      if (!isCollision(error)) duplicates += 1
      if (!mayRunAgain(error) || duplicates > MAX_DUPLICATES) throw error
      last = error
      await sleep(Math.random() * PAUSE_MS)
    }
  }
  throw new EntradaError('storage_unavailable', { reason: 'collisions' }, { cause: last })
}

/** Work that caught a collision itself and continued gets the error at the commit. */
function mayRunAgain(error: unknown): boolean {
  return isCollision(error) || isDuplicate(error) || error instanceof AbortedTransactionError
}

function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(run: () => Promise<T>): Promise<T> => {
    const turn = last.then(run)
    last = turn.catch(() => {})
    return turn
  }
}
