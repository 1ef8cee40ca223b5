/** Keeps fetched values, and fetches them again when they are needed. */
import { EntradaError } from '../errors/errors.ts'

/** While the authority is down, the kept value is used; only one caller in this time waits for a new attempt. */
const RETRY_INTERVAL_MS = 5_000

type Kept<T> = { readonly value: T; readonly fetchedAt: number }

export type Fresh<T> = {
  get(): Promise<T>
  renew(): Promise<T>
  underway(): Promise<T> | undefined
}

/** Creates a function that fetches a value once for all callers; the last good value stays in use while the authority is down. */
export function keepFresh<T>(
  lifetime: number | ((value: T) => number),
  now: () => Date,
  load: () => Promise<T>,
): Fresh<T> {
  const lifetimeOf = (value: T) => (typeof lifetime === 'number' ? lifetime : lifetime(value))
  let kept: Kept<T> | undefined
  let loading: Promise<T> | undefined
  let failedAt = Number.NEGATIVE_INFINITY

  async function loadAndKeep(): Promise<T> {
    try {
      const value = await load()
      kept = { value, fetchedAt: now().getTime() }
      return value
    } catch (error) {
      failedAt = now().getTime()
      throw error
    } finally {
      loading = undefined
    }
  }

  const renew = () => {
    loading ??= loadAndKeep()
    return loading
  }

  return {
    renew,
    underway: () => loading,
    async get() {
      const current = kept
      if (current === undefined) return renew()
      const time = now().getTime()
      if (
        time - current.fetchedAt < lifetimeOf(current.value) ||
        time - failedAt < RETRY_INTERVAL_MS
      ) {
        return current.value
      }
      return renew().catch(() => current.value)
    },
  }
}

/** Ends the waiting of this caller but not the fetch, because other callers may be waiting for it too. */
export async function within<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(new EntradaError('provider_timeout', { endpoint: 'discovery or keys' }))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
