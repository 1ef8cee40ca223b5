/** Passes stored events to `hooks.onEvent`: in order, at least once, by one replica at a time. */
import { setTimeout as pause } from 'node:timers/promises'
import type { EntradaEvent, Hooks } from '../hooks.ts'
import type { Services } from '../services.ts'
import { createDeliveryTurn, type DeliveryTurn } from './delivery-turn.ts'

const BATCH = 50
const defaultTimes = {
  /** Polling interval. */
  intervalMs: 500,
  /** A handler that takes longer than this has failed, because other events wait for it. */
  timeLimitMs: 5_000,
  /**
   * The longest pause between two attempts at an event that the handler does not accept. The first retry comes after `intervalMs`,
   * and each pause is twice the one before.
   */
  longestPauseMs: 30_000,
}
/** Time for removing the event from the outbox after the handler has run. */
const MARGIN_MS = 1_000

export type DeliveryTimes = typeof defaultTimes

/** Starts the delivery. Returns the function that stops it when the current event is done. */
export function startOutbox(
  services: Services,
  times: Partial<DeliveryTimes> = {},
): () => Promise<void> {
  const { onEvent } = services.hooks
  if (onEvent === undefined) return async () => {}
  const stopping = new AbortController()
  const work = { services, onEvent, times: { ...defaultTimes, ...times }, signal: stopping.signal }
  const delivering = deliverUntilStopped(work)
  return async () => {
    stopping.abort()
    await delivering
  }
}

type Work = {
  readonly services: Services
  readonly onEvent: NonNullable<Hooks['onEvent']>
  readonly times: DeliveryTimes
  readonly signal: AbortSignal
}

async function deliverUntilStopped(work: Work): Promise<void> {
  const { times, signal } = work
  const turn = createDeliveryTurn(work.services)
  let pauseMs = times.intervalMs
  while (!signal.aborted) {
    await pause(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    const outcome = signal.aborted ? 'none' : await deliverBatch(work, turn)
    if (outcome === 'failed') pauseMs = Math.min(pauseMs * 2, times.longestPauseMs)
    else pauseMs = outcome === 'more' ? 0 : times.intervalMs
  }
}

/** The first event that the handler does not accept ends the batch and is delivered again later. */
async function deliverBatch(work: Work, turn: DeliveryTurn): Promise<'none' | 'more' | 'failed'> {
  const { services, times, signal } = work
  const { storage, log } = services
  const isOurTurn = () => turn.holdsFor(times.timeLimitMs + MARGIN_MS)
  try {
    if ((await storage.listOutbox(1)).length === 0 || !(await isOurTurn())) return 'none'
    // The list is read within our turn: a list from an earlier time may contain events that were delivered meanwhile.
    const entries = await storage.listOutbox(BATCH)
    for (const { sequence, event } of entries) {
      if (signal.aborted || !(await isOurTurn())) return 'none'
      await handOver(work, event as EntradaEvent) // audit/audit-events.ts wrote type and detail together
      await storage.atomically((transaction) => transaction.removeFromOutbox([sequence]), {
        scope: 'nothing',
      })
    }
    return entries.length === BATCH ? 'more' : 'none'
  } catch (error) {
    log.warn('event_not_delivered', { error })
    return 'failed'
  }
}

async function handOver(
  { onEvent, times: { timeLimitMs } }: Pick<Work, 'onEvent' | 'times'>,
  event: EntradaEvent,
): Promise<void> {
  const { promise: timeLimit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`hooks.onEvent took longer than ${timeLimitMs} ms`)),
    timeLimitMs,
  )
  try {
    await Promise.race([onEvent(event), timeLimit])
  } finally {
    clearTimeout(timer)
  }
}
