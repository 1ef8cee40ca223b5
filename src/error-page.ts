/** The page of a refusal. It has the same code and correlation id as the problem+json that programs receive. */
import { html } from 'hono/html'
import type { ConnectionStart } from './connections/connection-addresses.ts'
import { isOfEnvironment } from './connections/environment-connection-id.ts'
import {
  type EntradaError,
  type ErrorCode,
  errorEntry,
  remedyOf,
  type StartAgain,
} from './errors/errors.ts'
import { type Exchange, pathTo } from './http/exchange.ts'
import { type Html, pageResponse } from './http/responses.ts'
import { withCode } from './http/with-code.ts'
import { type ProviderExplanation, whoWords } from './identity-provider/provider-errors.ts'
import { explainRefusal } from './identity-provider/provider-kinds.ts'
import type { Services } from './services.ts'
import { findLastConnection } from './sign-in/last-connection.ts'
import { entraButton, loginAddress, startAddress } from './sign-in/login-page.ts'

export type Refusal = {
  readonly error: EntradaError
  readonly correlationId: string
  /** Absent if the request named a host that is not configured. */
  readonly exchange?: Exchange
  /** Whether this browser has a session in spite of the refusal. */
  readonly signedIn: boolean
}

/** Returns the page of a refusal, with the status of the refusal. The page repeats no text of the request. */
export async function errorPage(services: Services, refusal: Refusal): Promise<Response> {
  const { error, correlationId } = refusal
  const { status, shown, startAgain = 'none' } = errorEntry(error.code)
  const explanation = explainRefusal(error)
  const title = isOver(refusal) ? 'You are signed in' : titleFor(error.code, status)
  const sentence = isOver(refusal) ? overSentence : (explanation?.entry?.shown ?? shown)
  const response = await pageResponse(services, {
    title,
    status,
    correlationId,
    body: html`<h1>${title}</h1>
<p class="sentence">${sentence}</p>
${await organizationLine(services, refusal)}
${whatNext(services, refusal, startAgain)}
${details(services, { error, correlationId, explanation })}`,
  })
  const retryAfter = error.detail.retryAfterSeconds
  if (typeof retryAfter === 'number') response.headers.set('retry-after', String(retryAfter))
  if (status === 503) response.headers.set('retry-after', '5')
  return response
}

/** Refusals of people who are not in the customer's directory. */
const ofStrangers: ReadonlySet<string> = new Set<ErrorCode>([
  'tenant_not_allowed',
  'personal_account_not_allowed',
  'guest_not_allowed',
])

/** Names the organization, but only to people whom its own directory has vouched for (design rule 19). */
async function organizationLine(
  { storage }: Pick<Services, 'storage'>,
  { error, exchange }: Refusal,
): Promise<Html> {
  const { connection, person } = exchange?.signIn.record ?? {}
  if (!connection || !person || ofStrangers.has(error.code)) return html``
  if (isOfEnvironment(connection)) return html``
  try {
    const organization = await storage.findOrganization(connection.organizationId)
    return organization ? html`<p>Organization: <strong>${organization.name}</strong></p>` : html``
  } catch {
    return html``
  }
}

const overSentence = 'This page belongs to a sign-in that is over already.'

/** Returns whether the refusal comes of the back button or a reload after a successful sign-in. */
function isOver({ error, signedIn }: Refusal): boolean {
  return signedIn && overCodes.has(error.code)
}

const overCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'sign_in_attempt_not_yours',
  'sign_in_attempt_expired',
  'attempt_already_used',
])

function titleFor(code: ErrorCode, status: number): string {
  if (code === 'sign_in_required') return 'Sign in first'
  if (asksToSignIn.has(code)) return 'Please sign in again'
  if (status === 404) return 'Not found'
  if (status === 401 || status === 403) return 'No access'
  if (status === 429 || status >= 500) return 'Not available right now'
  return 'That did not work'
}

/** Offers a link to start again. The page never starts again by itself, because that could loop. */
async function whatNext(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  { error, exchange, signedIn }: Refusal,
  startAgain: StartAgain,
): Promise<Html> {
  const home = pathTo(services, '/')
  const goOn = signedIn
    ? html`<p>You are signed in all the same.</p><p class="next"><a class="button" href="${home}">Continue</a></p>`
    : continueOnceSignedIn(error, exchange)
  if (signedIn && startAgain !== 'other_account') return goOn
  if (error.code === 'operator_token_invalid')
    return html`<p><a class="button" href="${pathTo(services, '/login/token')}">Try again</a></p>`
  if (exchange === undefined) return html`<p>This server is at ${publicLinks(services)}.</p>`
  if (startAgain === 'none') {
    return html`<p><a href="${home}">To the start page</a></p>${operatorLink(services, exchange)}`
  }
  const start = await whereToStart(services, exchange, error)
  if (start === undefined) {
    const login = loginAddress(services, wantedPage(exchange, error))
    return html`${goOn}<p><a href="${login}">To the sign-in page</a></p>${operatorLink(services, exchange)}`
  }
  return html`${goOn}${invitation(error, startAgain)}${entraButton(start)}${operatorLink(services, exchange)}`
}

