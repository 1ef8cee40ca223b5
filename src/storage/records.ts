/** Stored records, as the rest of the program sees them. Columns and their spelling stay inside `storage/`. */

import type { SsoRequirement } from './connection-uses.ts'
import type { AuditErasure } from './erasure-storage.ts'
import type { GroupSnapshot, GroupSource } from './groups.ts'
import type { PersonKey, Space } from './person-key.ts'

export type { GroupSnapshot, GroupSource, PersonKey, Space, SsoRequirement }

export type OrganizationId = `org_${string}` | 'default'
export type ConnectionId = string
export type UserId = `usr_${string}`
export type IdentityId = `idn_${string}`
export type MembershipId = `mem_${string}`
export type DomainId = `dom_${string}`
export type SessionId = `ses_${string}`
export type AuditEventId = `evt_${string}`
export type SignInTraceId = `trc_${string}`
export type ApiKeyId = `key_${string}`
export type SetupLinkId = `sul_${string}`
export type TestResultId = `tst_${string}`

export type OrganizationSettings = {
  readonly ssoRequired?: SsoRequirement
  /** Whether a work email at `/login` finds this organization; it does unless this is `false`. */
  readonly emailDiscovery?: boolean
}

export type Organization = {
  readonly id: OrganizationId
  readonly name: string
  /** Unique in the deployment, in lower case; never changes. */
  readonly slug: string
  readonly settings: OrganizationSettings
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The Entra tenants that a connection accepts. `tenant` is as configured: an id, or a domain that Entra resolves to one. */
export type TenantPinning =
  | { readonly kind: 'pinned'; readonly tenant: string; readonly tenantId?: string }
  | { readonly kind: 'allow_list'; readonly tenantIds: readonly string[] }

export type UnmatchedPolicy =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'default_role'; readonly role: string }

export type ConnectionPolicies = {
  readonly provisioning: 'create' | 'existing' | 'off'
  readonly linking: 'never' | 'verified'
  readonly guests: 'refuse' | 'allow'
  readonly personalAccounts: 'refuse' | 'allow'
  /** What to do if the groups do not fit into the token, or Graph does not return them. */
  readonly groupsOverage: 'refuse' | 'keep_last' | 'graph' | 'graph_or_keep_last'
  readonly unmatched: UnmatchedPolicy
  readonly signOutOfMicrosoft: boolean
}

/**
 * One of several credentials of a connection. `sealed` is the secret, or the certificate's private key; it is absent if the value
 * is elsewhere (environment, file). `pending` credentials are stored with the active ones, and not used before a test with them has
 * succeeded.
 */
export type ConnectionCredential = {
  readonly id: string
  readonly kind: 'client_secret' | 'certificate' | 'federated_token_file'
  readonly sealed?: string
  /** PEM of the certificate whose private key is sealed; public. */
  readonly certificate?: string
  /** When a `test` sign-in with only this credential succeeded. */
  readonly testedAt?: string
  readonly expiresAt?: Date
  readonly state: 'active' | 'pending' | 'retired'
  readonly createdAt: Date
}

/** The contact for operators; Entrada sends nothing to it by itself. */
export type ConnectionContact = { readonly email?: string }

/** Settings of a connection that do not decide about sign-ins. An absent member has its default. */
export type ConnectionSettings = {
  readonly contact?: ConnectionContact
  readonly groups?: GroupSource
  /** How often sessions are checked against Entra again. */
  readonly recheckMinutes?: number
  /** Only people with an address in one of these domains may sign in. It gives no one access, and finds no connection. */
  readonly emailDomains?: readonly string[]
  /** Origin of the redirect URI that the customer registered, if there are several; by default that where the sign-in starts. */
  readonly redirectOrigin?: string
  /** The last `test` sign-in that succeeded, and the state of the connection at that time (`testFingerprint`). */
  readonly tested?: { readonly at: string; readonly fingerprint: string }
  /** For the shared application: the tenant may have another connection that is on. Only operators can set it. */
  readonly tenantMayBeShared?: boolean
}

/** `group`: an Entra group's object id. `app_role`: the value of an app role. */
export type RoleRule = {
  readonly id: string
  readonly match: 'group' | 'app_role'
  readonly value: string
  readonly role: string
}

