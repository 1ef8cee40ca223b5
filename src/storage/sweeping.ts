import type { Services } from '../services.ts'

const INTERVAL_MS = 60_000
const TRACE_LIFETIME_MS = 30 * 24 * 3_600_000

/** Removes expired records once a minute. Returns the function that stops this. */
export function startSweeping({
  storage,
  now,
  log,
}: Pick<Services, 'log' | 'now' | 'storage'>): () => void {
  let isSweeping = false
  const timer = setInterval(() => {
    if (isSweeping) return
    isSweeping = true
    const tracesBefore = new Date(now().getTime() - TRACE_LIFETIME_MS)
    storage
      .sweep(now(), { tracesBefore })
      .catch((error: unknown) => log.warn('sweep_failed', { error }))
      .finally(() => {
        isSweeping = false
      })
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}
