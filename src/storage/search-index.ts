/** Finds records by part of their text: the condition for a row, and the index of each database. */
import { PostgresAdapter, type RawBuilder, type SqlBool, sql } from 'kysely'
import { foldCase } from './columns.ts'
import type { OrganizationId } from './records.ts'
import type { Database } from './schema.ts'
import { toSearchGrams, toSearchTerm } from './search-text.ts'

const formerColumns = {
  memberships: ['search_text'],
  organizations: ['name', 'slug'],
  connections: ['name', 'slug', 'tenants', 'client_id'],
} as const
export type SearchedTable = keyof typeof formerColumns
export type Condition = RawBuilder<SqlBool>

/** A search for part of a text in one table, perhaps within one organization. */
export type TextSearch = {
  readonly database: Database
  readonly table: SearchedTable
  /** `undefined` matches nothing. */
  readonly term: string | undefined
  readonly organizationId: OrganizationId | undefined
  /** The condition for a row of the table. */
  readonly matches: Condition
  /** The condition for a row that is not in the index yet. */
  readonly matchesUnfilled: Condition
}

/** The condition that a row of the searched table is one that the index found; the column contains its id. */
export type Found = (idColumn: string) => Condition

/** Creates the search for a text. */
export function searchText(
  database: Database,
  table: SearchedTable,
  {
    text,
    organizationId,
  }: { readonly text: string; readonly organizationId?: OrganizationId | undefined },
): TextSearch {
  const term = toSearchTerm(text)
  const search = { database, table, term, organizationId }
  if (term === undefined) return { ...search, matches: never, matchesUnfilled: never }

  const key = sql.ref(`${table}.search_key`)
  const former = matchesFormerText(table, text)
  return {
    ...search,
    matches: sql<SqlBool>`(case when ${key} is null then ${former} else ${contains(search, term)} end)`,
    matchesUnfilled: sql<SqlBool>`(${key} is null and ${former})`,
  }
}

const never = sql<SqlBool>`1 = 0`

/** Returns whether the database is PostgreSQL. */
export function isPostgres(database: Database): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter
}

type Scope = Pick<TextSearch, 'database' | 'table' | 'organizationId'>

function contains({ database, table }: Scope, term: string): Condition {
  const key = sql.ref(`${table}.search_key`)
  return isPostgres(database)
    ? sql<SqlBool>`strpos(${key}, ${term}) > 0`
    : sql<SqlBool>`instr(${key}, ${term}) > 0`
}

function isInScope({ table, organizationId }: Scope): Condition {
  if (organizationId === undefined) return sql<SqlBool>`1 = 1`
  return sql<SqlBool>`${sql.ref(`${table}.organization_id`)} = ${organizationId}`
}

/** Rows that the previous release wrote are searched as it does, until they have their key. */
function matchesFormerText(table: SearchedTable, text: string): Condition {
  const pattern = `%${foldCase(text).replace(/[\\%_]/g, '\\$&')}%`
  const conditions = formerColumns[table].map(
    (column) => sql`lower(${sql.ref(`${table}.${column}`)}) like ${pattern} escape '\\'`,
  )
  return sql<SqlBool>`(${sql.join(conditions, sql` or `)})`
}

/** Finds all records at once, on PostgreSQL, by a condition for the row itself. */
export function foundOnPostgres(search: TextSearch, term: string): Found {
  const key = sql.ref(`${search.table}.search_key`)
  const condition = sql<SqlBool>`(entrada_grams(${key}) @> ${toSearchGrams(term)}::text[]
    and ${contains(search, term)} and ${isInScope(search)})`
  return () => condition
}

/** A place in the index of SQLite, and the record there if it matches. */
export type Candidate = {
  readonly position: number
  readonly id: string | null
  /** No record at this position or below is newer. */
  readonly bound_at: number
}

/** Reads the next places of the index of SQLite, from the highest down. */
export async function readCandidates(
  search: TextSearch,
  term: string,
  { below, count }: { readonly below: number; readonly count: number },
): Promise<readonly Candidate[]> {
  const { database, table } = search
  const [index, rows] = [sql.ref(`${table}_search`), sql.ref(`${table}_search_rows`)]
  const grams = toSearchGrams(term).map((gram) => `"${gram.replaceAll('"', '""')}"`)
  const places = sql`select rowid as place from ${index}
    where ${index} match ${grams.join(' AND ')} and rowid < ${below} order by rowid desc limit ${count}`
  const query = sql<Candidate>`select position, bound_at, ${sql.ref(`${table}.id`)} as id
    from (${places}) cross join ${rows} on position = place
    left join ${sql.table(table)} on ${sql.ref(`${table}.id`)} = record_id
      and ${contains(search, term)} and ${isInScope(search)}
    order by place desc`
  return (await query.execute(database)).rows
}
