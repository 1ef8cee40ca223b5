/** Decides whether a request to the embedding application may continue. `requireSession` of every framework calls this. */

import { errorPage } from '../error-page.ts'
import { asEntradaError, EntradaError } from '../errors/errors.ts'
import { type Exchange, openExchange, pathTo } from '../http/exchange.ts'
import { problemJson } from '../http/problem-json.ts'
import { redirect, withSecurityHeaders } from '../http/responses.ts'
import { singleHeader } from '../http/single-header.ts'
import { newUuid } from '../keys/ids.ts'
import { reportRefusal } from '../metrics/report-outcome.ts'
import type { Services } from '../services.ts'
import { findSession } from '../session/session.ts'
import { toUserSession, type UserSession } from '../session/session-json.ts'
import { didYouMean } from '../settings/stray-settings.ts'

/** What a request needs in addition to a session. */
export type Needed = {
  /** The user needs one of these roles. */
  readonly roles?: readonly string[]
  /**
   * The session has to belong to one of these organizations (ids or slugs); absent means any. Each organization names its roles
   * itself.
   */
  readonly organizations?: readonly string[]
  /** Origins of your other pages, such as `https://app.example.com`, that may send requests which change something. */
  readonly trustedOrigins?: readonly string[]
}

export type Access =
  | { readonly kind: 'allowed'; readonly session: UserSession }
  /** `response` is what the client gets instead: a redirect to the login page, 401, 403 or 503. */
  | { readonly kind: 'refused'; readonly error: EntradaError; readonly response: Response }

/** Decides whether a request has what is needed, and returns its session or the response that refuses it. */
export async function decideAccess(
  services: Services,
  request: Request,
  needed: Needed,
): Promise<Access> {
  const state: CheckState = { request, exchange: undefined, session: undefined }
  try {
    checkNeeded(needed)
    state.exchange = openExchange(services, request, {})
    checkOrigin(state.exchange, needed.trustedOrigins ?? [])
    const view = await findSession(services, state.exchange)
    state.session = view && toUserSession(view, services.now())
    if (state.session === undefined) throw new EntradaError('sign_in_required')
    checkRoles(state.session, needed)
    return { kind: 'allowed', session: state.session }
  } catch (cause) {
    const error = asEntradaError(cause)
    return { kind: 'refused', error, response: await answerFor(services, state, error) }
  }
}

type CheckState = {
  readonly request: Request
  exchange: Exchange | undefined
  session: UserSession | undefined
}

const neededNames: ReadonlySet<string> = new Set(
  Object.keys({
    roles: true,
    organizations: true,
    trustedOrigins: true,
  } satisfies Record<keyof Needed, true>),
)

/**
 * Refuses requirements that would be met by accident: a misspelt name would require nothing, and a string in place of a list would
 * be searched for substrings.
 *
 * @throws {EntradaError} `settings_invalid`
 */
function checkNeeded(needed: Needed): void {
  const problems = Object.entries(needed).flatMap(([name, list]: readonly [string, unknown]) => {
    if (!neededNames.has(name))
      return [`${name} is no requirement.${didYouMean(name, neededNames)}`]
    const isList = Array.isArray(list) && list.every((item) => typeof item === 'string')
    return list === undefined || isList ? [] : [`${name} must be a list of texts`]
  })
  if (problems.length > 0) throw new EntradaError('settings_invalid', { problems })
}

/**
 * A request that changes something has to come from a page of this origin, or from a client that is not a browser. Our cookie is
 * `SameSite=Lax`, which stops other sites, but not another host of the same site.
 */
function checkOrigin({ request, here }: Exchange, trustedOrigins: readonly string[]): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return
  const site = singleHeader(request.headers, 'sec-fetch-site')
  const origin = singleHeader(request.headers, 'origin')
  if (site === 'same-origin' || site === 'none') return
  if (site === undefined && origin === undefined) return
  if (origin !== undefined && [here.origin, ...trustedOrigins].includes(origin)) return
  throw new EntradaError('cross_site_request', { site, origin: origin?.slice(0, 255) })
}

function checkRoles({ roles: sessionRoles, organization }: UserSession, needed: Needed): void {
  const { roles, organizations } = needed
  const names = [organization.id, organization.slug]
  if (organizations !== undefined && !names.some((name) => organizations.includes(name))) {
    throw new EntradaError('role_required', { organizations })
  }
  if (roles === undefined || roles.some((role) => sessionRoles.includes(role))) return
  throw new EntradaError('role_required', { roles })
}

async function answerFor(
  services: Services,
  { request, exchange, session }: CheckState,
  error: EntradaError,
): Promise<Response> {
  const isPage = isNavigation(request)
  const isStranger = error.code === 'sign_in_required'
  if (isStranger && isPage && exchange && request.method === 'GET') {
    return redirect(loginAddress(services, exchange))
  }
  const correlationId = exchange?.correlationId ?? newUuid(services)
  if (!isStranger) {
    const received = { request, remote: {} }
    reportRefusal(services, { received, exchange, error, correlationId, recorded: false })
  }
  const signedIn = session !== undefined
  const refusal = { error, correlationId, signedIn, ...(exchange ? { exchange } : {}) }
  const response = isPage ? await errorPage(services, refusal) : problemJson(refusal)
  return withSecurityHeaders(response, exchange?.here)
}

/** A browser window that loads a page can be shown another page. Programs, and scripts of a page, get JSON. */
function isNavigation({ headers }: Request): boolean {
  const mode = headers.get('sec-fetch-mode')
  if (mode !== null) return mode === 'navigate'
  return headers.get('accept')?.includes('text/html') ?? false
}

function loginAddress(services: Pick<Services, 'deployment'>, { url }: Exchange): string {
  const query = new URLSearchParams({ return_to: url.pathname + url.search })
  return pathTo(services, `/login?${query}`)
}
