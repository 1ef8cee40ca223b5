/** The first page of a set-up link has one button, because mail scanners follow links but press no buttons. */
import { html } from 'hono/html'
import { homeOrigin } from '../connections/connection-addresses.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkSameOrigin, readForm, single } from '../http/form.ts'
import { pageResponse, redirect } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { momentOf } from './page-parts.ts'
import { checkOpen, getSetupByToken, takeSetupLink } from './setup-session.ts'

/** Answers GET /setup/link/TOKEN, and changes nothing. @throws {EntradaError} `setup_link_not_found`, `setup_link_ended` */
export async function showSetupLink(services: Services, exchange: Exchange): Promise<Response> {
  const { token = '' } = exchange.params
  const setup = await getSetupByToken(services, services.storage, token)
  checkOpen(setup)
  const home = homeOrigin(services, setup.connection)
  if (home !== exchange.here.origin) return redirect(home + exchange.url.pathname)
  const { organization, link } = setup
  const response = await pageResponse(services, {
    title: 'Set-up link',
    body: html`<h1>${link.kind === 'setup' ? 'Set up sign-in with Microsoft' : 'Renew a credential'}</h1>
<p>for <strong>${organization.name}</strong> at <strong>${exchange.here.host}</strong>, until ${momentOf(link.endsAt)}.</p>
<p>The set-up goes on in this browser. If somebody has opened the link in another one, it ends there.</p>
<form method="post" action="${pathTo(services, '/setup/link')}">
<input type="hidden" name="token" value="${token}">
<p class="next"><button class="button">Begin</button></p>
</form>`,
  })
  // The address contains the token, so no other site may receive it as a referrer. `Origin` is still sent with the form.
  response.headers.set('referrer-policy', 'strict-origin')
  return response
}

/**
 * Answers POST /setup/link: exchanges the token for a cookie.
 *
 * @throws {EntradaError} `setup_link_not_found`, `setup_link_ended`, `cross_site_request`
 */
export async function openSetupLink(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const cookie = await takeSetupLink(services, exchange, single(form, 'token') ?? '')
  return withCookies(redirect(pathTo(services, '/setup')), [cookie])
}
