import type { ListedOperator } from './access/operators.ts'
import type { AccessRules } from './forward-auth/decide-access.ts'
import type { Brand } from './http/brand.ts'

/** The configuration of this deployment. Nothing of it is derived from a request. */
export type Deployment = {
  readonly mode: 'development' | 'production'
  /** The origins that people use, the server URL first. */
  readonly publicUrls: readonly [URL, ...URL[]]
  /** `''`, or a path such as `/sso` without a slash at its end. */
  readonly mountPath: string
  readonly cookiePrefix: string
  readonly brand: Brand
  readonly session: { readonly idleSeconds: number; readonly maxSeconds: number }
  readonly operators: readonly ListedOperator[]
  /** The SHA-256 of each operator token, in hex. */
  readonly operatorTokenHashes: readonly string[]
  /** Without it, audit events are kept for ever. */
  readonly auditRetentionDays?: number
  /** Whether receivers may be on private addresses. */
  readonly webhooks: { readonly privateAllowed: boolean }
  /**
   * The origins of authorities that a connection may use: the configured one first, then those of Microsoft's clouds. An address from a
   * request is never among them.
   */
  readonly authorities: readonly [string, ...string[]]
  /** The client id of the multi-tenant application of this deployment, if there is one. */
  readonly sharedClientId?: string
  /** Absent without Entra settings: the login page then has no button. */
  readonly defaultConnectionId?: string
  /** Which paths are open to which users, when a reverse proxy asks. */
  readonly accessRules: AccessRules
  /** Whether email addresses are forwarded to applications without a proof. */
  readonly forwardsUnproven: boolean
  /** Set when applications on other hosts share a parent domain with this server. */
  readonly site?: Site
}

export type Site = {
  /** Such as `example.com`: every host under it receives the session's second cookie. */
  readonly cookieDomain: string
  /** The origins of the applications. After a sign-in, the browser is sent to no other host. */
  readonly applicationUrls: readonly URL[]
}
