import { EntradaError } from '../../errors/errors.ts'
import type { Arrival, VerifiedIdentity } from '../identity-provider.ts'
import type { SigningKeyFinder } from '../published-keys.ts'
import { verifySignature } from '../verify-signature.ts'
import { type EntraMetadata, issuerForTenant } from './protocol/discovery.ts'
import { checkEntraClaims, toVerifiedIdentity } from './protocol/id-token.ts'
import { mayKeySignFor } from './protocol/key-issuer.ts'

export type IdTokenVerifier = {
  readonly cloud: string
  readonly clientId: string
  readonly authority: SigningKeyFinder
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
    readonly showClaims: Arrival['showClaims'] | undefined
  },
): Promise<VerifiedIdentity> {
  const signed = await verifySignature(idToken, client.authority, signal)
  const claims = checkEntraClaims(signed.claims, {
    issuerForTenant: (tenantId) => issuerForTenant(metadata.issuer, tenantId),
    clientId: client.clientId,
    nonce,
    now: client.now(),
  })
  if (!mayKeySignFor(signed.signedWith, claims.iss, claims.tid)) {
    throw new EntradaError('id_token_key_unknown', {
      kid: signed.signedWith.kid,
      reason: 'key_issuer',
    })
  }
  showClaims?.(claims)
  return toVerifiedIdentity(claims, client.cloud)
}
