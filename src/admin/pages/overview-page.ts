/** GET /admin: first what an operator has to do, then who signed in, and who could not and why. */

import { html } from 'hono/html'
import { findAuditVerification } from '../../audit/audit-verification.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { withCode } from '../../http/with-code.ts'
import type { Services } from '../../services.ts'
import { credentialsEndAt } from '../../storage/credentials-end.ts'
import type { Connection, ConnectionHealth, SignInTrace } from '../../storage/records.ts'
import type { ConnectionCounts, ConnectionFilter, TraceFilter } from '../../storage/storage.ts'
import { createAdministration } from '../administration.ts'
import { credentialNotices } from '../credential-section.ts'
import { adminPage } from './admin-page.ts'
import { expiryBadge, healthBadge, soon } from './connection-words.ts'
import { firstSentence, remedyFor } from './error-words.ts'
import { openPage, type Viewer } from './page-access.ts'
import { linkTo, panel } from './page-parts.ts'
import { CHART_DAYS, chartDays, dayBefore, signInChart } from './sign-in-chart.ts'
import { traceTable } from './trace-table.ts'

const SHOWN = 5
const REFUSALS = 10

/** Answers GET /admin. */
export async function showOverview(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'connections:read')
  const { organizationId } = viewer
  const within = organizationId ? { organizationId } : {}
  const now = services.now()
  const [counts, refused, days] = await Promise.all([
    services.storage.countConnections({ ...within, credentialsEndBefore: soon(now) }),
    latestRefusals(services, within),
    readDays(services, viewer),
  ])
  return adminPage(services, exchange, viewer, {
    title: 'Overview',
    section: 'overview',
    body: html`${await attention(services, viewer, counts)}
${panel('Sign-ins per day', signInChart(days))}
${panel('Latest refusals', await traceTable(services, viewer, { traces: refused, empty: html`<p>Nobody was refused.</p>` }))}`,
  })
}

async function latestRefusals(
  services: Services,
  within: Pick<TraceFilter, 'organizationId'>,
): Promise<readonly SignInTrace[]> {
  const administration = createAdministration(async () => services)
  const lists = await Promise.all(
    (['refused', 'failed'] as const).map((outcome) =>
      administration.listSignInTraces({ ...within, outcome }, { limit: REFUSALS }),
    ),
  )
  const newestFirst = lists
    .flatMap(({ items }) => items)
    .sort((a, b) => b.at.getTime() - a.at.getTime())
  return newestFirst.slice(0, REFUSALS)
}

async function readDays(services: Pick<Services, 'now' | 'storage'>, { organizationId }: Viewer) {
  const now = services.now()
  const since = dayBefore(now, CHART_DAYS - 1)
  const days = { since, until: dayBefore(now, 0) }
  if (organizationId === undefined) {
    return chartDays(await services.storage.listSignInCounts(days), now)
  }
  const connections = await services.storage.listConnections({ organizationId }, { limit: 200 })
  const connectionIds = connections.items.map(({ id }) => id)
  return chartDays(await services.storage.listSignInCounts({ ...days, connectionIds }), now)
}

