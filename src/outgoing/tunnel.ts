/**
 * A connection through a proxy (CONNECT), in place of Node's own support for proxies: that one waits without a time limit for the
 * proxy's answer, and a request that is given up meanwhile neither ends nor frees its connection.
 *
 * @see RFC 9110 §9.3.6
 */
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { nameOfProxy } from './proxies.ts'
import { ProxyError } from './proxy-error.ts'

/** Connecting to the proxy, and the proxy connecting on, together. */
const TIME_LIMIT_MS = 4_000

/** Resolves with the bare connection, on which TLS is still to begin. @throws {ProxyError} */
export function openTunnel(
  proxy: URL,
  { authority, lookup }: { readonly authority: string; readonly lookup: LookupFunction },
): Promise<Socket> {
  const asked = connectRequest(proxy, authority, lookup)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const name = nameOfProxy(proxy)
  const fail = (cause: unknown) => {
    asked.destroy()
    reject(new ProxyError('PROXY_UNREACHABLE', { proxy: name, cause }))
  }
  const timer = setTimeout(() => fail(new Error('no answer in time')), TIME_LIMIT_MS)
  asked.on('connect', ({ statusCode: status = 0 }, socket: Socket, head) => {
    clearTimeout(timer)
    if (status >= 200 && status < 300 && head.length === 0) return resolve(socket)
    socket.destroy()
    reject(new ProxyError('PROXY_REFUSED', { proxy: name, status }))
  })
  // Also after the promise is settled: an error of the request must not end the process.
  asked.on('error', (cause) => {
    clearTimeout(timer)
    fail(cause)
  })
  asked.end()
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

/** @see RFC 7617 §2 */
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
