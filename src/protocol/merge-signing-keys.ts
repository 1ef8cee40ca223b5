/**
 * Signing keys over several answers of one authority. Many servers answer under its address, and they learn of a new key one after the
 * other: a key that is missing from an answer was withdrawn, or is not known to that server yet.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
 */
import type { SigningKey, SigningKeySet } from './signing-keys.ts'

export type KnownKey = {
  readonly key: SigningKey
  /** When an answer first came without it; absent while it is published. */
  readonly missingSince?: number
}
export type KnownKeys = ReadonlyMap<string, KnownKey>

/** How long a key is still trusted after the first answer without it. */
const MISSING_KEY_LIFETIME_MS = 10 * 60_000
const MOST_MISSING_KEYS = 20

/**
 * Returns the published keys, and for a bounded time those that went missing. For a key id that now has other key material, the new
 * answer counts; a key id that the answer itself has twice is dropped.
 */
export function mergeSigningKeys(
  before: KnownKeys,
  { keys, ambiguous }: SigningKeySet,
  time: number,
): KnownKeys {
  const missing = [...before]
    .filter(([kid]) => !keys.has(kid) && !ambiguous.has(kid))
    .map(([kid, { key, missingSince = time }]) => [kid, { key, missingSince }] as const)
    .filter(([, known]) => isTrusted(known, time))
    .sort(([, known], [, other]) => other.missingSince - known.missingSince)
    .slice(0, MOST_MISSING_KEYS)
  const published = [...keys].map(([kid, key]) => [kid, { key }] as const)
  return new Map<string, KnownKey>([...published, ...missing])
}

/** Finds the key with this id, as long as tokens that it signed are accepted. */
export function findTrusted(known: KnownKeys, kid: string, time: number): SigningKey | undefined {
  const found = known.get(kid)
  return found && isTrusted(found, time) ? found.key : undefined
}

function isTrusted({ missingSince }: KnownKey, time: number): boolean {
  return missingSince === undefined || time - missingSince < MISSING_KEY_LIFETIME_MS
}

/** Returns whether the authority's servers disagree about a key that is still trusted, so that the keys are to be fetched again soon. */
export function isChanging(known: KnownKeys, time: number): boolean {
  return [...known.values()].some((key) => key.missingSince !== undefined && isTrusted(key, time))
}
