/** Everything a flow may reach beyond its arguments. Made once in `open-services.ts`; a test passes its own. */

import type { OperatorEntry } from './access/operators.ts'
import type { AuditEvent } from './audit/audit-events.ts'
import type { UnstoredEvents } from './audit/bounded-events.ts'
import type { RefusalSampler } from './audit/sample-refusals.ts'
import type { SignInNotes } from './audit/sign-in-notes.ts'
import type { AccessRules } from './forward-auth/decide-access.ts'
import type { IdentityTokens } from './forward-auth/identity-token.ts'
import type { Brand } from './http/brand.ts'
import type { LimitName } from './http/rate-limit.ts'
import type { CredentialStatus } from './identity-provider/client-credentials.ts'
import type { EntraIds } from './identity-provider/entra/protocol/person-key.ts'
import type { IdentityProvider, VerifiedIdentity } from './identity-provider/identity-provider.ts'
import type { CertificateDescription, NewKeyPair } from './identity-provider/new-key-pair.ts'
import type { KeyRing } from './keys/key-ring.ts'
import type { Metrics, Sample } from './metrics/metrics.ts'
import type { Tracing } from './metrics/tracing.ts'
import type { SignInDecision } from './sign-in/decide-sign-in.ts'
import type { AuditEventRecord, Connection, OrganizationId, SessionId } from './storage/records.ts'
import type { Storage } from './storage/storage.ts'

/** What is configured about this deployment; nothing of it is guessed from a request. */
export type Deployment = {
  readonly mode: 'development' | 'production'
  /** Origins people use, the server URL first. */
  readonly publicUrls: readonly [URL, ...URL[]]
  /** `''`, or a path such as `/sso` without a slash at its end. */
  readonly mountPath: string
  readonly cookiePrefix: string
  readonly brand: Brand
  readonly session: { readonly idleSeconds: number; readonly maxSeconds: number }
  readonly operators: readonly OperatorEntry[]
  /** SHA-256 of each operator token, hex. */
  readonly operatorTokenHashes: readonly string[]
  /** Absent: audit events are kept for ever. */
  readonly auditRetentionDays?: number
  /** Whether receivers may be on private addresses. */
  readonly webhooks: { readonly privateAllowed: boolean }
  /** Origins of authorities that a connection may use: the configured one first, then Microsoft's own clouds. Never an address from outside. */
  readonly authorities: readonly [string, ...string[]]
  /** Client id of the multi-tenant application of this deployment, if there is one. */
  readonly sharedClientId?: string
  /** Absent when no Entra settings are given: the login page then has no button. */
  readonly defaultConnectionId?: string
  /** Who may open what, when a reverse proxy asks. */
  readonly accessRules: AccessRules
  /** Whether addresses that nobody has proven are handed on as if they were. */
  readonly forwardsUnproven: boolean
  /** Applications on other hosts that share a parent domain with this server. */
  readonly site?: Site
}

export type Site = {
  /** Such as `example.com`: every host under it gets the session's second cookie. */
  readonly cookieDomain: string
  /** Origins of the applications; a way back leads to no other host. */
  readonly applicationUrls: readonly URL[]
}

export type LogFields = Readonly<Record<string, unknown>>
/** One event name in snake_case, flat fields. */
export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type Hooks = {
  /**
   * Runs after Entrada decided to let a user in and before anything is written. Only `{ refuse: false }` lets the user in: throwing,
   * taking longer than 2 s or returning anything else refuses.
   */
  readonly decideSignIn?: (decision: HookDecision) => Promise<HookAnswer> | HookAnswer
  /**
   * What was audited, at least once and in order; with several replicas, in one of them at a time. Throwing, or 5 s, delivers the
   * event again later, and those behind it wait. `event.id` tells a repetition.
   */
  readonly onEvent?: (event: EntradaEvent) => Promise<void> | void
}
/** `type` says what `detail` holds. */
export type EntradaEvent = AuditEventRecord & AuditEvent
export type HookDecision = {
  readonly organizationId: OrganizationId
  readonly connectionId: string
  /** With the parts of its key under Microsoft's names too (`cloud`, `tid`, `oid`), where Entra vouches for the person. */
  readonly identity: VerifiedIdentity & Partial<EntraIds>
  readonly decision: Extract<SignInDecision, { kind: 'allowed' }>
}
export type HookAnswer =
  | { readonly refuse: true; readonly reason: string }
  | { readonly refuse: false }

/** Counts uses, each limit by itself. Without a key nobody can be told apart, and nothing is counted. */
export type Limits = {
  /** @throws {EntradaError} `too_many_requests`, with `limit` and `retryAfterSeconds` in `detail` */
  spend(name: LimitName, key: string | undefined): Promise<void>
  /** The same for what may be left out. */
  allows(name: LimitName, key: string | undefined): Promise<boolean>
}

export type Services = {
  readonly deployment: Deployment
  readonly storage: Storage
  readonly keyRing: KeyRing
  readonly now: () => Date
  readonly randomBytes: (count: number) => Uint8Array
  /** SHA-256 of text, in hex. */
  readonly sha256: (text: string) => string
  /** The client's address, as far as the configured proxies are to be believed. */
  readonly clientIp: (forwardedFor: string | null, remoteAddress?: string) => string | undefined
  /** Whether whoever is connected is a proxy whose headers count. */
  readonly isTrustedProxy: (remoteAddress?: string) => boolean
  /**
   * Texts of the TXT records of a name; none when DNS says so.
   *
   * @throws {EntradaError} `dns_unavailable`
   */
  readonly resolveTxt: (name: string) => Promise<readonly string[]>
  readonly log: Log
  readonly hooks: Hooks
  /** Which refusals are logged, of those that anybody can cause. */
  readonly refusalSampler: RefusalSampler
  /** Events that anybody can cause and that were too many to be stored. */
  readonly unstoredEvents: UnstoredEvents
  readonly limits: Limits
  readonly metrics: Metrics
  /** What the sign-ins tell of their connections. */
  readonly signInNotes: SignInNotes
  /** Checks a session in use against Entra soon, if its connection asks for it and it is due. Nothing waits for it. */
  readonly recheckSoon: (sessionId: SessionId) => void
  readonly tracing: Tracing
  /** Memory, CPU and event loop of this process. */
  readonly processSamples: () => readonly Sample[]
  /** Signs who somebody is, for applications behind a proxy; absent when that is not wanted. */
  readonly identityTokens?: IdentityTokens
  /** What is known of the credentials of the environment's connection, on this replica. No values. */
  readonly credentialStatus: () => readonly CredentialStatus[]
  /** Key pairs of our own for customers who would rather keep no secret. */
  readonly certificates: {
    readonly create: (wanted: { readonly now: Date; readonly days: number }) => Promise<NewKeyPair>
    /** What may be shown of one (PEM) that {@link create} made. */
    readonly describe: (certificate: string) => CertificateDescription
  }
  /** The token that the platform issues to this workload, for customers who trust it in place of a secret. */
  readonly readFederatedToken?: (() => string) | undefined
  /** @throws {EntradaError} `entra_not_configured` when the connection's credential is not at hand */
  readonly identityProviderFor: (connection: Connection) => IdentityProvider
}
