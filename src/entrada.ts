/** createEntrada(): options in, `{ fetch, getSession, api, close }` out; with the one try/catch around every answer. */
import type { AdminCaller } from './access/admin-caller.ts'
import { type Administration, createAdministration } from './admin/administration.ts'
import { recordRefusal } from './audit/record-refusal.ts'
import { type Access, decideAccess, type Needed } from './embedding/decide-access.ts'
import { errorPage, type Refusal } from './error-page.ts'
import { asEntradaError, EntradaError, errorEntry } from './errors/errors.ts'
import { withCookies } from './http/cookies.ts'
import { type Exchange, openExchange, type RemoteInfo } from './http/exchange.ts'
import { problemJson } from './http/problem-json.ts'
import { withSecurityHeaders } from './http/responses.ts'
import { newUuid } from './keys/ids.ts'
import { type ReceivedRequest, reportAnswer, reportRefusal } from './metrics/report-outcome.ts'
import { createRouter, isOurAddress, type Router, speaksAt } from './routes.ts'
import type { Services } from './services.ts'
import { findSession } from './session/session.ts'
import { toUserSession, type UserSession } from './session/session-json.ts'
import { type CheckedOptions, checkOptions } from './settings/check-options.ts'
import { oldNodeSentence } from './settings/node-version.ts'
import type { EntradaOptions } from './settings/options.ts'
import { cookiesAfterRefusal } from './sign-in/after-refusal.ts'

export type Entrada = {
  /** Answers a request to any address of Entrada. Never rejects. */
  readonly fetch: (request: Request, remote?: RemoteInfo) => Promise<Response>
  /**
   * The live session of a person in a request to the application, or `undefined`, in one look-up. An operator's token session is
   * nobody's.
   *
   * @throws {EntradaError} `storage_unavailable`: an outage is never an answer. `host_not_served`: another address than `serverUrl`
   */
  readonly getSession: (request: Request) => Promise<UserSession | undefined>
  /**
   * Whether a request to the application may go on: with its session, or with the answer to send instead. Never rejects; an outage
   * refuses with 503.
   */
  readonly decideAccess: (request: Request, needed?: Needed) => Promise<Access>
  /** Whether an address is one of Entrada's. Mounted at the root, `/` itself is the application's. */
  readonly handles: (pathname: string) => boolean
  /** What the JSON API does, as functions. The caller says who acts. */
  readonly api: Administration
  readonly close: () => Promise<void>
}

export type { AdminCaller }

/**
 * Entrada inside an application. Database and keys are opened with the first use.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in its message; `node_too_old`
 */
export function createEntrada(options: EntradaOptions): Entrada
/** @internal The command line opens the parts itself, and needs them too. */
export function createEntrada(options: EntradaOptions, opened: OpenedServices): Entrada
export function createEntrada(given: EntradaOptions, opened?: OpenedServices): Entrada {
  checkNode()
  const options = checkOptions(given)
  const { opening, close } = opened ? openedAlready(opened) : openLazily(options)
  const { mountPath = '' } = options
  const router = createRouter(mountPath)
  const entrada: Entrada = {
    async fetch(request, remote = {}) {
      try {
        return await answer(await opening(), router, { request, remote })
      } catch (error) {
        return notOpened(options, error)
      }
    },
    async getSession(request) {
      const services = await opening()
      const view = await findSession(services, openExchange(services, request, {}))
      return view && toUserSession(view, services.now())
    },
    async decideAccess(request, needed = {}) {
      try {
        return await decideAccess(await opening(), request, needed)
      } catch (cause) {
        const response = notOpened(options, cause)
        return { kind: 'refused', error: asEntradaError(cause), response }
      }
    },
    handles: (pathname) => isOurAddress(pathname, mountPath),
    api: createAdministration(opening),
    close,
  }
  openings.set(entrada, opening)
  return entrada
}

/** On an old Node the parts could not be opened, and every request would be refused. Other runtimes are tried. */
function checkNode(): void {
  const sentence = oldNodeSentence(globalThis.process?.versions?.node ?? '')
  if (sentence !== undefined) throw new EntradaError('node_too_old', { problems: [sentence] })
}

const openings = new WeakMap<Entrada, () => Promise<OpenedServices>>()

/** The parts behind an instance, for `entrada/testing`: only who holds the instance has them. */
export async function servicesOf(entrada: Entrada): Promise<Services> {
  const opening = openings.get(entrada)
  if (opening === undefined) throw new TypeError('this is no instance that createEntrada made')
  return opening()
}

