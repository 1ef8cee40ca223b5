/** The other side, as the sign-in sees it. `entra-oidc.ts` is the implementation; SAML would be another. */
import type { PersonKey } from '../storage/records.ts'

export type GroupsClaim =
  | { readonly kind: 'known'; readonly ids: readonly string[] }
  /** More groups than fit into the token. Unknown, not empty. */
  | { readonly kind: 'overage' }
  | { readonly kind: 'absent' }

/** What Entra said about a person, after every check. */
export type VerifiedIdentity = PersonKey & {
  readonly sub: string
  readonly issuer: string
  readonly displayName?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly preferredUsername?: string
  readonly userPrincipalName?: string
  readonly email?: string
  /** `xms_edov`: Entra vouches that the address's domain belongs to the person's tenant. */
  readonly emailDomainOwnerVerified: boolean
  readonly guest: boolean
  readonly personalAccount: boolean
  readonly groups: GroupsClaim
  readonly appRoles: readonly string[]
  readonly entraSid?: string
  readonly loginHint?: string
  /** Names of all claims that came, for the trace. */
  readonly claimNames: readonly string[]
}

export type AuthorizationUrlRequest = {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** S256 of the code verifier (RFC 7636 §4.2). */
  readonly codeChallenge: string
  readonly selectAccount: boolean
  /** A claims challenge of Entra, as JSON, brought back. */
  readonly claims?: string
  readonly loginHint?: string
}

export type RedeemRequest = {
  readonly code: string
  readonly redirectUri: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly correlationId: string
  /** Ends the waiting for Entra as a whole. */
  readonly deadline: AbortSignal
}

export type SignOutUrlRequest = {
  readonly postLogoutRedirectUri: string
  readonly state: string
  readonly logoutHint?: string
}

export type IdentityProvider = {
  /** The directory behind the configured tenant or domain. */
  tenantId(deadline: AbortSignal): Promise<string | undefined>
  authorizationUrl(request: AuthorizationUrlRequest): Promise<URL>
  /** Trades the code and verifies the ID token; rejects with `entra_timeout` at the deadline. */
  redeem(request: RedeemRequest): Promise<VerifiedIdentity>
  signOutUrl(request: SignOutUrlRequest): Promise<URL>
}
