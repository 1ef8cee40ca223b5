import type { Membership } from '../../storage/records.ts'
import type { UserListItem } from '../../storage/storage.ts'

/** What people call a user: a name, or the username, or the id. */
export function displayNameOf({
  user,
  memberships,
}: Pick<UserListItem, 'user' | 'memberships'>): string {
  const named = memberships.find(({ profile }) => profile.displayName) ?? memberships[0]
  return named?.profile.displayName ?? named?.username ?? user.id
}

/** The part of a user that an organization may see: its own membership, and nobody else's. */
export function within(
  item: UserListItem,
  organizationId: Membership['organizationId'] | undefined,
): UserListItem {
  if (organizationId === undefined) return item
  const memberships = item.memberships.filter((one) => one.organizationId === organizationId)
  const ids = new Set(memberships.map(({ id }) => id))
  return {
    ...item,
    memberships,
    roles: item.roles.filter(({ membershipId }) => ids.has(membershipId)),
  }
}
