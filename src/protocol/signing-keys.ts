import type { JWK } from 'jose'
import { EntradaError } from '../errors/errors.ts'

/** A published signing key. `issuer` is a member that only Microsoft publishes: the issuer that the key may sign for. */
export type SigningKey = JWK & {
  readonly kid: string
  readonly n: string
  readonly e: string
  readonly issuer?: string
}

const MAX_KEYS = 200

export type SigningKeySet = {
  readonly keys: ReadonlyMap<string, SigningKey>
  /** Key ids under which this set has two different keys. Neither of them is used. */
  readonly ambiguous: ReadonlySet<string>
}

/**
 * Reads the RSA signing keys of a key set, by key id. Entries of other kinds are left out.
 *
 * @throws {EntradaError} `provider_answer_invalid` when there is no usable key.
 * @see RFC 7517 §5
 */
export function parseSigningKeys(wire: unknown): SigningKeySet {
  const entries = (wire as { keys?: unknown } | null | undefined)?.keys // unknown JSON, checked below
  if (!Array.isArray(entries)) throw noKeys()
  // Cut off, a set would lack the very key that a token was signed with.
  if (entries.length > MAX_KEYS) throw noKeys()
  const usable = entries.filter(isSigningKey)
  if (usable.length === 0) throw noKeys()
  const keys = new Map(usable.map((key) => [key.kid, key]))
  const ambiguous = new Set(
    usable.filter((key) => isOtherKey(key, keys.get(key.kid))).map(({ kid }) => kid),
  )
  for (const kid of ambiguous) keys.delete(kid)
  return { keys, ambiguous }
}

/** Returns whether these are different keys, or the same for another issuer. */
export function isOtherKey(key: SigningKey, other: SigningKey | undefined): boolean {
  return key.n !== other?.n || key.e !== other.e || key.issuer !== other.issuer
}

function isSigningKey(entry: unknown): entry is SigningKey {
  if (typeof entry !== 'object' || entry === null) return false
  const { kty, kid, use, alg, key_ops: uses, n, e, issuer } = entry as Record<string, unknown> // an object, checked above
  return (
    kty === 'RSA' &&
    (use === undefined || use === 'sig') &&
    (alg === undefined || alg === 'RS256') &&
    (uses === undefined || (Array.isArray(uses) && uses.includes('verify'))) &&
    [kid, n, e].every((member) => typeof member === 'string' && member !== '') &&
    (issuer === undefined || typeof issuer === 'string')
  )
}

function noKeys(): EntradaError {
  return new EntradaError('provider_answer_invalid', { endpoint: 'keys', member: 'keys' })
}
