/** Reads and writes sessions. */
import { CompiledQuery, type SqlBool, sql } from 'kysely'
import { present } from './columns.ts'
import type { TurnRunner } from './compiled-plan.ts'
import { organizationPart } from './organization-rows.ts'
import { readPage } from './pages.ts'
import { groupPart, identityPart, membershipPart, userPart } from './people-rows.ts'
import { prepared } from './prepared.ts'
import type { SessionId, SessionView } from './records.ts'
import type { Database } from './schema.ts'
import { parseSession, sessionPart, toSessionRow } from './session-rows.ts'
import type { SessionScope } from './session-scope.ts'
import type { Storage, StorageReader, StorageTransaction } from './storage.ts'

type JoinedRow = Readonly<Record<string, unknown>>

const MOST_BEYOND = 100

/** Creates the look-up of a session, which every request of a user makes: one statement, compiled once. */
export function sessionLookUp(
  database: Database,
  turns: TurnRunner,
): Pick<StorageReader, 'findSession'> {
  return {
    async findSession(tokenHash, now) {
      const statement = selectSession(database, { tokenHash, now: now.getTime() })
      const [found] = await turns.runTogether([statement])
      return parseSessionView(found?.rows[0])
    },
  }
}

/** Creates the functions that read sessions. */
export function sessionReads(database: Database) {
  return {
    async findSession(tokenHash, now) {
      const { sql: text, parameters } = selectSession(database, { tokenHash, now: now.getTime() })
      const query = CompiledQuery.raw(text, [...parameters])
      return parseSessionView((await database.executeQuery<JoinedRow>(query)).rows[0])
    },
    async findSessionById(id) {
      const query = database.selectFrom('sessions').select(sessionPart.columns)
      const row = await query.where('id', '=', id).executeTakeFirst()
      return row && parseSession(row)
    },
    async hasSessionsOfEntraSid(connectionId, entraSid) {
      const ofSid = database.selectFrom('sessions').select('id').where('entra_sid', '=', entraSid)
      const row = await ofSid.where('connection_id', '=', connectionId).limit(1).executeTakeFirst()
      return row !== undefined
    },
    async listSessionsBeyond(id, keep, now) {
      const ofUser = database.selectFrom('sessions').select(sessionPart.columns)
      const live = ofUser.where('user_id', '=', id).where('ends_at', '>', now.getTime())
      const newestFirst = live.orderBy('created_at', 'desc').orderBy('id', 'desc')
      // SQLite accepts no offset without a limit.
      const rows = await newestFirst.limit(MOST_BEYOND).offset(keep).execute()
      return rows.map(parseSession)
    },
    async listSessions(filter, page, now) {
      let query = database.selectFrom('sessions').select(sessionPart.columns)
      query = query.where('ends_at', '>', now.getTime())
      if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId)
      if (filter.organizationId !== undefined) {
        query = query.where('organization_id', '=', filter.organizationId)
      }
      if (filter.connectionId !== undefined) {
        query = query.where('connection_id', '=', filter.connectionId)
      }
      return readPage(query, page, { by: 'created_at', item: parseSession })
    },
  } satisfies Partial<StorageReader>
}

/** Creates the functions that write sessions. */
export function sessionWrites(database: Database) {
  const removal = database.deleteFrom('sessions')
  const endSessionsIn: StorageTransaction['endSessionsIn'] = async (scope) => {
    const { numDeletedRows } = await removalIn(database, scope).executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }

  return {
    async createSession(session) {
      await database.insertInto('sessions').values(toSessionRow(session)).execute()
    },
    async endSession(id) {
      const ended = removal.where('id', '=', id).returning(sessionPart.columns)
      const row = await ended.executeTakeFirst()
      return row && parseSession(row)
    },
    async endSessionByTokenHash(tokenHash) {
      const ended = removal.where('token_hash', '=', tokenHash).returning(sessionPart.columns)
      const row = await ended.executeTakeFirst()
      return row && parseSession(row)
    },
    endSessionsIn,
    endSessionsOfUser: (id, organizationId) =>
      endSessionsIn({ of: 'user', id, ...(organizationId ? { organizationId } : {}) }),
    async endSessionsByEntraSid(connectionId, entraSid) {
      const ended = removal.where('connection_id', '=', connectionId)
      const rows = await ended
        .where('entra_sid', '=', entraSid)
        .returning(sessionPart.columns)
        .execute()
      return rows.map(parseSession)
    },
  } satisfies Partial<StorageTransaction>
}

