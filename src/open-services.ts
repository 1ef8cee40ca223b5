/** Puts the services together. No other file knows which implementation belongs to which interface. */
import { hash } from 'node:crypto'
import { operatorsIn } from './access/operators.ts'
import { createUnstoredEvents, startReportingUnstored } from './audit/bounded-events.ts'
import { startAuditChain } from './audit/keep-audit-chain.ts'
import { startOutbox } from './audit/outbox.ts'
import { createRefusalSampler } from './audit/sample-refusals.ts'
import { createSignInNotes, startStoringNotes } from './audit/sign-in-notes.ts'
import { startAuditWatch } from './audit/watch-audit-chain.ts'
import {
  createConnectionProviders,
  type EnvironmentApplication,
} from './connections/connection-providers.ts'
import { keepEnvironmentConnection } from './connections/environment-connection.ts'
import { ENVIRONMENT_CONNECTION_ID } from './connections/environment-connection-id.ts'
import { environmentPlace } from './connections/environment-place.ts'
import type { Deployment, Site } from './deployment.ts'
import { EntradaError } from './errors/errors.ts'
import { toAccessRules } from './forward-auth/access-rules-file.ts'
import { type AccessRules, membersOfDefault } from './forward-auth/decide-access.ts'
import { createIdentityTokens, type IdentityTokens } from './forward-auth/identity-token.ts'
import { deriveTokenKeys } from './forward-auth/token-keys.ts'
import { createBrand } from './http/brand.ts'
import type { Limits } from './http/rate-limit.ts'
import { createLimits } from './http/rate-limit.ts'
import { clientIp, isTrustedProxy } from './http/trusted-proxies.ts'
import {
  type ClientCredentials,
  createClientCredentials,
} from './identity-provider/client-credentials.ts'
import { createKeyPairMaker, describeCertificate } from './identity-provider/new-key-pair.ts'
import { createProviderHttp } from './identity-provider/provider-http.ts'
import { DEFAULT_AUTHORITY, defaultKind } from './identity-provider/provider-kinds.ts'
import { type CredentialWatch, watchCredentials } from './identity-provider/watch-credentials.ts'
import { newUuid } from './keys/ids.ts'
import { createKeyRing, type KeyRing } from './keys/key-ring.ts'
import { createRandomBytes } from './keys/random-bytes.ts'
import { silentLog } from './log/log.ts'
import { measuredStorage } from './metrics/measured-storage.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { createProcessSamples } from './metrics/process-samples.ts'
import { openTracing, type Tracing } from './metrics/tracing.ts'
import { startDomainChecks } from './organizations/check-domains.ts'
import { createTxtResolver } from './organizations/dns-txt.ts'
import { proxiesOfNode } from './outgoing/host-proxies.ts'
import { createOutgoing } from './outgoing/outgoing.ts'
import { createRechecking, type Rechecking, startRechecking } from './recheck/start-rechecking.ts'
import type { Services } from './services.ts'
import {
  type CheckedApplication,
  type CheckedCredential,
  type CheckedOptions,
  checkOptions,
} from './settings/check-options.ts'
import type { EntradaOptions } from './settings/options.ts'
import { settingsTable } from './settings/settings-table.ts'
import { warnOfRisks } from './settings/warn-of-risks.ts'
import { openStorage } from './storage/open-storage.ts'
import { startFillingSearchKeys } from './storage/start-filling.ts'
import type { Storage } from './storage/storage.ts'
import { startSweeping } from './storage/sweeping.ts'
import { startCredentialWarnings } from './webhooks/credential-warnings.ts'
import { startDeliveries } from './webhooks/deliver.ts'
import { createWebhookSender } from './webhooks/send-webhook.ts'

const DEFAULT_SESSION = {
  idleSeconds: Number(settingsTable.sessionIdleSeconds.fallback),
  maxSeconds: Number(settingsTable.sessionMaxSeconds.fallback),
}

