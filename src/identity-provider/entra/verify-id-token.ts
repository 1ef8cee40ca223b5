import { compactVerify, importJWK } from 'jose'
import { EntradaError } from '../../errors/errors.ts'
import { readStrictJson } from '../../protocol/strict-json.ts'
import type { RedeemRequest, VerifiedIdentity } from '../identity-provider.ts'
import type { EntraAuthority } from './entra-authority.ts'
import { type EntraMetadata, issuerForTenant } from './protocol/discovery.ts'
import { checkIdTokenClaims, checkIdTokenHeader, toVerifiedIdentity } from './protocol/id-token.ts'
import { mayKeySignFor, type SigningKey } from './protocol/signing-keys.ts'

export type IdTokenVerifier = {
  readonly cloud: string
  readonly clientId: string
  readonly authority: EntraAuthority
  readonly now: () => Date
}

/**
 * Verifies signature, key issuer and claims; MSAL verifies none of them.
 *
 * @see OpenID Connect Core §3.1.3.7; RFC 8725
 */
export async function verifyIdToken(
  client: IdTokenVerifier,
  metadata: EntraMetadata,
  {
    idToken,
    nonce,
    signal,
    showClaims,
  }: {
    readonly idToken: string
    readonly nonce: string | undefined
    readonly signal: AbortSignal
    readonly showClaims: RedeemRequest['showClaims'] | undefined
  },
): Promise<VerifiedIdentity> {
  const { kid } = checkIdTokenHeader(protectedHeader(idToken))
  const key = await client.authority.findSigningKey(kid, signal)
  if (key === undefined) throw new EntradaError('id_token_key_unknown', { kid })

  const { payload, signedWith } = await verifiedPayload(idToken, key).catch(async (error) => {
    const replacement = await client.authority.findReplacement(key, signal)
    if (replacement === undefined) throw error
    return verifiedPayload(idToken, replacement)
  })
  const claims = checkIdTokenClaims(claimsOf(payload), {
    issuerForTenant: (tenantId) => issuerForTenant(metadata.issuer, tenantId),
    clientId: client.clientId,
    nonce,
    now: client.now(),
  })
  if (!mayKeySignFor(signedWith, claims.iss, claims.tid)) {
    throw new EntradaError('id_token_key_unknown', { kid, reason: 'key_issuer' })
  }
  showClaims?.(claims)
  return toVerifiedIdentity(claims, client.cloud)
}

/** Read here and not by `jose`, which would take the last of two `kid`. */
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
  /** Whose issuer counts: under the same id a later key may speak for another one. */
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
