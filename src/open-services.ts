/** Puts the parts together: the one place that knows which implementation stands behind which interface. */
import { createHash, randomBytes } from 'node:crypto'
import { startOutbox } from './audit/outbox.ts'
import { createRefusalSampler } from './audit/sample-refusals.ts'
import { EntradaError } from './errors.ts'
import { clientIp } from './http/trusted-proxies.ts'
import {
  type ClientCredentials,
  createClientCredentials,
} from './identity-provider/client-credentials.ts'
import { createEntraAuthority } from './identity-provider/entra-authority.ts'
import { createEntraHttp } from './identity-provider/entra-http.ts'
import { createEntraOidc } from './identity-provider/entra-oidc.ts'
import type { IdentityProvider } from './identity-provider/identity-provider.ts'
import { type CredentialWatch, watchCredentials } from './identity-provider/watch-credentials.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { silentLog } from './log.ts'
import type { CredentialOptions, EntradaOptions, EntraOptions } from './options.ts'
import { cloudOf } from './organizations/clouds.ts'
import {
  DEFAULT_CONNECTION_ID,
  keepEnvironmentConnection,
} from './organizations/environment-connection.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Deployment, Services } from './services.ts'
import { openStorage } from './storage/open-storage.ts'
import type { Connection } from './storage/records.ts'
import type { Storage } from './storage/storage.ts'
import { startSweeping } from './storage/sweeping.ts'

const DEFAULT_SESSION = { idleSeconds: 43_200, maxSeconds: 86_400 }
const OPERATOR_TOKEN_TRIES = { tries: 10, perSeconds: 60 }

export type OpenedServices = Services & { readonly close: () => Promise<void> }
export type RunningServices = OpenedServices & {
  /** Reads the credentials again now, if they come from where they may change. */
  readonly rereadCredentials: () => Promise<void>
}
type Parts = OpenedServices & { readonly credentials?: ClientCredentials }

/**
 * The parts as a running server needs them: the environment's connection brought up to date, background work started.
 *
 * @throws {EntradaError} those of {@link openParts}, and `tenant_changed`
 */
export async function openServices(options: EntradaOptions): Promise<RunningServices> {
  const parts = await openParts(options)
  try {
    await keepEnvironmentConnection(parts, options.entra)
    const watch = parts.credentials && startWatch(parts, parts.credentials, options)
    const rereadCredentials = async () => watch?.reread()
    return { ...parts, rereadCredentials, close: startBackgroundWork(parts, watch) }
  } catch (error) {
    await parts.close()
    throw error
  }
}

/**
 * The parts alone, as the command line uses them beside a server whose settings it may not share.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`, `secret_key_missing`, `storage_unavailable`, `settings_invalid`
 */
export async function openParts(options: EntradaOptions): Promise<Parts> {
  const now = clockOf(options)
  const keyRing = createKeyRing(options.secretKeys)
  const credentials = options.entra && credentialsOf(options.entra, options)
  const storage = await openDatabase(options)
  try {
    await checkKeysAreHeld(storage, keyRing)
  } catch (error) {
    await storage.close()
    throw error
  }
  return {
    deployment: deploymentOf(options),
    storage,
    keyRing,
    now,
    log: options.log ?? silentLog,
    randomBytes: (count) => randomBytes(count),
    sha256,
    clientIp: (forwardedFor, remoteAddress) =>
      clientIp(forwardedFor, remoteAddress, options.trustedProxies ?? []),
    hooks: options.hooks ?? {},
    sampleRefusal: createRefusalSampler(now),
    operatorTokenLimit: createRateLimit(OPERATOR_TOKEN_TRIES),
    credentialStatus: () => credentials?.status() ?? [],
    identityProviderFor: createIdentityProviders(options, now, credentials),
    ...(credentials ? { credentials } : {}),
    close: () => storage.close(),
  }
}

/**
 * The database alone, brought up to date.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`, `storage_unavailable`
 */
export async function openDatabase(
  options: Pick<EntradaOptions, 'database' | 'databaseConnections' | 'mode' | 'now'>,
): Promise<Storage> {
  const { database, databaseConnections: connections, mode = 'production' } = options
  const now = clockOf(options)
  return openStorage(database, { mode, now, ...(connections ? { connections } : {}) })
}

function clockOf({ now }: Pick<EntradaOptions, 'now'>): () => Date {
  return now ?? (() => new Date())
}

function deploymentOf(options: EntradaOptions): Deployment {
  return {
    mode: options.mode ?? 'production',
    publicUrls: [options.serverUrl, ...(options.extraUrls ?? [])],
    mountPath: options.mountPath ?? '',
    cookiePrefix: options.cookiePrefix ?? 'entrada',
    session: options.session ?? DEFAULT_SESSION,
    operators: options.operators ?? [],
    operatorTokenHashes: (options.operatorTokens ?? []).map((token) => sha256(token.reveal())),
    ...(options.entra ? { defaultConnectionId: DEFAULT_CONNECTION_ID } : {}),
  }
}

/** A key that is needed and missing refuses to start (design rule 15). */
async function checkKeysAreHeld(storage: Storage, { keyIds }: KeyRing): Promise<void> {
  const needed = await storage.listSealingKeyIds()
  const missing = needed.filter((keyId) => !keyIds.includes(keyId))
  if (missing.length > 0) throw new EntradaError('secret_key_missing', { keyIds: missing })
}

/** @throws {EntradaError} `settings_invalid` */
function credentialsOf(
  { clientId, clientSecret, credentials }: EntraOptions,
  options: EntradaOptions,
): ClientCredentials {
  const simple: readonly CredentialOptions[] = clientSecret
    ? [{ kind: 'client_secret', value: clientSecret }]
    : []
  const read = typeof credentials === 'function' ? credentials : () => credentials ?? simple
  return createClientCredentials(read, {
    clientId,
    now: clockOf(options),
    log: options.log ?? silentLog,
  })
}

/** One provider for each connection, so that what an authority publishes is fetched once. */
function createIdentityProviders(
  { entra, fetch: fetchFromNetwork }: EntradaOptions,
  now: () => Date,
  credentials: ClientCredentials | undefined,
): Services['identityProviderFor'] {
  const http = createEntraHttp(fetchFromNetwork)
  let environmentProvider: IdentityProvider | undefined
  return (connection: Connection) => {
    if (!entra || !credentials || connection.id !== DEFAULT_CONNECTION_ID) {
      throw new EntradaError('entra_not_configured')
    }
    environmentProvider ??= createEntraOidc({
      cloud: cloudOf(authorityOf(entra)),
      clientId: entra.clientId,
      credentials,
      authority: createEntraAuthority({
        authority: authorityOf(entra),
        tenant: entra.tenantId,
        http,
        now,
      }),
      http,
      now,
    })
    return environmentProvider
  }
}

function authorityOf({ authority }: EntraOptions): URL {
  return authority ?? new URL('https://login.microsoftonline.com')
}

function startWatch(
  services: Services,
  credentials: ClientCredentials,
  { entra }: EntradaOptions,
): CredentialWatch {
  return watchCredentials(credentials, {
    log: services.log,
    now: services.now,
    changed: () => keepEnvironmentConnection(services, entra),
  })
}

/** Answers the function that ends it all, the database last. */
function startBackgroundWork(services: Services, watch?: CredentialWatch): () => Promise<void> {
  const stopSweeping = startSweeping(services)
  const stopOutbox = startOutbox(services)
  return async () => {
    watch?.stop()
    stopSweeping()
    await stopOutbox()
    await services.storage.close()
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
