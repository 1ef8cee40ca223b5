/**
 * Reads what a proxy asks, in each of the ways in which proxies ask:
 *
 *   nginx (our configuration)     GET /auth/verify, X-Original-Method and X-Original-URI, the host in Host
 *   ingress-nginx                 GET /auth/verify, X-Original-Method and X-Original-URL, a whole address
 *   Traefik, Caddy, HAProxy       GET /auth/verify, X-Forwarded-Method, X-Forwarded-Uri and X-Forwarded-Host
 *   Envoy                         the original method, its path appended to ours, the host in Host
 *   an application that asks      GET /auth/verify with the browser's Cookie and Host
 *
 * Any client can write a header that names the original request. So the sender has to be a trusted proxy, a request in two of these
 * ways at once is refused, and so is any header that does not have exactly one value.
 */
import { EntradaError } from '../errors/errors.ts'
import type { RequestedPage } from './decide-access.ts'

/** One request to the verify address, whichever server received it. */
export type VerifyRequest = {
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** Whether dots and escapes are still in the target. */
  readonly isTargetRaw: boolean
  /** Returns a header by its name in lower case; repeated ones are joined by `, `. */
  readonly header: (name: string) => string | undefined
  /** These are functions because their cost can be avoided when no decision needs them. */
  readonly remoteAddress: () => string | undefined
  readonly isFromTrustedProxy: () => boolean
}

export type Question = {
  readonly page: RequestedPage
  /** Whether a browser that has to sign in is redirected at once, for proxies that pass our response on unchanged. */
  readonly signIn: 'named' | 'redirect'
  /** Envoy takes 200 for an approval, and every other status for a denial. */
  readonly yes: 200 | 204
}

const VERIFY = '/auth/verify'
const MAX_URI_LENGTH = 16_384
const ORIGINAL = ['x-original-uri', 'x-original-url', 'x-original-method'] as const
const FORWARDED = ['x-forwarded-uri', 'x-forwarded-method'] as const

/** Returns whether this target is the verify address. Envoy appends the path of the original request to it. */
export function isVerifyTarget(target: string, mountPath: string): boolean {
  if (!target.startsWith(VERIFY, mountPath.length) || !target.startsWith(mountPath)) return false
  const next = target[mountPath.length + VERIFY.length]
  return next === undefined || next === '/' || next === '?'
}

/**
 * Reads which page the proxy asks about.
 *
 * @throws {EntradaError} `forward_auth_request_invalid`, `forward_auth_proxy_not_trusted`, `method_not_allowed`
 */
export function readQuestion(
  request: VerifyRequest,
  { mountPath }: { readonly mountPath: string },
): Question {
  const appended = request.target.slice(mountPath.length + VERIFY.length)
  const original = ORIGINAL.some((name) => request.header(name) !== undefined)
  const forwarded = FORWARDED.some((name) => request.header(name) !== undefined)
  const isAppended = appended.startsWith('/')
  if ((original || forwarded || isAppended) && !request.isFromTrustedProxy()) {
    throw new EntradaError('forward_auth_proxy_not_trusted', { address: request.remoteAddress() })
  }
  checkProtocol(request)
  if (isAppended) {
    // `/admin/../public` has become `/public`, but the proxy forwards the original path.
    if (!request.isTargetRaw) throw invalid('path', 'not as it was sent')
    return { page: readAppended(request, appended), signIn: 'redirect', yes: 200 }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new EntradaError('method_not_allowed', { allow: 'GET, HEAD' })
  }
  if (original && forwarded) throw invalid('X-Original-…', 'in addition to X-Forwarded-…')
  const signIn = readSignIn(appended)
  if (original) return { page: readOriginal(request), signIn, yes: 204 }
  if (forwarded) return { page: readForwarded(request), signIn, yes: 204 }
  return { page: { host: hostOf(request, 'host') }, signIn, yes: 204 }
}

/** Reads the headers of nginx and ingress-nginx. */
function readOriginal(request: VerifyRequest): RequestedPage {
  const method = methodOf(request, 'x-original-method')
  const address = request.header('x-original-url')
  if (address === undefined) {
    return {
      host: hostOf(request, 'host'),
      original: { method, uri: uriOf(request, 'x-original-uri') },
    }
  }
  if (request.header('x-original-uri') !== undefined) throw invalid('x-original-url', 'twice')
  const [, host, uri = '/'] = /^https?:\/\/([^/?#]+)(\/.*)?$/.exec(address) ?? []
  return {
    host: checkHost(host, 'x-original-url'),
    original: { method, uri: checkUri(uri, 'x-original-url') },
  }
}

/** Reads the headers of Traefik, Caddy, and HAProxy with our configuration. */
function readForwarded(request: VerifyRequest): RequestedPage {
  const named = request.header('x-forwarded-host') === undefined ? 'host' : 'x-forwarded-host'
  return {
    host: hostOf(request, named),
    original: {
      method: methodOf(request, 'x-forwarded-method'),
      uri: uriOf(request, 'x-forwarded-uri'),
    },
  }
}

/** Reads a request of Envoy: the path is appended, and the method is the browser's own. */
function readAppended(request: VerifyRequest, appended: string): RequestedPage {
  if (!isMethod(request.method)) throw invalid('method', 'not a method')
  return {
    host: hostOf(request, 'host'),
    original: { method: request.method, uri: checkUri(appended, 'path') },
  }
}

/** Reads `sign_in=redirect` in the address that the proxy is configured with. */
function readSignIn(query: string): Question['signIn'] {
  const [value, second] = new URLSearchParams(query).getAll('sign_in')
  if (value === undefined) return 'named'
  if (value !== 'redirect' || second !== undefined) throw invalid('sign_in', 'not `redirect`')
  return 'redirect'
}

/** The scheme is not used, because it is configured. But a header that has no scheme or two of them was forged. */
function checkProtocol(request: VerifyRequest): void {
  const protocol = request.header('x-forwarded-proto')
  if (protocol !== undefined && !/^(https?|wss?)$/i.test(protocol)) {
    throw invalid('x-forwarded-proto', 'not one scheme')
  }
}

function methodOf(request: VerifyRequest, name: string): string {
  const method = request.header(name)
  if (method === undefined || !isMethod(method)) throw invalid(name, 'not one method')
  return method
}

/** Returns whether the text can be a method. @see RFC 9110 §9.1: case counts, and those that exist are in capital letters */
function isMethod(text: string): boolean {
  return /^[A-Z][A-Z-]{0,31}$/.test(text)
}

function uriOf(request: VerifyRequest, name: string): string {
  return checkUri(request.header(name), name)
}

/** Two joined values have a space between them, which no request target has. @see RFC 9112 §3.2.1 */
function checkUri(uri: string | undefined, name: string): string {
  if (uri === undefined || uri.length > MAX_URI_LENGTH || !/^\/[\x21-\x7e]*$/.test(uri)) {
    throw invalid(name, 'not one path with its query')
  }
  return uri
}

function hostOf(request: VerifyRequest, name: string): string {
  return checkHost(request.header(name), name)
}

function checkHost(host: string | undefined, name: string): string {
  if (host === undefined || !/^[A-Za-z0-9.:[\]-]{1,255}$/.test(host)) {
    throw invalid(name, 'not one host')
  }
  return host.toLowerCase()
}

function invalid(parameter: string, reason: string): EntradaError {
  return new EntradaError('forward_auth_request_invalid', { parameter, reason })
}
