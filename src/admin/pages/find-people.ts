/** Finds the people that a search text means: users, people in a directory, or those who sign in with this name. */
import { nameKeysOf } from '../../audit/traced-person.ts'
import { isGuid } from '../../protocol/guid.ts'
import type { Services } from '../../services.ts'
import type { OrganizationId, UserId } from '../../storage/records.ts'
import type { TraceFilter } from '../../storage/storage.ts'
import { createAdministration } from '../administration.ts'

const MOST_PEOPLE = 50

/** Returns the ids of the newest users that match, at most fifty. */
export async function findUserIds(
  services: Services,
  search: string,
  organizationId: OrganizationId | undefined,
): Promise<readonly UserId[]> {
  const { items } = await createAdministration(async () => services).listUsers({
    search,
    limit: MOST_PEOPLE,
    ...(organizationId ? { organizationId } : {}),
  })
  return items.map(({ user }) => user.id)
}

/** Finds people who never became users too: by object id, or by the complete sign-in name or email. */
export async function personIn(
  services: Services,
  search: string,
  organizationId: OrganizationId | undefined,
): Promise<NonNullable<TraceFilter['person']>> {
  return {
    userIds: await findUserIds(services, search, organizationId),
    ...(isGuid(search) ? { subject: search.toLowerCase() } : {}),
    nameKeys: nameKeysOf(services, search),
  }
}
