/** GET /admin/audit */
import { html } from 'hono/html'
import { auditEventTypes } from '../../audit/audit-events.ts'
import { type Exchange, pathTo } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import { createAdministration } from '../administration.ts'
import { adminPage } from './admin-page.ts'
import { auditParameters, readAuditFilter } from './audit-filter.ts'
import { auditTable } from './audit-table.ts'
import { auditVerificationNote } from './audit-verification-note.ts'
import { openPage } from './page-access.ts'
import {
  type Choice,
  filterForm,
  pager,
  requestedPage,
  searchParameter,
  selectFilter,
} from './page-parts.ts'

const types: readonly Choice[] = [
  ['', 'everything'],
  ...Object.keys(auditEventTypes).map((type) => [type, type] as const),
]

/** Answers GET /admin/audit with a page of events. */
export async function showAudit(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'audit:read')
  const filter = await readAuditFilter(services, exchange, viewer)
  const page = await createAdministration(async () => services).listAuditEvents(
    filter,
    requestedPage(exchange),
  )
  return adminPage(services, exchange, viewer, {
    title: 'Audit',
    section: 'audit',
    actions: exportLinks(services, exchange),
    body: html`${viewer.organizationId === undefined ? await auditVerificationNote(services) : ''}
${filterForm(services, '/admin/audit', filterFields(exchange, viewer.organizationId !== undefined))}
${await auditTable(services, viewer, { events: page.items, empty: html`<p>Nothing of this kind happened.</p>` })}${pager(exchange, page)}`,
  })
}

function filterFields(exchange: Exchange, isConfined: boolean): Html {
  const field = (name: string, words: string, type = 'text') =>
    html`<div><label for="${name}">${words}</label><input id="${name}" name="${name}" type="${type}" value="${searchParameter(exchange, name) ?? ''}" maxlength="200"></div>`
  return html`${selectFilter('type', 'What', { choices: types, value: searchParameter(exchange, 'type') })}
${field('person', 'Person')}${isConfined ? '' : field('organization', 'Organization id')}${field('connection', 'Connection id')}
${field('correlation', 'Correlation id')}${field('from', 'From', 'date')}${field('until', 'Until', 'date')}`
}

/** The links contain the same filter. */
function exportLinks(services: Pick<Services, 'deployment'>, exchange: Exchange): Html {
  const query = new URLSearchParams()
  for (const name of auditParameters) {
    const value = searchParameter(exchange, name)
    if (value !== undefined) query.set(name, value)
  }
  const to = (kind: string) =>
    `${pathTo(services, `/admin/audit/export.${kind}`)}${query.size > 0 ? `?${query}` : ''}`
  return html`<a class="button plain" href="${to('csv')}" download>Export CSV</a>
<a class="button plain" href="${to('jsonl')}" download>Export JSON lines</a>`
}
