/** GET /admin/organizations/ID: a customer, its connections and its members. */
import { html } from 'hono/html'
import { createConnection } from '../../connections/change-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { newId } from '../../keys/ids.ts'
import { changeOrganization } from '../../organizations/organizations.ts'
import type { Services } from '../../services.ts'
import type { Organization, OrganizationId } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { connectionTable } from './connection-table.ts'
import { domainSection } from './domain-section.ts'
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
  versionField,
  versionOf,
} from './form-parts.ts'
import { checkMay, getOwned, idIn, openForm, openPage, type Viewer } from './page-access.ts'
import { badge, copyable, dayTag, factList, linkTo, nameOf, panel, timeTag } from './page-parts.ts'
import { userTable } from './user-table.ts'

const SHOWN = 20

/** Answers GET /admin/organizations/ID. */
export async function showOrganization(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'organizations:read')
  const organization = await getOrganization(services, exchange, viewer)
  return organizationPage(services, exchange, { viewer, organization })
}

/** Saves another name of an organization. */
export async function saveOrganization(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read } = await openForm(services, exchange)
  const organization = await getOrganization(services, exchange, viewer)
  checkMay(viewer, 'organizations:write', 'deployment')
  return answerForm(form, {
    async carryOut() {
      const change = (before: Organization): Organization => {
        if (before.name === read('name')) return before
        if (versionOf(services, before) !== read('version'))
          throw new EntradaError('record_changed')
        return { ...before, name: read('name') }
      }
      await changeOrganization(services, by, { id: organization.id, change })
      const to = `/admin/organizations/${organization.id}`
      return done(services, exchange, { flash: 'organization_saved', to })
    },
    again: (leftover, status) =>
      organizationPage(services, exchange, { viewer, organization, leftover, status }),
  })
}

/** Answers POST …/connections: creates a draft. The form contains its id, so a form that is sent twice creates only one. */
export async function addConnection(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read } = await openForm(services, exchange)
  const organization = await getOrganization(services, exchange, viewer)
  checkMay(viewer, 'connections:write', { organizationId: organization.id })
  return answerForm(form, {
    async carryOut() {
      const connection = await makeOnce({
        find: () => services.storage.findConnection(read('id')),
        isOurs: ({ organizationId }) => organizationId === organization.id,
        make: () =>
          createConnection(services, by, {
            organizationId: organization.id,
            ...filledIn(read, { id: 'id', name: 'connection_name', slug: 'slug' }),
          }),
      })
      const to = `/admin/connections/${connection.id}`
      return done(services, exchange, { flash: 'connection_created', to })
    },
    again: (leftover, status) =>
      organizationPage(services, exchange, { viewer, organization, leftover, status }),
  })
}

/** Returns the organization in the address. @throws {EntradaError} `record_not_found`, also for another one than the viewer's */
export async function getOrganization(
  { storage }: Pick<Services, 'storage'>,
  exchange: Exchange,
  viewer: Viewer,
): Promise<Organization> {
  const id = idIn(exchange) as OrganizationId // any text: an unknown one finds nothing
  const found = await storage.findOrganization(id)
  const organizationId = found?.id
  getOwned(viewer, 'organizations:read', organizationId && { organizationId })
  if (found === undefined) throw new EntradaError('record_not_found')
  return found
}

type Shown = {
  readonly viewer: Viewer
  readonly organization: Organization
  readonly leftover?: Leftover
  readonly status?: number
}

/** Renders the page of an organization. */
export async function organizationPage(
  services: Services,
  exchange: Exchange,
  { viewer, organization, leftover, status }: Shown,
): Promise<Response> {
  const { id, name, slug, createdAt } = organization
  const [connections, members] = await Promise.all([
    services.storage.listConnections({ organizationId: id }, { limit: 200 }),
    services.storage.listUsers({ organizationId: id, limit: SHOWN }),
  ])
  const place: FormPlace = { services, viewer, leftover }
  return adminPage(services, exchange, viewer, {
    title: name,
    section: 'organizations',
    ...(viewer.organizationId
      ? {}
      : { above: [{ to: '/admin/organizations', words: 'Organizations' }] }),
    ...(status ? { status } : {}),
    body: html`${problemBox(place)}
<section class="panel"><h2>What it is</h2>${factList([
      ['Id', copyable(id)],
      ['Short name', html`<code>${slug}</code>`],
      ['Created', dayTag(createdAt)],
      ['SSO required', ssoWords(services, organization)],
    ])}${viewer.may('organizations:write', 'deployment') ? nameForm(place, organization) : ''}</section>
${panel(
  'Connections',
  html`${await connectionTable(services, connections.items, { empty: html`<p>No connection yet.</p>` })}
${viewer.may('connections:write', { organizationId: id }) ? connectionForm(place, organization) : ''}`,
)}
${panel('Domains', await domainSection(place, organization))}
${panel(
  'People',
  html`${userTable(services, members.items, { organizationId: id, empty: html`<p>Nobody has signed in yet.</p>` })}
${members.next ? html`<p>${linkTo(services, `/admin/users?organization=${id}`, 'All people')}</p>` : ''}`,
)}
${panel(
  'More',
  html`<ul class="links"><li>${linkTo(services, `/admin/sign-ins?organization=${id}`, 'Sign-ins of this organization')}</li>
<li>${linkTo(services, `/admin/audit?organization=${id}`, 'Audit events of this organization')}</li></ul>`,
)}`,
  })
}

/** Members of the organization sign in through one connection only, unless a bypass is open. */
function ssoWords(
  services: Pick<Services, 'deployment' | 'now'>,
  { settings }: Organization,
): Html | undefined {
  const { ssoRequired } = settings
  if (ssoRequired === undefined) return undefined
  const { connectionId, since, bypass } = ssoRequired
  const isBypassed = bypass !== undefined && new Date(bypass.until) > services.now()
  return html`since ${timeTag(new Date(since))}, through ${linkTo(services, `/admin/connections/${connectionId}`, connectionId)}
${isBypassed ? html`${badge('warn', 'not enforced')} until ${timeTag(new Date(bypass.until))}: ${nameOf(bypass.reason)}` : ''}`
}

function nameForm(place: FormPlace, organization: Organization): Html {
  const isOpen = place.leftover?.typed.has('name') ?? false
  const fields = html`${versionField(place.services, organization)}
${textField(place, { name: 'name', label: 'Name', value: organization.name, required: true, maxLength: 128 })}
<button class="button plain">Save the name</button>`
  return html`<details class="more"${isOpen ? html` open` : ''}><summary>Change the name</summary>
${postForm(place, { action: `/admin/organizations/${organization.id}`, fields })}</details>`
}

function connectionForm(place: FormPlace, { id, name }: Organization): Html {
  const typed = place.leftover?.typed
  const fields = html`<input type="hidden" name="id" value="${typed?.get('id') || newId(place.services, 'con')}">
${textField(place, { name: 'connection_name', label: 'Name', value: name, maxLength: 128 })}
${textField(place, { name: 'slug', label: 'Short name', maxLength: 64, hint: 'Stands in the login address; made from that of the organization when empty. Never changes.' })}
<button class="button plain">Create a draft</button>`
  return html`<details class="more"${typed?.has('connection_name') ? html` open` : ''}><summary>New connection</summary>
${postForm(place, { action: `/admin/organizations/${id}/connections`, fields })}</details>`
}
