import { AsyncLocalStorage } from 'node:async_hooks'
import type { StorageReader } from './storage.ts'

/**
 * Turns a silent standstill into an error: a call from inside `atomically` that goes around its transaction would wait for that
 * transaction for ever, and every later write behind it.
 */
export function createNestingGuard() {
  const running = new AsyncLocalStorage<{ isOpen: boolean }>()

  async function inside<T>(work: () => Promise<T>): Promise<T> {
    const state = { isOpen: true }
    try {
      return await running.run(state, work)
    } finally {
      state.isOpen = false
    }
  }

  async function outside<T>(call: () => Promise<T>): Promise<T> {
    if (running.getStore()?.isOpen) throw new Error('inside atomically: use its transaction')
    return call()
  }

  /** For reads that share the connection of the writes. */
  function outsideAll(reader: StorageReader): StorageReader {
    const verbs = Object.entries(reader).map(([name, verb]) => {
      const call = verb as (...parameters: unknown[]) => Promise<unknown> // passed on as they are
      return [name, (...parameters: unknown[]) => outside(() => call(...parameters))]
    })
    return Object.fromEntries(verbs)
  }

  return { inside, outside, outsideAll }
}
