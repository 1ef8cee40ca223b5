/** Pages for the user's own account: identity, and sessions. */
import { html } from 'hono/html'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkFormToken, checkSameOrigin, formToken, readForm, single } from '../http/form.ts'
import { pageResponse, redirect } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { endSessions, MOST_SESSIONS } from '../session/end-sessions.ts'
import { findSession, getSession } from '../session/session.ts'
import type { Session, SessionView } from '../storage/records.ts'
import { microsoftOrigins, signedOutCookies, signOutForm } from './sign-out.ts'

/** Answers GET / with the home page. */
export async function showHome(services: Services, exchange: Exchange): Promise<Response> {
  const view = await findSession(services, exchange)
  if (view === undefined) return redirect(pathTo(services, '/login'))
  if (view.session.kind === 'operator') return redirect(pathTo(services, '/admin'))
  const formTargets = await microsoftOrigins(services, view)
  const { membership, organization, roles } = view
  return pageResponse(services, {
    title: 'Signed in',
    formTargets,
    body: html`<h1>Hello, ${membership?.profile.displayName ?? membership?.username}</h1>
<dl>
<dt>Username</dt><dd>${membership?.username}</dd>
<dt>Email</dt><dd>${emailLine(view)}</dd>
<dt>Organization</dt><dd>${organization?.name}</dd>
<dt>Roles</dt><dd>${roles.length > 0 ? roles.join(', ') : 'none'}</dd>
</dl>
${signOutForm(services, view, { withMicrosoft: formTargets.length > 0 })}
<p><a href="${pathTo(services, '/account')}">Where you are signed in</a></p>`,
  })
}

function emailLine({ membership }: SessionView) {
  const email = membership?.profile.email
  if (email === undefined) return 'none was sent'
  return email.proven ? email.address : html`${email.address} <small>(not proven)</small>`
}

/** Answers GET /account with the user's sessions. */
export async function showAccount(services: Services, exchange: Exchange): Promise<Response> {
  const view = await getSession(services, exchange)
  if (view.session.kind === 'operator') return redirect(pathTo(services, '/admin'))
  const sessions = await ownSessions(services, view)
  const names = await organizationNames(services, sessions)
  return pageResponse(services, {
    title: 'Where you are signed in',
    wide: true,
    body: html`<h1>Where you are signed in</h1>
<p>${sessions.length} of at most ${MOST_SESSIONS}. A further sign-in ends the oldest.</p>
<ul class="cards">${sessions.map((session) => sessionCard(services, view, { session, names }))}</ul>
<p><a href="${pathTo(services, '/')}">Back</a></p>`,
  })
}

/** A person may be in several organizations. */
async function organizationNames(
  { storage }: Pick<Services, 'storage'>,
  sessions: readonly Session[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(sessions.flatMap(({ organizationId }) => organizationId ?? []))
  const found = await Promise.all([...ids].map((id) => storage.findOrganization(id)))
  return new Map(
    found.flatMap((connection) => (connection ? [[connection.id, connection.name] as const] : [])),
  )
}

function sessionCard(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  { session: current }: SessionView,
  { session, names }: { readonly session: Session; readonly names: ReadonlyMap<string, string> },
) {
  const isCurrent = session.id === current.id
  const organization = names.get(session.organizationId ?? '')
  return html`<li><p><strong>${isCurrent ? 'This browser' : 'Another browser'}</strong> at ${session.host}${organization ? html`, in <strong>${organization}</strong>` : ''}<br>
since ${timeTag(session.createdAt)}, last seen ${timeTag(session.lastSeenAt)}${session.ip ? html`, from ${session.ip}` : ''}<br>
<small>${session.userAgent ?? 'unknown browser'}</small></p>
<form method="post" action="${pathTo(services, '/account')}">
<input type="hidden" name="form_token" value="${formToken(services, current.id)}">
<button class="button plain" name="session" value="${session.id}">${isCurrent ? 'End this session' : 'End that session'}</button>
</form></li>`
}

function timeTag(at: Date) {
  const text = at.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** Answers POST /account: ends one of the user's own sessions. @throws {EntradaError} `record_not_found` for another user's */
export async function endOwnSession(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const view = await getSession(services, exchange)
  checkFormToken(services, view.session.id, single(form, 'form_token') ?? null)

  const sessionId = single(form, 'session')
  const session = found((await ownSessions(services, view)).find(({ id }) => id === sessionId))
  await endSessions(services, exchange, { sessions: [session], reason: 'ended_by_user' })
  if (session.id !== view.session.id) return redirect(pathTo(services, '/account'))
  return withCookies(redirect(pathTo(services, '/login')), signedOutCookies(services, exchange))
}

async function ownSessions(
  services: Pick<Services, 'now' | 'storage'>,
  { session }: SessionView,
): Promise<readonly Session[]> {
  if (session.userId === undefined) throw new EntradaError('sign_in_required')
  const { items } = await services.storage.listSessions(
    { userId: session.userId },
    { limit: MOST_SESSIONS },
    services.now(),
  )
  return items
}