function removalIn(database: Database, scope: SessionScope) {
  const removal = database.deleteFrom('sessions')
  switch (scope.of) {
    case 'deployment':
      return removal
    case 'organization':
      return removal.where('organization_id', '=', scope.id)
    case 'connection':
      return removal.where('connection_id', '=', scope.id)
    case 'user': {
      const ofUser = removal.where('user_id', '=', scope.id)
      const { organizationId } = scope
      return organizationId ? ofUser.where('organization_id', '=', organizationId) : ofUser
    }
  }
}

/** Moves the idle end of a session; the absolute end stays. */
export async function touchSession(
  database: Database,
  id: SessionId,
  seen: Parameters<Storage['touchSession']>[1],
): Promise<void> {
  const idleEndsAt = seen.idleEndsAt.getTime()
  await database
    .updateTable('sessions')
    .set({
      last_seen_at: seen.lastSeenAt.getTime(),
      idle_ends_at: idleEndsAt,
      ends_at: sql<number>`case when absolute_ends_at < ${idleEndsAt} then absolute_ends_at else ${idleEndsAt} end`,
    })
    .where('id', '=', id)
    .execute()
}

const selectSession = prepared<{ tokenHash: string; now: number }>((database, { tokenHash, now }) =>
  database
    .selectFrom('sessions')
    .leftJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('identities', 'identities.id', 'sessions.identity_id')
    .leftJoin('organizations', 'organizations.id', 'sessions.organization_id')
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.user_id', '=', 'sessions.user_id')
        .onRef('memberships.organization_id', '=', 'sessions.organization_id'),
    )
    .leftJoin('group_snapshots', 'group_snapshots.membership_id', 'memberships.id')
    .select(sessionPart.aliased)
    .select(userPart.aliased)
    .select(identityPart.aliased)
    .select(organizationPart.aliased)
    .select(membershipPart.aliased)
    .select(groupPart.aliased)
    .select(selectRoles().as('roles'))
    .where('sessions.token_hash', '=', tokenHash)
    .where('sessions.ends_at', '>', now)
    .where(sql<SqlBool>`coalesce(${sql.ref('users.status')}, 'active') = 'active'`)
    .where(sql<SqlBool>`coalesce(${sql.ref('memberships.status')}, 'active') = 'active'`),
)

/** The prefix of a role that was assigned by hand; all others have a space. */
const BY_HAND = '+'

/**
 * Roles are selected in one column, because a row for each would repeat all other columns. A control character never occurs in a
 * role.
 */
const ROLE_SEPARATOR = '\u001f'

function selectRoles() {
  return sql<string | null>`(
    select string_agg(
      case source when 'manual' then ${sql.lit(BY_HAND)} else ' ' end || role, ${sql.lit(ROLE_SEPARATOR)}
    ) from role_assignments
    where role_assignments.membership_id = memberships.id
  )`
}

function parseSessionView(joined: JoinedRow | undefined): SessionView | undefined {
  const session = joined && sessionPart.parse(joined)
  if (joined === undefined || session === undefined) return undefined

  const byHand = rolesOf(joined.roles, /^\+/)
  return present({
    session,
    user: userPart.parse(joined),
    identity: identityPart.parse(joined),
    organization: organizationPart.parse(joined),
    membership: membershipPart.parse(joined),
    roles: rolesOf(joined.roles, /^/),
    rolesByHand: byHand.length > 0 ? byHand : undefined,
    groups: groupPart.parse(joined),
  })
}

/** A role with several sources is one role. */
function rolesOf(roles: unknown, marked: RegExp): readonly string[] {
  if (typeof roles !== 'string') return []
  const found = roles.split(ROLE_SEPARATOR).filter((role) => marked.test(role))
  return [...new Set(found.map((role) => role.slice(1)))].sort()
}
