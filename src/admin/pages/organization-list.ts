/** GET /admin/organizations, and the form that creates an organization. */
import { html } from 'hono/html'
import type { ChangeServices } from '../../audit/audit.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { newId } from '../../keys/ids.ts'
import { createOrganization } from '../../organizations/organizations.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { done } from './flash.ts'
import {
  answerForm,
  type FormPlace,
  filledIn,
  type Leftover,
  makeOnce,
  postForm,
  problemBox,
  textField,
} from './form-parts.ts'
import { checkMay, openForm, openPage, type SentForm, type Viewer } from './page-access.ts'
import {
  dataTable,
  dayTag,
  filterForm,
  linkTo,
  pager,
  requestedPage,
  searchField,
  searchParameter,
} from './page-parts.ts'

/** Answers GET /admin/organizations with a page of organizations. */
export async function showOrganizations(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'organizations:read', 'deployment')
  const search = searchParameter(exchange, 'search')
  const page = await services.storage.listOrganizations({
    ...requestedPage(exchange),
    ...(search ? { search } : {}),
  })
  const mayCreate = viewer.may('organizations:write', 'deployment')
  return adminPage(services, exchange, viewer, {
    title: 'Organizations',
    section: 'organizations',
    ...(mayCreate ? { actions: newButton(services) } : {}),
    body: html`${filterForm(services, '/admin/organizations', searchField(search, 'Name or short name'))}
${dataTable({
  label: 'Organizations',
  head: ['Name', 'Short name', 'Created'],
  rows: page.items.map(({ id, name, slug, createdAt }) => [
    linkTo(services, `/admin/organizations/${id}`, name),
    html`<code>${slug}</code>`,
    dayTag(createdAt),
  ]),
  empty: search
    ? html`<p>No organization has this in its name.</p>`
    : html`<p>No organization yet. Each customer whose people sign in is one.</p>`,
})}${pager(exchange, page)}`,
  })
}

function newButton({ deployment }: Pick<Services, 'deployment'>): Html {
  return html`<a class="button" href="${deployment.mountPath}/admin/organizations/new">New organization</a>`
}

/** Shows the form that creates an organization. */
export async function showNewOrganization(
  services: Services,
  exchange: Exchange,
): Promise<Response> {
  const viewer = await openPage(services, exchange, 'organizations:write', 'deployment')
  return newPage(services, exchange, { viewer })
}

/** Creates an organization. The form contains its id, so a form that is sent twice creates only one. */
export async function createFromForm(services: Services, exchange: Exchange): Promise<Response> {
  const sent = await openForm(services, exchange)
  checkMay(sent.viewer, 'organizations:write', 'deployment')
  return answerForm(sent.form, {
    carryOut: () => create(services, exchange, sent),
    again: (leftover, status) =>
      newPage(services, exchange, { viewer: sent.viewer, leftover, status }),
  })
}

async function create(
  services: ChangeServices & Pick<Services, 'deployment'>,
  exchange: Exchange,
  { by, read }: SentForm,
): Promise<Response> {
  const name = read('name')
  const organization = await makeOnce({
    find: () => services.storage.findOrganization(read('id') as OrganizationId), // any text
    isOurs: (existing) => existing.name === name,
    make: () =>
      createOrganization(services, by, { name, ...filledIn(read, { id: 'id', slug: 'slug' }) }),
  })
  const to = `/admin/organizations/${organization.id}`
  return done(services, exchange, { flash: 'organization_created', to })
}

function newPage(
  services: Services,
  exchange: Exchange,
  { viewer, leftover, status }: { viewer: Viewer; leftover?: Leftover; status?: number },
): Promise<Response> {
  const place: FormPlace = { services, viewer, leftover }
  const typedId = leftover?.problem.code === 'record_in_use' ? undefined : leftover?.typed.get('id')
  const fields = html`<input type="hidden" name="id" value="${typedId ?? newId(services, 'org')}">
${textField(place, { name: 'name', label: 'Name', required: true, maxLength: 128, hint: 'As the customer calls itself.' })}
${textField(place, { name: 'slug', label: 'Short name', maxLength: 64, hint: 'Letters, digits, - and _; made from the name when empty. Never changes.' })}
<button class="button">Create</button>`
  return adminPage(services, exchange, viewer, {
    title: 'New organization',
    section: 'organizations',
    above: [{ to: '/admin/organizations', words: 'Organizations' }],
    ...(status ? { status } : {}),
    body: html`<section class="panel">${problemBox(place)}${postForm(place, { action: '/admin/organizations', fields })}</section>`,
  })
}
