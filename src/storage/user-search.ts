/** Finds users by part of what is known about them in an organization, or by a complete id. */
import {
  type Expression,
  type ExpressionBuilder,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import { keyOfNamed, type NamedPerson, parsePersonName } from '../identity-provider/person-key.ts'
import { foldCase } from './columns.ts'
import { readPage } from './pages.ts'
import { parseUser } from './people-rows.ts'
import type { OrganizationId, User, UserId } from './records.ts'
import type { Database, Tables } from './schema.ts'
import { type Condition, searchText } from './search-index.ts'
import { readSearchPage } from './search-reads.ts'
import type { Page, PageRequest } from './storage.ts'

/** An organization of which every member is looked at, because the newest users of the deployment may contain few of it. */
const SMALL = 2_000

/**
 * Reads a page of the users that match. Within an organization, a search must not match what only another organization knows about
 * a person (design rule 19).
 */
export async function searchUsers(
  database: Database,
  search: string,
  { organizationId, ...page }: PageRequest & { readonly organizationId?: OrganizationId },
): Promise<Page<User>> {
  const users = database.selectFrom('users').selectAll()
  const list =
    organizationId === undefined
      ? users
      : users.where('id', 'in', membersOf(database, organizationId))
  const text = searchText(database, 'memberships', { text: search, organizationId })
  const memberships = membershipsIn(database, organizationId)
  const identities = identitiesOf(database, search, organizationId)
  const matching = list.where(matchesUser(search, memberships.where(text.matches), identities))
  if (organizationId !== undefined && (await isSmall(database, organizationId))) {
    return readPage(matching, page, { by: 'created_at', item: parseUser })
  }

  const unfilled = memberships.where(text.matchesUnfilled)
  const itself = database.selectFrom('users').select('users.id as user_id')
  const others = unfilled
    .unionAll(identities)
    .unionAll(itself.where(sql<SqlBool>`users.id = ${search}`))
  return readSearchPage(
    text,
    {
      along: users,
      matching,
      // These memberships are of the organization, so the users are its members.
      found: (found) => users.where('id', 'in', memberships.where(found('memberships.id'))),
      others: list.where('id', 'in', others),
    },
    { page, item: parseUser },
  )
}

/** Selects the ids of an organization's users. */
export function membersOf(database: Database, organizationId: OrganizationId) {
  const query = database.selectFrom('memberships').select('user_id')
  return query.where('organization_id', '=', organizationId)
}

async function isSmall(database: Database, organizationId: OrganizationId): Promise<boolean> {
  const beyond = membersOf(database, organizationId).limit(1).offset(SMALL)
  return (await beyond.executeTakeFirst()) === undefined
}

function membershipsIn(database: Database, organizationId: OrganizationId | undefined) {
  const memberships = database.selectFrom('memberships').select('memberships.user_id')
  return organizationId === undefined
    ? memberships
    : memberships.where('memberships.organization_id', '=', organizationId)
}

function identitiesOf(
  database: Database,
  search: string,
  organizationId: OrganizationId | undefined,
) {
  const named = parsePersonName(search)
  const identities = database
    .selectFrom('identities')
    .select('identities.user_id')
    .where(named === undefined ? hasId([search, foldCase(search)]) : isNamed(named))
  if (organizationId === undefined) return identities
  const own = database.selectFrom('connections').select('id')
  return identities.where('connection_id', 'in', own.where('organization_id', '=', organizationId))
}

type OwnedRows<Table extends 'memberships' | 'identities'> = SelectQueryBuilder<
  Tables,
  Table,
  { user_id: UserId }
>

/** In place of `exists`, for which PostgreSQL reads whole tables if it expects that many users are looked at. */
function matchesUser(
  search: string,
  memberships: OwnedRows<'memberships'>,
  identities: OwnedRows<'identities'>,
): Condition {
  const byText = memberships.where(sql<SqlBool>`memberships.user_id = users.id`)
  const byId = identities.where(sql<SqlBool>`identities.user_id = users.id`)
  const isFound = (rows: Expression<unknown>) => sql<SqlBool>`${rows} is not null`
  return sql<SqlBool>`(users.id = ${search} or ${isFound(byText.limit(1))} or ${isFound(byId.limit(1))})`
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
