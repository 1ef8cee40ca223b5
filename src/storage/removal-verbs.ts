/** Removes a record and everything that refers to it, in the order that foreign keys require. */
import { hasUniqueSubject } from '../identity-provider/person-key.ts'
import type { ConnectionId, MembershipId, OrganizationId, UserId } from './records.ts'
import type { RemovalParts, RemovalWriter } from './removal-storage.ts'
import type { Database, Row } from './schema.ts'
import type { HashUsername } from './username-storage.ts'

/** Creates the functions that remove records for good. */
export function removalWrites(database: Database): RemovalWriter {
  return {
    removeUser: async (id, parts) => (await removeUsers(database, [id], parts)) === 1,
    async removeMembers(organizationId, limit, parts) {
      const members = await database
        .selectFrom('memberships')
        .select(['id', 'user_id'])
        .where('organization_id', '=', organizationId)
        .orderBy('created_at')
        .orderBy('id')
        .limit(limit)
        .execute()
      if (members.length === 0) return 0
      const userIds = members.map((member) => member.user_id)
      await database
        .deleteFrom('sessions')
        .where('organization_id', '=', organizationId)
        .where('user_id', 'in', userIds)
        .execute()
      await removeMemberships(
        database,
        members.map(({ id }) => id),
        parts.hashUsername,
      )
      await removeUsers(database, await withoutMembership(database, userIds), parts)
      return members.length
    },
    removeConnection: (id) => removeConnection(database, id),
    async wasConnectionRemoved(id) {
      const query = database.selectFrom('removed_connections').select('id')
      return (await query.where('id', '=', id).executeTakeFirst()) !== undefined
    },
    async removeOrganization(id) {
      const connections = await database
        .selectFrom('connections')
        .select('id')
        .where('organization_id', '=', id)
        .execute()
      await database.deleteFrom('domains').where('organization_id', '=', id).execute()
      for (const connection of connections) await removeConnection(database, connection.id)
      await removeOwned(database, id)
      const { numDeletedRows } = await database
        .deleteFrom('organizations')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },
  }
}

async function removeOwned(database: Database, id: OrganizationId): Promise<void> {
  await database.deleteFrom('webhooks').where('organization_id', '=', id).execute()
  await database.deleteFrom('sessions').where('organization_id', '=', id).execute()
}

async function removeConnection(database: Database, id: ConnectionId): Promise<boolean> {
  await database.deleteFrom('sessions').where('connection_id', '=', id).execute()
  await database.deleteFrom('setup_links').where('connection_id', '=', id).execute()
  await database.deleteFrom('test_results').where('connection_id', '=', id).execute()
  await database.deleteFrom('connection_health').where('connection_id', '=', id).execute()
  // The user of an identity stays, but the connection is removed.
  const { numUpdatedRows: people } = await database
    .updateTable('identities')
    .set({ connection_id: null })
    .where('connection_id', '=', id)
    .executeTakeFirstOrThrow()
  const removed = await database
    .deleteFrom('connections')
    .where('id', '=', id)
    .returning('status')
    .executeTakeFirst()
  if (removed?.status === 'draft' && people === 0n) await freeId(database, id)
  return removed !== undefined
}

/** No user can have signed in through a draft, so no key of a person contains its id. */
async function freeId(database: Database, id: ConnectionId): Promise<void> {
  await database.deleteFrom('removed_connections').where('id', '=', id).execute()
}

async function withoutMembership(
  database: Database,
  userIds: readonly UserId[],
): Promise<readonly UserId[]> {
  const rows = await database
    .selectFrom('memberships')
    .select('user_id')
    .distinct()
    .where('user_id', 'in', userIds)
    .execute()
  const elsewhere = new Set(rows.map((row) => row.user_id))
  return userIds.filter((id) => !elsewhere.has(id))
}

