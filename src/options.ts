import type { OperatorEntry } from './admin/operators.ts'
import type { Secret } from './secret.ts'
import type { Hooks, Log } from './services.ts'
import type { ConnectionPolicies, RoleRule } from './storage/records.ts'

/** The default connection: one Entra application in one directory. */
export type EntraOptions = {
  /** A tenant id, or a domain of the directory. */
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: Secret
  /** Default `https://login.microsoftonline.com`. */
  readonly authority?: URL
  readonly policies?: Partial<ConnectionPolicies>
  readonly roleRules?: readonly RoleRule[]
}

export type EntradaOptions = {
  /** Address people use, origin only. */
  readonly serverUrl: URL
  readonly extraUrls?: readonly URL[]
  /** File of the embedded database, or `:memory:`. */
  readonly database: string
  /** Key ring, the sealing key first: base64url of 32 bytes each. */
  readonly secretKeys: readonly Secret[]
  readonly entra?: EntraOptions
  readonly mode?: 'development' | 'production'
  /** Where Entrada hangs on this host, such as `/sso`; default the root. */
  readonly mountPath?: string
  readonly cookiePrefix?: string
  readonly session?: { readonly idleSeconds: number; readonly maxSeconds: number }
  readonly operators?: readonly OperatorEntry[]
  readonly operatorTokens?: readonly Secret[]
  readonly trustedProxies?: readonly string[]
  readonly hooks?: Hooks
  readonly log?: Log
  /** The clock; tests stop it. */
  readonly now?: () => Date
  /** How requests to the authority leave this process. */
  readonly fetch?: typeof fetch
}
