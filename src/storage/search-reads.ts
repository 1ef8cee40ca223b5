/**
 * Pages of a search. It looks through the newest rows of its list one by one, which fills a page if many match, and finds the others by
 * the index. Neither way alone is fast for both.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { olderThan, readPage, rowsToRead, toPage } from './pages.ts'
import type { Tables } from './schema.ts'
import {
  type Condition,
  type Found,
  foundOnPostgres,
  isPostgres,
  readCandidates,
  type SearchedTable,
  type TextSearch,
} from './search-index.ts'
import type { Page, PageRequest } from './storage.ts'

/** How many rows of a list are looked through before the index is used. PostgreSQL finds no match before it has found all. */
const NEWEST_ROWS = { sqlite: 1_000, postgres: 2_000 } as const
const FIRST_CANDIDATES = 128
/** As many as SQLite reads at once without other work having to wait. */
const NEXT_CANDIDATES = 512
/** Of an organization, its own rows are then fewer. */
const MAX_CANDIDATES_OF_ORGANIZATION = 5_000

type Listed = 'users' | SearchedTable
type Row = { readonly id: string; readonly created_at: number }
type Query<Table extends Listed, Item extends Row> = SelectQueryBuilder<Tables, Table, Item>

/** A list, and how those of its rows that match are found. */
type SearchedList<Table extends Listed, Item extends Row> = {
  /** The list, or a longer one that contains it, which an index has in the order of the list. */
  readonly along: Query<Table, Item>
  /** The rows that match, found by reading each row of the list. */
  readonly matching: Query<Table, Item>
  /** The rows of the list that belong to records of the index. */
  readonly found: (found: Found) => Query<Table, Item>
  /** The rows of the list that match and are not in the index. */
  readonly others: Query<Table, Item>
}

/** Reads a page of those rows of a list that match, newest first. */
export async function readSearchPage<Table extends Listed, Item extends Row, T>(
  search: TextSearch,
  list: SearchedList<Table, Item>,
  { page, item }: { readonly page: PageRequest; readonly item: (row: Item) => T },
): Promise<Page<T>> {
  const read = (query: Query<Table, Item>) => readPage(query, page, { by: 'created_at', item })
  const edge = await findEdge(list.along, page, isPostgres(search.database))
  if (edge === undefined) return read(list.matching)
  const nearby = await read(list.matching.where(isSince(edge)))
  if (nearby.next !== undefined) return nearby

  const found = await readFound(search, list, page)
  if (found === undefined) return read(list.matching)
  const rows = [...found, ...(await readRows(list.others, page))]
  return toPage(newest(rows), page, { time: (row) => row.created_at, item })
}

/** Finds the last of the newest rows, or `undefined` if the list ends before. */
async function findEdge<Table extends Listed, Item extends Row>(
  along: Query<Table, Item>,
  { after }: PageRequest,
  isOnPostgres: boolean,
): Promise<Row | undefined> {
  const rows = isOnPostgres ? NEWEST_ROWS.postgres : NEWEST_ROWS.sqlite
  const places = along
    .clearSelect()
    .select([sql<string>`id`.as('id'), sql<number>`created_at`.as('created_at')])
  return places
    .$if(after !== undefined, (all) => all.where(olderThan(after ?? '', 'created_at', 'id')))
    .orderBy(sql.ref('created_at'), 'desc')
    .orderBy(sql.ref('id'), 'desc')
    .limit(1)
    .offset(rows - 1)
    .executeTakeFirst()
}

function isSince({ created_at, id }: Row): Condition {
  return sql<SqlBool>`(created_at, id) >= (${created_at}, ${id})`
}

async function readFound<Table extends Listed, Item extends Row>(
  search: TextSearch,
  list: SearchedList<Table, Item>,
  page: PageRequest,
): Promise<readonly Item[] | undefined> {
  const { term } = search
  if (term === undefined) return []
  if (isPostgres(search.database)) return readRows(list.found(foundOnPostgres(search, term)), page)
  return readFromTheTop(search, term, { list, page })
}

/**
 * Reads the index of SQLite from the newest records on, until no record that is left can be on the page. Returns `undefined` if it has
 * too many records that are not of the organization.
 */
async function readFromTheTop<Table extends Listed, Item extends Row>(
  search: TextSearch,
  term: string,
  { list, page }: { readonly list: SearchedList<Table, Item>; readonly page: PageRequest },
): Promise<readonly Item[] | undefined> {
  let rows: readonly Item[] = []
  let [below, count] = [Number.MAX_SAFE_INTEGER, FIRST_CANDIDATES]
  let left =
    search.organizationId === undefined ? Number.POSITIVE_INFINITY : MAX_CANDIDATES_OF_ORGANIZATION
  for (; left > 0; left -= count) {
    const candidates = await readCandidates(search, term, { below, count })
    const ids = candidates.flatMap(({ id }) => id ?? [])
    if (ids.length > 0) {
      rows = newest([...rows, ...(await readRows(list.found(isAmong(ids)), page))])
    }
    const last = candidates.at(-1)
    if (last === undefined || candidates.length < count) return rows
    if ((rows[rowsToRead(page) - 1]?.created_at ?? 0) > last.bound_at) return rows
    ;[below, count] = [last.position, NEXT_CANDIDATES]
    await nextTurn()
  }
  return undefined
}

function isAmong(ids: readonly string[]): Found {
  return (idColumn) => sql<SqlBool>`${sql.ref(idColumn)} in (${sql.join(ids)})`
}

/**
 * Reads the rows of a page, and one more if there is one. The sign before the time keeps both databases from reading the whole list in
 * its order until they come upon the few rows that were found.
 */
function readRows<Table extends Listed, Item extends Row>(
  query: Query<Table, Item>,
  page: PageRequest,
): Promise<readonly Item[]> {
  const { after } = page
  return query
    .$if(after !== undefined, (all) => all.where(olderThan(after ?? '', 'created_at', 'id')))
    .orderBy(sql`+created_at`, 'desc')
    .orderBy(sql.ref('id'), 'desc')
    .limit(rowsToRead(page))
    .execute()
}

/** Returns each row once, in the order of the list. Ids are compared as both databases do. */
function newest<Item extends Row>(rows: readonly Item[]): readonly Item[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return [...byId.values()].sort(
    (a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
  )
}
