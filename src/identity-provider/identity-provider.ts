/** The other side, as the sign-in sees it. `entra-oidc.ts` is the implementation; SAML would be another. */
import type { Secret } from '../keys/secret.ts'
import type { PersonKey } from '../storage/records.ts'

/** Why groups could not be read through Microsoft Graph. */
export type GraphProblem =
  | 'graph_unreachable'
  /** Discovery names no host of Microsoft Graph, and our table knows none for this authority: nothing was asked. */
  | 'graph_host_unknown'
  /** The permission is missing, or was taken back. */
  | 'graph_forbidden'
  | 'graph_throttled'
  | 'graph_answer_invalid'
  | 'too_many_groups'

export type GroupsClaim =
  | {
      readonly kind: 'known'
      readonly ids: readonly string[]
      /** Read through Microsoft Graph; else from the token. */
      readonly from?: 'graph'
      /** By id, to be shown and never matched. */
      readonly names?: Readonly<Record<string, string>>
    }
  /** More groups than fit into the token. Unknown, not empty. */
  | { readonly kind: 'overage' }
  | { readonly kind: 'absent' }
  /** They should have come from Graph. Unknown, not empty. */
  | {
      readonly kind: 'unreadable'
      readonly reason: GraphProblem
      /** What Graph said, for the trace. */
      readonly status?: number
      readonly graphCode?: string
    }

/** What Entra said about a person, after every check. */
export type VerifiedIdentity = {
  readonly key: PersonKey
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
  /** Shown every claim that came, once all were checked: for the page of a test, never for a decision. */
  readonly showClaims?: (claims: Readonly<Record<string, unknown>>) => void
  /** Ends the waiting for Entra as a whole. */
  readonly deadline: AbortSignal
}

/** What came of a code or a refresh token. */
export type Redeemed = {
  readonly identity: VerifiedIdentity
  /** Only where the connection asks for one, to check its sessions again. */
  readonly refreshToken?: Secret
}

export type RefreshRequest = {
  readonly refreshToken: Secret
  readonly correlationId: string
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
  /** Trades the code and verifies the ID token; rejects with `provider_timeout` at the deadline. */
  redeem(request: RedeemRequest): Promise<Redeemed>
  /**
   * What Entra says of the same person now. Rejects with `code_refused` or `interaction_required` when it asks this person to sign in
   * again; every other code says nothing about the person.
   */
  refresh(request: RefreshRequest): Promise<Redeemed>
  signOutUrl(request: SignOutUrlRequest): Promise<URL>
}
