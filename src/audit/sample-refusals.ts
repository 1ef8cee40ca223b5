import type { ErrorCode } from '../errors/errors.ts'

const WINDOW_MS = 60_000
const LOGGED_EACH = 5
const THEN_EVERY = 100

export type RefusalSample = { readonly worthLogging: boolean; readonly countInWindow: number }

export type RefusalSampler = {
  /**
   * Returns whether a refusal is worth logging. `sort` divides the refusals of one code further, for example by the limit that was
   * reached.
   */
  sample(code: ErrorCode, sort?: string): RefusalSample
  /** Returns how many refusals of each code were not logged since the last call. */
  takeUnlogged(): readonly { readonly code: ErrorCode; readonly count: number }[]
}

/**
 * Creates a sampler for refusals that belong to no attempt. Any client can cause them, so the log gets the first five of a sort in
 * a minute and then one in a hundred, with the count (design rule 17).
 */
export function createRefusalSampler(now: () => Date): RefusalSampler {
  let windowEndsAt = 0
  let counts = new Map<string, number>()
  let unlogged = new Map<ErrorCode, number>()
  return {
    sample(code, sort = '') {
      const time = now().getTime()
      if (time >= windowEndsAt) {
        windowEndsAt = time + WINDOW_MS
        counts = new Map()
      }
      const key = `${code} ${sort}`
      const countInWindow = (counts.get(key) ?? 0) + 1
      counts.set(key, countInWindow)
      const worthLogging = countInWindow <= LOGGED_EACH || countInWindow % THEN_EVERY === 0
      if (!worthLogging) unlogged.set(code, (unlogged.get(code) ?? 0) + 1)
      return { worthLogging, countInWindow }
    },
    takeUnlogged() {
      const taken = [...unlogged].map(([code, count]) => ({ code, count }))
      unlogged = new Map()
      return taken
    },
  }
}
