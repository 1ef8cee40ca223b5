/** The signing keys that a provider publishes, fetched when they are needed and kept. */
import { EntradaError } from '../errors/errors.ts'
import {
  findTrusted,
  isChanging,
  type KnownKeys,
  mergeSigningKeys,
} from '../protocol/merge-signing-keys.ts'
import { isOtherKey, type SigningKey, type SigningKeySet } from '../protocol/signing-keys.ts'
import { type Fresh, keepFresh, within } from './keep-fresh.ts'

const KEYS_LIFETIME_MS = 3_600_000
/** While the provider's servers disagree about the keys, they are fetched this often. */
const CHANGING_KEYS_LIFETIME_MS = 60_000
/** A token with an unknown key id makes this server fetch again, but not more often than this, however many such tokens come. */
const UNKNOWN_KEY_INTERVAL_MS = 5_000

export type PublishedKeys = SigningKeyFinder & {
  /** Fetches the keys before they are needed. */
  warmUp(signal: AbortSignal): Promise<void>
}

export type SigningKeyFinder = {
  /**
   * Finds a key by its id, or returns `undefined` when the provider does not publish such a key, also after fetching again.
   *
   * @throws {EntradaError} `signing_key_awaited` when the keys were fetched a moment ago, or the provider's servers disagree about them
   */
  findSigningKey(kid: string, signal?: AbortSignal): Promise<SigningKey | undefined>
  /** Finds the key that the provider publishes now under the same id, if it is another one: some servers use an id again. */
  findReplacement(key: SigningKey, signal?: AbortSignal): Promise<SigningKey | undefined>
}

/**
 * Creates the keys of one provider; `load` fetches them.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
 */
export function createPublishedKeys(
  now: () => Date,
  load: () => Promise<SigningKeySet>,
): PublishedKeys {
  const time = () => now().getTime()
  const lifetime = (among: KnownKeys) =>
    isChanging(among, time()) ? CHANGING_KEYS_LIFETIME_MS : KEYS_LIFETIME_MS
  let known: KnownKeys = new Map()
  const keys = keepFresh(lifetime, now, async () => {
    known = mergeSigningKeys(known, await load(), time())
    return known
  })
  const askAgain = notMoreOftenThan(UNKNOWN_KEY_INTERVAL_MS, now, keys)

  return {
    async findSigningKey(kid, signal) {
      const key = findTrusted(await within(signal, keys.get()), kid, time())
      if (key !== undefined) return key
      const published = await within(signal, askAgain())
      const found = published && findTrusted(published, kid, time())
      if (found !== undefined) return found
      if (published !== undefined && !isChanging(published, time())) return undefined
      throw new EntradaError('signing_key_awaited', { kid })
    },
    async findReplacement(key, signal) {
      await within(signal, askAgain())
      const found = findTrusted(known, key.kid, time())
      return found && isOtherKey(found, key) ? found : undefined
    },
    async warmUp(signal) {
      await within(signal, keys.get())
    },
  }
}

/** Fetches again, or returns `undefined` when that was done a moment ago. A fetch that is still under way counts for this caller too. */
function notMoreOftenThan<T>(
  intervalMs: number,
  now: () => Date,
  fresh: Fresh<T>,
): () => Promise<T | undefined> {
  let askedAt = Number.NEGATIVE_INFINITY
  return async () => {
    const time = now().getTime()
    if (time - askedAt < intervalMs) return fresh.underway()
    askedAt = time
    return fresh.renew()
  }
}
