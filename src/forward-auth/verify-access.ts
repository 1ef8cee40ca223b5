/**
 * Answers a reverse proxy that asks whether a request may pass.
 *
 *   verifyAccess → read-question → whose host it is → the session, in one look-up → decide-access → an answer
 *
 * `entrada.fetch` and `raw-verify.ts`, which avoids Web requests, use the same function. The only thing it writes is that the
 * session is in use.
 */
import { EntradaError } from '../errors/errors.ts'
import { checkOnlyLocal, type Exchange, isHostOf } from '../http/exchange.ts'
import { hostOf, parseRequestTarget } from '../http/request-target.ts'
import { jsonResponse } from '../http/responses.ts'
import { isUnder } from '../http/site.ts'
import type { Services } from '../services.ts'
import { findSessionByHeader, findSiteSession } from '../session/session.ts'
import type { SessionView } from '../storage/records.ts'
import { deniedAnswer, type Place, refusedAnswer, signInAnswer } from './access-answer.ts'
import { type AccessDecision, decidePageAccess } from './decide-access.ts'
import { identityHeaders } from './identity-headers.ts'
import type { IdentityTokens } from './identity-token.ts'
import { isVerifyTarget, type Question, readQuestion, type VerifyRequest } from './read-question.ts'

/**
 * `pass` is 204, or 200 for Envoy, with the user's identity. `stop` is any response that keeps the request from the application.
 */
export type AccessAnswer =
  | {
      readonly kind: 'pass'
      readonly status: Question['yes']
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly kind: 'stop'; readonly response: Response }

/** Decides whether the request may pass. Never rejects. */
export async function verifyAccess(
  services: Services,
  request: VerifyRequest,
): Promise<AccessAnswer> {
  try {
    return await answerQuestion(services, request)
  } catch (error) {
    return { kind: 'stop', response: refusedAnswer(services, request, error) }
  }
}

/** Answers GET /auth/verify, and any method below it for Envoy, by way of `entrada.fetch`. */
export async function showAccess(
  services: Services,
  { request, remoteAddress, target }: Exchange,
): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const parsed = parseRequestTarget(target ?? '')
  const isTargetRaw = isVerifyTarget(parsed.path, services.deployment.mountPath)
  const answer = await verifyAccess(services, {
    method: request.method,
    target: isTargetRaw ? parsed.path : pathname + search,
    isTargetRaw,
    header: (name) => {
      const value = request.headers.get(name) ?? undefined
      return name === 'host' ? hostOf(parsed, value) : value
    },
    remoteAddress: () => remoteAddress,
    isFromTrustedProxy: () => services.isTrustedProxy(remoteAddress),
  })
  return answer.kind === 'pass'
    ? new Response(null, { status: answer.status, headers: answer.headers })
    : answer.response
}

/**
 * Answers GET /auth/keys with the public keys.
 *
 * @throws {EntradaError} `page_not_found` when no tokens are signed
 * @see RFC 7517 §5
 */
export async function showTokenKeys({
  identityTokens,
}: Pick<Services, 'identityTokens'>): Promise<Response> {
  if (identityTokens === undefined) throw new EntradaError('page_not_found')
  const response = jsonResponse(identityTokens.publicKeys)
  response.headers.set('cache-control', 'public, max-age=300')
  return response
}

async function answerQuestion(services: Services, request: VerifyRequest): Promise<AccessAnswer> {
  const { deployment, identityTokens } = services
  if (deployment.mode === 'development') checkOnlyLocal(request.header)
  const { page, signIn, yes } = readQuestion(request, deployment)
  const place = placeOf(services, page.host)
  const found = await findView(services, request, place)
  // The session of an operator token belongs to no user, so an application must not let it in.
  const view = found?.session.kind === 'user' ? found : undefined
  const servedPage = { ...page, host: place.url.host }
  const decision = decidePageAccess(view, deployment.accessRules, servedPage)
  services.metrics.count('entrada_access_decisions_total', { decision: wordFor(decision) })
  switch (decision.kind) {
    case 'allowed':
      return {
        kind: 'pass',
        status: yes,
        headers: identityTokens
          ? await withToken(services, identityTokens, { place, view: decision.view })
          : passHeaders(services, decision.view),
      }
    case 'sign_in_needed':
      return {
        kind: 'stop',
        response: await signInAnswer(services, request, { page: servedPage, place, signIn }),
      }
    case 'denied':
      return {
        kind: 'stop',
        response: await deniedAnswer(services, request, {
          page: servedPage,
          place,
          decision,
          view,
        }),
      }
  }
}

/** Returns the place that the host belongs to. @throws {EntradaError} `host_not_served` */
function placeOf({ deployment }: Pick<Services, 'deployment'>, host: string): Place {
  const { publicUrls, site } = deployment
  const publicUrl = publicUrls.find((url) => isHostOf(url, host))
  if (publicUrl !== undefined) return { kind: 'own', url: publicUrl, here: publicUrl }
  const url = site?.applicationUrls.find((applicationUrl) => isHostOf(applicationUrl, host))
  const here = site && publicUrls.find((publicUrl) => isUnder(site.cookieDomain, publicUrl.host))
  if (!site || !url || !here) throw new EntradaError('host_not_served', { host })
  return { kind: 'application', url, here, site }
}

function findView(
  services: Services,
  { header }: VerifyRequest,
  place: Place,
): Promise<SessionView | undefined> | undefined {
  const cookieHeader = header('cookie')
  if (cookieHeader === undefined) return undefined
  return place.kind === 'own'
    ? findSessionByHeader(services, cookieHeader, place.here)
    : findSiteSession(services, cookieHeader, place)
}

function wordFor(decision: AccessDecision): string {
  return decision.kind === 'allowed' && decision.view === undefined ? 'public' : decision.kind
}

/** When tokens are signed, `Authorization` is always present too, so that a header which the client sent does not stay. */
async function withToken(
  services: Pick<Services, 'deployment'>,
  identityTokens: IdentityTokens,
  { place, view }: { readonly place: Place; readonly view: SessionView | undefined },
): Promise<Readonly<Record<string, string>>> {
  const token = view && (await identityTokens.sign(view, place.url.origin))
  return { ...passHeaders(services, view), Authorization: token ? `Bearer ${token}` : '' }
}

function passHeaders(
  { deployment }: Pick<Services, 'deployment'>,
  view: SessionView | undefined,
): Readonly<Record<string, string>> {
  return { ...identityHeaders(view, deployment), 'Cache-Control': 'no-store' }
}
