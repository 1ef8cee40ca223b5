/** Makes the identity provider of each connection from its record when it is first needed, and keeps it while the record stays the same. */
import { EntradaError } from '../errors/errors.ts'
import {
  type ClientCredentials,
  createClientCredentials,
} from '../identity-provider/client-credentials.ts'
import type { IdentityProvider } from '../identity-provider/identity-provider.ts'
import { keepRecent } from '../identity-provider/keep-recent.ts'
import type { MakeProvider, ProviderParts } from '../identity-provider/provider-kind.ts'
import {
  kindNameOf,
  type ProviderKindName,
  providerKinds,
} from '../identity-provider/provider-kinds.ts'
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

export type ConnectionProviderParts = ProviderParts & {
  readonly keyRing: KeyRing
  readonly log: Log
  /** The connection that the environment, or the options of the library, configure. Absent where they configure none. */
  readonly environment?: EnvironmentApplication | undefined
  /** Credentials of the deployment's multi-tenant application. */
  readonly sharedCredentials?: ClientCredentials | undefined
  /** The token that the platform issues to this workload. */
  readonly readFederatedToken?: (() => string) | undefined
}

/**
 * The application that the configuration names for its own connection. The record in the database is written from it, and may be of a replica with another
 * configuration: the credentials are only sent to the authority that they were configured with.
 */
export type EnvironmentApplication = Pick<Connection, 'cloud' | 'authority' | 'clientId'> & {
  readonly credentials: ClientCredentials
}

/** The number of providers that are kept. A provider is a few hundred bytes, and what its directory publishes some kilobytes. */
const MOST_KEPT = 2_000

/**
 * Creates the function that returns the identity provider of a connection, the environment's included. Credentials are opened when they
 * are first needed, so a provider that lacks one can still look up its directory and end sessions.
 */
export async function createConnectionProviders(
  parts: ConnectionProviderParts,
): Promise<(connection: Connection) => IdentityProvider> {
  const makers = await loadMakers(parts)
  const providers = keepRecent<IdentityProvider>(MOST_KEPT)
  const find = (stored: Connection) => {
    const connection = asConfigured(parts, stored)
    return providers(providerKey(connection), () =>
      makers[kindNameOf(connection)](
        connection,
        once(() => credentialsOf(parts, connection)),
      ),
    )
  }
  // A sign-in has one record and needs its provider several times.
  const ofRecord = new WeakMap<Connection, IdentityProvider>()
  return (stored) => {
    const provider = ofRecord.get(stored) ?? find(stored)
    ofRecord.set(stored, provider)
    return provider
  }
}

function asConfigured({ environment }: ConnectionProviderParts, stored: Connection): Connection {
  if (environment === undefined || !isOfEnvironment(stored)) return stored
  const { cloud, authority, clientId } = environment
  return { ...stored, cloud, authority, clientId }
}

async function loadMakers(
  parts: ProviderParts,
): Promise<Readonly<Record<ProviderKindName, MakeProvider>>> {
  const openEntra = await providerKinds.entra.load()
  return { entra: openEntra(parts) }
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
  if (isOfEnvironment(connection)) return configured(parts.environment?.credentials)
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
