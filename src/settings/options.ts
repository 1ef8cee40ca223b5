/**
 * The options of `createEntrada`, which `check-options.ts` checks and converts. Options that usually come from the environment may be
 * `undefined` for the compiler: `createEntrada` reports all missing ones together.
 */
import type { OperatorEntry } from '../access/operators.ts'
import type { AccessRulesInput } from '../forward-auth/access-rules-file.ts'
import type { Hooks } from '../hooks.ts'
import type { BrandOptions } from '../http/brand.ts'
import type { Secret } from '../keys/secret.ts'
import type { Log } from '../log/log.ts'
import type { OpenTelemetryApi } from '../metrics/tracing.ts'
import type { ConnectionPolicies, GroupSource, RoleRule } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'

/** An application registration in Entra, and the credentials with which Entrada authenticates as it. */
export type ApplicationOptions = {
  /** Application (client) id. */
  readonly clientId: string | undefined
  /** The value of the client secret, not its id. */
  readonly clientSecret?: string | Secret | undefined
  /** In place of `clientSecret`: any number of credentials, or a function that reads them again whenever they may have changed. */
  readonly credentials?: readonly CredentialOptions[] | (() => readonly CredentialOptions[])
  /** The cloud of the application. Default: the `authority` of the deployment. `http` is for the emulator on loopback only. */
  readonly authority?: string | URL | undefined
}

/** The default connection: one Entra application in one directory. */
export type EntraOptions = ApplicationOptions & {
  /** Directory (tenant) id, or a domain of the directory. */
  readonly tenantId: string | undefined
  /** Who may sign in, and how; each policy has a default. */
  readonly policies?: Partial<ConnectionPolicies>
  /** Which Entra group or app role gives which role of your application. */
  readonly roleRules?: readonly RoleRule[]
  /** Where group ids come from. Default: the token. */
  readonly groups?: GroupSource
  /** Sessions are checked against Entra again after this many minutes, from 5 to 1440. Default: never. */
  readonly recheckMinutes?: number
}

/** A credential with which Entrada authenticates to Entra. */
export type CredentialOptions =
  | { readonly kind: 'client_secret'; readonly value: string | Secret; readonly expiresAt?: Date }
  /** Certificate and private key as PEM; the key is not encrypted. */
  | {
      readonly kind: 'certificate'
      readonly certificate: string
      readonly privateKey: string | Secret
    }
  /** A token that the platform issues to this workload, read at each use. */
  | { readonly kind: 'federated_token_file'; readonly readToken: () => string }

/** The proxies for outgoing requests, as in `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; see docs/operate.md. */
export type ProxyOptions = {
  /** Proxy for https addresses, such as `http://user:password@proxy.example.com:3128`. */
  readonly https?: string | URL | Secret | undefined
  /** Proxy for http addresses. */
  readonly http?: string | URL | Secret | undefined
  /** Hosts that are reached without a proxy. */
  readonly noProxy?: string | readonly string[] | undefined
}

/** The options of `createEntrada`. */
export type EntradaOptions = {
  /** The address that people use: scheme, host and port. `http` is for loopback only. */
  readonly serverUrl: string | URL | undefined
  /** Further addresses under which the same application is reached; the callback of each is registered in Entra. */
  readonly extraUrls?: readonly (string | URL)[]
  /** File of the embedded database, `:memory:`, a `postgres://` URL, or a storage of your own. */
  readonly database: string | Secret | Storage | undefined
  /** The most connections to PostgreSQL that this process opens. Default: 16. */
  readonly databaseConnections?: number
  /** Key ring, the sealing key first: 32 random bytes each, as `openssl rand -base64 32` prints them. */
  readonly secretKeys: readonly (string | Secret | undefined)[]
  /** The cloud of this deployment, for every connection that names no other. Default `https://login.microsoftonline.com`. */
  readonly authority?: string | URL | undefined
  /** The default connection. Without it, the login page has no button for Entra. */
  readonly entra?: EntraOptions
  /** A multi-tenant application that customers consent to, in place of registering one of their own. */
  readonly sharedApplication?: ApplicationOptions
  /** Returns the token that the platform issues to this workload, for customers who trust it in place of a secret. */
  readonly readFederatedToken?: () => string
  /** With `development`, Entrada answers on this machine only and marks its pages. Default: `production`. */
  readonly mode?: 'development' | 'production'
  /** The path of Entrada on this host, such as `/sso`. Default: the root. */
  readonly mountPath?: string
  /** The first part of the names of all cookies. Default: `entrada`; each instance on a host needs its own. */
  readonly cookiePrefix?: string
  /** When a session ends. Default: after twelve hours without use, and after twenty-four hours in any case. */
  readonly session?: { readonly idleSeconds: number; readonly maxSeconds: number }
  /** Who may administer Entrada at `/admin` and `/api/v1`. */
  readonly operators?: readonly OperatorEntry[]
  /** Tokens for `/login/token` and the API: 32 random bytes each. */
  readonly operatorTokens?: readonly (string | Secret | undefined)[]
  /** Addresses or CIDR blocks of the reverse proxies whose `X-Forwarded-For` names the client. */
  readonly trustedProxies?: readonly string[]
  /** Who may open which page, when a reverse proxy asks at `/auth/verify`: the content of the file in docs/forward-auth.md. Default: the people of the organization `default`. */
  readonly accessRules?: AccessRulesInput
  /** Whether the answer of `/auth/verify` also has a signed token. */
  readonly identityTokens?: boolean
  /**
   * Keeps the behaviour of the previous release: where no rule decides, people of every organization pass, and `X-Auth-Request-Email` has
   * unproven addresses too. The next release removes this option.
   */
  readonly dangerouslyForwardUnproven?: boolean
  /** Parent domain of the server and of `applicationUrls`, whose hosts share a cookie. It needs `applicationUrls`. */
  readonly cookieDomain?: string
  /** Addresses of applications on other hosts under `cookieDomain`. */
  readonly applicationUrls?: readonly (string | URL)[]
  /** Webhooks may go to private addresses and plain http. Default: only public ones, over https. */
  readonly webhooksToPrivateAddresses?: boolean
  /** Sign-ins that one client address may start in a minute. Default 600. */
  readonly signInsPerMinute?: number
  /** Audit events older than this many days are removed. Default: they are kept. */
  readonly auditRetentionDays?: number
  /** Name, logo, colour and support contact of the pages that people see. */
  readonly brand?: BrandOptions
  /** Functions of the application that Entrada calls. */
  readonly hooks?: Hooks
  /** The log. Default: only errors, as lines of JSON on standard error. */
  readonly log?: Log
  /** The clock. Tests can stop it. */
  readonly now?: () => Date
  /** The module `@opentelemetry/api`, if Entrada cannot import it itself. */
  readonly openTelemetry?: OpenTelemetryApi
  /** The proxies through which requests to Entra, Graph and receivers of webhooks leave. Default: those that Node was started with. */
  readonly proxy?: ProxyOptions
  /** Sends requests to the authority, in place of Entrada's own client and of `proxy`. */
  readonly fetch?: typeof fetch
  /** Looks up TXT records. It returns an empty list if there are none, and throws without an answer. Default: the name servers of this machine. */
  readonly resolveTxt?: (name: string) => Promise<readonly string[]>
}
