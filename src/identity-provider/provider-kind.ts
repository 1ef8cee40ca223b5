import type { Connection } from '../storage/records.ts'
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

/** A kind of identity provider: everything about it that the lower floors of the house ask for. */
export type ProviderKind = {
  /** Its full name, on pages. */
  readonly name: string
  /**
   * Loads the code that makes providers of this kind. It is loaded with the services and not with the library, because it may need Node and
   * large packages. What is fetched for several connections is kept in the function that it returns.
   */
  readonly load: () => Promise<(parts: ProviderParts) => MakeProvider>
  /** Returns the origins of the provider's pages: a form may end there, and they may frame our page of a sign-out. */
  readonly pageOrigins: (connection: Pick<Connection, 'authority' | 'tenants'>) => readonly string[]
  /** Returns whether the `iss` of an answer is one that the connection's provider has. @see RFC 9207 §2.4 */
  readonly isIssuerOf: (
    connection: Pick<Connection, 'authority' | 'tenants'>,
    issuer: string,
  ) => boolean
  /** What its errors mean, with their remedies. */
  readonly errors: ProviderErrors
}
