/** GET /admin/users: users by name, email, user principal name, or the ids of a person in a directory. */
import { html } from 'hono/html'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId } from '../../storage/records.ts'
import { createAdministration } from '../administration.ts'
import { adminPage } from './admin-page.ts'
import { openPage } from './page-access.ts'
import {
  filterForm,
  linkTo,
  pager,
  requestedPage,
  searchField,
  searchParameter,
} from './page-parts.ts'
import { userTable } from './user-table.ts'

/** Answers GET /admin/users with a page of users. */
export async function showUsers(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'memberships:read')
  const search = searchParameter(exchange, 'search')
  // Any text: an unknown organization has no members. A viewer who is limited to one organization sees its members, whatever the
  // address contains.
  const organizationId =
    viewer.organizationId ??
    (searchParameter(exchange, 'organization') as OrganizationId | undefined)
  const organization = organizationId && (await services.storage.findOrganization(organizationId))
  const page = await createAdministration(async () => services).listUsers({
    ...requestedPage(exchange),
    ...(search ? { search } : {}),
    ...(organizationId ? { organizationId } : {}),
  })
  return adminPage(services, exchange, viewer, {
    title: 'People',
    section: 'people',
    ...(organization && !viewer.organizationId
      ? {
          lead: html`<p class="lead">Of ${linkTo(services, `/admin/organizations/${organization.id}`, organization.name)}. ${linkTo(services, '/admin/users', 'Show everybody')}</p>`,
        }
      : {}),
    body: html`${filterForm(
      services,
      '/admin/users',
      html`${searchField(search, 'Name, email, sign-in name, or a whole id (user, object, tenant)')}${
        organization && !viewer.organizationId
          ? html`<input type="hidden" name="organization" value="${organization.id}">`
          : ''
      }`,
    )}
${userTable(services, page.items, {
  organizationId: viewer.organizationId,
  empty: search
    ? html`<p>Nobody here fits. Whoever was refused at the first sign-in is no user yet: ${linkTo(services, `/admin/sign-ins?search=${encodeURIComponent(search)}`, 'look in the sign-ins')}.</p>`
    : html`<p>Nobody yet. A first sign-in makes a user, or an operator does beforehand.</p>`,
})}${pager(exchange, page)}`,
  })
}
