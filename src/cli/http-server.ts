import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { ListenAddress } from '../config.ts'
import type { Entrada } from '../entrada.ts'
import { EntradaError, errorEntry } from '../errors.ts'
import type { RawHandler } from '../forward-auth/raw-verify.ts'

/** Eight attempt cookies, a session and an application's own cookies fit; the default of 16 KB answers 431 for good. */
const MAX_HEADER_BYTES = 65_536
/** Entra's answers stay far below; so does any `return_to` that is kept. */
const MAX_ADDRESS_LENGTH = 16_384

export type HttpLimits = {
  readonly headersMs: number
  readonly requestMs: number
  /** How often connections are looked at for these two. */
  readonly checkEveryMs: number
  readonly drainMs: number
  /** Requests under way at once; health checks come on top. */
  readonly maxRequests: number
  readonly maxConnections: number
  /** Answers some requests itself, before a Web `Request` is made of them. */
  readonly first?: RawHandler
  /** Called for each request that was too many. */
  readonly turnedAway: () => void
}

const defaultLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  checkEveryMs: 2_000,
  drainMs: 10_000,
  maxRequests: 512,
  maxConnections: 10_000,
  turnedAway: () => {},
}
const IDLE_CHECK_MS = 100

export type HttpServer = {
  /** Takes no new connection, lets requests under way end for up to ten seconds, then cuts what is left. */
  stop(): Promise<void>
}

/** @throws {EntradaError} `address_in_use`, `address_not_usable` */
export async function startHttpServer(
  entrada: Pick<Entrada, 'fetch'>,
  { host, port }: ListenAddress,
  given: Partial<HttpLimits> = {},
): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...given }
  const capacity = createCapacity(limits)
  const answer = withinCapacity(entrada, capacity)
  const listener = getRequestListener(
    // The binding tells who is connected; `Host` and the rest are read from the request itself.
    (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      const { url: target } = incoming
      return answer(request, {
        ...(remoteAddress ? { remoteAddress } : {}),
        ...(target ? { target } : {}),
      })
    },
    { overrideGlobalObjects: false },
  )
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: 65_000,
  })
  server.on('request', limits.first ? firstAsking(limits.first, capacity, listener) : listener)
  server.maxConnections = limits.maxConnections
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw listenError(cause, { host, port })
  }
  return { stop: () => stop(server, limits) }
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

/** Beyond what one process can work on at once, waiting makes everybody late; a balancer or browser comes again. */
type Capacity = {
  /** Runs the work, or answers `undefined` where there is too much already. */
  within<T>(work: () => Promise<T>, options?: { readonly always: boolean }): Promise<T> | undefined
}

function createCapacity({
  maxRequests,
  turnedAway,
}: Pick<HttpLimits, 'maxRequests' | 'turnedAway'>): Capacity {
  let underWay = 0
  const ended = () => {
    underWay -= 1
  }
  return {
    within(work, { always } = { always: false }) {
      if (underWay >= maxRequests && !always) {
        turnedAway()
        return undefined
      }
      underWay += 1
      return work().finally(ended)
    },
  }
}

function withinCapacity({ fetch }: Pick<Entrada, 'fetch'>, capacity: Capacity): Entrada['fetch'] {
  return async (request, remote) => {
    if (request.url.length > MAX_ADDRESS_LENGTH) return plainRefusal('address_too_long')
    const always = isHealthCheck(request)
    return capacity.within(() => fetch(request, remote), { always }) ?? plainRefusal('server_busy')
  }
}

/** Whatever `first` does not take goes the long way. */
function firstAsking(
  first: RawHandler,
  capacity: Capacity,
  otherwise: RequestListener,
): RequestListener {
  return (incoming, outgoing) => {
    const { url = '' } = incoming
    if (url.length > MAX_ADDRESS_LENGTH || !first.takes(incoming)) {
      otherwise(incoming, outgoing)
    } else if (capacity.within(() => first.answer(incoming, outgoing)) === undefined) {
      outgoing.writeHead(503, { ...plainHeaders, 'retry-after': '1' })
      outgoing.end(plainText('server_busy'))
    }
  }
}

/** A server that is busy is alive: to restart it, or to take it out, would leave the others with its share. */
function isHealthCheck({ url }: Request): boolean {
  return /^https?:\/\/[^/]*\/(healthz|readyz)$/.test(url)
}

/** Before anything else is asked of this process, so without a page. */
function plainRefusal(code: 'address_too_long' | 'server_busy'): Response {
  return new Response(plainText(code), {
    status: errorEntry(code).status,
    headers: { ...plainHeaders, ...(code === 'server_busy' ? { 'retry-after': '1' } : {}) },
  })
}

const plainHeaders = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }

function plainText(code: 'address_too_long' | 'server_busy'): string {
  return `${errorEntry(code).shown}\n${code}\n`
}

async function stop(server: Server, { drainMs }: Pick<HttpLimits, 'drainMs'>): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection whose request ends only now is kept alive by Node, and would hold up the stop for all of the drain time.
  const closeIdle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(closeIdle)
  clearTimeout(cut)
}