/**
 * For the second of two callbacks of one sign-in. Its request cannot carry the session that the first one opens, but the browser holds
 * that session once the first one is answered. Without a session the same address leads to the sign-in.
 */
function continueOnceSignedIn({ code }: EntradaError, exchange: Exchange | undefined): Html {
  const attempt = exchange?.signIn.record?.attempt
  if (code !== 'attempt_already_used' || attempt?.purpose !== 'sign_in') return html``
  return html`<p>If you are signed in by now:</p><p class="next"><a class="button" href="${attempt.returnTo}">Continue</a></p>`
}

/** Returns the sign-in address of the connection that refused, or else of the one that this browser used last, or else of the default. */
async function whereToStart(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  exchange: Exchange,
  error: EntradaError,
): Promise<string | undefined> {
  const startAt = startAtOf(error)
  if (startAt) return startAddress(services, wantedPage(exchange, error), { connection: startAt })
  const { record, connection = record?.connection } = exchange.signIn
  const shownConnection = connection ?? (await lastConnection(services, exchange))
  const canStart = shownConnection
    ? shownConnection.status === 'on'
    : services.deployment.defaultConnectionId
  if (!canStart) return undefined
  return startAddress(
    services,
    wantedPage(exchange, error),
    shownConnection ? { connection: shownConnection } : {},
  )
}

/** Returns the connection that this browser used last. If the database fails, the page does without it. */
async function lastConnection(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  exchange: Exchange,
) {
  try {
    return await findLastConnection(services, exchange)
  } catch {
    return undefined
  }
}

/** Returns the connection to sign in through that `session.ts` and `choose-connection.ts` put into the refusal. */
function startAtOf({ detail }: EntradaError): ConnectionStart | undefined {
  return (detail as { readonly startAt?: ConnectionStart }).startAt
}

/** Returns the page to continue at: the one that the attempt stores, or the refused page itself if it only needs a sign-in. */
function wantedPage({ signIn, url, request }: Exchange, { code }: EntradaError): string {
  const isPage = request.method === 'GET' || request.method === 'HEAD'
  const asks = code === 'role_required' || asksToSignIn.has(code)
  const here = asks && isPage ? url.pathname + url.search : '/'
  return signIn.record?.attempt.returnTo ?? here
}

const asksToSignIn: ReadonlySet<string> = new Set<ErrorCode>([
  'sign_in_required',
  'sign_in_again',
  'access_changed',
  'sso_session_ended',
])

function invitation({ code }: EntradaError, startAgain: StartAgain): Html {
  if (asksToSignIn.has(code)) return html``
  const other = startAgain === 'other_account'
  return html`<p>${other ? 'You can try with another account:' : 'You can start again:'}</p>`
}

/** Links to the sign-in with the operator token, which works when the identity provider does not. */
function operatorLink(services: Pick<Services, 'deployment'>, { url }: Exchange): Html {
  if (!url.pathname.startsWith(pathTo(services, '/admin'))) return html``
  return html`<p><a href="${pathTo(services, '/login/token')}">Sign in with the operator token</a></p>`
}

/** Links to the configured addresses, for a request to another host. The addresses are public. */
function publicLinks({ deployment }: Pick<Services, 'deployment'>): Html {
  return html`${deployment.publicUrls.map(({ origin }) => html` <a href="${origin}/">${origin}</a>`)}`
}

function details(
  services: Pick<Services, 'now'>,
  {
    error,
    correlationId,
    explanation,
  }: {
    readonly error: EntradaError
    readonly correlationId: string
    readonly explanation: ProviderExplanation | undefined
  },
): Html {
  const entry = explanation?.entry
  return html`<details open>
<summary>For your administrator</summary>
<dl>
<dt>Code</dt><dd><code>${error.code}</code></dd>
${entry ? html`<dt>What happened</dt><dd>${withCode(entry.whatHappened)}</dd>` : ''}
<dt>What to do</dt><dd>${withCode(entry?.remedy ?? remedyOf(error))}</dd>
${entry ? html`<dt>Who can fix it</dt><dd>${whoWords[entry.whoCanFix]}</dd>` : ''}
${explanation?.label ? html`<dt>${explanation.sender}'s number</dt><dd><code>${explanation.label}</code>${entry ? html` ${entry.name}` : ''}</dd>` : ''}
${explanation?.traceId ? html`<dt>${explanation.sender}'s trace id</dt><dd><code>${explanation.traceId}</code></dd>` : ''}
${explanation?.correlationId ? html`<dt>${explanation.sender}'s correlation id</dt><dd><code>${explanation.correlationId}</code></dd>` : ''}
<dt>Correlation id</dt><dd><code>${correlationId}</code></dd>
<dt>Time</dt><dd>${services.now().toISOString()}</dd>
</dl>
</details>`
}
