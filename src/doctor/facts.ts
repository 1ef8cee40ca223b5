/** What the probes found out, and all that the rules know. A part that was not looked at is absent. */
import type { OperatorEntry } from '../access/operators.ts'
import type { AuditVerification } from '../audit/audit-verification.ts'
import type { AccessRules } from '../forward-auth/decide-access.ts'
import type { CredentialStatus } from '../identity-provider/client-credentials.ts'
import type { EntraMetadata } from '../identity-provider/entra/protocol/discovery.ts'
import type { EntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import type { DatabaseInspection } from '../storage/inspect-database.ts'
import type { RoleRule, SignInTrace, StoredVerification } from '../storage/records.ts'
import type { Failed } from './failure.ts'

export type Facts = {
  readonly at: Date
  readonly mode: 'development' | 'production'
  readonly settings?: SettingsFacts
  readonly machine?: MachineFacts
  readonly database?: DatabaseFacts
  readonly keyRing?: KeyRingFacts
  /** What the server's background verification found, as far as it is signed with a key that is at hand. */
  readonly auditVerification?: AuditVerification
  readonly entra?: EntraFacts
  readonly credentials?: readonly CredentialFacts[]
  readonly redirectUris?: readonly RedirectUriFacts[]
  readonly addresses?: AddressesFacts
  readonly roleRules?: RoleRulesFacts
  readonly accessRules?: AccessRulesFacts
  readonly operators?: OperatorsFacts
}

export type SettingsFacts = {
  readonly settingCount: number
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** The origin of the server URL; absent when it is one of the problems. */
  readonly serverUrl?: string
  /** Whether a browser on another machine could open it. */
  readonly onlyLocal: boolean
  readonly hasEntra: boolean
  readonly linking?: 'never' | 'verified'
  /** The proxy through which requests leave, without user and password. */
  readonly proxy?: string
  readonly webhooksPrivate?: boolean
  /** How long a session lasts at most, where sessions are not checked against Entra again. */
  readonly uncheckedSeconds?: number
  readonly publicOrigins: readonly string[]
  readonly tenantId?: string
  readonly clientId?: string
  readonly logLevel?: string
  /** The addresses and CIDR blocks of the setting. */
  readonly trustedProxies: readonly string[]
  /** What the environment configures of Node.js itself. */
  readonly node: NodeFacts
}
export type NodeFacts = {
  /** NODE_TLS_REJECT_UNAUTHORIZED=0 */
  readonly trustsAnyCertificate: boolean
  /** NODE_OPTIONS opens a debugger. */
  readonly inspects: boolean
  /** NODE_EXTRA_CA_CERTS, and why it cannot be read. */
  readonly extraCaProblem?: { readonly file: string; readonly reason: string }
}

export type MachineFacts = {
  readonly nodeVersion: string
  readonly folder?: FolderFacts
  /** Files that settings name and that hold secrets, as far as every user of the machine can read them. */
  readonly openSecretFiles: readonly { readonly setting: string; readonly path: string }[]
  /** Other processes that have the embedded database open; absent where the system does not show that. */
  readonly databaseUsers?: readonly number[]
}
export type FolderFacts = {
  readonly path: string
  readonly exists: boolean
  /** A folder above it keeps this user from looking. */
  readonly isHidden?: boolean
  readonly freeBytes?: number
  readonly onNetworkDisk: boolean
  /** Absent where the folder is not there, or not needed. */
  readonly written?: { readonly ok: true } | { readonly ok: false; readonly reason: string }
  /** Permission bits; absent where the system has none. */
  readonly mode?: number
  readonly files: readonly DataFile[]
  /** User id of the owner of the folder; absent where the system has none. */
  readonly owner?: number
}
export type DataFile = { readonly path: string; readonly mode: number; readonly owner: number }

/** What the database contains about sign-ins so far. */
export type SeenInDatabase = {
  /** The last ones, newest first. */
  readonly traces: readonly SignInTrace[]
  readonly linkedTenants: readonly string[]
  readonly sealingKeyIds: readonly string[]
  /** The source of each role that a user has, such as `rule:ID`. */
  readonly roleSources: readonly string[]
  /** Roles that at least one user has. */
  readonly rolesHeld: readonly string[]
  readonly connections: readonly SeenConnection[]
  /** Ids and slugs. */
  readonly organizations: readonly string[]
  readonly usersSignedIn: number
  /** Links of the audit chain. */
  readonly auditLinks: number
  readonly auditVerification?: StoredVerification
  /** `user` operators of the settings. */
  readonly operators: readonly SeenOperator[]
}
/** A connection that is no draft, as far as it is compared with others and with rules. */
export type SeenConnection = {
  readonly id: string
  readonly organizationId: string
  readonly name: string
  readonly clientId: string
  /** Tenant ids, or the domain, that it lets in. */
  readonly tenants: readonly string[]
  readonly usesSharedApplication: boolean
  /** Roles that its rules and its default give. */
  readonly roles: readonly string[]
}
export type SeenOperator = {
  /** The name, as it is written in the setting. */
  readonly name: string
  readonly directory: string
  readonly status: 'never_seen' | 'active' | 'disabled'
}
export type DatabaseFacts = {
  /** A file, or host and name: never a password. */
  readonly where: string
  /** Present for PostgreSQL only: whether it is on another machine, and which TLS mode its address requires. */
  readonly server?: {
    readonly isRemote: boolean
    readonly sslMode?: string
    /** Connections that one replica opens at most. */
    readonly connectionsWanted: number
  }
  readonly inspection: DatabaseInspection<SeenInDatabase>
}

export type KeyRingFacts = {
  /** Ids of the keys in the settings; absent when there are none. */
  readonly inSettings?: readonly string[]
  readonly file: string
  readonly inFile:
    | { readonly kind: 'absent' }
    | { readonly kind: 'not_permitted' }
    | { readonly kind: 'damaged'; readonly reason: string }
    | { readonly kind: 'held'; readonly keyIds: readonly string[] }
}

export type EntraFacts = {
  readonly authority: string
  readonly isMicrosoft: boolean
  readonly tenant: string
  readonly clientId: string
  readonly discoveryUrl: string
  readonly discovery: DiscoveryFacts
  /** Absent without a description of the directory. */
  readonly keys?: KeysFacts
  /** The time of Entra's clock and of ours for the same answer, and how long the request took. */
  readonly clock?: { readonly theirs: Date; readonly ours: Date; readonly tookMs: number }
  /** Another cloud that knows the directory. */
  readonly foundAt?: string
}
export type DiscoveryFacts =
  | { readonly kind: 'found'; readonly metadata: EntraMetadata }
  | { readonly kind: 'unreachable'; readonly failure: Failed }
  | { readonly kind: 'failing'; readonly status: number }
  | { readonly kind: 'tenant_unknown' }
  | { readonly kind: 'of_another_party'; readonly member: string }
  | { readonly kind: 'not_understood'; readonly status: number }
export type KeysFacts = {
  readonly url: string
  readonly issuer: string
} & (
  | { readonly kind: 'published'; readonly usable: number; readonly signing: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreachable'; readonly reason: string }
)

export type CredentialFacts = CredentialStatus & {
  readonly tried: CredentialTrial
}
export type CredentialTrial =
  | { readonly kind: 'accepted' }
  /** The invented code was refused, not the credential; what the second question came to. */
  | { readonly kind: 'seems_accepted'; readonly reason: string }
  | { readonly kind: 'refused'; readonly entra: EntraError }
  | { readonly kind: 'client_unknown' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'not_tried'; readonly reason: string; readonly entra?: EntraError }

export type RedirectUriFacts = {
  readonly redirectUri: string
  readonly answer: RegistrationAnswer
  /** One that differs in a detail only, and is registered. */
  readonly registeredVariant?: string
}
export type RegistrationAnswer =
  | { readonly kind: 'registered' }
  | { readonly kind: 'shown'; readonly code: number }
  | { readonly kind: 'not_known'; readonly reason: string }

export type AddressesFacts = {
  readonly listen: string
  readonly listensLocally: boolean
  readonly namesProxies: boolean
  /** What answered at the listening address itself. */
  readonly local: 'alive' | 'other' | 'silent'
  readonly addresses: readonly AddressFacts[]
  /** Applications on other hosts, as a client without a session sees them. */
  readonly applications?: readonly ApplicationFacts[]
}
export type ApplicationFacts = {
  readonly origin: string
  readonly answer:
    | { readonly kind: 'guarded' }
    | { readonly kind: 'open'; readonly status: number }
    | { readonly kind: 'failing'; readonly status: number }
    | { readonly kind: 'unreachable'; readonly failure: Failed }
}
export type AddressFacts = {
  readonly origin: string
  readonly health: HealthFacts
  readonly certificate?: CertificateFacts
  readonly name?: NameFacts
}
/** What DNS returns for the name of a public address. */
export type NameFacts = {
  readonly host: string
  readonly addresses: readonly {
    readonly address: string
    readonly family: number
    readonly isPrivate: boolean
    /** `unknown`: this machine has no way to addresses of this kind. */
    readonly answers: 'yes' | 'no' | 'unknown'
  }[]
  /** The origin with or without `www`, which leads to the same machine and is refused there. */
  readonly twin?: string
}
export type HealthFacts =
  | {
      readonly kind: 'ours'
      readonly differs?: { readonly member: string; readonly running: string }
      readonly server?: ServerFacts
    }
  | { readonly kind: 'wrong_host' }
  | { readonly kind: 'behind_password'; readonly scheme: string }
  /** Sent on to itself, which browsers give up after some twenty times. */
  | { readonly kind: 'redirect_loop' }
  | { readonly kind: 'development' }
  | { readonly kind: 'other'; readonly status: number }
  | { readonly kind: 'redirected'; readonly target: string }
  | { readonly kind: 'unreachable'; readonly failure: Failed }
/** How requests through a public address reach the server. */
export type ServerFacts = {
  /** The address is the server's own, without a proxy. */
  readonly isDirect: boolean
  /** Whether the server knows the operator token of this command. */
  readonly token: 'same' | 'another' | 'not_at_hand'
  readonly isCached: boolean
  /** Paths of Entrada that something else answers. */
  readonly hiddenPaths: readonly string[]
  /** Headers of Entrada that came twice. */
  readonly repeatedHeaders: readonly string[]
  /** Headers of Entrada that came with another value, or not at all. */
  readonly changedHeaders: readonly string[]
  /** What came back for a request with many cookies; absent when they passed. */
  readonly largeCookies?: string
  /** The rest only from a server that knows the operator token. */
  readonly version?: string
  readonly keyIds?: readonly string[]
  readonly passed?: PassedFacts
  readonly passedAgain?: {
    readonly authorization: boolean
    /** An X-Forwarded-For that the client wrote arrived as the client wrote it. */
    readonly forgedClient: boolean
  }
}
export type PassedFacts = {
  /** The address that is connected to the server: that of the proxy. */
  readonly remoteAddress: string
  readonly isTrustedProxy: boolean
  readonly namesClient: boolean
  readonly cookie: boolean
  readonly setCookie: 'passed' | 'dropped' | 'changed'
  readonly origin: boolean
  readonly fetchSite: boolean
  readonly target: { readonly sent: string; readonly received: string }
}
export type CertificateFacts = {
  readonly host: string
  readonly validFrom: Date
  readonly validTo: Date
  readonly names: readonly string[]
  /** Whether one of its names is this host, trusted or not. */
  readonly isOfHost: boolean
  /** Why Node.js does not trust it; absent when it does. */
  readonly problem?: string
}

export type RoleRulesFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'not_permitted'; readonly file: string }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  | {
      readonly kind: 'valid'
      readonly rules: readonly RoleRule[]
      /** What people get whom no rule matches. */
      readonly unmatchedRole?: string
    }

export type AccessRulesFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'not_permitted'; readonly file: string }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  | { readonly kind: 'valid'; readonly rules: AccessRules }

export type OperatorsFacts = {
  readonly listed: readonly OperatorEntry[]
  readonly token: OperatorTokenFacts
}
export type OperatorTokenFacts = {
  readonly inSettings: boolean
  readonly file: string
  readonly inFile:
    | { readonly kind: 'absent' }
    | { readonly kind: 'not_permitted' }
    | { readonly kind: 'weak'; readonly reason: string }
    | { readonly kind: 'strong' }
}