async function attention(
  services: Services,
  viewer: Viewer,
  counts: ConnectionCounts,
): Promise<Html> {
  const within = viewer.organizationId ? { organizationId: viewer.organizationId } : {}
  const list = async (filter: ConnectionFilter) =>
    (
      await services.storage.listConnections(
        { ...within, status: 'on', ...filter },
        { limit: SHOWN },
      )
    ).items
  const now = services.now()
  const failing = counts.failing === 0 ? [] : await list({ failing: true })
  const expiring = counts.expiring === 0 ? [] : await list({ credentialsEndBefore: soon(now) })
  const closed = counts.on === 0 ? [] : await list({ withoutRoles: true })
  const health = await services.storage.findConnectionHealth(failing.map(({ id }) => id))
  const notices = viewer.organizationId
    ? []
    : [...credentialNotices(services), ...(await auditNotices(services))]
  const items = [
    ...notices.map((text) => html`<li class="bad"><p>${text}</p></li>`),
    ...(failing.length > 0 ? [failingItem(services, { counts, failing, health })] : []),
    ...(closed.length > 0 ? [closedItem(services, closed)] : []),
    ...(expiring.length > 0 ? [expiringItem(services, { counts, expiring, now })] : []),
  ]
  return html`<div class="tiles">${tile(counts.on, 'on')}${tile(counts.draft, counts.draft === 1 ? 'draft' : 'drafts')}
${tile(counts.failing, 'failing', counts.failing > 0 ? 'bad' : '')}${tile(counts.expiring, 'with a credential that ends within 30 days', counts.expiring > 0 ? 'warn' : '')}</div>
${items.length > 0 ? html`<section class="panel attention"><h2>Needs attention</h2><ul>${items}</ul></section>` : html``}
${items.length === 0 && counts.on > 0 ? html`<p class="all-well">Nothing needs attention: every connection that is on lets people in, as far as sign-ins and rules show.</p>` : ''}
${counts.total === 0 ? nothingYet : ''}`
}

async function auditNotices(
  services: Pick<Services, 'keyRing' | 'storage'>,
): Promise<readonly string[]> {
  const { problem } = (await findAuditVerification(services)) ?? {}
  return problem
    ? [`The audit trail is not as it was written (${problem.reason}). See the page Audit.`]
    : []
}

const nothingYet = html`<div class="empty"><p>No connection yet. Set <code>ENTRADA_ENTRA_TENANT_ID</code>, <code>ENTRADA_ENTRA_CLIENT_ID</code> and
<code>ENTRADA_ENTRA_CLIENT_SECRET</code> for one directory, or create an organization for a customer.</p></div>`

function tile(count: number, words: string, tone = ''): Html {
  return html`<p class="tile ${tone}"><strong>${count}</strong> ${words}</p>`
}

function failingItem(
  services: Pick<Services, 'deployment'>,
  {
    counts,
    failing,
    health,
  }: {
    readonly counts: ConnectionCounts
    readonly failing: readonly Connection[]
    readonly health: ReadonlyMap<string, ConnectionHealth>
  },
): Html {
  return html`<li class="bad"><p><strong>${counts.failing} of ${counts.on}</strong> connections ${counts.failing === 1 ? 'fails' : 'fail'}.
${linkTo(services, '/admin/connections?show=failing', 'Show')}</p><ul>${failing.map(
    (connection) => {
      const ownHealth = health.get(connection.id)
      return html`<li>${linkTo(services, `/admin/connections/${connection.id}`, connection.name)} ${healthBadge(ownHealth)}
<small>${withCode(firstSentence(remedyFor(ownHealth?.lastFailureCode ?? '', connection)))}</small></li>`
    },
  )}</ul></li>`
}

/** Connections that are on and let no user in: users without a role are refused, and no rule or default gives one. */
function closedItem(services: Pick<Services, 'deployment'>, closed: readonly Connection[]): Html {
  return html`<li class="bad"><p>Nobody is let in: no rule gives a role, and who has none is refused. Add a rule, or choose a role for everybody else.
${linkTo(services, '/admin/connections?show=closed', 'Show')}</p><ul>${closed.map(
    ({ id, name }) => html`<li>${linkTo(services, `/admin/connections/${id}`, name)}</li>`,
  )}</ul></li>`
}

function expiringItem(
  services: Pick<Services, 'deployment'>,
  {
    counts,
    expiring,
    now,
  }: {
    readonly counts: ConnectionCounts
    readonly expiring: readonly Connection[]
    readonly now: Date
  },
): Html {
  return html`<li class="warn"><p><strong>${counts.expiring} of ${counts.on}</strong> connections ${counts.expiring === 1 ? 'has' : 'have'} a credential that ends within 30 days.
${linkTo(services, '/admin/connections?show=expiring', 'Show')}</p><ul>${expiring.map(
    (connection) =>
      html`<li>${linkTo(services, `/admin/connections/${connection.id}`, connection.name)} ${expiryBadge(credentialsEndAt(connection), now)}</li>`,
  )}</ul></li>`
}
