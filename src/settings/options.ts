/**
 * What `createEntrada` takes. `check-options.ts` makes of it what the parts work with. What usually comes from the environment may be
 * `undefined` for the compiler: what is missing is told at the start, all of it at once.
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

/** An application registration and what proves that we are it. */
export type ApplicationOptions = {
  /** Application (client) id. */
  readonly clientId: string | undefined
  /** The simple case: the secret's value, not its id. */
  readonly clientSecret?: string | Secret | undefined
  /** In place of `clientSecret`: any number, or a function that reads them again whenever they may have changed. */
  readonly credentials?: readonly CredentialOptions[] | (() => readonly CredentialOptions[])
  /** Default: the `authority` of the deployment. `http` on loopback only: the emulator. */
  readonly authority?: string | URL | undefined
}

/** The default connection: one Entra application in one directory. */
export type EntraOptions = ApplicationOptions & {
  /** Directory (tenant) id, or a domain of the directory. */
  readonly tenantId: string | undefined
  /** Who may come in; each policy has a default. */
  readonly policies?: Partial<ConnectionPolicies>
  /** Which Entra group or app role gives which role of yours. */
  readonly roleRules?: readonly RoleRule[]
  /** Where group ids come from; default the token. */
  readonly groups?: GroupSource
  /** Sessions are checked against Entra again this often, from 5 to 1440; default never. */
  readonly recheckMinutes?: number
}

/** What Entrada proves itself with to Entra. */
export type CredentialOptions =
  | { readonly kind: 'client_secret'; readonly value: string | Secret; readonly expiresAt?: Date }
  /** Certificate and private key as PEM, the key not encrypted. */
  | {
      readonly kind: 'certificate'
      readonly certificate: string
      readonly privateKey: string | Secret
    }
  /** A token that the platform issues to this workload, read at each use. */
  | { readonly kind: 'federated_token_file'; readonly readToken: () => string }

/** As `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; see docs/operate.md. */
export type ProxyOptions = {
  /** Proxy for https addresses, such as `http://user:password@proxy.example.com:3128`. */
  readonly https?: string | URL | Secret | undefined
  /** Proxy for http addresses. */
  readonly http?: string | URL | Secret | undefined
  /** Hosts that are reached without a proxy. */
  readonly noProxy?: string | readonly string[] | undefined
}

/** Everything that can be said to `createEntrada`. */
export type EntradaOptions = {
  /** Address people use: scheme, host and port. `http` on loopback only. */
  readonly serverUrl: string | URL | undefined
  /** Further addresses under which the same application is reached; the callback of each is registered in Entra. */
  readonly extraUrls?: readonly (string | URL)[]
  /** File of the embedded database, `:memory:`, a `postgres://` URL, or a storage of your own. */
  readonly database: string | Secret | Storage | undefined
  /** With PostgreSQL: how many connections this process opens at most. Default 16. */
  readonly databaseConnections?: number
  /** Key ring, the sealing key first: 32 random bytes each, as `openssl rand -base64 32` prints them. */
  readonly secretKeys: readonly (string | Secret | undefined)[]
  /** The cloud of this deployment, for every connection that names no other. Default `https://login.microsoftonline.com`. */
  readonly authority?: string | URL | undefined
  /** Without it the login page has no button. */
  readonly entra?: EntraOptions
  /** One multi-tenant application that customers consent to, in place of one of their own. */
  readonly sharedApplication?: ApplicationOptions
  /** The token that the platform issues to this workload, for customers who trust it in place of a secret. */
  readonly readFederatedToken?: () => string
  /** `development` answers on this machine only and marks its pages. Default `production`. */
  readonly mode?: 'development' | 'production'
  /** Where Entrada hangs on this host, such as `/sso`; default the root. */
  readonly mountPath?: string
  /** Begins the names of all cookies. Default `entrada`; two instances on one host need two. */
  readonly cookiePrefix?: string
  /** When a session ends. Default twelve hours without use, twenty-four in all. */
  readonly session?: { readonly idleSeconds: number; readonly maxSeconds: number }
  /** Who may administer Entrada at `/admin` and `/api/v1`. */
  readonly operators?: readonly OperatorEntry[]
  /** For `/login/token` and the API: 32 random bytes each. */
  readonly operatorTokens?: readonly (string | Secret | undefined)[]
  /** Addresses or CIDR blocks of the reverse proxies whose `X-Forwarded-For` names the client. */
  readonly trustedProxies?: readonly string[]
  /** Who may open what, when a reverse proxy asks at `/auth/verify`; as the file of docs/forward-auth.md. Default: the people of the organization `default`. */
  readonly accessRules?: AccessRulesInput
  /** Whether that answer carries a signed token too. */
  readonly identityTokens?: boolean
  /**
   * As in the release before: where no rule says otherwise people of every organization pass, and `X-Auth-Request-Email` holds addresses
   * that nobody has proven. Goes with the next release.
   */
  readonly dangerouslyForwardUnproven?: boolean
  /** Parent domain of the server and of `applicationUrls`: its hosts share a cookie. Together or not at all. */
  readonly cookieDomain?: string
  readonly applicationUrls?: readonly (string | URL)[]
  /** Webhooks may go to private addresses and plain http. Default: only public ones, over https. */
  readonly webhooksToPrivateAddresses?: boolean
  /** Sign-ins that one client address may start in a minute. Default 600. */
  readonly signInsPerMinute?: number
  /** Audit events older than this many days are removed. Default: none. */
  readonly auditRetentionDays?: number
  /** How the pages that people see are called, coloured and signed. */
  readonly brand?: BrandOptions
  readonly hooks?: Hooks
  /** Default: errors alone, as lines of JSON on standard error. */
  readonly log?: Log
  /** The clock; tests stop it. */
  readonly now?: () => Date
  /** The module `@opentelemetry/api`, when it cannot be found beside us. */
  readonly openTelemetry?: OpenTelemetryApi
  /** The proxies through which requests to Entra, Graph and receivers of webhooks leave. Default: those that Node was started with. */
  readonly proxy?: ProxyOptions
  /** How requests to the authority leave this process, in place of Entrada's own way and of `proxy`. */
  readonly fetch?: typeof fetch
  /** How TXT records are looked up; none found is an empty list, no answer throws. Default: this machine's name servers. */
  readonly resolveTxt?: (name: string) => Promise<readonly string[]>
}
