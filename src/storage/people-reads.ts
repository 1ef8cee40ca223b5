/** Finds users, identities and memberships. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { keyOfNamed, type NamedPerson, parsePersonName } from '../identity-provider/person-key.ts'
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
import type { Database, Tables } from './schema.ts'
import type { UnlinkedMembers } from './sign-in-state.ts'
import type { KnownPerson, StorageReader, UserListItem } from './storage.ts'

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
      let query = database.selectFrom('users').selectAll()
      if (search !== undefined)
        query = query.where((_) => matchesSearch(database, search, organizationId))
      if (organizationId !== undefined) {
        query = query.where('id', 'in', membersOf(database, organizationId))
      }
      const users = await readPage(query, page, { by: 'created_at', item: parseUser })
      return { ...users, items: await withBelongings(database, users.items) }
    },
  } satisfies Partial<StorageReader>
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

function membersOf(database: Database, organizationId: OrganizationId) {
  const query = database.selectFrom('memberships').select('user_id')
  return query.where('organization_id', '=', organizationId)
}

/** Within an organization, a search must not match what only another organization knows about a person (design rule 19). */
function matchesSearch(
  database: Database,
  search: string,
  organizationId: OrganizationId | undefined,
): Expression<SqlBool> {
  const folded = foldCase(search)
  const named = parsePersonName(search)
  const pattern = `%${folded.replace(/[\\%_]/g, '\\$&')}%`
  let ofMemberships = database
    .selectFrom('memberships')
    .select('user_id')
    .where(sql<SqlBool>`search_text like ${pattern} escape '\\'`)
  let ofIdentities = database
    .selectFrom('identities')
    .select('user_id')
    .where(named === undefined ? hasId([search, folded]) : isNamed(named))
  if (organizationId !== undefined) {
    ofMemberships = ofMemberships.where('organization_id', '=', organizationId)
    const own = database
      .selectFrom('connections')
      .select('id')
      .where('organization_id', '=', organizationId)
    ofIdentities = ofIdentities.where('connection_id', 'in', own)
  }

  return sql<SqlBool>`(id = ${search} or id in (${ofMemberships}) or id in (${ofIdentities}))`
}

/** A person without a space in their name is found in every cloud. */
function isNamed(named: NamedPerson) {
  const { space, directory, subject } = keyOfNamed(named, '')
  return (is: ExpressionBuilder<Tables, 'identities'>) =>
    is.and([
      is('subject', '=', subject),
      is('directory', '=', directory),
      ...(named.kind === 'short' ? [] : [is('space', '=', space)]),
    ])
}

function hasId(ids: readonly string[]) {
  return (is: ExpressionBuilder<Tables, 'identities'>) =>
    is.or([is('subject', 'in', ids), is('directory', 'in', ids)])
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
