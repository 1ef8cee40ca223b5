import { html } from 'hono/html'
import type { Html } from '../../http/responses.ts'
import type { Services } from '../../services.ts'
import type { Membership, OrganizationId } from '../../storage/records.ts'
import type { UserListItem } from '../../storage/storage.ts'
import { badge, dataTable, linkTo, nameOf, timeTag } from './page-parts.ts'
import { displayNameOf, withinOrganization } from './user-words.ts'

/** Renders users with their names and roles; those of one organization only with what belongs to it. */
export function userTable(
  services: Pick<Services, 'deployment'>,
  users: readonly UserListItem[],
  {
    organizationId,
    empty,
  }: { readonly organizationId?: OrganizationId | undefined; readonly empty: Html },
): Html {
  return dataTable({
    label: 'People',
    head: ['Name', 'Username', 'Email', 'Roles', 'Status', 'Last sign-in (UTC)'],
    rows: users
      .map((item) => withinOrganization(item, organizationId))
      .map((item) => [
        linkTo(services, `/admin/users/${item.user.id}`, displayNameOf(item)),
        html`${listOf(item.memberships.map(({ username }) => username))}`,
        html`${listOf(item.memberships.flatMap(({ profile }) => profile.email?.address ?? []))}`,
        html`${listOf(item.roles.map(({ role }) => role))}`,
        userBadge(item),
        timeTag(lastSignIn(item.memberships)),
      ]),
    empty,
  })
}

/** Renders whether a user is active or disabled. */
export function userBadge({ user, memberships }: UserListItem): Html {
  if (user.status === 'disabled') return badge('bad', 'disabled')
  const disabled = memberships.filter(({ status }) => status === 'disabled').length
  if (disabled === 0) return badge('good', 'active')
  return badge('warn', disabled === memberships.length ? 'access disabled' : 'partly disabled')
}

function listOf(texts: readonly string[]): Html {
  const different = [...new Set(texts)]
  return html`${different.map((text, index) => html`${index > 0 ? ', ' : ''}${nameOf(text)}`)}`
}

function lastSignIn(memberships: readonly Membership[]): Date | undefined {
  const times = memberships.flatMap(({ lastSignInAt }) => lastSignInAt?.getTime() ?? [])
  return times.length === 0 ? undefined : new Date(Math.max(...times))
}
