/** A browser without a screen: a cookie jar per host, redirects followed, no scripts. */

export type Site = (request: Request) => Promise<Response>

export type TestBrowser = {
  /** One request, no redirect followed. Cookies go out and come in. */
  request(url: string | URL, init?: RequestInit): Promise<Response>
  /** Follows redirects to the end; answers the last response and every address on the way. */
  visit(url: string | URL, init?: RequestInit): Promise<Visit>
  cookies(host: string): ReadonlyMap<string, string>
  setCookie(host: string, name: string, value: string): void
  /** Another browser with the same cookies. */
  clone(): TestBrowser
}
export type Visit = {
  readonly response: Response
  readonly url: URL
  readonly text: string
  readonly locations: readonly string[]
}

type Jar = Map<string, Map<string, string>>

const MAX_REDIRECTS = 12

/** `sites` answers by host; any other host is an error, so that nothing leaves the test. */
export function createTestBrowser(
  sites: Readonly<Record<string, Site>>,
  jar: Jar = new Map(),
): TestBrowser {
  async function request(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url)
    const site = sites[target.host]
    if (site === undefined) throw new Error(`the test browser knows no site ${target.host}`)
    const cookies = jar.get(target.host)
    const headers = new Headers(init.headers)
    headers.set('host', target.host)
    if (cookies?.size)
      headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    if (init.method === 'POST' && !headers.has('sec-fetch-site'))
      headers.set('sec-fetch-site', 'same-origin')
    const response = await site(new Request(target, { ...init, headers, redirect: 'manual' }))
    keepCookies(target.host, response)
    return response
  }

  function keepCookies(host: string, response: Response): void {
    const cookies = jar.get(host) ?? new Map<string, string>()
    jar.set(host, cookies)
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      if (attributes.includes('Max-Age=0')) cookies.delete(name)
      else cookies.set(name, pair.slice(at + 1))
    }
  }

  async function visit(url: string | URL, init: RequestInit = {}): Promise<Visit> {
    let at = new URL(url)
    let response = await request(at, init)
    const locations: string[] = []
    while (response.status >= 300 && response.status < 400) {
      if (locations.length >= MAX_REDIRECTS)
        throw new Error(`redirects without end: ${locations.join(' → ')}`)
      const location = response.headers.get('location') ?? ''
      locations.push(location)
      at = new URL(location, at)
      response = await request(at)
    }
    return { response, url: at, text: await response.text(), locations }
  }

  return {
    request,
    visit,
    cookies: (host) => jar.get(host) ?? new Map(),
    setCookie(host, name, value) {
      jar.set(host, new Map(jar.get(host)).set(name, value))
    },
    clone: () =>
      createTestBrowser(sites, new Map([...jar].map(([host, held]) => [host, new Map(held)]))),
  }
}
