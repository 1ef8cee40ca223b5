/** GET /admin/connections: all connections, or those that need attention. */
import { html } from 'hono/html'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { ConnectionFilter } from '../../storage/storage.ts'
import { adminPage } from './admin-page.ts'
import { connectionTable } from './connection-table.ts'
import { soon } from './connection-words.ts'
import { openPage } from './page-access.ts'
import {
  type Choice,
  filterForm,
  pager,
  requestedPage,
  searchField,
  searchParameter,
  selectFilter,
} from './page-parts.ts'

const shown: readonly Choice[] = [
  ['', 'all'],
  ['on', 'that are on'],
  ['draft', 'drafts'],
  ['off', 'that are off'],
  ['failing', 'that fail'],
  ['closed', 'that let nobody in'],
  ['expiring', 'whose credentials end within 30 days'],
]

/** Answers GET /admin/connections with a page of connections. */
export async function showConnections(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'connections:read')
  const search = searchParameter(exchange, 'search')
  const show = searchParameter(exchange, 'show')
  const filter: ConnectionFilter = {
    ...(viewer.organizationId ? { organizationId: viewer.organizationId } : {}),
    ...(search ? { search } : {}),
    ...filterFor(services, show),
  }
  const page = await services.storage.listConnections(filter, requestedPage(exchange))
  return adminPage(services, exchange, viewer, {
    title: 'Connections',
    section: 'connections',
    body: html`${filterForm(
      services,
      '/admin/connections',
      html`${searchField(search, 'Name, short name, tenant or id')}${selectFilter('show', 'Connections', { choices: shown, value: show })}`,
    )}
${await connectionTable(services, page.items, { empty: html`<p>${search || show ? 'No connection fits.' : 'No connection yet. Create an organization first.'}</p>` })}${pager(exchange, page)}`,
  })
}

function filterFor(services: Pick<Services, 'now'>, show: string | undefined): ConnectionFilter {
  switch (show) {
    case 'on':
    case 'draft':
    case 'off':
      return { status: show }
    case 'failing':
      return { status: 'on', failing: true }
    case 'closed':
      return { status: 'on', withoutRoles: true }
    case 'expiring':
      return { status: 'on', credentialsEndBefore: soon(services.now()) }
    default:
      return {}
  }
}
