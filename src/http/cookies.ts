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
 * Every value that the request has under this name; who may set cookies for a parent domain can add some. Looks for the name instead of
 * reading the whole header: a proxy asks about every request of an application, with all of its cookies.
 */
export function cookieValues(header: string, name: string): readonly string[] {
  const values: string[] = []
  const wanted = `${name}=`
  for (let at = header.indexOf(wanted); at >= 0; at = header.indexOf(wanted, at + 1)) {
    if (!beginsAt(header, at)) continue
    const end = header.indexOf(';', at)
    values.push(header.slice(at + wanted.length, end < 0 ? undefined : end).trim())
  }
  return values
}

function beginsAt(header: string, at: number): boolean {
  let before = at - 1
  while (header[before] === ' ') before -= 1
  return before < 0 || header[before] === ';'
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

/**
 * The full name of a cookie that all hosts under a parent domain get. `__Secure-` on https: any of those hosts can set it too.
 *
 * @see RFC 6265bis §4.1.3.1
 */
export function siteCookieName(
  services: Services,
  here: URL,
  { name, domain }: { readonly name: string; readonly domain: string },
): string {
  const prefix = here.protocol === 'https:' ? '__Secure-' : ''
  // The domain in the name: a cookie for another domain above or below this one must not look like a second value.
  return `${prefix}${services.deployment.cookiePrefix}-${name}-${domain}`
}

type CookieScope = {
  readonly here: URL
  readonly maxAgeSeconds?: number
  /** All hosts under this domain, instead of this host alone. */
  readonly domain?: string
}

/** A `Set-Cookie` line: HttpOnly, `SameSite=Lax`, the whole host. Without `maxAgeSeconds` it ends with the browser. */
export function setCookie(
  name: string,
  value: string,
  { here, maxAgeSeconds, domain }: CookieScope,
): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  const secure = here.protocol === 'https:' ? '; Secure' : ''
  const wide = domain === undefined ? '' : `; Domain=${domain}`
  return `${name}=${value}; Path=/${wide}${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** A `Set-Cookie` line that removes the cookie. */
export function dropCookie(name: string, here: URL, domain?: string): string {
  return setCookie(name, '', { here, maxAgeSeconds: 0, ...(domain ? { domain } : {}) })
}

/** The response with further `Set-Cookie` lines; whatever sets a cookie is never stored by a cache. */
export function withCookies(response: Response, lines: readonly string[]): Response {
  for (const line of lines) response.headers.append('set-cookie', line)
  if (lines.length > 0) response.headers.set('cache-control', 'no-store')
  return response
}
