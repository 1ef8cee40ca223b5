import type { OperatorEntry } from './admin/operators.ts'
import type { Secret } from './secret.ts'
import type { Hooks, Log } from './services.ts'
import type { DatabaseAddress } from './storage/open-storage.ts'
import type { ConnectionPolicies, RoleRule } from './storage/records.ts'
import type { OpenTelemetryApi } from './tracing.ts'

/** An application registration and what proves that we are it. */
export type ApplicationOptions = {
  readonly clientId: string
  /** The simple case: one secret, whose end is not known. */
  readonly clientSecret?: Secret
  /** In place of `clientSecret`: any number, or a function that reads them again whenever they may have changed. */
  readonly credentials?: readonly CredentialOptions[] | (() => readonly CredentialOptions[])
  /** Default `https://login.microsoftonline.com`. */
  readonly authority?: URL
}

/** The default connection: one Entra application in one directory. */
export type EntraOptions = ApplicationOptions & {
  /** A tenant id, or a domain of the directory. */
  readonly tenantId: string
  readonly policies?: Partial<ConnectionPolicies>
  readonly roleRules?: readonly RoleRule[]
}

/** What Entrada proves itself with to Entra. */
export type CredentialOptions =
  | { readonly kind: 'client_secret'; readonly value: Secret; readonly expiresAt?: Date }
  /** Certificate and private key as PEM, the key not encrypted. */
  | { readonly kind: 'certificate'; readonly certificate: string; readonly privateKey: Secret }
  /** A token that the platform issues to this workload, read at each use. */
  | { readonly kind: 'federated_token_file'; readonly readToken: () => string }

export type EntradaOptions = {
  /** Address people use, origin only. */
  readonly serverUrl: URL
  readonly extraUrls?: readonly URL[]
  /** File of the embedded database, `:memory:`, or a `postgres://` URL. */
  readonly database: DatabaseAddress
  /** With PostgreSQL: how many connections this process opens at most. Default 16. */
  readonly databaseConnections?: number
  /** Key ring, the sealing key first: base64url of 32 bytes each. */
  readonly secretKeys: readonly Secret[]
  readonly entra?: EntraOptions
  /** One multi-tenant application that customers consent to, in place of one of their own. */
  readonly sharedApplication?: ApplicationOptions
  /** The token that the platform issues to this workload, for customers who trust it in place of a secret. */
  readonly readFederatedToken?: () => string
  readonly mode?: 'development' | 'production'
  /** Where Entrada hangs on this host, such as `/sso`; default the root. */
  readonly mountPath?: string
  readonly cookiePrefix?: string
  readonly session?: { readonly idleSeconds: number; readonly maxSeconds: number }
  readonly operators?: readonly OperatorEntry[]
  readonly operatorTokens?: readonly Secret[]
  readonly trustedProxies?: readonly string[]
  /** Sign-ins that one client address may start in a minute. Default 600. */
  readonly signInsPerMinute?: number
  readonly hooks?: Hooks
  readonly log?: Log
  /** The clock; tests stop it. */
  readonly now?: () => Date
  /** The module `@opentelemetry/api`, when it cannot be found beside us. */
  readonly openTelemetry?: OpenTelemetryApi
  /** How requests to the authority leave this process. */
  readonly fetch?: typeof fetch
}
