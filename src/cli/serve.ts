import { setTimeout as sleep } from 'node:timers/promises'
import type { Entrada } from '../entrada.ts'
import { createRawVerify } from '../forward-auth/raw-verify.ts'
import { clientNetwork } from '../http/address-network.ts'
import { createRawHealth } from '../http/health.ts'
import { firstThatTakes, type RawHandler } from '../http/raw-handler.ts'
import { createLog, type Log, type LogLevel, standardOutputByTurns } from '../log/log.ts'
import { metricsResponse } from '../metrics/metrics-page.ts'
import { noTracing } from '../metrics/tracing.ts'
import { openServices } from '../open-services.ts'
import { nameOfProxy } from '../outgoing/proxies.ts'
import type { Services } from '../services.ts'
import { createRawSession } from '../session/raw-session.ts'
import type { CheckedOptions } from '../settings/check-options.ts'
import {
  isLoopbackHost,
  type ListenAddress,
  readSettings,
  type Settings,
} from '../settings/config.ts'
import type { Storage } from '../storage/storage.ts'
import type { CliContext, Command, StopRequest } from './command.ts'
import { addressText, type HttpServer, startHttpServer } from './http-server.ts'
import { limitNewSpace } from './limit-new-space.ts'
import { createEntradaLater, warmUpSoon } from './loaded-later.ts'
import { serverOptions } from './server-options.ts'

/** Every shipped proxy and manifest notices `/readyz` sooner (docs/operate.md). */
export const DEFAULT_DRAIN_SECONDS = 10

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the server against a real directory.',
  async run(context) {
    const { settings, warnings } = readSettings(context.environment, context.readTextFile)
    const log = serverLog(context, settings.logLevel)
    for (const warning of warnings) log.warn('setting_ignored', { warning })
    const { options, operatorTokenPath } = await serverOptions(context, settings, {
      mode: 'production',
      log,
    })
    await serveUntilStopped(context, { options, settings, log, operatorTokenPath })
    return 0
  },
}

/** Creates the log of a server. */
export function serverLog({ onExit }: CliContext, level: LogLevel): Log {
  return createLog(level, onExit && standardOutputByTurns(onExit))
}

/** Opens the services, listens, logs the address, and stops in order when the process is asked to stop. */
export async function serveUntilStopped(
  { stopRequested, onRereadRequested, nodeFlags }: CliContext,
  running: {
    readonly options: CheckedOptions
    readonly settings: Settings
    readonly log: Log
    readonly operatorTokenPath: string | undefined
    readonly ready?: () => void
  },
): Promise<void> {
  const { options, settings, log, operatorTokenPath, ready } = running
  const services = await openServices(options)
  const entrada = createEntradaLater(options, services)
  const servers: HttpServer[] = []
  const stopped = new AbortController()
  const stopLimiting = nodeFlags === undefined ? undefined : limitNewSpace(nodeFlags)
  try {
    const server = await startHttpServer(entrada, listenAddress(settings), {
      first: firstThatTakes(rawHandlers(services)),
      clientOf: (forwardedFor, remoteAddress) =>
        clientOf(services, { forwardedFor, remoteAddress }),
      turnedAway: () => services.metrics.count('entrada_requests_turned_away_total', undefined),
    })
    servers.push(server)
    if (settings.metricsListen) {
      servers.push(await startHttpServer(metricsServer(services), settings.metricsListen))
    }
    if (services.storage.migrated.length > 0) {
      log.info('database_migrated', { migrations: services.storage.migrated })
    }
    logStart(log, { options, settings, operatorTokenPath, database: services.storage.kind })
    onRereadRequested(() => void services.rereadCredentials())
    ready?.()
    void warmUpSoon(services, entrada.load, stopped.signal)
    const stop = await stopRequested()
    const drainSeconds = drainSecondsOf(stop, {
      settings,
      options,
      database: services.storage.kind,
    })
    log.info('stopping', { signal: stop.signal, drainSeconds })
    server.startDraining()
    await Promise.race([sleep(drainSeconds * 1000, undefined, { ref: false }), stop.repeated])
    void stop.repeated.then(() => {
      for (const opened of servers) opened.cut()
    })
  } finally {
    // This also runs if the second server could not listen: the first would keep the process alive, without a database.
    await Promise.all(servers.map((server) => server.stop()))
    stopped.abort()
    stopLimiting?.()
    await services.close()
  }
  log.info('stopped')
}

