/** Sign-out: in Entrada, at Microsoft too if the user chooses so, or because Entra demands it (front channel). */

import { html } from 'hono/html'
import type { ChangeServices } from '../audit/audit.ts'
import { redirectUri } from '../connections/connection-addresses.ts'
import { ENVIRONMENT_CONNECTION_ID } from '../connections/environment-connection-id.ts'
import { EntradaError } from '../errors/errors.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin, formToken, readForm, single } from '../http/form.ts'
import { pageResponse, redirect } from '../http/responses.ts'
import { kindOf } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import { auditEnded, endSessions } from '../session/end-sessions.ts'
import { dropSessionCookies, findSession } from '../session/session.ts'
import type { Connection, SessionView } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { getConnection } from './choose-connection.ts'
import { selectAccountCookie } from './select-account.ts'

const SIGN_OUT_PREFIX = 'out.'

/** Answers GET /auth/logout with a question, because a link must not sign a user out. */
export async function showSignOut(services: Services, exchange: Exchange): Promise<Response> {
  const view = await findSession(services, exchange)
  if (view === undefined) return signedOutPage(services)
  const formTargets = await microsoftOrigins(services, view)
  return pageResponse(services, {
    title: 'Sign out',
    formTargets,
    body: html`<h1>Sign out?</h1>${signOutForm(services, view, { withMicrosoft: formTargets.length > 0 })}`,
  })
}

/** Renders the form with the two buttons; the page that shows it lists {@link microsoftOrigins} as form targets. */
export function signOutForm(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { session }: SessionView,
  { withMicrosoft }: { readonly withMicrosoft: boolean },
) {
  return html`<form class="stack" method="post" action="${pathTo(services, '/auth/logout')}">
<input type="hidden" name="form_token" value="${formToken(services, session.id)}">
<button class="button" name="end" value="default">Sign out</button>
${withMicrosoft ? html`<button class="button plain" name="end" value="microsoft">Also sign out of Microsoft</button>` : ''}
</form>`
}

/** Returns where the sign-out form may end besides here: the authority of the session's connection. */
export async function microsoftOrigins(
  services: Pick<Services, 'storage'>,
  { session }: SessionView,
): Promise<readonly string[]> {
  if (session.connectionId === undefined) return []
  const connection = await services.storage.findConnection(session.connectionId)
  return connection === undefined ? [] : kindOf(connection).pageOrigins(connection)
}

/** Answers POST /auth/logout. The session in Entrada ends, whatever Microsoft does next. */
export async function signOut(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const view = await findSession(services, exchange)
  if (view === undefined) return withCookies(redirect(pathTo(services, '/auth/logout')), [])
  checkFormToken(services, view.session.id, single(form, 'form_token') ?? null)

  await endSessions(services, exchange, { sessions: [view.session], reason: 'sign_out' })
  const location = await afterSignOut(services, exchange, { view, end: single(form, 'end') })
  return withCookies(redirect(location), signedOutCookies(services, exchange))
}

/** Returns the `Set-Cookie` lines of a browser that signed out: without a session, and the next sign-in asks for the account. */
export function signedOutCookies(
  services: Pick<Services, 'deployment'>,
  { here }: Pick<Exchange, 'here'>,
): string[] {
  return [...dropSessionCookies(services, here), selectAccountCookie(services, here)]
}

async function afterSignOut(
  services: Services,
  exchange: Exchange,
  { view, end }: { readonly view: SessionView; readonly end: string | undefined },
): Promise<string | URL> {
  const here = pathTo(services, '/auth/logout')
  const { connectionId, loginHint } = view.session
  if (connectionId === undefined) return here
  const connection = await getConnection(services, connectionId)
  if (end !== 'microsoft' && !connection.policies.signOutOfMicrosoft) return here
  try {
    const { signOut } = services.identityProviderFor(connection)
    if (signOut === undefined) return here
    return await signOut({
      returnAddress: redirectUri(services, exchange.here, connection),
      state: SIGN_OUT_PREFIX + services.keyRing.seal('sign-out-state', connection.id, 'state'),
      ...(loginHint ? { loginHint } : {}),
    })
  } catch (error) {
    // The user is signed out here already; an outage of the provider must not look like a failure of that.
    services.log.warn('microsoft_sign_out_skipped', {
      correlationId: exchange.correlationId,
      error,
    })
    return here
  }
}

