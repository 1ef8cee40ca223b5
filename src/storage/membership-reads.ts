/** Reads the members of an organization with their roles. */
import type { ApiKeyReader, MembershipFilter, MembershipListItem } from './api-key-storage.ts'
import { readPage } from './pages.ts'
import { membershipPart, parseMembership } from './people-rows.ts'
import type { Membership } from './records.ts'
import type { Database } from './schema.ts'
import { searchText } from './search-index.ts'
import { readSearchPage } from './search-reads.ts'
import type { Page, PageRequest } from './storage.ts'

const order = { by: 'created_at', item: parseMembership } as const

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
      const memberships = await (filter.search === undefined
        ? readPage(selectMemberships(database, filter), page, order)
        : searchMemberships(database, filter.search, { filter, page }))
      return { ...memberships, items: await withRoles(database, memberships.items) }
    },
  }
}

function selectMemberships(database: Database, filter: MembershipFilter) {
  const { status, role } = filter
  let query = selectScope(database, filter)
  if (status !== undefined) query = query.where('status', '=', status)
  if (role !== undefined) {
    const holders = database.selectFrom('role_assignments').select('membership_id')
    query = query.where('id', 'in', holders.where('role', '=', role))
  }
  return query
}

/** Selects what an index has in the order of the list. */
function selectScope(database: Database, { organizationId, userId }: MembershipFilter) {
  let query = database.selectFrom('memberships').select(membershipPart.columns)
  if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
  if (userId !== undefined) query = query.where('user_id', '=', userId)
  return query
}

function searchMemberships(
  database: Database,
  search: string,
  { filter, page }: { readonly filter: MembershipFilter; readonly page: PageRequest },
): Promise<Page<Membership>> {
  const { organizationId } = filter
  const text = searchText(database, 'memberships', { text: search, organizationId })
  const list = selectMemberships(database, filter)
  return readSearchPage(
    text,
    {
      along: selectScope(database, filter),
      matching: list.where(text.matches),
      found: (found) => list.where(found('memberships.id')),
      others: list.where(text.matchesUnfilled),
    },
    { page, item: parseMembership },
  )
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
