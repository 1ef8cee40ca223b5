/** What a set-up link opens first: a page with one button, since mail scanners follow links and press nothing. */
import { html } from 'hono/html'
import { homeOrigin } from '../connections/connection-addresses.ts'
import { withCookies } from '../http/cookies.ts'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkSameOrigin, readForm, single } from '../http/form.ts'
import { pageResponse, redirect } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { momentOf } from './page-parts.ts'
import { checkOpen, getSetupByToken, takeSetupLink } from './setup-session.ts'

/** GET /setup/link/TOKEN: changes nothing. @throws {EntradaError} `setup_link_not_found`, `setup_link_ended` */
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
  // The address holds the token: nobody, not even our own log of referrers, is told it. `Origin` still comes with the form.
  response.headers.set('referrer-policy', 'strict-origin')
  return response
}

/** POST /setup/link: swaps the token for a cookie. @throws {EntradaError} `setup_link_not_found`, `setup_link_ended`, `cross_site_request` */
export async function openSetupLink(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const cookie = await takeSetupLink(services, exchange, single(form, 'token') ?? '')
  return withCookies(redirect(pathTo(services, '/setup')), [cookie])
}
