import { EntradaError } from '../errors/errors.ts'
import type { Database } from './schema.ts'

/** Work that waits for something else blocks all later writers, so it is ended and rolled back. */
export const WORK_TIME_LIMIT_MS = 5_000

/**
 * Runs `work` with a time limit. If it continues after the limit, it can no longer use the database, because its connection has
 * another user by then.
 *
 * @throws {EntradaError} `storage_unavailable`
 */
export async function withinTime<T>(
  transaction: Database,
  timeLimitMs: number,
  work: (transaction: Database) => Promise<T>,
): Promise<T> {
  let isOver = false
  const limited = transaction.withPlugin({
    transformQuery({ node }) {
      if (isOver) throw new Error('this transaction is over')
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const timer = createTimer(timeLimitMs)
  try {
    const worked = work(limited)
    worked.catch(() => {})
    return await Promise.race([worked, timer.passed])
  } finally {
    isOver = true
    timer.stop()
  }
}

function createTimer(timeLimitMs: number) {
  let stop = () => {}
  const passed = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new EntradaError('storage_unavailable', { reason: 'transaction_too_long' })),
      timeLimitMs,
    )
    stop = () => clearTimeout(timer)
  })
  return { passed, stop: () => stop() }
}
