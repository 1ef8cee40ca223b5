import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { ListenAddress } from '../config.ts'
import type { Entrada } from '../entrada.ts'
import { EntradaError } from '../errors.ts'

/** Eight attempt cookies, a session and an application's own cookies fit; the default of 16 KB answers 431 for good. */
const MAX_HEADER_BYTES = 65_536

export type HttpLimits = {
  readonly headersMs: number
  readonly requestMs: number
  /** How often connections are looked at for these two. */
  readonly checkEveryMs: number
  readonly drainMs: number
}

const defaultLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  checkEveryMs: 2_000,
  drainMs: 10_000,
}
const IDLE_CHECK_MS = 100

export type HttpServer = {
  /** Takes no new connection, lets requests under way end for up to ten seconds, then cuts what is left. */
  stop(): Promise<void>
}

/** @throws {EntradaError} `address_in_use` */
export async function startHttpServer(
  entrada: Pick<Entrada, 'fetch'>,
  { host, port }: ListenAddress,
  limits: HttpLimits = defaultLimits,
): Promise<HttpServer> {
  const server = createAdaptorServer({
    // The binding tells who is connected; `Host` and the rest are read from the request itself.
    fetch: (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      return entrada.fetch(request, remoteAddress ? { remoteAddress } : {})
    },
    serverOptions: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: 65_000,
    },
    overrideGlobalObjects: false,
  }) as Server // plain http: no other server was asked for
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new EntradaError('address_in_use', { host, port }, { cause })
  }
  return { stop: () => stop(server, limits) }
}

async function stop(server: Server, { drainMs }: HttpLimits): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection whose request ends only now is kept alive by Node, and would hold up the stop for all of the drain time.
  const closeIdle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(closeIdle)
  clearTimeout(cut)
}
