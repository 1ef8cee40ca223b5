import { EntradaError } from '../errors/errors.ts'
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { SignInRecord } from '../sign-in/sign-in-record.ts'
import type { Connection } from '../storage/records.ts'
import { readCookies } from './cookies.ts'
import { hostOf, parseRequestTarget } from './request-target.ts'
import { singleHeader } from './single-header.ts'

/** One request together with what Entrada knows about it. */
export type Exchange = {
  readonly request: Request
  /** The configured public address that the request was sent to. The Host header only selects among the configured ones. */
  readonly here: URL
  /** The full address of the request on `here`. */
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
  readonly correlationId: string
  readonly client: { readonly ip?: string; readonly userAgent?: string }
  readonly cookies: ReadonlyMap<string, string>
  /** The address of the connection's other end, which is usually a proxy and not a browser. */
  readonly remoteAddress?: string
  /** Path and query as in the request line, if the server passes them on. */
  readonly target?: string
  /** The session cookie was looked up before, and is of no session. */
  readonly noSession?: true
  /** Set while a sign-in is started or a callback is processed. The audit of a refusal and its error page read it. */
  readonly signIn: { record?: SignInRecord; connection?: Connection }
  /** Set when the path matches one of the routes. */
  readonly matched: { path?: string }
}

/**
 * What the server knows about the connection; a host application may pass nothing. `target` is path and query as in the request
 * line. A `Request` does not keep them: dots are already resolved in its address. `noSession` states that the cookie was looked up, and is
 * of no session.
 */
export type RemoteInfo = {
  readonly remoteAddress?: string
  readonly target?: string
  readonly noSession?: true
}

const MAX_USER_AGENT_LENGTH = 400

/**
 * Creates the exchange of a request.
 *
 * @throws {EntradaError} `host_not_served`, `development_mode_only_local`, `request_invalid` (two Host headers)
 */
export function openExchange(
  services: Services,
  request: Request,
  { remoteAddress, target, noSession }: RemoteInfo,
): Exchange {
  const { deployment } = services
  if (deployment.mode === 'development') {
    checkOnlyLocal((name) => request.headers.get(name) ?? undefined)
  }
  const named = singleHeader(request.headers, 'host')
  const host = hostOf(parseRequestTarget(target ?? ''), named) ?? URL.parse(request.url)?.host
  const here = deployment.publicUrls.find((url) => isHostOf(url, host?.toLowerCase()))
  if (here === undefined) throw new EntradaError('host_not_served', { host: host?.slice(0, 255) })

  const requestUrl = new URL(request.url)
  const ip = services.clientIp(request.headers.get('x-forwarded-for'), remoteAddress)
  const userAgent = request.headers.get('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH)
  return {
    request,
    here,
    url: new URL(here.origin + requestUrl.pathname + requestUrl.search),
    params: {},
    correlationId: newUuid(services),
    client: { ...(ip ? { ip } : {}), ...(userAgent ? { userAgent } : {}) },
    ...(remoteAddress ? { remoteAddress } : {}),
    ...(target ? { target } : {}),
    ...(noSession ? { noSession } : {}),
    cookies: readCookies(request.headers.get('cookie') ?? ''),
    signIn: {},
    matched: {},
  }
}

/** Returns whether a Host header is the host of this address, with or without the default port, which some proxies add. */
export function isHostOf(url: URL, host: string | undefined): boolean {
  if (host === url.host) return true
  const ownPort = url.protocol === 'https:' ? ':443' : ':80'
  return url.port === '' && host === url.host + ownPort
}

/**
 * Refuses requests from other machines in development mode: a made-up directory must not be reachable from elsewhere, not even
 * through a proxy on this machine.
 *
 * @throws {EntradaError} `development_mode_only_local`
 */
export function checkOnlyLocal(headerOf: (name: string) => string | undefined): void {
  const forwarding = [
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-real-ip',
    'via',
  ]
  const header = forwarding.find((name) => headerOf(name) !== undefined)
  if (header !== undefined) throw new EntradaError('development_mode_only_local', { header })
}

/** Returns the path of a page on this host, including the mount path. */
export function pathTo(services: Pick<Services, 'deployment'>, path: string): string {
  return services.deployment.mountPath + path
}