type OpenedServices = Services & { readonly close: () => Promise<void> }

type Opening = {
  readonly opening: () => Promise<OpenedServices>
  readonly close: () => Promise<void>
}

function openedAlready(opened: OpenedServices): Opening {
  return { opening: async () => opened, close: () => opened.close() }
}

/** Once, and again only after a failure. Imported late: the library's door has no Node import at its top level. */
function openLazily(options: CheckedOptions): Opening {
  let opened: Promise<OpenedServices> | undefined
  const opening = () => {
    opened ??= import('./open-services.ts').then(({ openServices }) => openServices(options))
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }
  // What was never used, or could not be opened, is not opened for closing it.
  return { opening, close: async () => (await opened?.catch(() => undefined))?.close() }
}

/** Without its parts there is no page to show it on. */
function notOpened({ log }: CheckedOptions, cause: unknown): Response {
  const { code } = asEntradaError(cause)
  log?.error('not_opened', { code, error: cause })
  return new Response(`${errorEntry(code).shown}\n${code}\n`, {
    status: 503,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '5',
    },
  })
}

/** In a span of its own. Whose `traceparent` counts is a proxy's that is trusted: a stranger's would join traces as he likes. */
async function answer(
  services: Services,
  router: Router,
  received: ReceivedRequest,
): Promise<Response> {
  const { request, remote } = received
  const given = request.headers.get('traceparent') ?? undefined
  const traceparent = given && services.isTrustedProxy(remote.remoteAddress) ? given : undefined
  const { response } = await services.tracing.request(
    { method: request.method, traceparent },
    () => work(services, router, received),
    ({ response: { status }, route }) => ({ route, status }),
  )
  return response
}

type Worked = { readonly response: Response; readonly route: string }

async function work(
  services: Services,
  router: Router,
  received: ReceivedRequest,
): Promise<Worked> {
  const startedAt = performance.now()
  let exchange: Exchange | undefined
  let response: Response
  try {
    exchange = openExchangeFor(services, received)
    response = await router(services, exchange)
  } catch (error) {
    response = await refuse(services, { received, exchange, error })
  }
  const { status } = response
  reportAnswer(services, { received, exchange, status, startedAt })
  const route = exchange?.matched.path ?? 'other'
  return { route, response: withSecurityHeaders(response, exchange?.here) }
}

/** Health checks and questions of proxies come with whatever Host those use. */
function openExchangeFor(services: Services, { request, remote }: ReceivedRequest): Exchange {
  const { pathname } = new URL(request.url)
  const { mountPath, publicUrls } = services.deployment
  const speaks = speaksAt(pathname, mountPath)
  if (speaks !== 'health' && speaks !== 'proxy') return openExchange(services, request, remote)
  const headers = new Headers({ host: publicUrls[0].host })
  const plain = new Request(publicUrls[0].origin + pathname, { headers })
  const { target, ...connection } = remote
  return { ...openExchange(services, plain, connection), request, ...(target ? { target } : {}) }
}

type Refused = {
  readonly received: ReceivedRequest
  readonly exchange: Exchange | undefined
  readonly error: unknown
}

async function refuse(
  services: Services,
  { received, exchange, error: cause }: Refused,
): Promise<Response> {
  const error = asEntradaError(cause)
  const correlationId = exchange?.correlationId ?? newUuid(services)
  const record = exchange?.signIn.record
  const recorded =
    exchange && record ? await recordRefusal(services, exchange, { record, error }) : false
  reportRefusal(services, { received, exchange, error, correlationId, recorded })

  const signedIn = exchange !== undefined && (await isSignedIn(services, exchange))
  const refusal: Refusal = { error, correlationId, signedIn, ...(exchange ? { exchange } : {}) }
  const { pathname } = new URL(received.request.url)
  const speaks = speaksAt(pathname, services.deployment.mountPath)
  const response = speaks === 'page' ? await errorPage(services, refusal) : problemJson(refusal)
  if (typeof error.detail.allow === 'string') response.headers.set('allow', error.detail.allow)
  return exchange ? withCookies(response, cookiesAfterRefusal(services, exchange, error)) : response
}

/** Only to word the page; if the database does not say, the page goes without. */
async function isSignedIn(services: Services, exchange: Exchange): Promise<boolean> {
  try {
    return (await findSession(services, exchange))?.session.kind === 'user'
  } catch {
    return false
  }
}
