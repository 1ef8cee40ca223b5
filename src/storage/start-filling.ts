import { setTimeout as sleep } from 'node:timers/promises'
import type { Services } from '../services.ts'

const INTERVAL_MS = 60_000
const PAUSE_MS = 20
/** So few that a sign-in which waits for their transaction does not notice. */
const CHUNK = 50

/** Fills search keys at the start and then once a minute, with pauses. Returns the function that stops this. */
export function startFillingSearchKeys(
  services: Pick<Services, 'log' | 'storage'>,
): () => Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  const done = fillUntilStopped(services, signal)
  return async () => {
    stopping.abort()
    await done
  }
}

async function fillUntilStopped(
  services: Pick<Services, 'log' | 'storage'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const isMore = await fillChunk(services)
    const pause = isMore ? PAUSE_MS : INTERVAL_MS
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {})
  }
}

async function fillChunk({ storage, log }: Pick<Services, 'log' | 'storage'>): Promise<boolean> {
  try {
    return (await storage.fillSearchKeys(CHUNK)) > 0
  } catch (error) {
    log.warn('search_keys_not_filled', { error })
    return false
  }
}
