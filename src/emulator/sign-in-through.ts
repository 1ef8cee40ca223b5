// A complete sign-in in one line of another application's test.
//   signInThrough      starts at the application, chooses the person, returns with the application's response
//     follow             redirects, as a browser follows them
//     pick               the emulator's part: the account picker without its page
import { createCookieJar } from './cookie-jar.ts'
import { seededDirectory } from './directory.ts'
import type { Application, Directory } from './directory-schema.ts'
import type { Emulator } from './emulator.ts'
import { getUser } from './named-in-directory.ts'

/** Answers a request: the global `fetch`, or the `fetch` of an application that runs in the same process. */
export type Fetch = (request: Request) => Response | Promise<Response>

export type SignInThroughOptions = {
  /**
   * Where the application starts a sign-in: an address, or a path of the application. By default it is `/` at the origin of the
   * redirect URI that was registered with the emulator.
   */
  readonly start?: string | URL | undefined
}

/** A browser that is signed in to the application. */
export type SignedIn = {
  /** The application's response at the end of the sign-in, after all redirects. */
  readonly response: Response
  /** The address of that response. */
  readonly url: URL
  /** Sends a request with the cookies of this browser, by an address or a path, and follows redirects. */
  fetch(address: string | URL, init?: RequestInit): Promise<Response>
}

/**
 * Signs a person in to an application through the emulator, in a browser of its own: follows the application's redirects, chooses
 * the person, consents, and returns to the application. The person is named by object id or user principal name. Nothing else about
 * the emulator changes, so that tests can sign in concurrently.
 *
 * @throws {Error} when the application does not lead to the emulator, or the emulator refuses the person
 */
export async function signInThrough(
  emulator: Pick<Emulator, 'origin' | 'fetch' | 'directory'>,
  fetch: Fetch,
  user: string,
  { start = '/' }: SignInThroughOptions = {},
): Promise<SignedIn> {
  const userId = getUser(emulator.directory, user).user.id
  const base = URL.parse(String(start)) ?? applicationOrigin(emulator.directory)
  const browser = { emulator, fetch, jar: createCookieJar(), userId, hasPicked: false }
  const { response, url } = await follow(browser, { url: new URL(start, base) })
  if (!browser.hasPicked) throw neverLedThere(emulator.origin, { url, response })
  return {
    response,
    url,
    async fetch(address, init = {}) {
      const target = new URL(address, url)
      return (await follow(browser, { url: target, init: fromOwnPage(target, init) })).response
    },
  }
}

/** With a form, browsers send the origin of its page, which here is always the application's own. */
function fromOwnPage({ origin }: URL, init: RequestInit): RequestInit {
  if (init.method === undefined || init.method.toUpperCase() === 'GET') return init
  const headers = new Headers(init.headers)
  if (!headers.has('origin')) headers.set('Origin', origin)
  if (!headers.has('sec-fetch-site')) headers.set('Sec-Fetch-Site', 'same-origin')
  return { ...init, headers }
}

type Browser = {
  readonly emulator: Pick<Emulator, 'origin' | 'fetch'>
  readonly fetch: Fetch
  readonly jar: ReturnType<typeof createCookieJar>
  readonly userId: string
  hasPicked: boolean
}

type Step = {
  readonly url: URL
  readonly init?: RequestInit
  readonly isCrossSitePost?: boolean
}
type Visit = { readonly url: URL; readonly response: Response }

const MOST_STEPS = 20

async function follow(browser: Browser, first: Step): Promise<Visit> {
  let step = first
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const response = await send(browser, step)
    const next = await nextStep(browser, step, response)
    if (next === undefined) return { url: step.url, response }
    step = next
  }
  throw new Error(`the sign-in has more than ${MOST_STEPS} redirects; the last led to ${step.url}`)
}

async function send(
  { emulator, fetch, jar }: Browser,
  { url, init = {}, isCrossSitePost = false }: Step,
): Promise<Response> {
  const headers = new Headers(init.headers)
  const cookie = jar.headerFor(url, { isCrossSitePost })
  if (cookie !== undefined) headers.set('Cookie', cookie)
  const request = new Request(url, { ...init, headers, redirect: 'manual' })
  const isEmulator = url.origin === emulator.origin
  const response = await (isEmulator ? emulator.fetch(request) : answer(fetch, request))
  jar.keep(url, response)
  return response
}