/** Returns whether a callback's state is one that we sent to Entra's end-session page. */
export function isSignOutReturn(services: Pick<Services, 'keyRing'>, state: string): boolean {
  if (!state.startsWith(SIGN_OUT_PREFIX)) return false
  try {
    services.keyRing.open('sign-out-state', state.slice(SIGN_OUT_PREFIX.length), 'state')
    return true
  } catch {
    return false
  }
}

/**
 * Answers the return from Microsoft after a sign-out. A user who is signed in came here otherwise, or has signed in again in
 * another window, and must not read that they are signed out.
 */
export async function signOutReturnPage(services: Services, exchange: Exchange): Promise<Response> {
  if ((await findSession(services, exchange)) === undefined) return signedOutPage(services)
  return pageResponse(services, {
    title: 'Signed in',
    body: html`<h1>You are signed in</h1>
<p>This page is where a sign-in or sign-out at Microsoft ends. There is nothing to do here.</p>
<p><a class="button" href="${pathTo(services, '/')}">Continue</a></p>
<p><a href="${pathTo(services, '/auth/logout')}">Sign out</a></p>`,
  })
}

/** Renders that the user is signed out, and does nothing. */
async function signedOutPage(services: Pick<Services, 'deployment'>): Promise<Response> {
  return pageResponse(services, {
    title: 'Signed out',
    body: html`<h1>You are signed out</h1>
<p>You can close this page, or sign in again.</p>
<p><a class="button" href="${pathTo(services, '/login')}">Sign in</a></p>`,
  })
}

/**
 * Answers GET /auth/entra/frontchannel-logout, and `/auth/CONNECTION/…` for a customer's: the identity provider calls it in a
 * hidden frame, where no cookie can be expected.
 *
 * @throws {EntradaError} `request_invalid`, `connection_not_found`
 * @see OpenID Connect Front-Channel Logout 1.0 §3;
 * https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#single-sign-out
 */
export async function frontChannelSignOut(
  services: ChangeServices & Pick<Services, 'deployment' | 'identityProviderFor'>,
  exchange: Exchange,
): Promise<Response> {
  const connection = await getConnection(
    services,
    exchange.params.connection ?? ENVIRONMENT_CONNECTION_ID,
  )
  const { signedOutThere } = services.identityProviderFor(connection)
  if (signedOutThere === undefined) throw new EntradaError('connection_not_found')
  const query = exchange.url.searchParams
  const { providerSession } = await signedOutThere({ kind: 'front_channel', query })

  // Any client may call this address: a request that ends nothing must not wait for writers, or hold them up.
  if (await services.storage.hasSessionsOfEntraSid(connection.id, providerSession)) {
    await endSessionsOf(services, exchange, { connection, providerSession })
  }
  return frontChannelAnswer(services, connection)
}

async function endSessionsOf(
  services: ChangeServices,
  exchange: Exchange,
  {
    connection,
    providerSession,
  }: { readonly connection: Connection; readonly providerSession: string },
): Promise<void> {
  const end = async (transaction: StorageTransaction) => {
    const sessions = await transaction.endSessionsByEntraSid(connection.id, providerSession)
    await auditEnded(services, exchange, { transaction, sessions, reason: 'entra_front_channel' })
  }
  await services.storage.atomically(end, { scope: 'nothing' })
}

/** The response is the same whether a session ended or not. */
function frontChannelAnswer(
  services: Pick<Services, 'deployment'>,
  connection: Connection,
): Promise<Response> {
  return pageResponse(services, {
    title: 'Signed out',
    framedBy: kindOf(connection).pageOrigins(connection).join(' '),
    body: html`<p>Signed out.</p>`,
  })
}