export type Connection = {
  readonly id: ConnectionId
  readonly organizationId: OrganizationId
  /** The name for users and operators. */
  readonly name: string
  /** Unique in the deployment, in lower case; never changes. */
  readonly slug: string
  readonly protocol: 'oidc'
  /** `global`, `us_government`, `china`, `external` (External ID), or the host of another Entra-compatible authority. */
  readonly cloud: string
  /** Origin of the authority, without path. */
  readonly authority: string
  readonly tenants: TenantPinning
  /** `shared`: the deployment's own multi-tenant application, which the customer consented to. */
  readonly application: 'own' | 'shared'
  readonly clientId: string
  readonly credentials: readonly ConnectionCredential[]
  readonly policies: ConnectionPolicies
  readonly roleRules: readonly RoleRule[]
  readonly settings: ConnectionSettings
  readonly status: 'draft' | 'on' | 'off'
  readonly managedBy: 'api' | 'environment' | 'file'
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The result of recent sign-ins through a connection. A refused person is not a failure of the connection. */
export type ConnectionHealth = {
  readonly lastSuccessAt?: Date
  readonly lastFailureAt?: Date
  readonly lastFailureCode?: string
  /** Failures since the last success. */
  readonly failuresInARow: number
  readonly failingSince?: Date
}

/** Sign-ins of one day (UTC, such as `2026-11-22`). */
export type SignInCount = {
  readonly day: string
  readonly outcome: SignInTrace['outcome']
  readonly signIns: number
}

/** What a replica has seen of one connection since its last report. */
export type ConnectionResults = {
  readonly connectionId: ConnectionId
  readonly counts: readonly SignInCount[]
  readonly health: ConnectionHealth
}

/**
 * A domain of an organization. Several organizations may claim a domain; it belongs to the one that has proven it, also while its
 * record is lost (then it links no users), until another one proves it.
 */
export type Domain = {
  readonly id: DomainId
  readonly organizationId: OrganizationId
  /** Lower-case ASCII, as `parseDomainName` returns it. */
  readonly name: string
  /** The connection at which people with an address in the domain sign in; absent means any connection of the organization. */
  readonly connectionId?: ConnectionId
  /** The content of the TXT record. */
  readonly challenge: string
  readonly status: 'pending' | 'proven' | 'lost'
  readonly proof?: 'dns' | 'operator'
  readonly provenAt?: Date
  /** When DNS last answered, with whatever result. */
  readonly checkedAt?: Date
  /** When DNS is to be looked up again; absent if it is not. */
  readonly nextCheckAt?: Date
  readonly createdAt: Date
}

export type User = {
  readonly id: UserId
  readonly status: 'active' | 'disabled'
  readonly createdAt: Date
  readonly updatedAt: Date
}

export type Identity = {
  readonly id: IdentityId
  readonly key: PersonKey
  readonly userId: UserId
  /** Absent for users created beforehand, until their first sign-in. */
  readonly connectionId?: ConnectionId
  readonly sub?: string
  /** The last claims for display (name, preferred_username, email …); never tokens. */
  readonly lastClaims: Readonly<Record<string, unknown>>
  readonly createdAt: Date
  readonly lastSignInAt?: Date
}

export type ProfileEmail = {
  readonly address: string
  readonly source: 'email_claim' | 'preferred_username' | 'upn' | 'operator'
  readonly proven: boolean
}

export type Profile = {
  readonly displayName?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly userPrincipalName?: string
  readonly email?: ProfileEmail
  readonly guest?: boolean
}

export type Membership = {
  readonly id: MembershipId
  readonly userId: UserId
  readonly organizationId: OrganizationId
  /** At most 50 characters of `[a-zA-Z0-9-_]`, unique in the organization ignoring case. */
  readonly username: string
  readonly profile: Profile
  readonly status: 'active' | 'disabled'
  readonly createdAt: Date
  readonly lastSignInAt?: Date
}

export type RoleSource = `rule:${string}` | 'manual' | 'default'
export type RoleAssignment = { readonly role: string; readonly source: RoleSource }

export type SessionKind = 'user' | 'operator'

export type Session = {
  readonly id: SessionId
  readonly kind: SessionKind
  /** SHA-256 of the cookie's value, base64url. */
  readonly tokenHash: string
  /** Absent for an operator's token session. */
  readonly userId?: UserId
  readonly organizationId?: OrganizationId
  readonly connectionId?: ConnectionId
  readonly identityId?: IdentityId
  readonly entraSid?: string
  readonly loginHint?: string
  readonly host: string
  readonly ip?: string
  readonly userAgent?: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly idleEndsAt: Date
  readonly absoluteEndsAt: Date
}

/** A session with everything that a request needs, read in one look-up. */
export type SessionView = {
  readonly session: Session
  readonly user?: User
  readonly identity?: Identity
  readonly organization?: Organization
  readonly membership?: Membership
  readonly roles: readonly string[]
  /** Roles that were assigned by hand; absent means none. Only these are rights over the organization. */
  readonly rolesByHand?: readonly string[]
  readonly groups?: GroupSnapshot
}

export type Actor =
  | { readonly kind: 'user'; readonly id: UserId }
  | { readonly kind: 'operator'; readonly id: string }
  | { readonly kind: 'entra' }
  /** A customer's administrator, identified by the set-up link. */
  | { readonly kind: 'setup_link'; readonly id: SetupLinkId }
  /** A program, identified by its key. */
  | { readonly kind: 'api_key'; readonly id: ApiKeyId }
  /** An unidentified client. */
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'system' }

