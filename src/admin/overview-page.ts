/** GET /admin: what an operator looks for first: what to register in Entra, who got in, and who did not and why. */
import { html } from 'hono/html'
import { type Exchange, pathTo } from '../http/exchange.ts'
import { formToken } from '../http/form.ts'
import { type Html, pageResponse } from '../http/responses.ts'
import type { Services } from '../services.ts'
import { frontChannelLogoutUrl, redirectUri } from '../sign-in/choose-connection.ts'
import type { Connection, SignInTrace } from '../storage/records.ts'
import type { UserListItem } from '../storage/storage.ts'
import { createAdministration } from './administration.ts'
import { authorizeOperator, type Operator } from './authorize-operator.ts'
import { credentialSection } from './credential-section.ts'

const ROWS = 20

export async function showOverview(services: Services, exchange: Exchange): Promise<Response> {
  const operator = await authorizeOperator(services, exchange)
  const administration = createAdministration(async () => services)
  const traces = await administration.listSignInTraces({}, { limit: ROWS })
  const users = await administration.listUsers({ limit: ROWS })
  const { items: connections } = await services.storage.listConnections({}, { limit: ROWS })
  return pageResponse(services, {
    title: 'Operators',
    wide: true,
    body: html`<h1>Operators</h1>
<h2>Entra</h2>${connections.length === 0 ? notConfigured : connections.map((one) => connectionCard(services, one))}
${credentialSection(services)}
<h2>Latest sign-ins</h2>${traces.items.length === 0 ? html`<p>None yet.</p>` : traceTable(traces.items)}
<h2>People</h2>${users.items.length === 0 ? html`<p>Nobody yet.</p>` : userTable(users.items)}
${operatorSignOut(services, operator)}`,
  })
}

const notConfigured = html`<p>Not configured. Set <code>ENTRADA_ENTRA_TENANT_ID</code>, <code>ENTRADA_ENTRA_CLIENT_ID</code> and
<code>ENTRADA_ENTRA_CLIENT_SECRET</code>.</p>`

function connectionCard(services: Services, connection: Connection): Html {
  const { authority, tenants, clientId, status } = connection
  const tenant = tenants.kind === 'pinned' ? tenants.tenant : tenants.tenantIds.join(', ')
  const { publicUrls } = services.deployment
  return html`<dl>
<dt>Status</dt><dd>${status}</dd>
<dt>Authority</dt><dd><code>${authority}</code></dd>
<dt>Tenant</dt><dd><code>${tenant}</code></dd>
<dt>Client id</dt><dd><code>${clientId}</code></dd>
<dt>Redirect URIs to register (Web)</dt><dd>${publicUrls.map((url) => html`<code>${redirectUri(services, url, connection)}</code><br>`)}</dd>
<dt>Front-channel logout URL</dt><dd><code>${frontChannelLogoutUrl(services, publicUrls[0], connection)}</code></dd>
</dl>`
}

function traceTable(traces: readonly SignInTrace[]): Html {
  return html`<div class="table" role="region" aria-label="Latest sign-ins" tabindex="0"><table>
<thead><tr><th scope="col">When</th><th scope="col">Outcome</th><th scope="col">Code</th><th scope="col">User</th><th scope="col">Correlation id</th></tr></thead>
<tbody>${traces.map(
    ({
      at,
      outcome,
      code,
      userId,
      correlationId,
    }) => html`<tr><td>${shortTime(at)}</td><td>${outcome.replace('_', ' ')}</td>
<td><code>${code ?? ''}</code></td><td><code>${userId ?? ''}</code></td><td><code>${correlationId}</code></td></tr>`,
  )}</tbody></table></div>`
}

function userTable(users: readonly UserListItem[]): Html {
  return html`<div class="table" role="region" aria-label="People" tabindex="0"><table>
<thead><tr><th scope="col">Username</th><th scope="col">Name</th><th scope="col">Roles</th><th scope="col">Status</th><th scope="col">Last sign-in</th></tr></thead>
<tbody>${users.map(({ user, memberships: [membership], roles }) => {
    const held = [...new Set(roles.map(({ role }) => role))].join(', ')
    return html`<tr><td>${membership?.username ?? user.id}</td><td>${membership?.profile.displayName ?? ''}</td><td>${held}</td>
<td>${user.status}</td><td>${membership?.lastSignInAt ? shortTime(membership.lastSignInAt) : 'never'}</td></tr>`
  })}</tbody></table></div>`
}

function operatorSignOut(services: Services, { view }: Operator): Html {
  if (view === undefined) return html``
  return html`<form method="post" action="${pathTo(services, '/auth/logout')}">
<input type="hidden" name="form_token" value="${formToken(services, view.session.id)}">
<button class="button plain">Sign out</button></form>`
}

function shortTime(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
