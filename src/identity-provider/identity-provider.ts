/** An identity provider as sign-ins use it. Each kind has a folder of its own; `provider-kinds.ts` lists the kinds. */
import type { Secret } from '../keys/secret.ts'
import type { AuthorizationAnswer } from '../protocol/authorization-response.ts'
import type { PersonKey } from '../storage/records.ts'

/** Why groups could not be read through Microsoft Graph. */
export type GraphProblem =
  | 'graph_unreachable'
  /** Discovery names no host of Microsoft Graph, and our table has none for this authority: no request was sent. */
  | 'graph_host_unknown'
  /** The permission is missing, or was revoked. */
  | 'graph_forbidden'
  | 'graph_throttled'
  | 'graph_answer_invalid'
  | 'too_many_groups'

export type GroupsClaim =
  | {
      readonly kind: 'known'
      readonly ids: readonly string[]
      /** The groups were read through Microsoft Graph; otherwise from the token. */
      readonly from?: 'graph'
      /** Names by id, for display and never for matching. */
      readonly names?: Readonly<Record<string, string>>
    }
  /** More groups than fit into the token. Unknown, not empty. */
  | { readonly kind: 'overage' }
  | { readonly kind: 'absent' }
  /** The groups should have come from Graph. Unknown, not empty. */
  | {
      readonly kind: 'unreadable'
      readonly reason: GraphProblem
      /** The answer of Graph, for the trace. */
      readonly status?: number
      readonly graphCode?: string
    }

/** Names and addresses that a provider has for a user. They are displayed and are never proof of who the user is. */
export type ProvidedProfile = {
  readonly displayName?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly preferredUsername?: string
  readonly userPrincipalName?: string
  readonly email?: string
}

/** Facts that only Entra states. Another provider leaves them out, and an absent fact counts as `false`. */
export type EntraFacts = {
  /** `xms_edov`: Entra guarantees that the address's domain belongs to the user's directory. */
  readonly emailDomainOwnerVerified?: boolean
  /** The user is a guest (B2B) in the directory. */
  readonly guest?: boolean
  /** The user signed in with a personal Microsoft account. */
  readonly personalAccount?: boolean
}

/** What an identity provider states about a user, after every check. */
export type VerifiedIdentity = ProvidedProfile &
  EntraFacts & {
    readonly key: PersonKey
    /** The subject that the provider names to our application, where it differs from the key's (Entra's pairwise `sub`). */
    readonly sub?: string
    readonly groups: GroupsClaim
    readonly appRoles: readonly string[]
    /** Names the user's session at the provider in logout messages (Entra's `sid`). */
    readonly providerSession?: string
    /** The session here must not last longer, where the provider limits it. */
    readonly notAfter?: Date
    /** When the user authenticated, where the provider proved it. */
    readonly authenticatedAt?: Date
    /** How the user authenticated, where the provider proved it. @see OpenID Connect Core §2 (`acr`) */
    readonly acr?: string
    readonly loginHint?: string
    /** Names of all claims or attributes that came, for the trace. */
    readonly claimNames: readonly string[]
  }

/**
 * What an OpenID provider needs on the way back. It is sealed with the attempt, so it may be secret and has to be short. A provider of
 * another protocol keeps something else, such as the id of its request.
 */
export type Kept = {
  /** Comes back in the ID token. @see OpenID Connect Core §3.1.2.1 */
  readonly nonce: string
  /** 43 to 128 characters. @see RFC 7636 §4.1 */
  readonly codeVerifier: string
}

/** What a flow requests of the provider when it sends a browser there. */
export type Departure = {
  /** Our address that the browser comes back to, as it is registered with the provider. */
  readonly returnAddress: string
  /** Names the attempt. The provider sends it back unchanged (`state`). */
  readonly attempt: string
  /** Whether the user is asked which account to use. */
  readonly selectAccount: boolean
  readonly loginHint?: string
  /** What the provider demanded with an earlier answer, as it wrote it (a claims challenge of Entra, in JSON). */
  readonly demand?: string
}

/** How the browser gets to the provider. A provider that has to be sent a form adds a kind of its own. */
export type WayOut = { readonly kind: 'redirect'; readonly url: URL }

/** What a browser brought back to one of our addresses. */
export type Arrival = {
  /** The answer, read from the query or form that the address takes. */
  readonly answer: AuthorizationAnswer
  /** The address that it came to, as it is registered with the provider. */
  readonly returnAddress: string
  readonly correlationId: string
  /** Called with all claims of a verified answer, for the page of a test. No decision may use it. */
  readonly showClaims?: (claims: Readonly<Record<string, unknown>>) => void
}

/** The part of an attempt that the provider sees. */
export type StartedAttempt = { readonly kept: Kept }

/** The result of an answer that passed every check. */
export type Arrived = {
  readonly identity: VerifiedIdentity
  /** Opens {@link IdentityProvider.recheck} for this user. Only where the connection checks its sessions again. */
  readonly grant?: Secret
}

export type RecheckRequest = { readonly grant: Secret; readonly correlationId: string }

export type SignOutRequest = {
  /** Our address that the browser comes back to, as it is registered with the provider. */
  readonly returnAddress: string
  /** The provider sends it back unchanged. */
  readonly state: string
  readonly loginHint?: string
}

/** A message that a user signed out at the provider. Other channels than a frame in the user's browser add a kind of their own. */
export type LogoutMessage = { readonly kind: 'front_channel'; readonly query: URLSearchParams }

/** Which sessions a logout message ends: those that began with this session at the provider. */
export type EndedThere = { readonly providerSession: string }

/**
 * One connection's identity provider. It is described by what happens, so that a sign-in reads the same for every protocol. The optional
 * functions are powers that not every provider has.
 */
export type IdentityProvider = {
  /** Makes what only this provider needs on the way back. */
  prepare(): Kept
  /**
   * Returns how the browser gets to the provider.
   *
   * @throws {EntradaError} `entra_not_configured` when the connection has no credential, so that no user is sent away in vain
   */
  depart(departure: Departure, kept: Kept): Promise<WayOut>
  /**
   * Returns the verified identity that an answer proves, after every check. Rejects with `provider_timeout` at the deadline. Without an
   * attempt the answer is unsolicited: a provider that does not know such answers rejects it.
   */
  arrive(
    arrival: Arrival,
    attempt: StartedAttempt | undefined,
    deadline: AbortSignal,
  ): Promise<Arrived>
  /**
   * Returns the identity of the same user as it is now. Rejects with `code_refused` or `interaction_required` when the provider asks this
   * user to sign in again. Every other code states nothing about the user.
   */
  readonly recheck?: (request: RecheckRequest, deadline: AbortSignal) => Promise<Arrived>
  /** Returns the address at which the user also signs out of the provider. */
  readonly signOut?: (request: SignOutRequest) => Promise<URL>
  /** Returns whose sessions a logout message of the provider ends. @throws {EntradaError} `request_invalid` */
  readonly signedOutThere?: (message: LogoutMessage) => Promise<EndedThere>
  /** Loads and fetches what the first sign-in needs, so that its user does not wait for it. Rejects when the provider cannot be reached. */
  readonly warmUp?: (deadline: AbortSignal) => Promise<void>
  /** Returns the document about us that the provider's administrator imports. */
  readonly metadata?: () => Promise<string>
  /** Returns the id of the directory that the connection names by a domain, or `undefined` when the address is of no single directory. */
  readonly directory?: (deadline: AbortSignal) => Promise<string | undefined>
}
