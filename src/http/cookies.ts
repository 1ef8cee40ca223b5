import { parse } from 'hono/utils/cookie'
import type { Services } from '../services.ts'

/** Cookies of the request by name. A header that cannot be read counts as none. */
export function parseCookies(header: string | null): ReadonlyMap<string, string> {
  if (header === null) return new Map()
  try {
    return new Map(Object.entries(parse(header)))
  } catch {
    return new Map()
  }
}

/**
 * The full name of a cookie of ours on this host: `__Host-` on https, so that no other host of the site can set it.
 *
 * @see RFC 6265bis §4.1.3.2
 */
export function cookieName(services: Services, here: URL, name: string): string {
  const prefix = here.protocol === 'https:' ? '__Host-' : ''
  return `${prefix}${services.deployment.cookiePrefix}-${name}`
}

/** A `Set-Cookie` line: HttpOnly, `SameSite=Lax`, the whole host. Without `maxAgeSeconds` it ends with the browser. */
export function setCookie(
  name: string,
  value: string,
  { here, maxAgeSeconds }: { readonly here: URL; readonly maxAgeSeconds?: number },
): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  const secure = here.protocol === 'https:' ? '; Secure' : ''
  return `${name}=${value}; Path=/${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** A `Set-Cookie` line that removes the cookie. */
export function dropCookie(name: string, here: URL): string {
  return setCookie(name, '', { here, maxAgeSeconds: 0 })
}

/** The response with further `Set-Cookie` lines; whatever sets a cookie is never stored by a cache. */
export function withCookies(response: Response, lines: readonly string[]): Response {
  for (const line of lines) response.headers.append('set-cookie', line)
  if (lines.length > 0) response.headers.set('cache-control', 'no-store')
  return response
}
