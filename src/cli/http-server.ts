import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { ListenAddress } from '../config.ts'
import type { Entrada } from '../entrada.ts'
import { EntradaError } from '../errors.ts'

/** Eight attempt cookies, a session and an application's own cookies fit; the default of 16 KB answers 431 for good. */
const MAX_HEADER_BYTES = 65_536
const HEADERS_TIME_LIMIT_MS = 10_000
const REQUEST_TIME_LIMIT_MS = 20_000
const DRAIN_TIME_LIMIT_MS = 10_000

export type HttpServer = {
  /** Takes no new connection, lets requests under way end for up to ten seconds, then cuts what is left. */
  stop(): Promise<void>
}

/** @throws {EntradaError} `address_in_use` */
export async function startHttpServer(
  entrada: Entrada,
  { host, port }: ListenAddress,
): Promise<HttpServer> {
  const server = createAdaptorServer({
    // The binding tells who is connected; `Host` and the rest are read from the request itself.
    fetch: (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      return entrada.fetch(request, remoteAddress ? { remoteAddress } : {})
    },
    serverOptions: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIME_LIMIT_MS,
      requestTimeout: REQUEST_TIME_LIMIT_MS,
      connectionsCheckingInterval: 2_000,
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
  return { stop: () => stop(server) }
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_TIME_LIMIT_MS)
  await closed
  clearTimeout(cut)
}
