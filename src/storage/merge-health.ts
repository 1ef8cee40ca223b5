import type { ConnectionHealth } from './records.ts'

/**
 * Merges two views of one connection, in any order, because replicas report what they saw at different times. A run of failures
 * that ended before the last success is over.
 */
export function mergeHealth(health: ConnectionHealth, other: ConnectionHealth): ConnectionHealth {
  const lastSuccessAt = latest(health.lastSuccessAt, other.lastSuccessAt)
  const [last] = [health, other].sort((a, b) =>
    compare(millis(b.lastFailureAt), millis(a.lastFailureAt)),
  )
  const runs = [health, other].filter(
    ({ failingSince, lastFailureAt }) =>
      failingSince !== undefined && millis(lastFailureAt) > millis(lastSuccessAt),
  )
  const starts = runs.map(({ failingSince }) =>
    Math.max(millis(failingSince), millis(lastSuccessAt)),
  )
  return {
    failuresInARow: runs.reduce((sum, { failuresInARow }) => sum + failuresInARow, 0),
    ...(lastSuccessAt ? { lastSuccessAt } : {}),
    ...(last?.lastFailureAt ? { lastFailureAt: last.lastFailureAt } : {}),
    ...(last?.lastFailureCode ? { lastFailureCode: last.lastFailureCode } : {}),
    ...(starts.length > 0 ? { failingSince: new Date(Math.min(...starts)) } : {}),
  }
}

function latest(time: Date | undefined, other: Date | undefined): Date | undefined {
  return millis(time) >= millis(other) ? time : other
}

/** A missing time counts as earlier than every other. */
function millis(at: Date | undefined): number {
  return at?.getTime() ?? Number.NEGATIVE_INFINITY
}

function compare(a: number, b: number): number {
  return a < b ? -1 : +(a > b)
}
