import type { Connection, PersonKey, Space } from '../storage/records.ts'
import type { ClientCredentials } from './client-credentials.ts'
import type { IdentityProvider } from './identity-provider.ts'
import type { ProviderErrors } from './provider-errors.ts'
import type { ProviderHttp } from './provider-http.ts'

/** What a provider uses of the server. */
export type ProviderParts = {
  readonly http: ProviderHttp
  readonly now: () => Date
  readonly randomBytes: (count: number) => Uint8Array
}

/**
 * Makes the identity provider of a connection. Credentials are opened when they are first needed.
 *
 * @throws {EntradaError} from `credentials`: `entra_not_configured`, `sealed_value_invalid`, `secret_key_missing`
 */
export type MakeProvider = (
  connection: Connection,
  credentials: () => ClientCredentials,
) => IdentityProvider

/** Where people sign in: the address, as the provider's answers name it, and the cloud, in which the ids of people are unique. */
export type Place = Pick<Connection, 'authority' | 'cloud'>

/** One directory of one authority, as a site names it that sends a user here. Connections are found by it. */
export type Issuer = { readonly authority: string; readonly tenantId: string }

/**
 * A kind of identity provider: everything about it that the lower floors of the house ask for. The higher floors have tables of their own,
 * with a row for each kind: `setup/set-up-kinds.ts`, `doctor/probe-kinds.ts`, `doctor/diagnose-kinds.ts`; and its fields are rows of
 * `connections/connection-fields.ts`.
 */
export type ProviderKind = {
  /** Its full name, on pages. */
  readonly name: string
  /** The protocol of its connections, as their records and public JSON name it. */
  readonly protocol: Connection['protocol']
  /**
   * Loads the code that makes providers of this kind. It is loaded with the services and not with the library, because it may need Node and
   * large packages. What is fetched for several connections is kept in the function that it returns.
   */
  readonly load: () => Promise<(parts: ProviderParts) => MakeProvider>
  /** Addresses of the provider's own clouds. None where each connection has an address of its own. */
  readonly authorities: readonly string[]
  /** Returns where people sign in whose connection has this address. */
  readonly placeOf: (address: URL) => Place
  /** Returns the name of a cloud for pages. */
  readonly cloudWords: (cloud: string) => string
  /** Checks fields of a connection that have to fit each other. @throws {EntradaError} `request_invalid` */
  readonly checkConnection: (
    connection: Pick<Connection, 'authority' | 'application' | 'tenants'>,
  ) => void
  /** Returns the space of the people whom a connection signs in. */
  readonly spaceOf: (connection: Pick<Connection, 'cloud'>) => Space
  /** Returns whether connections of this kind can sign in the person of a key. */
  readonly vouchesFor: (key: PersonKey) => boolean
  /** Returns whether a connection accepts the directory of a person of its space. */
  readonly acceptsDirectory: (connection: Pick<Connection, 'tenants'>, key: PersonKey) => boolean
  /** Returns whether an account is a person's own, without an organization behind it. */
  readonly isPersonalAccount: (key: PersonKey) => boolean
  /** Returns the origins of the provider's pages: a form may end there, and they may frame our page of a sign-out. */
  readonly pageOrigins: (connection: Pick<Connection, 'authority' | 'tenants'>) => readonly string[]
  /** Reads the `iss` of this provider that another site sends, or returns nothing for any other text. @see OpenID Connect Core §4 */
  readonly parseIssuer: (text: string) => Issuer | undefined
  /** Returns whether the `iss` of an answer is one that the connection's provider has. @see RFC 9207 §2.4 */
  readonly isIssuerOf: (
    connection: Pick<Connection, 'authority' | 'tenants'>,
    issuer: string,
  ) => boolean
  /** What its errors mean, with their remedies. */
  readonly errors: ProviderErrors
}
