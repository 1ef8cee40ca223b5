/** The cookies of one browser, as far as a sign-in needs them. */
export type CookieJar = {
  /**
   * Returns the `Cookie` header for an address, or `undefined` if no cookie fits. A form that is posted from another site carries
   * only few.
   */
  headerFor(url: URL, from?: { readonly isCrossSitePost: boolean }): string | undefined
  /** Stores the cookies that a response sets, and removes those that it ends. */
  keep(url: URL, response: Response): void
}

type Cookie = {
  readonly name: string
  readonly value: string
  readonly host: string
  readonly isForSubdomains: boolean
  readonly path: string
  readonly isSecure: boolean
  /** `SameSite=Lax` or `Strict`. */
  readonly isForOwnSite: boolean
}

/**
 * Creates an empty jar. Cookies last as long as the jar; as in browsers, the port makes no difference.
 *
 * @see RFC 6265 §5.3 and §5.4
 */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>()

  return {
    headerFor(url, { isCrossSitePost } = { isCrossSitePost: false }) {
      const fitting = [...cookies.values()].filter(
        (cookie) => isSentTo(cookie, url) && !(isCrossSitePost && cookie.isForOwnSite),
      )
      if (fitting.length === 0) return undefined
      return fitting.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    keep(url, response) {
      for (const line of response.headers.getSetCookie()) {
        const { cookie, isEnded } = parseCookie(line, url)
        const key = `${cookie.name};${cookie.host};${cookie.path}`
        if (isEnded) cookies.delete(key)
        else cookies.set(key, cookie)
      }
    },
  }
}

function parseCookie(line: string, url: URL): { cookie: Cookie; isEnded: boolean } {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const attributes = new Map(
    rest.map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name.toLowerCase(), value.join('=')]
    }),
  )
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase()
  const path = attributes.get('path')
  const cookie = {
    name: pair.slice(0, pair.indexOf('=')),
    value: pair.slice(pair.indexOf('=') + 1),
    host: domain || url.hostname,
    isForSubdomains: Boolean(domain),
    path: path?.startsWith('/') ? path : '/',
    isSecure: attributes.has('secure'),
    isForOwnSite: ['lax', 'strict'].includes(attributes.get('samesite')?.toLowerCase() ?? ''),
  }
  return { cookie, isEnded: isOver(attributes) }
}

function isOver(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined) return Number(maxAge) <= 0
  const expires = Date.parse(attributes.get('expires') ?? '')
  // A clock that a test moves must not lose cookies: only a date in the distant past means "remove it".
  return expires < Date.UTC(2000, 0, 1)
}

function isSentTo({ host, isForSubdomains, path, isSecure }: Cookie, url: URL): boolean {
  const isHost = url.hostname === host || (isForSubdomains && url.hostname.endsWith(`.${host}`))
  const folder = path.endsWith('/') ? path : `${path}/`
  const isPath = url.pathname === path || url.pathname.startsWith(folder)
  return isHost && isPath && (!isSecure || url.protocol === 'https:' || isLocal(url))
}

/** Browsers treat these names as secure, whatever the scheme. */
function isLocal({ hostname }: URL): boolean {
  return /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
}
