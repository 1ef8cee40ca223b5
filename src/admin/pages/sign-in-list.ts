/** GET /admin/sign-ins: answers "why can't she get in?" */
import { html } from 'hono/html'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId, SignInTrace } from '../../storage/records.ts'
import type { TraceFilter } from '../../storage/storage.ts'
import { createAdministration } from '../administration.ts'
import { adminPage } from './admin-page.ts'
import { personIn } from './find-people.ts'
import { openPage, type Viewer } from './page-access.ts'
import {
  type Choice,
  filterForm,
  pager,
  requestedPage,
  searchField,
  searchParameter,
  selectFilter,
} from './page-parts.ts'
import { traceTable } from './trace-table.ts'

const outcomes: readonly Choice[] = [
  ['', 'all'],
  ['signed_in', 'that worked'],
  ['refused', 'that were refused'],
  ['failed', 'that failed'],
]

/** A correlation id as error pages show it. */
const correlationId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Answers GET /admin/sign-ins with a page of sign-ins. */
export async function showSignIns(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'sign-ins:read')
  const search = searchParameter(exchange, 'search')
  const outcome = searchParameter(exchange, 'outcome')
  const filter = {
    ...filterOf(exchange, viewer),
    ...(isOutcome(outcome) ? { outcome } : {}),
  }
  const administration = createAdministration(async () => services)
  const request = requestedPage(exchange)
  const byId =
    search && correlationId.test(search)
      ? await administration.listSignInTraces(
          { ...filter, correlationId: search.toLowerCase() },
          request,
        )
      : { items: [] }
  const person = search && (await personIn(services, search, viewer.organizationId))
  const page =
    byId.items.length > 0
      ? byId
      : await administration.listSignInTraces({ ...filter, ...(person ? { person } : {}) }, request)
  return adminPage(services, exchange, viewer, {
    title: 'Sign-ins',
    section: 'sign-ins',
    lead: html`<p class="lead">Why can't somebody get in? Search the person, or the correlation id that the page of the refusal shows.</p>`,
    body: html`${filterForm(
      services,
      '/admin/sign-ins',
      html`${searchField(search, 'Person (name, whole email or sign-in name, id) or correlation id')}
${selectFilter('outcome', 'Sign-ins', { choices: outcomes, value: outcome })}${hidden(exchange, 'organization')}${hidden(exchange, 'connection')}`,
    )}
${await traceTable(services, viewer, {
  traces: page.items,
  empty: search
    ? html`<p>No sign-in of the last thirty days fits. Whoever never came back from Microsoft left no trace here: look in Entra's own sign-in log. A person who was refused is found by the whole address they sign in with.</p>`
    : html`<p>No sign-in in the last thirty days.</p>`,
})}${pager(exchange, page)}`,
  })
}

function isOutcome(text: string | undefined): text is SignInTrace['outcome'] {
  return text === 'signed_in' || text === 'refused' || text === 'failed'
}

function filterOf(exchange: Exchange, viewer: Viewer): TraceFilter {
  // Any text: an unknown organization or connection has no sign-ins. A viewer who is limited to one organization sees its sign-ins,
  // whatever the address contains.
  const organizationId =
    viewer.organizationId ??
    (searchParameter(exchange, 'organization') as OrganizationId | undefined)
  const connectionId = searchParameter(exchange, 'connection')
  return {
    ...(organizationId ? { organizationId } : {}),
    ...(connectionId ? { connectionId } : {}),
  }
}

function hidden(exchange: Exchange, name: string) {
  const value = searchParameter(exchange, name)
  return value === undefined ? '' : html`<input type="hidden" name="${name}" value="${value}">`
}
