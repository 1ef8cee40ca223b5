import type { Services } from '../services.ts'

const BATCH = 50
const INTERVAL_MS = 500

/** Hands stored events to `hooks.onEvent`, in order and at least once. Answers the function that stops it. */
export function startOutbox(services: Services): () => Promise<void> {
  const { onEvent } = services.hooks
  if (onEvent === undefined) return async () => {}
  let stopped = false
  let delivering = Promise.resolve()
  const timer = setInterval(() => {
    if (!stopped) delivering = delivering.then(() => deliver(services, onEvent))
  }, INTERVAL_MS)
  timer.unref()
  return async () => {
    stopped = true
    clearInterval(timer)
    await delivering
  }
}

/** One batch. The first event that is not taken ends it and comes again. */
async function deliver(
  { storage, log }: Services,
  onEvent: NonNullable<Services['hooks']['onEvent']>,
): Promise<void> {
  try {
    for (const { sequence, event } of await storage.listOutbox(BATCH)) {
      await onEvent(event)
      await storage.atomically((transaction) => transaction.removeFromOutbox([sequence]))
    }
  } catch (error) {
    log.warn('event_not_delivered', { error })
  }
}