export type OpenedServices = Services & { readonly close: () => Promise<void> }
export type RunningServices = OpenedServices & {
  /** Reads the credentials again now, if their source may change. */
  readonly rereadCredentials: () => Promise<void>
}
type Parts = OpenedServices & { readonly credentials?: ClientCredentials }

/**
 * Opens the services of a running server: brings the environment's connection up to date, and starts background work unless a test runs it
 * step by step.
 *
 * @throws {EntradaError} those of {@link openParts}, and `tenant_changed`
 */
export async function openServices(
  input: EntradaOptions,
  { background = true } = {},
): Promise<RunningServices> {
  const options = checkOptions(input)
  const parts = await openParts(options)
  try {
    await keepEnvironmentConnection(parts, options.entra)
    const watch = startWatch(parts, options)
    const rereadCredentials = async () => watch?.reread()
    warnOfRisks(parts)
    const rechecking = createRechecking(parts)
    return {
      ...parts,
      rereadCredentials,
      ...(background ? { recheckSoon: rechecking.soon } : {}),
      close: background ? startBackgroundWork(parts, { watch, rechecking, options }) : parts.close,
    }
  } catch (error) {
    await parts.close()
    throw error
  }
}

/**
 * Opens the services alone, for a command that runs next to a server and may have other settings. With `mayMissKeys` they open without a
 * key that the database needs, so that `key forget` can give it up.
 *
 * @throws {EntradaError} those of {@link openDatabase}, `secret_key_missing`, `settings_invalid`
 */
export async function openParts(
  input: EntradaOptions,
  { mayMissKeys = false } = {},
): Promise<Parts> {
  const options = checkOptions(input)
  const now = clockOf(options)
  const deployment = deploymentOf(options)
  const keyRing = createKeyRing(options.secretKeys)
  const identityTokens = await identityTokensOf(options, keyRing)
  const { trustedProxies = [] } = options
  const credentials = options.entra && credentialsOf(options.entra, options)
  const metrics = createMetrics()
  const tracing = await openTracing(options.openTelemetry)
  const storage = measuredStorage(await openDatabase(options), { metrics, tracing })
  try {
    if (!mayMissKeys) await checkKeysAreHeld(storage, keyRing)
  } catch (error) {
    await storage.close()
    throw error
  }
  return {
    deployment,
    storage,
    keyRing,
    now,
    log: options.log ?? silentLog,
    randomBytes: createRandomBytes(),
    sha256,
    clientIp: (forwardedFor, remoteAddress) =>
      clientIp(forwardedFor, remoteAddress, trustedProxies),
    isTrustedProxy: (remoteAddress) => isTrustedProxy(remoteAddress, trustedProxies),
    resolveTxt: options.resolveTxt ?? createTxtResolver(),
    hooks: options.hooks ?? {},
    refusalSampler: createRefusalSampler(now),
    unstoredEvents: createUnstoredEvents(now),
    limits: limitsOf(options, storage),
    metrics,
    signInNotes: createSignInNotes({ storage, now, log: options.log ?? silentLog }),
    recheckSoon: () => {},
    tracing,
    processSamples: createProcessSamples(),
    certificates: { create: createKeyPairMaker(), describe: describeCertificate },
    readFederatedToken: options.readFederatedToken,
    credentialStatus: () => credentials?.status() ?? [],
    identityProviderFor: await createIdentityProviders(options, {
      metrics,
      tracing,
      now,
      credentials,
      keyRing,
    }),
    ...(identityTokens ? { identityTokens } : {}),
    ...(credentials ? { credentials } : {}),
    close: () => storage.close(),
  }
}

/**
 * Opens the database alone, and brings its schema up to date.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`, `storage_unavailable`
 */
export async function openDatabase(
  options: Pick<CheckedOptions, 'database' | 'databaseConnections' | 'mode' | 'now'>,
): Promise<Storage> {
  const { database, databaseConnections: connections, mode = 'production' } = options
  const now = clockOf(options)
  return openStorage(database, { mode, now, ...(connections ? { connections } : {}) })
}

function clockOf({ now }: Pick<EntradaOptions, 'now'>): () => Date {
  return now ?? (() => new Date())
}

