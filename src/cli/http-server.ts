import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { Entrada } from '../entrada.ts'
import { EntradaError } from '../errors/errors.ts'
import type { ListenAddress } from '../settings/config.ts'
import {
  type Admission,
  type AdmissionOptions,
  type Answer,
  createAdmission,
} from './admit-requests.ts'
import { type Bans, createBans } from './client-bans.ts'
import { createShares } from './client-shares.ts'

/** Eight attempt cookies, a session and an application's own cookies fit; the default of 16 KB answers 431 for good. */
export const MAX_HEADER_BYTES = 65_536

export type HttpLimits = Omit<AdmissionOptions, 'cutOff'> & {
  readonly headersMs: number
  /** Headers and body; a body alone has `bodyMs`. */
  readonly requestMs: number
  /** How often connections are looked at for these two. */
  readonly checkEveryMs: number
  readonly drainMs: number
  /** Headers of 64 KB on all of them fit into the memory that the manifests in deploy/ give (docs/shares.md). */
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
  /** `/readyz` is 503 from now on, and answers close their connections. Requests are taken as before. */
  startDraining(): void
  /** Takes no new connection, lets requests under way end for up to ten seconds, then cuts what is left. */
  stop(): Promise<void>
  /** Cuts every connection. */
  cut(): void
}

/** @throws {EntradaError} `address_in_use`, `address_not_usable` */
export async function startHttpServer(
  entrada: Pick<Entrada, 'fetch'>,
  { host, port }: ListenAddress,
  given: Partial<HttpLimits> = {},
): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...given }
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
  // `Expect: 100-continue`: the body is asked for where it is read.
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

/** The Web side: a `Request` made of the request, and the `Response` written. */
function webAnswer({ fetch }: Pick<Entrada, 'fetch'>): Answer {
  const listener = getRequestListener(
    // The binding says who is connected; `Host` and the rest are read from the request itself.
    (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      const { url: target } = incoming
      return fetch(request, {
        ...(remoteAddress ? { remoteAddress } : {}),
        ...(target ? { target } : {}),
      })
    },
    // What is left of a body is dropped by `createAdmission`, for every kind of answer.
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  )
  return (incoming, outgoing) => Promise.resolve(listener(incoming, outgoing))
}

/** A connection counts against its own address: which client a proxy speaks for is known only with the headers. */
function shareConnections(bans: Bans, { maxConnections, clientOf, turnedAway }: HttpLimits) {
  const shares = createShares(maxConnections)
  const clients = new Map<Socket, string | undefined>()

  return {
    admit(server: Server, socket: Socket): void {
      // Kept connections without a request are the first to go when few places are left.
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
    /** Ends this connection and, where clients can be told apart, every other one of its client. */
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

/** Why nothing can listen there: somebody else does, or the address is none of this machine's. */
export function listenError(cause: unknown, listen: ListenAddress): EntradaError {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  const address = addressText(listen)
  return new EntradaError(isTaken ? 'address_in_use' : 'address_not_usable', { address }, { cause })
}

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
  // Not `server.close()`: that cuts idle connections at once, and a proxy may be sending a request on one of them.
  // With the listener closed, the proxy learns from its next connection that this server has gone.
  NetServer.prototype.close.call(server)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  const ended = new AbortController()
  void closeIdleConnections(server, ended.signal)
  await closed
  ended.abort()
  clearTimeout(cut)
}

/**
 * A connection that the kernel has accepted and Node has not is reset when the listener closes. A turn of the event loop takes all of
 * them; after a turn in which nothing else ran, hardly any can have come since.
 */
async function acceptWaitingConnections(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const start = performance.now()
    await nextTurn()
    if (performance.now() - start < QUIET_TURN_MS) return
  }
}

/** Idle connections, once proxies have had time to stop using them; again and again, since Node keeps a connection alive after each answer. */
async function closeIdleConnections(server: Server, signal: AbortSignal): Promise<void> {
  await sleep(IDLE_GRACE_MS)
  while (!signal.aborted) {
    server.closeIdleConnections()
    await sleep(IDLE_CHECK_MS)
  }
}
