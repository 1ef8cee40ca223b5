/** Responses that keep a request from the application: a page if a person waits for one, otherwise problem+json. */

import type { Site } from '../deployment.ts'
import { EntradaError, errorEntry, isEntradaError } from '../errors/errors.ts'
import { pathTo } from '../http/exchange.ts'
import { problemJson } from '../http/problem-json.ts'
import { redirect, withSecurityHeaders } from '../http/responses.ts'
import { newUuid } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import { parseReturnTo } from '../sign-in/return-to.ts'
import type { SessionView } from '../storage/records.ts'
import { deniedPage, signInPage } from './access-pages.ts'
import { asksForPage } from './asks-for-page.ts'
import type { AccessDecision, RequestedPage } from './decide-access.ts'
import type { Question, VerifyRequest } from './read-question.ts'

/** The host that the request is for. `here` is our public address at which its users sign in. */
export type Place =
  | { readonly kind: 'own'; readonly url: URL; readonly here: URL }
  | { readonly kind: 'application'; readonly url: URL; readonly here: URL; readonly site: Site }

type Stopped = { readonly page: RequestedPage; readonly place: Place }

/**
 * Returns 401 with the address to sign in at. A browser window gets the way back to its page as `Location`, for the proxy to
 * redirect to, or a 303 at once. Other clients get no redirect, because they would follow it to a page that they cannot use.
 */
export async function signInAnswer(
  services: Pick<Services, 'deployment' | 'now' | 'randomBytes'>,
  request: VerifyRequest,
  { page, place, signIn }: Stopped & Pick<Question, 'signIn'>,
): Promise<Response> {
  const { original } = page
  if (!asksForPage(request, original?.method ?? request.method)) {
    const signInAddress = signInAddressAt(services, place)
    const error = new EntradaError('sign_in_required', { signIn: signInAddress.href })
    const correlationId = newUuid(services)
    return withSecurityHeaders(problemJson({ error, correlationId }), undefined)
  }
  const address = signInAddressAt(services, place, original?.uri)
  if (signIn === 'redirect') return withSecurityHeaders(redirect(address), undefined)
  const response = await signInPage(services, address)
  response.headers.set('location', address.href)
  response.headers.set('www-authenticate', 'Bearer realm="entrada"')
  return withSecurityHeaders(response, undefined)
}

/** Returns 403 to every client, and never a redirect to the sign-in: a browser would follow it and come back here for ever. */
export async function deniedAnswer(
  services: Services,
  request: VerifyRequest,
  {
    page,
    place,
    decision,
    view,
  }: Stopped & {
    readonly decision: Extract<AccessDecision, { readonly kind: 'denied' }>
    readonly view: SessionView | undefined
  },
): Promise<Response> {
  const { code, ruleId, groupsUnknown } = decision
  const { host, original } = page
  const userId = view?.user?.id
  const error = new EntradaError(code, { host, rule: ruleId, userId, groupsUnknown })
  const correlationId = newUuid(services)
  tellStopped(services, request, { error, correlationId })
  const signInAddress = signInAddressAt(services, place, original?.uri)
  const response = asksForPage(request, original?.method ?? request.method)
    ? await deniedPage(services, { error, correlationId, signInAddress, view })
    : problemJson({ error, correlationId })
  return withSecurityHeaders(response, undefined)
}

/** Returns the response to a failure on the way to a decision. It never lets the request pass. */
export function refusedAnswer(
  services: Services,
  request: VerifyRequest,
  cause: unknown,
): Response {
  const error = isEntradaError(cause) ? cause : new EntradaError('internal_error', {}, { cause })
  const correlationId = newUuid(services)
  services.metrics.count('entrada_access_decisions_total', { decision: 'refused' })
  tellStopped(services, request, { error, correlationId })
  const response = problemJson({ error, correlationId })
  if (typeof error.detail.allow === 'string') response.headers.set('allow', error.detail.allow)
  return withSecurityHeaders(response, undefined)
}

/**
 * The sign-in address is the login page, which waits for a click: a user who comes back without a valid session is not redirected
 * in circles.
 */
function signInAddressAt(
  services: Pick<Services, 'deployment'>,
  { url, here, kind }: Place,
  uri?: string,
): URL {
  const address = new URL(pathTo(services, '/login'), here)
  const page = uri !== undefined && kind === 'application' ? url.origin + uri : uri
  const returnTo = parseReturnTo(page, here, services.deployment)
  if (returnTo !== '/') address.searchParams.set('return_to', returnTo)
  else if (kind === 'application') address.searchParams.set('return_to', `${url.origin}/`)
  return address
}

/** Logs one line that an administrator may look for. It is sampled, because any client can cause it many times a second. */
function tellStopped(
  services: Services,
  { method, header, remoteAddress }: VerifyRequest,
  { error, correlationId }: { readonly error: EntradaError; readonly correlationId: string },
): void {
  const { code, detail, cause } = error
  const { status } = errorEntry(code)
  services.metrics.count('entrada_refusals_total', { code })
  const ip = services.clientIp(header('x-forwarded-for') ?? null, remoteAddress())
  const fields = { correlationId, method, route: '/auth/verify', code, status, detail, cause, ip }
  if (status >= 500) {
    services.log.error('request_refused', fields)
    return
  }
  const { worthLogging, countInWindow } = services.refusalSampler.sample(code)
  if (worthLogging) services.log.info('request_refused', { ...fields, countInWindow })
}
