/**
 * The only way out of this process: every request to Entra, Graph, a receiver of webhooks or Entrada's own public address leaves
 * here, directly or through the configured proxy.
 *
 *   createOutgoing → request → routeOf → an agent: direct, or through openTunnel
 *                  → fetch: the same, in the shape of `fetch`
 */
import {
  Agent as HttpAgent,
  type AgentOptions as HttpAgentOptions,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http'
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { outgoingFetch } from './outgoing-fetch.ts'
import { nameOfProxy, type Proxies, type Route, routeOf } from './proxies.ts'
import { ProxyError } from './proxy-error.ts'
import { createSystemLookup } from './system-lookup.ts'
import { openTunnel, proxyAuthorization } from './tunnel.ts'

/** An idle connection is closed after this time, which is sooner than most servers close it. */
const IDLE_MS = 4_000
/**
 * The other side may close an idle connection just when it is used again; the request is then sent again, this many times at most.
 */
const MOST_RETRIES = 3

export type OutgoingOptions = {
  readonly proxies?: Proxies
  /** How names are looked up where no proxy does it; by default as this machine does. */
  readonly lookup?: LookupFunction
  /** Whether connections are kept for the next request; `true` by default. */
  readonly keepAlive?: boolean
  readonly tls?: TlsOptions
}

export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized'>

export type OutgoingRequest = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

export type Outgoing = {
  /** Sends a request and follows no redirect. @throws {ProxyError} */
  readonly request: (url: URL, options?: OutgoingRequest) => Promise<IncomingMessage>
  /** Works like the global `fetch` as far as Entrada uses it: text bodies, no redirects. */
  readonly fetch: typeof fetch
  readonly routeOf: (url: URL) => Route
}

/** Creates the functions that send requests directly or through the configured proxies. */
export function createOutgoing(options: OutgoingOptions = {}): Outgoing {
  const { proxies = {} } = options
  const agents = createAgents(options)
  const route = (url: URL) => routeOf(proxies, url)
  const request: Outgoing['request'] = async (url, requestOptions = {}) => {
    for (let retries = 0; ; retries += 1) {
      const sent = await sendOnce(agents, { url, route: route(url), options: requestOptions })
      if (sent.kind === 'answered') return sent.answer
      if (!sent.isStale || retries >= MOST_RETRIES) throw sent.error
    }
  }
  return { request, fetch: outgoingFetch(request), routeOf: route }
}

type Agents = {
  readonly http: HttpAgent
  readonly https: HttpsAgent
  readonly through: (proxy: URL) => HttpsAgent
}

function createAgents({ keepAlive = true, lookup, tls = {} }: OutgoingOptions): Agents {
  const found = lookup ?? createSystemLookup()
  const kept = { keepAlive, timeout: IDLE_MS }
  const tunnels = new Map<string, HttpsAgent>()
  return {
    http: new HttpAgent({ ...kept, lookup: found }),
    https: new HttpsAgent({ ...kept, ...tls, lookup: found }),
    through(proxy) {
      const agent = tunnels.get(proxy.href) ?? tunnelAgent(proxy, { kept, tls })
      tunnels.set(proxy.href, agent)
      return agent
    },
  }
}

type TunnelOptions = { readonly kept: HttpAgentOptions; readonly tls: TlsOptions }

/** The name of the proxy is looked up as this machine does; the names behind it are resolved by the proxy. */
function tunnelAgent(proxy: URL, { kept, tls }: TunnelOptions): HttpsAgent {
  const agent = new HttpsAgent(kept)
  const lookup = createSystemLookup()
  agent.createConnection = (target, callback) => {
    const { host, port, servername } = target as ConnectionOptions // what an agent for https passes on
    const authority = `${host?.includes(':') ? `[${host}]` : host}:${port}`
    openTunnel(proxy, { authority, lookup }).then(
      (socket) => {
        const secure = connectTls({
          ...tls,
          socket,
          ALPNProtocols: ['http/1.1'],
          ...(host ? { host } : {}),
          ...(servername ? { servername } : {}),
        })
        callback?.(null, secure)
      },
      (error) => callback?.(error, undefined as never), // an error comes without a connection
    )
    return undefined
  }
  return agent
}

type Sent =
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  /** `isStale`: the other side had closed a kept connection before it received anything of this request. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly isStale: boolean }

type Sending = { readonly url: URL; readonly route: Route; readonly options: OutgoingRequest }

function sendOnce(agents: Agents, { url, route, options }: Sending): Promise<Sent> {
  const { method = 'GET', body, signal } = options
  if (signal?.aborted) {
    return Promise.resolve({ kind: 'failed', error: signal.reason, isStale: false })
  }
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const fail = (error: unknown, isStale = false) => resolve({ kind: 'failed', error, isStale })
  const target = targetOf(agents, url, route)
  const request = target.agent instanceof HttpsAgent ? requestHttps : requestHttp
  const sent = request({ ...target, method, headers: headersOf(url, route, options) })
  // The `signal` option of Node's request is not enough: a request that still waits for its connection would not end with it.
  let answered: IncomingMessage | undefined
  const giveUp = () => {
    fail(signal?.reason)
    const begun = answered ?? sent
    begun.destroy(signal?.reason)
  }
  signal?.addEventListener('abort', giveUp, { once: true })
  sent.once('close', () => signal?.removeEventListener('abort', giveUp))
  sent.once('response', (answer) => {
    answered = answer
    resolve({ kind: 'answered', answer })
  })
  // This listener stays registered: an error after the response head is emitted by the body and again here.
  sent.on('error', (error) =>
    fail(asProxyError(error, route, url), sent.reusedSocket && isReset(error)),
  )
  sent.end(body)
  return promise
}

/** Through a proxy, the request for an `http` address is sent to the proxy itself. @see RFC 9112 §3.2.2 */
function targetOf(agents: Agents, url: URL, route: Route): RequestOptions {
  const path = url.pathname + url.search
  if (route.kind === 'direct') {
    const agent = url.protocol === 'https:' ? agents.https : agents.http
    return { ...hostAndPort(url), path, agent }
  }
  if (url.protocol === 'https:') {
    return { ...hostAndPort(url), path, agent: agents.through(route.proxy) }
  }
  const isSecure = route.proxy.protocol === 'https:'
  return {
    ...hostAndPort(route.proxy),
    path: url.origin + path,
    agent: isSecure ? new HttpsAgent() : new HttpAgent({ lookup: createSystemLookup() }),
  }
}

function hostAndPort({ hostname, port, protocol }: URL): { host: string; port: number } {
  const host = hostname.replace(/^\[|\]$/g, '')
  return { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}

function headersOf(
  url: URL,
  route: Route,
  { headers, body }: OutgoingRequest,
): Readonly<Record<string, string | number>> {
  const isAskedOfProxy = route.kind === 'proxy' && url.protocol === 'http:'
  return {
    host: url.host,
    'user-agent': 'entrada',
    ...headers,
    ...(isAskedOfProxy ? proxyAuthorization(route.proxy) : {}),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  }
}

/** Through a proxy, this process connects only to the proxy, so a failed connection is a failure of the proxy. */
function asProxyError(error: unknown, route: Route, url: URL): unknown {
  if (route.kind === 'direct' || url.protocol === 'https:') return error
  const { syscall = '' } = error as { readonly syscall?: string } // errors of sockets have one
  if (!['connect', 'getaddrinfo'].includes(syscall)) return error
  return new ProxyError('PROXY_UNREACHABLE', { proxy: nameOfProxy(route.proxy), cause: error })
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET'
}
