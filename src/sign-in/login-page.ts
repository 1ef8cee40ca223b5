import { html } from 'hono/html'
import { startPath } from '../connections/connection-addresses.ts'
import { errorEntry } from '../errors/errors.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { single } from '../http/form.ts'
import { type Html, pageResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import {
  findSession,
  type SignInReason,
  siteSessionCookiesAgain,
  whySignIn,
} from '../session/session.ts'
import type { Connection } from '../storage/records.ts'
import { emailForm } from './find-page.ts'
import { findLastConnection } from './last-connection.ts'
import { parseReturnTo } from './return-to.ts'

/**
 * Answers GET /login with the button if there is a default connection, the field if there are customers, and the last connection.
 */
export async function showLogin(services: Services, exchange: Exchange): Promise<Response> {
  const askedReturn = single(exchange.url.searchParams, 'return_to')
  const returnTo = parseReturnTo(askedReturn, exchange.here, services.deployment)
  const view = await findSession(services, exchange)
  const siteCookies = view ? siteSessionCookiesAgain(services, exchange, view) : []
  const opens = returnTo.startsWith('/') || siteCookies.length > 0
  const reason = view === undefined ? await whySignIn(services, exchange) : undefined
  const response = await pageResponse(services, {
    title: 'Sign in',
    body: html`<h1>Sign in</h1>
<p class="lead">to continue to <strong>${new URL(returnTo, exchange.here).host}</strong></p>
${view?.membership ? alreadySignedIn(view.membership, opens ? returnTo : undefined) : ''}
${reason ? endedNotice(services, reason, returnTo) : ''}
${await waysIn(services, exchange, { returnTo, selectAccount: view !== undefined })}`,
  })
  return withCookies(response, siteCookies)
}

async function waysIn(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  exchange: Exchange,
  { returnTo, selectAccount }: { readonly returnTo: string; readonly selectAccount: boolean },
): Promise<Html> {
  const { defaultConnectionId } = services.deployment
  const hasCustomers = await services.storage.hasConnectionsOfCustomers()
  if (defaultConnectionId === undefined && !hasCustomers) return notConfigured(services)
  const last = hasCustomers ? await lastWay(services, exchange, { returnTo, selectAccount }) : ''
  const button = entraButton(startAddress(services, returnTo, { selectAccount }))
  return html`${last}${defaultConnectionId === undefined ? '' : button}${hasCustomers ? emailForm(services, returnTo) : ''}`
}

/** A page shows the name of an organization only to a browser that was signed in there. */
async function lastWay(
  services: Pick<Services, 'deployment' | 'keyRing' | 'storage'>,
  exchange: Exchange,
  { returnTo, selectAccount }: { readonly returnTo: string; readonly selectAccount: boolean },
): Promise<Html> {
  const connection = await findLastConnection(services, exchange)
  const organization =
    connection && (await services.storage.findOrganization(connection.organizationId))
  if (connection === undefined || organization === undefined) return html``
  const start = startAddress(services, returnTo, { selectAccount, connection })
  return html`<p>Last time you signed in to <strong>${organization.name}</strong> here.</p>
<p class="next"><a class="button" href="${start}">Sign in to ${organization.name}</a></p>`
}

/** Returns the address of the login page with the page to return to. */
export function loginAddress(services: Pick<Services, 'deployment'>, returnTo: string): string {
  const query = returnTo === '/' ? '' : `?${new URLSearchParams({ return_to: returnTo })}`
  return pathTo(services, '/login') + query
}

/** Returns the address where a sign-in starts, with the page to return to. */
export function startAddress(
  services: Pick<Services, 'deployment'>,
  returnTo: string,
  {
    selectAccount = false,
    connection = { managedBy: 'environment', slug: '' },
  }: {
    readonly selectAccount?: boolean
    readonly connection?: Pick<Connection, 'managedBy' | 'slug'>
  } = {},
): string {
  const query = new URLSearchParams()
  if (returnTo !== '/') query.set('return_to', returnTo)
  // A user who is signed in already wants another account: without the picker Entra returns the same person.
  if (selectAccount) query.set('prompt', 'select_account')
  return startPath(services, connection) + (query.size > 0 ? `?${query}` : '')
}

/**
 * Renders Microsoft's sign-in button, with the logo, words, colours and sizes that Microsoft requires.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/howto-add-branding-in-apps
 */
export function entraButton(href: string): Html {
  return html`<p class="next"><a class="entra-button" href="${href}"><svg viewBox="0 0 21 21" width="21" height="21" aria-hidden="true"><path fill="#f25022" d="M1 1h9v9H1z"/><path fill="#00a4ef" d="M1 11h9v9H1z"/><path fill="#7fba00" d="M11 1h9v9h-9z"/><path fill="#ffb900" d="M11 11h9v9h-9z"/></svg><span>Sign in with Microsoft Entra ID</span></a></p>`
}

/** Renders why the session of this browser has ended, and the link to sign in again. */
function endedNotice(
  services: Pick<Services, 'deployment'>,
  { code, startAt }: SignInReason,
  returnTo: string,
) {
  if (code === 'sign_in_required') return ''
  const { shown } = errorEntry(code)
  // The last connection is offered below; if it is closed, the one that replaced it is offered here.
  const isElsewhere = code === 'sso_session_ended' && startAt !== undefined
  return html`<p role="status">${shown}</p>
${isElsewhere ? entraButton(startAddress(services, returnTo, { connection: startAt })) : ''}`
}

function alreadySignedIn(
  {
    username,
    profile,
  }: { readonly username: string; readonly profile: { readonly displayName?: string } },
  returnTo: string | undefined,
): Html {
  const name = profile.displayName ?? username
  if (returnTo === undefined) {
    return html`<p>You are signed in as <strong>${name}</strong>, but not there yet. Please sign in once more:</p>`
  }
  return html`<p>You are signed in as <strong>${name}</strong>.
<a href="${returnTo}">Continue</a>, or sign in with another account:</p>`
}

const notConfigured = (
  services: Pick<Services, 'deployment'>,
): Html => html`<p>Sign-in with Microsoft is not set up here yet.</p>
<p>The operator of this server sets <code>ENTRADA_ENTRA_TENANT_ID</code>, <code>ENTRADA_ENTRA_CLIENT_ID</code> and
<code>ENTRADA_ENTRA_CLIENT_SECRET</code>, and starts it again.</p>
<p><a href="${pathTo(services, '/login/token')}">Sign in with the operator token</a></p>`