/** `type` and `detail` belong together; `audit/audit-events.ts` has the closed union that callers use. */
export type AuditEventRecord = {
  readonly id: AuditEventId
  readonly at: Date
  readonly type: string
  readonly actor: Actor
  readonly organizationId?: OrganizationId
  readonly connectionId?: ConnectionId
  readonly userId?: UserId
  readonly sessionId?: SessionId
  readonly correlationId?: string
  readonly ip?: string
  readonly userAgent?: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** An event as it is stored, every column in one text, which a link of the audit chain covers. */
export type StoredAuditEvent = {
  readonly id: AuditEventId
  readonly at: Date
  readonly content: string
}

export type AuditLink = {
  readonly sequence: number
  readonly eventId: AuditEventId
  /** The hash of the event and of the previous link. */
  readonly hash: string
  readonly signature: string
}

/** A link with its event, if that still exists. */
export type ChainedAuditEvent = AuditLink & {
  readonly event?: StoredAuditEvent
  /** Present if a removed person was erased from the event after it was linked. */
  readonly erasure?: AuditErasure
}

/** The state of the background verification of the audit trail; `audit/audit-verification.ts` reads and signs it. */
export type StoredVerification = { readonly state: string; readonly signature: string }
/** Where the chain ends and, after a cut, begins. `signature` is empty until the chain is used for the first time. */
export type AuditChainHead = {
  /** When this chain started: 0, or when an operator restarted it. */
  readonly beganAt: Date
  readonly sequence: number
  readonly hash: string
  /** Links up to this one were removed, or given up. */
  readonly cutSequence: number
  readonly cutHash: string
  readonly signature: string
}

export type SignInStep = {
  readonly step: string
  readonly afterMs: number
  readonly detail?: Readonly<Record<string, unknown>>
}

/** The steps of one sign-in, for "why can't she get in?". */
export type SignInTrace = {
  readonly id: SignInTraceId
  readonly at: Date
  readonly attemptId: string
  readonly connectionId?: ConnectionId
  readonly organizationId?: OrganizationId
  readonly userId?: UserId
  readonly correlationId: string
  readonly outcome: 'signed_in' | 'refused' | 'failed'
  readonly code?: string
  readonly steps: readonly SignInStep[]
  /** The person, after Entra has identified them; for searching. */
  readonly person?: TracedPerson
}

/**
 * The key of the person (of the release before the subject alone), and keyed hashes of sign-in name and email, which can be searched for.
 */
export type TracedPerson = Pick<PersonKey, 'subject'> &
  Partial<PersonKey> & {
    readonly nameKey?: string
    readonly emailKey?: string
  }

export type OutboxEntry = { readonly sequence: number; readonly event: AuditEventRecord }

/** What a browser that opened a set-up link has done so far, in addition to what the connection contains. */
export type SetupProgress = {
  /**
   * The directory in an answer to admin consent, which can be forged. It is accepted after a `test` sign-in from that directory.
   */
  readonly candidateTenant?: string
  readonly lastTest?: TestResultId
}

/**
 * A link with which its holder can set up one draft connection (`setup`), or renew the credentials of another one (`renewal`). The
 * link's token is not used up: each browser that presents it takes over from the previous one.
 */
export type SetupLink = {
  readonly id: SetupLinkId
  readonly connectionId: ConnectionId
  readonly kind: 'setup' | 'renewal'
  /** SHA-256 of the token in the address, hex. */
  readonly tokenHash: string
  /** SHA-256 of the cookie of the browser that uses the link now, hex; absent until it was opened. */
  readonly sessionHash?: string
  readonly progress: SetupProgress
  readonly createdAt: Date
  readonly openedAt?: Date
  readonly endsAt: Date
  /** When and why the link ended before its time. */
  readonly closed?: { readonly at: Date; readonly as: 'withdrawn' | 'replaced' | 'finished' }
}

/**
 * The result of a `test` sign-in, sealed because it contains a person's claims. It can be read by the one who started the test, for
 * an hour.
 */
export type TestResultRecord = {
  readonly id: TestResultId
  readonly connectionId: ConnectionId
  /** The set-up session or operator session that may read it. */
  readonly holder: string
  readonly sealed: string
  readonly endsAt: Date
}
