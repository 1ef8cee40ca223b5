/** Reads and writes who signs in through which connection, and who has rights over an organization. */
import { sql } from 'kysely'
import type { ConnectionUseReads, ConnectionUseWrites } from './connection-uses.ts'
import { ORGANIZATION_ADMIN } from './organization-roles.ts'
import { olderThan, rowsToRead, toPage } from './pages.ts'
import { identityPart, membershipPart, parseIdentity, parseMembership } from './people-rows.ts'
import type { ConnectionId, OrganizationId, UserId } from './records.ts'
import type { Database } from './schema.ts'

/** Creates the functions that read the use of connections. */
export function connectionUseReads(database: Database): ConnectionUseReads {
  return {
    async findAdministratorUse({ organizationId, connectionId, fingerprint }) {
      const row = await activeMembers(database, organizationId)
        .innerJoin('connection_uses', 'connection_uses.membership_id', 'memberships.id')
        .select(qualified)
        .select('connection_uses.last_sign_in_at as used_at')
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('role_assignments')
              .select('role_assignments.role')
              .whereRef('role_assignments.membership_id', '=', 'memberships.id')
              .where('role_assignments.role', '=', ORGANIZATION_ADMIN)
              .where('role_assignments.source', '=', 'manual'),
          ),
        )
        .where('connection_uses.connection_id', '=', connectionId)
        .where('connection_uses.fingerprint', '=', fingerprint)
        .orderBy('connection_uses.last_sign_in_at', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && { membership: parseMembership(row), at: new Date(row.used_at) }
    },
    async listMembersWithoutUse({ organizationId, connectionId }, page) {
      let query = withoutUse(database, organizationId, connectionId).select(qualified)
      if (page.after !== undefined) {
        query = query.where(olderThan(page.after, 'memberships.created_at', 'memberships.id'))
      }
      const newestFirst = query
        .orderBy('memberships.created_at', 'desc')
        .orderBy('memberships.id', 'desc')
      const rows = await newestFirst.limit(rowsToRead(page)).execute()
      const found = toPage(rows, page, { time: (row) => row.created_at, item: parseMembership })
      const identities = await identitiesOf(
        database,
        found.items.map(({ userId }) => userId),
      )
      return {
        ...found,
        items: found.items.map((membership) => ({
          membership,
          identities: identities.filter(({ userId }) => userId === membership.userId),
        })),
      }
    },
    async countMembersWithoutUse({ organizationId, connectionId }) {
      const query = withoutUse(database, organizationId, connectionId)
      const row = await query
        .select(sql<number | string>`count(*)`.as('members'))
        .executeTakeFirst()
      return Number(row?.members ?? 0)
    },
    async countSessionsOfOthers(organizationId, connectionId, now) {
      const row = await database
        .selectFrom('sessions')
        .select(sql<number | string>`count(*)`.as('sessions'))
        .where('organization_id', '=', organizationId)
        .where(ofOthers(connectionId))
        .where('ends_at', '>', now.getTime())
        .executeTakeFirst()
      return Number(row?.sessions ?? 0)
    },
  }
}

/** Creates the functions that write the use of connections. */
export function connectionUseWrites(database: Database): ConnectionUseWrites {
  return {
    async endSessionsOfOthers(organizationId, connectionId, { reason, until }) {
      const ended = database
        .selectFrom('sessions')
        .select(['token_hash'])
        .select([
          sql<typeof reason>`${sql.lit(reason)}`.as('reason'),
          sql<string>`${sql.lit(connectionId)}`.as('connection_id'),
          sql<number>`${sql.lit(until.getTime())}`.as('until'),
        ])
        .where('organization_id', '=', organizationId)
        .where(ofOthers(connectionId))
      await database
        .insertInto('session_ends')
        .columns(['token_hash', 'reason', 'connection_id', 'until'])
        .expression(ended)
        .onConflict((conflict) => conflict.column('token_hash').doNothing())
        .execute()
      const { numDeletedRows } = await database
        .deleteFrom('sessions')
        .where('organization_id', '=', organizationId)
        .where(ofOthers(connectionId))
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

const qualified = membershipPart.columns.map((column) => `memberships.${column}` as const)

function activeMembers(database: Database, organizationId: OrganizationId) {
  return database
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '=', 'active')
    .where('users.status', '=', 'active')
}

function withoutUse(
  database: Database,
  organizationId: OrganizationId,
  connectionId: ConnectionId,
) {
  return activeMembers(database, organizationId).where(({ not, exists, selectFrom }) =>
    not(
      exists(
        selectFrom('connection_uses')
          .select('connection_uses.membership_id')
          .whereRef('connection_uses.membership_id', '=', 'memberships.id')
          .where('connection_uses.connection_id', '=', connectionId),
      ),
    ),
  )
}

function ofOthers(connectionId: ConnectionId) {
  return sql<boolean>`(connection_id is null or connection_id <> ${connectionId})`
}

async function identitiesOf(database: Database, userIds: readonly UserId[]) {
  if (userIds.length === 0) return []
  const query = database.selectFrom('identities').select(identityPart.columns)
  const rows = await query.where('user_id', 'in', userIds).orderBy('created_at').execute()
  return rows.map(parseIdentity)
}