function deploymentOf(options: CheckedOptions): Deployment {
  const site = siteOf(options)
  return {
    mode: options.mode ?? 'production',
    publicUrls: [options.serverUrl, ...(options.extraUrls ?? [])],
    mountPath: options.mountPath ?? '',
    cookiePrefix: options.cookiePrefix ?? 'entrada',
    brand: createBrand(options.brand ?? {}),
    session: options.session ?? DEFAULT_SESSION,
    operators: operatorsIn(defaultCloudOf(options), options.operators ?? []),
    webhooks: { privateAllowed: options.webhooksToPrivateAddresses ?? false },
    operatorTokenHashes: (options.operatorTokens ?? []).map((token) => sha256(token.reveal())),
    ...(options.auditRetentionDays ? { auditRetentionDays: options.auditRetentionDays } : {}),
    accessRules: accessRulesOf(options),
    forwardsUnproven: options.dangerouslyForwardUnproven ?? false,
    ...(site ? { site } : {}),
    authorities: authoritiesOf(options),
    ...(options.sharedApplication ? { sharedClientId: options.sharedApplication.clientId } : {}),
    ...(options.entra ? { defaultConnectionId: ENVIRONMENT_CONNECTION_ID } : {}),
  }
}

function accessRulesOf({ accessRules, dangerouslyForwardUnproven }: CheckedOptions): AccessRules {
  const leftOut = dangerouslyForwardUnproven ? ({ kind: 'signed_in' } as const) : membersOfDefault
  return accessRules ? toAccessRules(accessRules, leftOut) : { rules: [], otherwise: leftOut }
}

function siteOf({ cookieDomain, applicationUrls = [] }: CheckedOptions): Site | undefined {
  return cookieDomain === undefined ? undefined : { cookieDomain, applicationUrls }
}

async function identityTokensOf(
  options: CheckedOptions,
  keyRing: KeyRing,
): Promise<IdentityTokens | undefined> {
  if (!options.identityTokens) return undefined
  const keys = await deriveTokenKeys(keyRing)
  return createIdentityTokens(keys, {
    issuer: options.serverUrl.origin,
    now: clockOf(options),
    forwardsUnproven: options.dangerouslyForwardUnproven ?? false,
  })
}

function authoritiesOf({
  authority,
  entra,
  sharedApplication,
}: CheckedOptions): Deployment['authorities'] {
  const configured = authority ?? sharedApplication?.authority ?? entra?.authority
  const further = [sharedApplication?.authority, entra?.authority]
  const others = [...further.flatMap((url) => url?.origin ?? []), ...defaultKind.authorities]
  const first = configured?.origin ?? DEFAULT_AUTHORITY
  return [first, ...new Set(others.filter((origin) => origin !== first))]
}

function limitsOf(options: CheckedOptions, storage: Storage): Limits {
  const { signInsPerMinute: uses, log = silentLog } = options
  return createLimits({
    log,
    now: clockOf(options),
    // Only one process uses the embedded database, so its own counts are complete.
    ...(storage.kind !== 'sqlite' ? { shared: storage } : {}),
    ...(uses
      ? { uses: { sign_in_start: uses, sign_in_return: uses, front_channel_sign_out: uses } }
      : {}),
  })
}

/** Refuses to start without a key that sealed values need (design rule 15). */
async function checkKeysAreHeld(storage: Storage, { keyIds }: KeyRing): Promise<void> {
  const needed = await storage.listSealingKeyIds()
  const missing = needed.filter((keyId) => !keyIds.includes(keyId))
  if (missing.length > 0) throw new EntradaError('secret_key_missing', { keyIds: missing })
}

/** @throws {EntradaError} `settings_invalid` */
function credentialsOf(
  { clientId, clientSecret, credentials }: CheckedApplication,
  options: CheckedOptions,
): ClientCredentials {
  const simple: readonly CheckedCredential[] = clientSecret
    ? [{ kind: 'client_secret', value: clientSecret }]
    : []
  const read = typeof credentials === 'function' ? credentials : () => credentials ?? simple
  return createClientCredentials(read, {
    clientId,
    now: clockOf(options),
    log: options.log ?? silentLog,
  })
}

