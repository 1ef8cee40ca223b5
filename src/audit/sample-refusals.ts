import type { ErrorCode } from '../errors.ts'

const WINDOW_MS = 60_000
const LOGGED_EACH = 5
const THEN_EVERY = 100

export type RefusalSample = { readonly worthLogging: boolean; readonly countInWindow: number }

/**
 * Counts refusals that belong to no attempt of ours. Anybody can cause them, so the log gets the first five of a code in a minute and
 * then one in a hundred, with the count (design rule 17).
 */
export function createRefusalSampler(now: () => Date): (code: ErrorCode) => RefusalSample {
  let windowEndsAt = 0
  let counts = new Map<ErrorCode, number>()
  return (code) => {
    const time = now().getTime()
    if (time >= windowEndsAt) {
      windowEndsAt = time + WINDOW_MS
      counts = new Map()
    }
    const countInWindow = (counts.get(code) ?? 0) + 1
    counts.set(code, countInWindow)
    const worthLogging = countInWindow <= LOGGED_EACH || countInWindow % THEN_EVERY === 0
    return { worthLogging, countInWindow }
  }
}
