import { errorEntry, isEntradaError } from '../errors/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

/** Database names as OpenTelemetry's semantic conventions spell them. */
const systemNames = { sqlite: 'sqlite', postgres: 'postgresql', other: 'other_sql' } as const

/** Returns the same storage with every call timed and wrapped in a span. */
export function measuredStorage(
  storage: Storage,
  { metrics, tracing }: { readonly metrics: Metrics; readonly tracing: Tracing },
): Storage {
  const attributes = { 'db.system.name': systemNames[storage.kind] }
  const measured = Object.entries(storage).map(([verb, member]) => {
    if (typeof member !== 'function' || verb === 'close') return [verb, member]
    const call = member as (...args: unknown[]) => Promise<unknown> // every verb is asynchronous
    return [
      verb,
      async (...args: unknown[]) => {
        const startedAt = performance.now()
        const finished = (outcome: string) => {
          const seconds = (performance.now() - startedAt) / 1000
          metrics.observe('entrada_database_duration_seconds', { verb, outcome }, seconds)
        }
        try {
          const result = await tracing.span(`database ${verb}`, attributes, () => call(...args))
          finished('done')
          return result
        } catch (error) {
          finished(outcomeOf(error))
          throw error
        }
      },
    ]
  })
  return Object.fromEntries(measured)
}

/** A refusal inside a transaction (a status below 500) is not a failure of the storage. */
function outcomeOf(error: unknown): 'refused' | 'failed' {
  return isEntradaError(error) && errorEntry(error.code).status < 500 ? 'refused' : 'failed'
}
