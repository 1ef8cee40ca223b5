import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { EntradaError } from '../errors/errors.ts'
import { checkIdTokenHeader } from '../protocol/id-token.ts'
import type { SigningKey } from '../protocol/signing-keys.ts'
import { readStrictJson } from '../protocol/strict-json.ts'
import type { SigningKeyFinder } from './published-keys.ts'

export type SignedClaims = {
  /** Claims as they came. Nothing but the signature was checked. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The key that signed the token: under the same id a later key may be for another issuer. */
  readonly signedWith: SigningKey
}

const MIN_KEY_BITS = 2048

/**
 * Verifies the signature of an ID token with the keys that its provider publishes.
 *
 * @throws {EntradaError} `id_token_header_invalid`, `id_token_key_unknown`, `id_token_signature_invalid`, `id_token_claim_invalid`
 * @see RFC 8725; OpenID Connect Core §3.1.3.7, step 6
 */
export async function verifySignature(
  idToken: string,
  keys: SigningKeyFinder,
  signal: AbortSignal,
): Promise<SignedClaims> {
  const { kid } = checkIdTokenHeader(protectedHeader(idToken))
  const key = await keys.findSigningKey(kid, signal)
  if (key === undefined) throw new EntradaError('id_token_key_unknown', { kid })

  let signedWith = key
  if (!isSignedWith(idToken, key)) {
    const replacement = await keys.findReplacement(key, signal)
    if (replacement === undefined || !isSignedWith(idToken, replacement)) {
      throw new EntradaError('id_token_signature_invalid', { kid })
    }
    signedWith = replacement
  }
  return { claims: claimsOf(idToken), signedWith }
}

/** Parses the header strictly: another parser would take the last of two `kid`. */
function protectedHeader(idToken: string): Record<string, unknown> {
  const bytes = fromBase64Url(idToken.slice(0, Math.max(0, idToken.indexOf('.'))))
  const header = bytes && objectOf(bytes)
  if (header?.kind === 'read') return header.value
  throw new EntradaError('id_token_header_invalid', {
    member: (header?.kind === 'refused' && header.twice) || '(header)',
  })
}

/** Verifies the signature of a compact JWS whose header was checked. @see RFC 7515 §5.2, RFC 8017 §8.2.2 */
function isSignedWith(idToken: string, key: SigningKey): boolean {
  const end = idToken.lastIndexOf('.')
  const signature = fromBase64Url(idToken.slice(end + 1))
  const publicKey = publicKeyOf(key)
  if (signature === undefined || publicKey === undefined) return false
  const options = { key: publicKey, padding: constants.RSA_PKCS1_PADDING }
  return verify('sha256', Buffer.from(idToken.slice(0, end), 'latin1'), options, signature)
}

/** Importing a key takes longer than verifying with it. A key that is fetched again is another object, so none stays in use for long. */
const publicKeys = new WeakMap<SigningKey, KeyObject>()

/** Returns `undefined` for a key that is none, or that is too short. @see RFC 7518 §3.3: 2048 bits or more */
function publicKeyOf(key: SigningKey): KeyObject | undefined {
  const before = publicKeys.get(key)
  if (before !== undefined) return before
  const { n, e } = key
  try {
    const publicKey = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
    if ((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_KEY_BITS) return undefined
    publicKeys.set(key, publicKey)
    return publicKey
  } catch {
    return undefined
  }
}

/** Returns `undefined` for other characters, and for spare bits that are set: the token would have a second spelling. */
function fromBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined
}

/** @see RFC 7519 §4: a claim name comes once */
function claimsOf(idToken: string): Record<string, unknown> {
  const [, encoded = '', ...rest] = idToken.split('.')
  const payload = rest.length === 1 ? fromBase64Url(encoded) : undefined
  const claims = payload && objectOf(payload)
  if (claims?.kind === 'read') return claims.value
  const claim = claims?.twice ?? '(payload)'
  throw new EntradaError('id_token_claim_invalid', { claim, present: true, reason: 'unclear' })
}

type ObjectRead =
  | { readonly kind: 'read'; readonly value: Record<string, unknown> }
  | { readonly kind: 'refused'; readonly twice?: string }

function objectOf(bytes: Uint8Array): ObjectRead {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { kind: 'refused' }
  }
  const read = readStrictJson(text)
  if (read.kind === 'refused') {
    return read.problem.kind === 'member_twice'
      ? { kind: 'refused', twice: read.problem.member }
      : { kind: 'refused' }
  }
  const { value } = read
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'refused' }
  return { kind: 'read', value: value as Record<string, unknown> } // an object, checked above
}
