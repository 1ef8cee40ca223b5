import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Entrada } from '../entrada.ts'
import { EntradaError } from '../errors/errors.ts'
import { hasNoSession } from '../http/raw-handler.ts'
import type { ListenAddress } from '../settings/config.ts'
import {
  type Admission,
  type AdmissionOptions,
  type Answer,
  createAdmission,
} from './admit-requests.ts'
import { type Bans, createBans } from './client-bans.ts'
import { createShares } from './client-shares.ts'

/** Eight attempt cookies, a session and the cookies of an application fit. With the default of 16 KB such browsers would get 431. */
export const MAX_HEADER_BYTES = 65_536

export type HttpLimits = Omit<AdmissionOptions, 'cutOff'> & {
  readonly headersMs: number
  /** Time limit for headers and body together; the limit of a body alone is `bodyMs`. */
  readonly requestMs: number
  /** Interval of the checks for these two limits. */
  readonly checkEveryMs: number
  readonly drainMs: number
  /** Headers of 64 KB on every connection fit into the memory that the manifests in deploy/ allow (docs/shares.md). */
  readonly maxConnections: number
}

export const defaultLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  checkEveryMs: 2_000,
  drainMs: 10_000,
  maxRequests: 512,
  maxBodies: 512,
  bodyMs: 5_000,
  waitMs: 5_000,
  stalledMs: 30_000,
  maxConnections: 2_048,
  clientOf: (_forwardedFor, remoteAddress) => remoteAddress,
  turnedAway: () => {},
}
const IDLE_CHECK_MS = 100
const IDLE_GRACE_MS = 500
const QUIET_TURN_MS = 0.5
const MAX_TURNS = 100

export type HttpServer = {
  /** Makes `/readyz` respond with 503 and responses close their connections. Requests are accepted as before. */
  startDraining(): void
  /** Accepts no new connections, waits up to ten seconds for running requests, then closes the remaining connections. */
  stop(): Promise<void>
  /** Closes every connection at once. */
  cut(): void
}

/** Starts an HTTP server in front of `entrada`. @throws {EntradaError} `address_in_use`, `address_not_usable` */
export async function startHttpServer(
  entrada: Pick<Entrada, 'fetch'>,
  { host, port }: ListenAddress,
  changedLimits: Partial<HttpLimits> = {},
): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...changedLimits }
  const bans = createBans()
  const connections = shareConnections(bans, limits)
  const cutOff = (socket: Socket) => {
    bans.ban(limits.clientOf(undefined, socket.remoteAddress))
    connections.cutClientOf(socket)
  }
  const admission = createAdmission({ ...limits, cutOff }, webAnswer(entrada))
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: 65_000,
  })
  server.on('request', admission.admit)
  // With `Expect: 100-continue`, the body is requested when it is read.
  server.on('checkContinue', admission.admit)
  server.on('connection', (socket) => connections.admit(server, socket))
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw listenError(cause, { host, port })
  }
  return {
    startDraining: admission.startDraining,
    stop: () => stop(server, admission, limits),
    cut: () => server.closeAllConnections(),
  }
}

/** Creates a Web `Request` for each request of Node, and writes the `Response`. */
function webAnswer(entrada: Pick<Entrada, 'fetch'>): Answer {
  let listener: ReturnType<typeof createListener> | undefined
  return async (incoming, outgoing) => {
    listener ??= createListener(entrada)
    await (await listener)(incoming, outgoing)
  }
}

/** Loads the binding, and with it Node's Web requests, when it is needed: that takes longer than listening. */
async function createListener({ fetch }: Pick<Entrada, 'fetch'>) {
  const { getRequestListener } = await import('@hono/node-server')
  return getRequestListener(
    // The binding passes the address of the peer; `Host` and the rest are read from the request itself.
    (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      const { url: target } = incoming
      return fetch(request, {
        ...(remoteAddress ? { remoteAddress } : {}),
        ...(target ? { target } : {}),
        ...(hasNoSession(incoming) ? { noSession: true } : {}),
      })
    },
    // `createAdmission` drops the rest of a body, for every kind of response.
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  )
}

/** A connection uses the share of its own address, because only the headers name the client behind a proxy. */
function shareConnections(bans: Bans, { maxConnections, clientOf, turnedAway }: HttpLimits) {
  const shares = createShares(maxConnections)
  const clients = new Map<Socket, string | undefined>()

  return {
    admit(server: Server, socket: Socket): void {
      // When few places are left, idle connections are closed first.
      if (shares.free() <= maxConnections / 8) server.closeIdleConnections()
      const client = clientOf(undefined, socket.remoteAddress)
      const giveBack = bans.isBanned(client)
        ? undefined
        : shares.take(client, () => void socket.destroy())
      if (giveBack === undefined) {
        turnedAway()
        socket.destroy()
        return
      }
      clients.set(socket, client)
      socket.once('close', () => {
        clients.delete(socket)
        giveBack()
      })
    },
    /** Closes this connection and, if the address of its client is known, every other connection from that address. */
    cutClientOf(socket: Socket): void {
      const client = clients.get(socket)
      socket.destroy()
      if (client === undefined) return
      for (const [other, clientOfOther] of clients) {
        if (clientOfOther === client) other.destroy()
      }
    },
  }
}

/** Returns the refusal for an address that another program uses, or that does not belong to this machine. */
export function listenError(cause: unknown, listen: ListenAddress): EntradaError {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  const address = addressText(listen)
  return new EntradaError(isTaken ? 'address_in_use' : 'address_not_usable', { address }, { cause })
}

/** Returns an address as `host:port`, with brackets around an IPv6 host. */
export function addressText({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function stop(
  server: Server,
  { startDraining }: Pick<Admission, 'startDraining'>,
  { drainMs }: Pick<HttpLimits, 'drainMs'>,
): Promise<void> {
  startDraining()
  const closed = once(server, 'close')
  await acceptWaitingConnections()
  // `server.close()` would close idle connections at once, although a proxy may be sending a request on one of them.
  // Closing only the listener lets the proxy notice at its next connection that this server has stopped.
  NetServer.prototype.close.call(server)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  const ended = new AbortController()
  void closeIdleConnections(server, ended.signal)
  await closed
  ended.abort()
  clearTimeout(cut)
}

/**
 * When the listener closes, the system resets connections that the kernel has accepted and Node has not. One turn of the event loop
 * accepts all of them; after a turn in which nothing else ran, hardly any new ones can be waiting.
 */
async function acceptWaitingConnections(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const start = performance.now()
    await nextTurn()
    if (performance.now() - start < QUIET_TURN_MS) return
  }
}

/** Closes idle connections after proxies had time to stop using them, and repeatedly, because Node keeps connections alive. */
async function closeIdleConnections(server: Server, signal: AbortSignal): Promise<void> {
  // Without a connection left, these timers must not keep the process alive.
  await sleep(IDLE_GRACE_MS, undefined, { ref: false })
  while (!signal.aborted) {
    server.closeIdleConnections()
    await sleep(IDLE_CHECK_MS, undefined, { ref: false })
  }
}
