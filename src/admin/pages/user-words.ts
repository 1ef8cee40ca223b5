import type { Membership } from '../../storage/records.ts'
import type { UserListItem } from '../../storage/storage.ts'

/** Returns how people call a user: by name, by username, or else by id. */
export function displayNameOf({
  user,
  memberships,
}: Pick<UserListItem, 'user' | 'memberships'>): string {
  const named = memberships.find(({ profile }) => profile.displayName) ?? memberships[0]
  return named?.profile.displayName ?? named?.username ?? user.id
}

/** Returns the part of a user that an organization may see: only its own membership. */
export function withinOrganization(
  item: UserListItem,
  organizationId: Membership['organizationId'] | undefined,
): UserListItem {
  if (organizationId === undefined) return item
  const memberships = item.memberships.filter(
    (membership) => membership.organizationId === organizationId,
  )
  const ids = new Set(memberships.map(({ id }) => id))
  return {
    ...item,
    memberships,
    roles: item.roles.filter(({ membershipId }) => ids.has(membershipId)),
  }
}
