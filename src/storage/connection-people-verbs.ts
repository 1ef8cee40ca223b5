/** Reads and writes the roles and live sessions of a connection's users. */
import { sql } from 'kysely'
import { parseJson, present } from './columns.ts'
import type {
  ConnectionPeopleReads,
  ConnectionPeopleWrites,
  RolesOf,
  SessionPerson,
} from './connection-people.ts'
import { personKeyIn } from './people-rows.ts'
import type { Identity, Profile } from './records.ts'
import type { Database } from './schema.ts'

/** Creates the functions that read the users of a connection. */
export function connectionPeopleReads(database: Database): ConnectionPeopleReads {
  return {
    async listSessionIdsOf(connectionId) {
      const query = database.selectFrom('sessions').select('id')
      const rows = await query.where('connection_id', '=', connectionId).execute()
      return rows.map(({ id }) => id)
    },
    async listSessionPeople(ids) {
      if (ids.length === 0) return []
      const rows = await selectPeople(database).where('sessions.id', 'in', ids).execute()
      return rows.map(
        (row): SessionPerson =>
          present({
            sessionId: row.session_id,
            identity: present({
              key: personKeyIn(row),
              lastClaims: parseJson<Identity['lastClaims']>(row.last_claims),
              connectionId: row.identity_connection_id,
            }),
            profile: row.profile === null ? undefined : parseJson<Profile>(row.profile),
            rolesFrom: row.roles_from,
            matchesRule: Number(row.rule_roles) > 0,
          }),
      )
    },
  }
}

/** Creates the functions that change roles and sessions of a connection's users. */
export function connectionPeopleWrites(database: Database): ConnectionPeopleWrites {
  return {
    removeRolesOfRules: (connection, ruleIds) => removeRolesOfRules(database, connection, ruleIds),
    replaceDefaultRole: (connection, role) => replaceDefaultRole(database, connection, role),
    async endSessionsFor(ids, { reason, connectionId = null }) {
      if (ids.length === 0) return 0
      const ended = database
        .selectFrom('sessions')
        .select('token_hash')
        .select([
          sql<typeof reason>`${sql.lit(reason)}`.as('reason'),
          sql<string | null>`${sql.lit(connectionId)}`.as('connection_id'),
          'absolute_ends_at as until',
        ])
        .where('id', 'in', ids)
      await database
        .insertInto('session_ends')
        .columns(['token_hash', 'reason', 'connection_id', 'until'])
        .expression(ended)
        .onConflict((conflict) => conflict.column('token_hash').doNothing())
        .execute()
      const removal = database.deleteFrom('sessions').where('id', 'in', ids)
      return Number((await removal.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

function selectPeople(database: Database) {
  return database
    .selectFrom('sessions')
    .innerJoin('identities', 'identities.id', 'sessions.identity_id')
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.user_id', '=', 'sessions.user_id')
        .onRef('memberships.organization_id', '=', 'sessions.organization_id'),
    )
    .leftJoin('group_snapshots', 'group_snapshots.membership_id', 'memberships.id')
    .select([
      'sessions.id as session_id',
      'identities.space',
      'identities.directory',
      'identities.subject',
      'identities.last_claims',
      'identities.connection_id as identity_connection_id',
      'memberships.profile',
      'group_snapshots.connection_id as roles_from',
    ])
    .select(
      sql<number | string>`(
        select count(*) from role_assignments
        where role_assignments.membership_id = memberships.id and role_assignments.source like 'rule:%'
      )`.as('rule_roles'),
    )
}

async function removeRolesOfRules(
  database: Database,
  connection: RolesOf,
  ruleIds: readonly string[],
): Promise<number> {
  if (ruleIds.length === 0) return 0
  const { numDeletedRows } = await database
    .deleteFrom('role_assignments')
    .where(
      'source',
      'in',
      ruleIds.map((id) => `rule:${id}` as const),
    )
    .where('membership_id', 'in', membersThrough(database, connection))
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

async function replaceDefaultRole(
  database: Database,
  connection: RolesOf,
  role: string | undefined,
): Promise<number> {
  const members = membersThrough(database, connection)
  if (role === undefined) {
    const defaultAssignments = database
      .deleteFrom('role_assignments')
      .where('source', '=', 'default')
    const removal = defaultAssignments.where('membership_id', 'in', members)
    return Number((await removal.executeTakeFirstOrThrow()).numDeletedRows)
  }
  const { numUpdatedRows } = await database
    .updateTable('role_assignments')
    .set({ role })
    .where('source', '=', 'default')
    .where('role', '<>', role)
    .where('membership_id', 'in', members)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Selects members whose roles last came through this connection, or for whom that is unknown. */
function membersThrough(database: Database, { id, organizationId }: RolesOf) {
  return database
    .selectFrom('memberships')
    .leftJoin('group_snapshots', 'group_snapshots.membership_id', 'memberships.id')
    .select('memberships.id')
    .where('memberships.organization_id', '=', organizationId)
    .where((is) =>
      is.or([
        is('group_snapshots.connection_id', 'is', null),
        is('group_snapshots.connection_id', '=', id),
      ]),
    )
}
