/** Makes the identity provider of each connection from its record when it is first needed, and keeps it while the record stays the same. */
import { EntradaError } from '../errors/errors.ts'
import {
  type ClientCredentials,
  createClientCredentials,
} from '../identity-provider/client-credentials.ts'
import {
  createEntraAuthority,
  type EntraAuthority,
} from '../identity-provider/entra/entra-authority.ts'
import { permissionsOf } from '../identity-provider/entra/entra-permissions.ts'
import { createEntraProvider } from '../identity-provider/entra/entra-provider.ts'
import type { IdentityProvider } from '../identity-provider/identity-provider.ts'
import type { ProviderHttp } from '../identity-provider/provider-http.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { Secret } from '../keys/secret.ts'
import type { Log } from '../log/log.ts'
import type { CheckedCredential } from '../settings/check-options.ts'
import type { Connection, ConnectionCredential } from '../storage/records.ts'
import type { ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { isOfEnvironment } from './environment-connection-id.ts'
import { storedValues } from './field-values.ts'
import { openCredential } from './sealed-credentials.ts'

export type ConnectionProviderParts = {
  readonly keyRing: KeyRing
  readonly http: ProviderHttp
  readonly now: () => Date
  readonly randomBytes: (count: number) => Uint8Array
  readonly log: Log
  /** Credentials that the environment, or the options of the library, name for their own connection. */
  readonly environmentCredentials?: ClientCredentials | undefined
  /** Credentials of the deployment's multi-tenant application. */
  readonly sharedCredentials?: ClientCredentials | undefined
  /** The token that the platform issues to this workload. */
  readonly readFederatedToken?: (() => string) | undefined
}

/** The number of providers that are kept. A provider is a few hundred bytes, and what its directory publishes some kilobytes. */
const MOST_KEPT = 2_000

/**
 * Creates the function that returns the identity provider of a connection, the environment's included. What an authority publishes is
 * fetched once for all connections that use it. Credentials are opened when they are first needed, so a provider that lacks one can still
 * look up its directory and end sessions.
 */
export function createConnectionProviders(
  parts: ConnectionProviderParts,
): (connection: Connection) => IdentityProvider {
  const providers = keepRecent<IdentityProvider>(MOST_KEPT)
  const authorities = keepRecent<EntraAuthority>(MOST_KEPT)
  return (connection) => {
    const { authority, clientId, cloud } = connection
    const tenant = tenantOfAuthority(connection)
    return providers(providerKey(connection), () =>
      createEntraProvider({
        cloud,
        clientId,
        credentials: once(() => credentialsOf(parts, connection)),
        authority: authorities(`${authority} ${tenant}`, () =>
          createEntraAuthority({
            authority: new URL(authority),
            tenant,
            http: parts.http,
            now: parts.now,
          }),
        ),
        http: parts.http,
        now: parts.now,
        randomBytes: parts.randomBytes,
        permissions: permissionsOf(connection),
      }),
    )
  }
}

/**
 * Where people are sent: one directory, or the address for all work accounts, whose issuer is a template. A guest has to be sent to the
 * directory that invited them.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
 */
function tenantOfAuthority({ tenants, policies }: Connection): string {
  if (tenants.kind === 'pinned') return tenants.tenantId ?? tenants.tenant
  return policies.personalAccounts === 'allow' ? 'common' : 'organizations'
}

/** Returns a text that differs whenever a provider would be made of other values: those of the rows, the cloud and the credentials. */
export function providerKey(
  connection: Connection,
  fields: ConnectionFields = connectionFields,
): string {
  const { id, cloud, credentials } = connection
  const values = storedValues(fields, connection, ({ makesNewProvider }) => makesNewProvider)
  return JSON.stringify([id, cloud, credentials, ...values.map((value) => value ?? null)])
}

function credentialsOf(parts: ConnectionProviderParts, connection: Connection): ClientCredentials {
  if (isOfEnvironment(connection)) return configured(parts.environmentCredentials)
  if (connection.application === 'shared') return configured(parts.sharedCredentials)
  const active = connection.credentials.filter(({ state }) => state === 'active')
  const options = active.map((credential) => toOptions(parts, connection, credential))
  const { now, log } = parts
  return createClientCredentials(() => options, {
    clientId: connection.clientId,
    now,
    log: logOf(log, connection.id),
  })
}

/** Calls the function once and keeps what it returns. An error is not kept. */
function once<T extends object>(create: () => T): () => T {
  let value: T | undefined
  return () => {
    value ??= create()
    return value
  }
}

/** @throws {EntradaError} `entra_not_configured` */
function configured(credentials: ClientCredentials | undefined): ClientCredentials {
  if (credentials === undefined) throw new EntradaError('entra_not_configured')
  return credentials
}

function toOptions(
  { keyRing, readFederatedToken }: ConnectionProviderParts,
  { id: connectionId }: Connection,
  credential: ConnectionCredential,
): CheckedCredential {
  const { id: credentialId, kind, sealed, certificate, expiresAt } = credential
  if (kind === 'federated_token_file') {
    if (readFederatedToken === undefined) throw new EntradaError('entra_not_configured')
    return { kind, readToken: readFederatedToken }
  }
  if (sealed === undefined) throw new EntradaError('entra_not_configured')
  const value = new Secret(openCredential(keyRing, sealed, { connectionId, credentialId }))
  if (kind === 'certificate') return { kind, certificate: certificate ?? '', privateKey: value }
  return { kind, value, ...(expiresAt ? { expiresAt } : {}) }
}

function logOf(log: Log, connectionId: string): Log {
  return {
    debug: (event, fields) => log.debug(event, { connectionId, ...fields }),
    info: (event, fields) => log.info(event, { connectionId, ...fields }),
    warn: (event, fields) => log.warn(event, { connectionId, ...fields }),
    error: (event, fields) => log.error(event, { connectionId, ...fields }),
  }
}

/** Those used last; the one that was not used for longest makes room. */
function keepRecent<T>(most: number): (key: string, create: () => T) => T {
  const kept = new Map<string, T>()
  return (key, create) => {
    const value = kept.get(key) ?? create()
    kept.delete(key)
    kept.set(key, value)
    const [oldest] = kept.keys()
    if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    return value
  }
}
