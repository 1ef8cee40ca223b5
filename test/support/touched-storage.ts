import type { Storage } from '../../src/storage/storage.ts'

/** The verbs of one storage, broken or watched. `inside`: within a transaction. */
export type Touch = (verb: string, place: 'outside' | 'inside') => void

/** Returns the same storage, which calls `touch` before every call; `touch` may throw. */
export function touchedStorage(storage: Storage, touch: Touch): Storage {
  return touched(storage, 'outside', touch, {
    atomically: (work, options) =>
      storage.atomically((transaction) => work(touched(transaction, 'inside', touch, {})), options),
  })
}

function touched<T extends object>(
  target: T,
  place: 'outside' | 'inside',
  touch: Touch,
  instead: Partial<T>,
): T {
  const members = Object.entries({ ...target, ...instead }).map(([verb, member]) => {
    if (typeof member !== 'function' || verb === 'close') return [verb, member]
    const call = async (...parameters: readonly unknown[]) => {
      touch(verb, place)
      return member(...parameters)
    }
    return [verb, call]
  })
  return Object.fromEntries(members) as T // the same members
}
