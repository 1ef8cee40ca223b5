import type { Services } from '../services.ts'

/**
 * Returns the cookies of a request by name. A cookie that occurs twice counts as absent: another host of the parent domain, or an
 * application on this host, can set a cookie with our name, and nothing in a request shows which one is ours.
 */
export function readCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  const repeated = new Set<string>()
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at < 0) continue
    const name = trimmed(pair.slice(0, at))
    if (name === '') continue
    if (cookies.has(name)) repeated.add(name)
    cookies.set(name, trimmed(pair.slice(at + 1)))
  }
  for (const name of repeated) cookies.delete(name)
  return cookies
}

/**
 * Removes spaces and tabs at both ends, and nothing else. `trim` would also remove a no-break space: a cookie whose name begins
 * with one, which another host of the site may set, would become the `__Host-` cookie that only this host can set.
 *
 * @see RFC 6265 §5.2
 */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

/**
 * Returns the value of one cookie by the same rule without reading all others, because a proxy asks about every request of an
 * application.
 */
export function onlyCookie(header: string, name: string): string | undefined {
  const [value, second] = cookieValues(header, name)
  return second === undefined ? value : undefined
}

function cookieValues(header: string, name: string): readonly string[] {
  const values: string[] = []
  const prefix = `${name}=`
  for (let at = header.indexOf(prefix); at >= 0; at = header.indexOf(prefix, at + 1)) {
    if (!beginsAt(header, at)) continue
    const end = header.indexOf(';', at)
    values.push(trimmed(header.slice(at + prefix.length, end < 0 ? undefined : end)))
  }
  return values
}

function beginsAt(header: string, at: number): boolean {
  let before = at - 1
  while (header[before] === ' ' || header[before] === '\t') before -= 1
  return before < 0 || header[before] === ';'
}

/**
 * Returns the full name of a cookie on this host. It has the prefix `__Host-` on https, so that no other host of the site can set
 * it.
 *
 * @see RFC 6265bis §4.1.3.2
 */
export function cookieName(
  services: Pick<Services, 'deployment'>,
  here: URL,
  name: string,
): string {
  const prefix = here.protocol === 'https:' ? '__Host-' : ''
  return `${prefix}${services.deployment.cookiePrefix}-${name}`
}

/**
 * Returns the full name of a cookie that all hosts under a parent domain receive. It has the prefix `__Secure-` on https; any of
 * those hosts can set it too.
 *
 * @see RFC 6265bis §4.1.3.1
 */
export function siteCookieName(
  services: Pick<Services, 'deployment'>,
  here: URL,
  { name, domain }: { readonly name: string; readonly domain: string },
): string {
  const prefix = here.protocol === 'https:' ? '__Secure-' : ''
  // The name contains the domain, so that a cookie for another domain above or below this one does not look like a second value.
  return `${prefix}${services.deployment.cookiePrefix}-${name}-${domain}`
}

type CookieScope = {
  readonly here: URL
  readonly maxAgeSeconds?: number
  /** Sends the cookie to all hosts under this domain, instead of this host alone. */
  readonly domain?: string
}

/**
 * Returns a `Set-Cookie` line: HttpOnly, `SameSite=Lax`, for the whole host. Without `maxAgeSeconds` the cookie ends with the
 * browser session.
 */
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

/** Returns a `Set-Cookie` line that removes the cookie. */
export function dropCookie(name: string, here: URL, domain?: string): string {
  return setCookie(name, '', { here, maxAgeSeconds: 0, ...(domain ? { domain } : {}) })
}

/** Adds `Set-Cookie` lines to a response and forbids caches to store it. */
export function withCookies(response: Response, lines: readonly string[]): Response {
  for (const line of lines) response.headers.append('set-cookie', line)
  if (lines.length > 0) response.headers.set('cache-control', 'no-store')
  return response
}
