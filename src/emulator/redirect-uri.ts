import type { Application } from './directory.ts'

/** How a redirect URI is registered, which decides how its codes and refresh tokens are redeemed. */
export type Platform = 'web' | 'spa' | 'native'

/**
 * Finds the platform under which an application has registered a redirect URI; `undefined` when it has not.
 *
 * URIs are compared as text, path and query case-sensitively. As Entra does, the port is ignored for
 * `http://localhost` and `http://127.0.0.1`. Deviation: `http://*.localhost` counts too, so that browser tests can have
 * several hosts.
 *
 * @see RFC 9700 §2.1, RFC 8252 §7.3
 */
export function findPlatform(application: Application, uri: string): Platform | undefined {
  const { redirectUris, spaRedirectUris, nativeRedirectUris, loopbackRedirectUris } = application
  if (isRegisteredRedirectUri(redirectUris, uri)) return 'web'
  if (isRegisteredRedirectUri(spaRedirectUris, uri)) return 'spa'
  if (isRegisteredRedirectUri(nativeRedirectUris, uri)) return 'native'
  return isLoopbackUri(uri) ? loopbackRedirectUris : undefined
}

/** Returns whether a page of this origin belongs to the application's single-page platform. */
export function isSinglePageOrigin(application: Application, origin: string): boolean {
  if (application.loopbackRedirectUris === 'spa' && isLoopbackUri(origin)) return true
  return isRegisteredRedirectUri(
    application.spaRedirectUris.flatMap((uri) => URL.parse(uri)?.origin ?? []),
    origin,
  )
}

/** Returns whether a redirect URI is one of those registered. */
export function isRegisteredRedirectUri(registered: readonly string[], value: string): boolean {
  const comparableUri = comparable(value)
  return comparableUri !== undefined && registered.some((uri) => comparable(uri) === comparableUri)
}

// The text is split by hand, because `URL` would resolve `/a/../b` and make two different texts equal.
function comparable(uri: string): string | undefined {
  const parts = parseWebUri(uri)
  if (parts === undefined) return isOtherScheme(uri) ? uri : undefined
  const { scheme, host, port, rest } = parts
  const significantPort = scheme === 'http' && isLoopback(host) ? '' : port
  return `${scheme}://${host}${significantPort}${rest === '' ? '/' : rest}`
}

function parseWebUri(uri: string) {
  const parts = /^(https?):\/\/([^/:?#@\\]+|\[[0-9a-f:]+\])(:\d+)?([/?][^#]*)?$/i.exec(uri)
  if (parts === null) return undefined
  const [, scheme = '', host = '', port = '', rest = ''] = parts
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port, rest }
}

/** Matches schemes of native applications, such as `msauth://`. The excluded ones would be executed by a browser. */
function isOtherScheme(uri: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:[^#\s\\]+$/i.test(uri) &&
    !/^(https?|javascript|data|vbscript|blob|file|about):/i.test(uri)
  )
}

function isLoopbackUri(uri: string): boolean {
  const parts = parseWebUri(uri)
  return parts !== undefined && (isLoopback(parts.host) || parts.host === '[::1]')
}

function isLoopback(host: string): boolean {
  return /^((.+\.)?localhost|127\.0\.0\.1)$/i.test(host)
}