async function removeUsers(
  database: Database,
  ids: readonly UserId[],
  parts: RemovalParts,
): Promise<number> {
  if (ids.length === 0) return 0
  await database.deleteFrom('sessions').where('user_id', 'in', ids).execute()
  const memberships = await database
    .selectFrom('memberships')
    .select('id')
    .where('user_id', 'in', ids)
    .execute()
  await removeMemberships(
    database,
    memberships.map(({ id }) => id),
    parts.hashUsername,
  )
  const keys = await database
    .selectFrom('identities')
    .select(['user_id', 'space', 'subject'])
    .where('user_id', 'in', ids)
    .execute()
  await noteErasures(database, { ids, keys }, parts)
  await removeTraces(database, ids, keys)
  await database.deleteFrom('identities').where('user_id', 'in', ids).execute()
  const { numDeletedRows } = await database
    .deleteFrom('users')
    .where('id', 'in', ids)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** What is read of the identities of users who are removed. */
type KeyOfUser = Pick<Row<'identities'>, 'user_id' | 'space' | 'subject'>
/** Every list in SQL needs an element, and no subject is empty. */
const NO_SUBJECT = ''

/** The audit trail is long, so people are erased from it later, in the background. */
async function noteErasures(
  database: Database,
  { ids, keys }: { readonly ids: readonly UserId[]; readonly keys: readonly KeyOfUser[] },
  { vouchForErasure }: RemovalParts,
): Promise<void> {
  const users = await database.selectFrom('users').select('id').where('id', 'in', ids).execute()
  if (users.length === 0) return
  const rows = users.map(({ id }) => {
    // An event is about a person if it contains one of these ids, so only ids that occur nowhere else are used.
    const objectIds = keys
      .filter((key) => key.user_id === id && hasUniqueSubject(key))
      .map(({ subject }) => subject)
    return {
      user_id: id,
      object_ids: JSON.stringify(objectIds),
      after_event: '' as const,
      signature: vouchForErasure(id, objectIds),
    }
  })
  const insert = database.insertInto('erasures_due').values(rows)
  await insert.onConflict((conflict) => conflict.doNothing()).execute()
}

/** The steps of a sign-in exist to help a person, so those of a removed user are removed, also those before they became a user. */
async function removeTraces(
  database: Database,
  ids: readonly UserId[],
  keys: readonly KeyOfUser[],
): Promise<void> {
  const subjects = [NO_SUBJECT, ...keys.map(({ subject }) => subject)]
  const unique = [NO_SUBJECT, ...keys.filter(hasUniqueSubject).map(({ subject }) => subject)]
  await database
    .deleteFrom('sign_in_traces')
    .where((is) =>
      is.or([
        is('user_id', 'in', ids),
        is.and([
          is('person_oid', 'in', subjects),
          is.exists(
            is
              .selectFrom('identities')
              .select('identities.id')
              .where('identities.user_id', 'in', ids)
              .whereRef('identities.subject', '=', 'sign_in_traces.person_oid')
              .whereRef('identities.space', '=', 'sign_in_traces.person_space')
              .whereRef('identities.directory', '=', 'sign_in_traces.person_directory'),
          ),
        ]),
        // Traces of the release before have the subject alone.
        is.and([is('person_oid', 'in', unique), is('person_space', 'is', null)]),
      ]),
    )
    .execute()
}

async function removeMemberships(
  database: Database,
  ids: readonly MembershipId[],
  hash: HashUsername,
): Promise<void> {
  if (ids.length === 0) return
  await retireUsernames(database, ids, hash)
  await database.deleteFrom('role_assignments').where('membership_id', 'in', ids).execute()
  await database.deleteFrom('group_snapshots').where('membership_id', 'in', ids).execute()
  await database.deleteFrom('memberships').where('id', 'in', ids).execute()
}

async function retireUsernames(
  database: Database,
  ids: readonly MembershipId[],
  hash: HashUsername,
): Promise<void> {
  const query = database.selectFrom('memberships').select(['organization_id', 'username'])
  const members = await query.where('id', 'in', ids).execute()
  if (members.length === 0) return
  const rows = members.map(({ organization_id, username }) => ({
    organization_id,
    username_hash: hash(organization_id, username),
  }))
  const insert = database.insertInto('retired_usernames').values(rows)
  await insert.onConflict((conflict) => conflict.doNothing()).execute()
}
