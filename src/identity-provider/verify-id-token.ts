import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { EntradaError } from '../errors.ts'
import { type EntraMetadata, issuerForTenant } from '../protocol/discovery.ts'
import { checkIdTokenClaims, checkIdTokenHeader, toVerifiedIdentity } from '../protocol/id-token.ts'
import { mayKeySignFor, type SigningKey } from '../protocol/signing-keys.ts'
import type { EntraAuthority } from './entra-authority.ts'
import type { RedeemRequest, VerifiedIdentity } from './identity-provider.ts'

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

  const payload = await verifiedPayload(idToken, key).catch(async (error) => {
    const replacement = await client.authority.findReplacement(key, signal)
    if (replacement === undefined) throw error
    return verifiedPayload(idToken, replacement)
  })
  const claims = checkIdTokenClaims(payload, {
    issuerForTenant: (tenantId) => issuerForTenant(metadata.issuer, tenantId),
    clientId: client.clientId,
    nonce,
    now: client.now(),
  })
  if (!mayKeySignFor(key, claims.iss, claims.tid)) {
    throw new EntradaError('id_token_key_unknown', { kid, reason: 'key_issuer' })
  }
  showClaims?.(claims)
  return toVerifiedIdentity(claims, client.cloud)
}

function protectedHeader(idToken: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(idToken) }
  } catch (cause) {
    throw new EntradaError('id_token_header_invalid', { member: '(header)' }, { cause })
  }
}

async function verifiedPayload(idToken: string, key: SigningKey): Promise<Record<string, unknown>> {
  try {
    const { payload } = await compactVerify(idToken, await importJWK(key, 'RS256'), {
      algorithms: ['RS256'],
    })
    return { ...(JSON.parse(new TextDecoder().decode(payload)) as object | null) } // signed JSON, members checked next
  } catch {
    // Without the cause: its message can hold a piece of the token.
    throw new EntradaError('id_token_signature_invalid', { kid: key.kid })
  }
}
