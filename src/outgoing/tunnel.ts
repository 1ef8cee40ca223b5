/**
 * Opens a connection through a proxy (CONNECT). Node's own support for proxies waits for the response of the proxy without a time
 * limit, and a request that is abandoned meanwhile neither ends nor frees its connection.
 *
 * @see RFC 9110 §9.3.6
 */
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { nameOfProxy } from './proxies.ts'
import { ProxyError } from './proxy-error.ts'

/** Time limit for connecting to the proxy and for the proxy to connect further, together. */
const TIME_LIMIT_MS = 4_000

/** Resolves with the connection through the proxy, on which TLS has not started yet. @throws {ProxyError} */
export function openTunnel(
  proxy: URL,
  { authority, lookup }: { readonly authority: string; readonly lookup: LookupFunction },
): Promise<Socket> {
  const clientRequest = connectRequest(proxy, authority, lookup)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const name = nameOfProxy(proxy)
  const fail = (cause: unknown) => {
    clientRequest.destroy()
    reject(new ProxyError('PROXY_UNREACHABLE', { proxy: name, cause }))
  }
  const timer = setTimeout(() => fail(new Error('no answer in time')), TIME_LIMIT_MS)
  clientRequest.on('connect', ({ statusCode: status = 0 }, socket: Socket, head) => {
    clearTimeout(timer)
    if (status >= 200 && status < 300 && head.length === 0) return resolve(socket)
    socket.destroy()
    reject(new ProxyError('PROXY_REFUSED', { proxy: name, status }))
  })
  // This listener also runs after the promise is settled: an error of the request must not end the process.
  clientRequest.on('error', (cause) => {
    clearTimeout(timer)
    fail(cause)
  })
  clientRequest.end()
  return promise
}

function connectRequest(proxy: URL, authority: string, lookup: LookupFunction): ClientRequest {
  const request = proxy.protocol === 'https:' ? requestHttps : requestHttp
  return request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false,
    lookup,
  })
}

/** Returns the `Proxy-Authorization` header for the user and password of a proxy's address, if it has them. @see RFC 7617 §2 */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const credentials = `${decoded(username)}:${decoded(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** A `%` that encodes nothing is taken literally. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