/** Returns how long to drain. Only with PostgreSQL are there other replicas; without them, draining would only delay the restart. */
export function drainSecondsOf(
  { signal }: StopRequest,
  {
    settings,
    options,
    database,
  }: {
    readonly settings: Pick<Settings, 'drainSeconds'>
    readonly options: Pick<CheckedOptions, 'mode'>
    readonly database: Storage['kind']
  },
): number {
  if (signal === 'SIGINT' || options.mode === 'development') return 0
  return settings.drainSeconds ?? (database === 'postgres' ? DEFAULT_DRAIN_SECONDS : 0)
}

/**
 * Returns the client whose share a request uses: its address, of IPv6 the /64. Returns `undefined` for requests of a trusted proxy that
 * names no client: the clients behind that proxy must not share the part of one client.
 */
function clientOf(
  services: Pick<Services, 'clientIp' | 'isTrustedProxy'>,
  {
    forwardedFor,
    remoteAddress,
  }: { readonly forwardedFor: string | undefined; readonly remoteAddress: string | undefined },
): string | undefined {
  const address = services.clientIp(forwardedFor ?? null, remoteAddress)
  if (address === undefined || services.isTrustedProxy(address)) return undefined
  return clientNetwork(address)
}

/** Serves metrics and nothing else, to every client that reaches its address. */
function metricsServer(services: Services): Pick<Entrada, 'fetch'> {
  return {
    fetch: async ({ method, url }) =>
      method === 'GET' && new URL(url).pathname === '/metrics'
        ? metricsResponse(services)
        : new Response('only GET /metrics is here\n', { status: 404 }),
  }
}

/** With OpenTelemetry, requests for a session and for the health go through the router, which opens their spans. */
function rawHandlers(services: Services): readonly RawHandler[] {
  const verify = createRawVerify(services)
  if (services.tracing !== noTracing) return [verify]
  return [verify, createRawSession(services), createRawHealth(services)]
}

/** Returns the address to listen on. With a loopback server URL it has the port of that URL, so that the URL works as it is. */
export function listenAddress({
  listen,
  serverUrl,
}: Pick<Settings, 'listen' | 'serverUrl'>): ListenAddress {
  if (listen !== undefined) return listen
  const port = isLoopbackHost(serverUrl.hostname) ? Number(serverUrl.port || 80) : 3000
  return { host: serverUrl.hostname === '[::1]' ? '::1' : '127.0.0.1', port }
}

/** Returns what the log shows of the proxy, without user and password. */
function proxyFields({ proxy: { https, http, noProxy = [] } = {} }: CheckedOptions) {
  const proxy = https ?? http
  return proxy ? { proxy: nameOfProxy(proxy), ...(noProxy.length > 0 ? { noProxy } : {}) } : {}
}

function logStart(
  log: Log,
  {
    options,
    settings,
    operatorTokenPath,
    database,
  }: {
    readonly options: CheckedOptions
    readonly settings: Settings
    readonly operatorTokenPath: string | undefined
    readonly database: Storage['kind']
  },
): void {
  const urls = [options.serverUrl, ...(options.extraUrls ?? [])]
  const redirectUris = urls.map((url) => `${url.origin}/auth/entra/callback`)
  const listen = listenAddress(settings)
  log.info('started', {
    url: options.serverUrl.origin,
    listen: addressText(listen),
    ...(settings.metricsListen ? { metricsListen: addressText(settings.metricsListen) } : {}),
    ...proxyFields(options),
    redirectUris,
    frontChannelLogoutUrl: `${options.serverUrl.origin}/auth/entra/frontchannel-logout`,
    database,
    ...(database === 'sqlite' ? { dataDir: settings.dataDir } : {}),
    ...(operatorTokenPath ? { operatorTokenPath } : {}),
  })
  const { authority } = options.entra ?? options.sharedApplication ?? {}
  if (authority?.protocol === 'http:') {
    log.warn('authority_not_encrypted', {
      authority: authority.origin,
      effect:
        'any program at that address of this machine can sign in any user; do not use this in production',
    })
  }
  if (options.entra === undefined) {
    log.warn('entra_not_configured', {
      set: ['ENTRADA_ENTRA_TENANT_ID', 'ENTRADA_ENTRA_CLIENT_ID', 'ENTRADA_ENTRA_CLIENT_SECRET'],
      effect: 'the login page has no Entra button',
    })
  }
}
