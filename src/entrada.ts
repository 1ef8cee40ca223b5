/** createEntrada() makes `{ fetch, getSession, api, close }` of options. The one try/catch around every answer is here. */
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
   * Returns the live session of the user of a request to the application, or `undefined`, in one look-up. A session that was opened with
   * an operator token has no user.
   *
   * @throws {EntradaError} `storage_unavailable`, because an outage is not an answer; `host_not_served` for an address that is not configured
   */
  readonly getSession: (request: Request) => Promise<UserSession | undefined>
  /**
   * Decides whether a request to the application may continue. Returns its session, or the response to send instead. Never rejects; during
   * an outage the response is 503.
   */
  readonly decideAccess: (request: Request, needed?: Needed) => Promise<Access>
  /** Returns whether an address belongs to Entrada. If Entrada is mounted at the root, `/` itself belongs to the application. */
  readonly handles: (pathname: string) => boolean
  /** The operations of the JSON API as functions. The first argument of a change names the actor. */
  readonly api: Administration
  readonly close: () => Promise<void>
}

export type { AdminCaller }

/**
 * Creates Entrada inside an application. The first use opens the database and the keys.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in its message; `node_too_old`
 */
export function createEntrada(options: EntradaOptions): Entrada
/** @internal The command line opens the parts itself, and needs them too. */
export function createEntrada(options: EntradaOptions, opened: OpenedServices): Entrada
export function createEntrada(input: EntradaOptions, opened?: OpenedServices): Entrada {
  checkNode()
  const options = checkOptions(input)
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

/** Refuses an old Node, on which every request would fail later. Other runtimes are not checked. */
function checkNode(): void {
  const sentence = oldNodeSentence(globalThis.process?.versions?.node ?? '')
  if (sentence !== undefined) throw new EntradaError('node_too_old', { problems: [sentence] })
}

const openings = new WeakMap<Entrada, () => Promise<OpenedServices>>()

/** Returns the services of an instance, for `entrada/testing`. They can be reached only with the instance. */
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

/** Opens the services once, and again only after a failure. The import is late because index.ts has no Node import at its top level. */
function openLazily(options: CheckedOptions): Opening {
  let opened: Promise<OpenedServices> | undefined
  const opening = () => {
    opened ??= import('./open-services.ts').then(({ openServices }) => openServices(options))
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }
  // Closing does not open services that were never used or failed to open.
  return { opening, close: async () => (await opened?.catch(() => undefined))?.close() }
}

/** Answers in plain text: a page needs the services, and they could not be opened. */
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

/** Answers in a span. `traceparent` is honoured only from a trusted proxy; otherwise any client could attach its requests to our traces. */
async function answer(
  services: Services,
  router: Router,
  received: ReceivedRequest,
): Promise<Response> {
  const { request, remote } = received
  const sentTraceparent = request.headers.get('traceparent') ?? undefined
  const traceparent =
    sentTraceparent && services.isTrustedProxy(remote.remoteAddress) ? sentTraceparent : undefined
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

/** Opens the exchange. Health checks and proxies may send any `Host`, so the configured one takes its place. */
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

  const { pathname } = new URL(received.request.url)
  const speaks = speaksAt(pathname, services.deployment.mountPath)
  const isPage = speaks === 'page' && exchange !== undefined
  const signedIn = isPage && (await isSignedIn(services, exchange))
  const refusal: Refusal = { error, correlationId, signedIn, ...(exchange ? { exchange } : {}) }
  const response = speaks === 'page' ? await errorPage(services, refusal) : problemJson(refusal)
  if (typeof error.detail.allow === 'string') response.headers.set('allow', error.detail.allow)
  return exchange ? withCookies(response, cookiesAfterRefusal(services, exchange, error)) : response
}

/** Returns whether the browser has a session, for the wording of the page. If the database fails, the page is worded without. */
async function isSignedIn(services: Services, exchange: Exchange): Promise<boolean> {
  try {
    return (await findSession(services, exchange))?.session.kind === 'user'
  } catch {
    return false
  }
}
