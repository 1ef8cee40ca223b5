/** The cookies of one browser, as far as a sign-in needs them. */
export type CookieJar = {
  /** The `Cookie` header for an address; nothing when no cookie fits. A form posted from another site carries few. */
  headerFor(url: URL, from?: { readonly isCrossSitePost: boolean }): string | undefined
  /** Keeps what an answer sets, and forgets what it ends. */
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
 * Creates a jar that is empty. Cookies last as long as the jar; a port makes no difference, as in browsers.
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
  // A clock that a test moves is no reason to lose a cookie: only a date long gone means "forget it".
  return expires < Date.UTC(2000, 0, 1)
}

function isSentTo({ host, isForSubdomains, path, isSecure }: Cookie, url: URL): boolean {
  const isHost = url.hostname === host || (isForSubdomains && url.hostname.endsWith(`.${host}`))
  const folder = path.endsWith('/') ? path : `${path}/`
  const isPath = url.pathname === path || url.pathname.startsWith(folder)
  return isHost && isPath && (!isSecure || url.protocol === 'https:' || isLocal(url))
}

/** Browsers count these names as secure, whatever the scheme. */
function isLocal({ hostname }: URL): boolean {
  return /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
}
