/** Reads the members of an organization with their roles. */
import { type SqlBool, sql } from 'kysely'
import type { ApiKeyReader, MembershipFilter, MembershipListItem } from './api-key-storage.ts'
import { foldCase } from './columns.ts'
import { readPage } from './pages.ts'
import { membershipPart, parseMembership } from './people-rows.ts'
import type { Membership } from './records.ts'
import type { Database } from './schema.ts'

/** Creates the functions that read memberships with their roles. */
export function membershipReads(
  database: Database,
): Pick<ApiKeyReader, 'findMembershipWithRoles' | 'listMemberships'> {
  return {
    async findMembershipWithRoles(id) {
      const query = database.selectFrom('memberships').select(membershipPart.columns)
      const row = await query.where('id', '=', id).executeTakeFirst()
      return row && (await withRoles(database, [parseMembership(row)]))[0]
    },
    async listMemberships(filter, page) {
      const query = selectMemberships(database, filter)
      const memberships = await readPage(query, page, { by: 'created_at', item: parseMembership })
      return { ...memberships, items: await withRoles(database, memberships.items) }
    },
  }
}

function selectMemberships(database: Database, filter: MembershipFilter) {
  const { organizationId, userId, status, role, search } = filter
  let query = database.selectFrom('memberships').select(membershipPart.columns)
  if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
  if (userId !== undefined) query = query.where('user_id', '=', userId)
  if (status !== undefined) query = query.where('status', '=', status)
  if (role !== undefined) {
    const holders = database.selectFrom('role_assignments').select('membership_id')
    query = query.where('id', 'in', holders.where('role', '=', role))
  }
  if (search !== undefined) {
    const pattern = `%${foldCase(search).replace(/[\\%_]/g, '\\$&')}%`
    query = query.where(sql<SqlBool>`search_text like ${pattern} escape '\\'`)
  }
  return query
}

/** The roles are read in one query, however many members there are. */
async function withRoles(
  database: Database,
  memberships: readonly Membership[],
): Promise<readonly MembershipListItem[]> {
  if (memberships.length === 0) return []
  const ids = memberships.map(({ id }) => id)
  const query = database
    .selectFrom('role_assignments')
    .selectAll()
    .where('membership_id', 'in', ids)
  const rows = await query.orderBy('role').orderBy('source').execute()
  const byMembership = Map.groupBy(rows, (row) => row.membership_id)
  return memberships.map((membership) => ({
    membership,
    roles: (byMembership.get(membership.id) ?? []).map(({ role, source }) => ({ role, source })),
  }))
}
