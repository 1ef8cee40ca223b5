import { compactVerify, importJWK } from 'jose'
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

  const { payload, signedWith } = await verifiedPayload(idToken, key).catch(async (error) => {
    const replacement = await keys.findReplacement(key, signal)
    if (replacement === undefined) throw error
    return verifiedPayload(idToken, replacement)
  })
  return { claims: claimsOf(payload), signedWith }
}

/** Parses the header here and not with `jose`, which would take the last of two `kid`. */
function protectedHeader(idToken: string): Record<string, unknown> {
  const [encoded = ''] = idToken.split('.', 1)
  const bytes = /^[A-Za-z0-9_-]+$/.test(encoded) ? Buffer.from(encoded, 'base64url') : undefined
  const header = bytes && objectOf(bytes)
  if (header?.kind === 'read') return header.value
  throw new EntradaError('id_token_header_invalid', {
    member: (header?.kind === 'refused' && header.twice) || '(header)',
  })
}

type Verified = {
  readonly payload: Uint8Array
  readonly signedWith: SigningKey
}

async function verifiedPayload(idToken: string, key: SigningKey): Promise<Verified> {
  try {
    const { payload } = await compactVerify(idToken, await importJWK(key, 'RS256'), {
      algorithms: ['RS256'],
    })
    return { payload, signedWith: key }
  } catch {
    // Without the cause: its message can hold a piece of the token.
    throw new EntradaError('id_token_signature_invalid', { kid: key.kid })
  }
}

/** @see RFC 7519 §4: a claim name comes once */
function claimsOf(payload: Uint8Array): Record<string, unknown> {
  const claims = objectOf(payload)
  if (claims.kind === 'read') return claims.value
  const claim = claims.twice ?? '(payload)'
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
