import { AsyncLocalStorage } from 'node:async_hooks'
import type { StorageReader } from './storage.ts'

/**
 * Creates a guard that turns a silent deadlock into an error: a call from inside `atomically` that does not use its transaction
 * would wait for that transaction for ever, and so would every later write.
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

  /** This is for reads that share the connection of the writes. */
  function outsideAll(reader: StorageReader): StorageReader {
    const verbs = Object.entries(reader).map(([name, verb]) => {
      const call = verb as (...parameters: unknown[]) => Promise<unknown> // passed on unchanged
      return [name, (...parameters: unknown[]) => outside(() => call(...parameters))]
    })
    return Object.fromEntries(verbs)
  }

  return { inside, outside, outsideAll }
}