/** Keeps one identity provider per connection, so that the documents of an authority are fetched once. */
async function createIdentityProviders(
  options: CheckedOptions,
  parts: {
    readonly metrics: Metrics
    readonly tracing: Tracing
    readonly now: () => Date
    readonly credentials: ClientCredentials | undefined
    readonly keyRing: KeyRing
  },
): Promise<Services['identityProviderFor']> {
  const { sharedApplication, fetch: fetchFromNetwork, log = silentLog } = options
  const { metrics, tracing, now, credentials, keyRing } = parts
  const outgoing = createOutgoing({ proxies: options.proxy ?? proxiesOfNode() })
  const http = createProviderHttp(fetchFromNetwork ?? outgoing, {
    around: (endpoint, ask) =>
      tracing.span(`entra ${endpoint}`, { 'entrada.endpoint': endpoint }, ask),
    observe: ({ endpoint, outcome, seconds }) =>
      metrics.observe('entrada_entra_request_duration_seconds', { endpoint, outcome }, seconds),
  })
  return createConnectionProviders({
    keyRing,
    environment: environmentOf(options, credentials),
    http,
    now,
    randomBytes: createRandomBytes(),
    log,
    sharedCredentials: sharedApplication && credentialsOf(sharedApplication, options),
    readFederatedToken: options.readFederatedToken,
  })
}

function environmentOf(
  { entra }: CheckedOptions,
  credentials: ClientCredentials | undefined,
): EnvironmentApplication | undefined {
  if (entra === undefined || credentials === undefined) return undefined
  const { clientId } = entra
  return { ...environmentPlace(entra.authority), clientId, credentials }
}

/** Starts to watch the credentials, except in development: the emulator's credential neither changes nor expires. */
function startWatch(
  { credentials, ...services }: Parts,
  { entra, mode }: CheckedOptions,
): CredentialWatch | undefined {
  if (credentials === undefined || mode === 'development') return undefined
  return watchCredentials(credentials, {
    log: services.log,
    now: services.now,
    mayChange: typeof entra?.credentials === 'function',
    changed: () => keepEnvironmentConnection(services, entra),
  })
}

/** The cloud of people whom a setting names without one. */
function defaultCloudOf({ entra, authority }: CheckedOptions): string {
  return environmentPlace(entra?.authority ?? authority).cloud
}

type BackgroundWork = {
  readonly watch: CredentialWatch | undefined
  readonly rechecking: Rechecking
  readonly options: CheckedOptions
}

/** Starts the background work, and returns the function that stops it and closes the database last. */
function startBackgroundWork(
  services: Services,
  { watch, rechecking, options }: BackgroundWork,
): () => Promise<void> {
  const { privateAllowed } = services.deployment.webhooks
  const send = createWebhookSender({ privateAllowed, proxies: options.proxy ?? proxiesOfNode() })
  const stopSweeping = startSweeping(services)
  const stopFilling = startFillingSearchKeys(services)
  const stopOutbox = startOutbox(services)
  const stopStoringNotes = startStoringNotes(services.signInNotes)
  const stopReporting = startReportingUnstored(services)
  const stopAuditChain = startAuditChain(services)
  const stopAuditWatch = startAuditWatch(services)
  const stopDomainChecks = startDomainChecks(services)
  const stopRechecking = startRechecking(rechecking, services)
  const stopDeliveries = startDeliveries(services, send)
  const stopWarnings = startCredentialWarnings(services, newUuid(services))
  return async () => {
    watch?.stop()
    stopSweeping()
    await stopFilling()
    stopWarnings()
    await stopRechecking()
    await stopDeliveries()
    await stopOutbox()
    await stopStoringNotes()
    await stopReporting()
    await stopAuditWatch()
    await stopAuditChain()
    await stopDomainChecks()
    await services.storage.close()
  }
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}
