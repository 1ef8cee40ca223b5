import { EntradaError } from '../errors/errors.ts'
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { SignInRecord } from '../sign-in/sign-in-record.ts'
import type { Connection } from '../storage/records.ts'
import { readCookies } from './cookies.ts'
import { hostOf, parseRequestTarget } from './request-target.ts'
import { singleHeader } from './single-header.ts'

/** One request and what we know about it. */
export type Exchange = {
  readonly request: Request
  /** The configured public address it came to; the Host header only picks among them. */
  readonly here: URL
  /** The request's address on `here`. */
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
  readonly correlationId: string
  readonly client: { readonly ip?: string; readonly userAgent?: string }
  readonly cookies: ReadonlyMap<string, string>
  /** Who is connected: a proxy, more often than a browser. */
  readonly remoteAddress?: string
  /** Path and query as the request line had them, where the server tells. */
  readonly target?: string
  /** Filled while a sign-in is started or a callback is worked on; the audit and the page of a refusal read it. */
  readonly signIn: { record?: SignInRecord; connection?: Connection }
  /** Filled once the address is known to be one of ours. */
  readonly matched: { path?: string }
}

/**
 * What the server knows of the connection itself; a library host may pass nothing. `target`: path and query as the request line had them,
 * which a `Request` does not keep: its address has no dots any more.
 */
export type RemoteInfo = { readonly remoteAddress?: string; readonly target?: string }

const MAX_USER_AGENT_LENGTH = 400

/** @throws {EntradaError} `host_not_served`, `development_mode_only_local`, `request_invalid` (two Host headers) */
export function openExchange(
  services: Services,
  request: Request,
  { remoteAddress, target }: RemoteInfo,
): Exchange {
  const { deployment } = services
  if (deployment.mode === 'development') {
    checkOnlyLocal((name) => request.headers.get(name) ?? undefined)
  }
  const named = singleHeader(request.headers, 'host')
  const host = hostOf(parseRequestTarget(target ?? ''), named) ?? URL.parse(request.url)?.host
  const here = deployment.publicUrls.find((url) => isHostOf(url, host?.toLowerCase()))
  if (here === undefined) throw new EntradaError('host_not_served', { host: host?.slice(0, 255) })

  const asked = new URL(request.url)
  const ip = services.clientIp(request.headers.get('x-forwarded-for'), remoteAddress)
  const userAgent = request.headers.get('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH)
  return {
    request,
    here,
    url: new URL(here.origin + asked.pathname + asked.search),
    params: {},
    correlationId: newUuid(services),
    client: { ...(ip ? { ip } : {}), ...(userAgent ? { userAgent } : {}) },
    ...(remoteAddress ? { remoteAddress } : {}),
    ...(target ? { target } : {}),
    cookies: readCookies(request.headers.get('cookie') ?? ''),
    signIn: {},
    matched: {},
  }
}

/** The configured host, with or without its scheme's own port, which some proxies add. */
export function isHostOf(url: URL, host: string | undefined): boolean {
  if (host === url.host) return true
  const ownPort = url.protocol === 'https:' ? ':443' : ':80'
  return url.port === '' && host === url.host + ownPort
}

/**
 * Design §8: a made-up directory must not be reachable from elsewhere, not even through a proxy on this machine.
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

/** An address of ours on this host, mount path included. */
export function pathTo(services: Pick<Services, 'deployment'>, path: string): string {
  return services.deployment.mountPath + path
}
