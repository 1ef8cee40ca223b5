/** Finds users, identities and memberships. */
import { type SqlBool, sql } from 'kysely'
import { foldCase, present } from './columns.ts'
import { readPage } from './pages.ts'
import {
  groupPart,
  identityPart,
  membershipPart,
  parseIdentity,
  parseMembership,
  parseUser,
  userPart,
} from './people-rows.ts'
import type {
  MembershipId,
  OrganizationId,
  PersonKey,
  RoleAssignment,
  User,
  UserId,
} from './records.ts'
import type { Database } from './schema.ts'
import type { UnlinkedMembers } from './sign-in-state.ts'
import type { KnownPerson, Page, PageRequest, StorageReader, UserListItem } from './storage.ts'
import { membersOf, searchUsers } from './user-search.ts'

/** Creates the functions that read users, identities and memberships. */
export function peopleReads(database: Database) {
  return {
    async findPerson(key, organizationId) {
      const row = await selectPerson(database, key, organizationId).executeTakeFirst()
      return row && parsePerson(row)
    },
    async findUnlinkedMemberships(wanted, limit) {
      const rows = await selectUnlinked(database, wanted)
        .select(membershipPart.columns)
        .orderBy('created_at')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(parseMembership)
    },
    async findUser(id) {
      const query = database.selectFrom('users').selectAll().where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row && (await withBelongings(database, [parseUser(row)]))[0]
    },
    listRoles: (membershipId) => listRoles(database, membershipId),
    async listUsers({ search, organizationId, ...page }) {
      const scope = organizationId === undefined ? {} : { organizationId }
      const users = await (search === undefined
        ? readUsers(database, { ...page, ...scope })
        : searchUsers(database, search, { ...page, ...scope }))
      return { ...users, items: await withBelongings(database, users.items) }
    },
  } satisfies Partial<StorageReader>
}

function readUsers(
  database: Database,
  { organizationId, ...page }: PageRequest & { readonly organizationId?: OrganizationId },
): Promise<Page<User>> {
  let query = database.selectFrom('users').selectAll()
  if (organizationId !== undefined) {
    query = query.where('id', 'in', membersOf(database, organizationId))
  }
  return readPage(query, page, { by: 'created_at', item: parseUser })
}

/** Returns all roles of a membership, whatever assigned them. */
export async function listRoles(
  database: Database,
  id: MembershipId,
): Promise<readonly RoleAssignment[]> {
  const query = database.selectFrom('role_assignments').select(['role', 'source'])
  const rows = await query
    .where('membership_id', '=', id)
    .orderBy('role')
    .orderBy('source')
    .execute()
  return rows.map(({ role, source }) => ({ role, source }))
}

/** Selects members with an address, to whose users no identity is linked. */
export function selectUnlinked(
  database: Database,
  { organizationId, address, withoutRoles }: UnlinkedMembers,
) {
  return database
    .selectFrom('memberships')
    .where('organization_id', '=', organizationId)
    .where('email_key', '=', foldCase(address))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('identities')
            .select('identities.id')
            .whereRef('identities.user_id', '=', 'memberships.user_id'),
        ),
      ),
    )
    .where(({ not, exists }) => not(exists(rolesByHand(database, withoutRoles))))
}

/** Selects roles of a membership's user, in any organization. */
function rolesByHand(database: Database, roles: readonly string[]) {
  return database
    .selectFrom('role_assignments')
    .innerJoin('memberships as held', 'held.id', 'role_assignments.membership_id')
    .select('role_assignments.role')
    .where(sql<SqlBool>`held.user_id = ${sql.ref('memberships.user_id')}`)
    .where('role_assignments.source', '=', 'manual')
    .where('role_assignments.role', 'in', roles)
}

function selectPerson(database: Database, key: PersonKey, organizationId: OrganizationId) {
  return database
    .selectFrom('identities')
    .innerJoin('users', 'users.id', 'identities.user_id')
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.user_id', '=', 'users.id')
        .on('memberships.organization_id', '=', organizationId),
    )
    .leftJoin('group_snapshots', 'group_snapshots.membership_id', 'memberships.id')
    .select(identityPart.aliased)
    .select(userPart.aliased)
    .select(membershipPart.aliased)
    .select(groupPart.aliased)
    .where('identities.subject', '=', key.subject)
    .where('identities.directory', '=', key.directory)
    .where('identities.space', '=', key.space)
}

function parsePerson(joined: Readonly<Record<string, unknown>>): KnownPerson | undefined {
  const identity = identityPart.parse(joined)
  const user = userPart.parse(joined)
  if (identity === undefined || user === undefined) return undefined

  return present({
    identity,
    user,
    membership: membershipPart.parse(joined),
    groups: groupPart.parse(joined),
  })
}

/** Adds the records of each user, in three queries however many users there are. */
async function withBelongings(
  database: Database,
  users: readonly User[],
): Promise<readonly UserListItem[]> {
  if (users.length === 0) return []
  const ids = users.map((user) => user.id)
  const memberships = await selectMemberships(database, ids).execute()
  const identities = await selectIdentities(database, ids).execute()
  const roles = await selectRoles(database, ids).execute()

  return users.map((user) => ({
    user,
    memberships: memberships.filter((row) => row.user_id === user.id).map(parseMembership),
    identities: identities.filter((row) => row.user_id === user.id).map(parseIdentity),
    roles: roles
      .filter((row) => row.user_id === user.id)
      .map((row) => ({ membershipId: row.membership_id, role: row.role, source: row.source })),
  }))
}

function selectMemberships(database: Database, ids: readonly UserId[]) {
  const query = database.selectFrom('memberships').select(membershipPart.columns)
  return query.where('user_id', 'in', ids).orderBy('created_at').orderBy('id')
}

function selectIdentities(database: Database, ids: readonly UserId[]) {
  const query = database.selectFrom('identities').selectAll()
  return query.where('user_id', 'in', ids).orderBy('created_at').orderBy('id')
}

function selectRoles(database: Database, ids: readonly UserId[]) {
  return database
    .selectFrom('role_assignments')
    .innerJoin('memberships', 'memberships.id', 'role_assignments.membership_id')
    .select(['memberships.user_id', 'membership_id', 'role', 'source'])
    .where('memberships.user_id', 'in', ids)
    .orderBy('membership_id')
    .orderBy('role')
    .orderBy('source')
}