async function answer(fetch: Fetch, request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (cause) {
    const address = new URL(request.url)
    throw new Error(
      `nothing answered at ${address.origin}${address.pathname}; name where the application starts a sign-in: { start: 'http://…' }`,
      { cause },
    )
  }
}

async function nextStep(
  browser: Browser,
  step: Step,
  response: Response,
): Promise<Step | undefined> {
  const { url } = step
  const location = response.headers.get('location')
  const target = location === null ? undefined : new URL(location, url)
  const isAuthorize = url.origin === browser.emulator.origin && url.pathname.endsWith('/authorize')
  const isRefused = target?.searchParams.has('error') === true
  if (isAuthorize && !isRefused && (response.ok || target !== undefined)) return pick(browser, url)
  if (target !== undefined && isRedirect(response)) {
    await response.body?.cancel()
    return redirected(step, response, target)
  }
  if (url.origin !== browser.emulator.origin) return undefined
  return afterEmulator(response)
}

/** Chooses this person, whether the emulator showed its picker or signed another person in automatically. */
function pick(browser: Browser, authorize: URL): Step {
  browser.hasPicked = true
  return {
    url: new URL(`${authorize.origin}${authorize.pathname}/choose`),
    init: {
      method: 'POST',
      body: new URLSearchParams({
        request: authorize.search.slice(1),
        account: browser.userId,
        accept: 'yes',
      }),
    },
  }
}

function isRedirect({ status }: Response): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

/** @see RFC 9110 §15.4: 307 and 308 repeat the request, the others continue with GET. */
function redirected({ url, init }: Step, { status }: Response, target: URL): Step {
  const repeats = (status === 307 || status === 308) && url.origin === target.origin
  // As in a browser, the fragment of a response in that mode stays in the address.
  return repeats && init !== undefined ? { url: target, init } : { url: target }
}

/** Follows a form that submits itself (`form_post`); any other page of the emulator is a refusal. */
async function afterEmulator(response: Response): Promise<Step> {
  const page = await response.text()
  const action = /<form method="post" action="([^"]+)">(?=<input type="hidden")/.exec(page)?.[1]
  if (action === undefined || !page.includes('forms[0].submit()')) throw refusedBy(page)
  const fields = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
  const body = new URLSearchParams(
    fields.map(([, name = '', value = '']) => [decodeEntities(name), decodeEntities(value)]),
  )
  return {
    url: new URL(decodeEntities(action)),
    init: { method: 'POST', body, headers: { 'Sec-Fetch-Site': 'cross-site' } },
    isCrossSitePost: true,
  }
}

function refusedBy(page: string): Error {
  const reason = /AADSTS\d+: [^<]*/.exec(page)?.[0] ?? /<h1>([^<]*)/.exec(page)?.[1] ?? 'no reason'
  return new Error(`the emulator did not let the person in: ${decodeEntities(reason)}`)
}

function decodeEntities(html: string): string {
  const characters = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" } as const
  return html.replaceAll(
    /&(amp|lt|gt|quot|#39);/g,
    (entity, name: keyof typeof characters) => characters[name] ?? entity,
  )
}

function neverLedThere(origin: string, { url, response }: Visit): Error {
  return new Error(
    `${url.origin}${url.pathname} answered ${response.status} and did not lead to the emulator at ${origin}; name where the application starts a sign-in: { start: '/login' }`,
  )
}

/** The application under test is the one that the test registered; the built-in ones have addresses of their own. */
function applicationOrigin(directory: Directory): string {
  const seeded = new Set(seededDirectory().applications.flatMap(redirectUrisOf))
  const all = directory.applications.flatMap(redirectUrisOf)
  const added = all.filter((uri) => !seeded.has(uri))
  const origins = [...new Set(added.map((uri) => new URL(uri).origin))]
  const [first = all[0]] = origins
  if (origins.length > 1 || first === undefined) {
    const listed = origins.join(', ') || 'none'
    throw new Error(
      `redirect URIs are registered at these origins: ${listed}; name where the application starts a sign-in: { start: 'http://…' }`,
    )
  }
  return new URL(first).origin
}

function redirectUrisOf(application: Application): readonly string[] {
  const { redirectUris, spaRedirectUris, nativeRedirectUris } = application
  const all = [...redirectUris, ...spaRedirectUris, ...nativeRedirectUris]
  return all.filter((uri) => /^https?:/.test(uri))
}
