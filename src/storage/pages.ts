/**
 * Pages of lists, newest first. The cursor is the place of the last item, so rows that are added or removed meanwhile cause no gaps
 * and no duplicates.
 */
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import { type PagePlace, parsePageCursor, toPageCursor } from '../protocol/page-cursor.ts'
import type { Tables } from './schema.ts'
import type { Page, PageRequest } from './storage.ts'

const MAX_LIMIT = 200

/** Returns how many rows to read: one more than shown reveals whether there is a next page. */
export function rowsToRead(page: PageRequest): number {
  return limitOf(page) + 1
}

/** Returns the condition "older than the cursor", over the two columns by which the list is sorted. */
export function olderThan(
  cursor: string,
  timeColumn: string,
  idColumn: string,
): RawBuilder<SqlBool> {
  const place = parseCursor(cursor)
  return sql<SqlBool>`(${sql.ref(timeColumn)}, ${sql.ref(idColumn)}) < (${place.millis}, ${place.id})`
}

/** Creates a page from rows that were read with {@link rowsToRead}. */
export function toPage<Item extends { readonly id: string }, T>(
  rows: readonly Item[],
  page: PageRequest,
  read: { readonly time: (row: Item) => number; readonly item: (row: Item) => T },
): Page<T> {
  const shown = rows.slice(0, limitOf(page))
  const last = shown.at(-1)
  const items = shown.map(read.item)
  if (last === undefined || rows.length === shown.length) return { items }
  return { items, next: toPageCursor({ millis: read.time(last), id: last.id }) }
}

/** Reads one page of a query, newest first by the given column and then by id. */
export async function readPage<
  Table extends keyof Tables,
  Time extends 'created_at' | 'at',
  Item extends { readonly id: string } & { readonly [Column in Time]: number },
  T,
>(
  query: SelectQueryBuilder<Tables, Table, Item>,
  page: PageRequest,
  { by, item }: { readonly by: Time; readonly item: (row: Item) => T },
): Promise<Page<T>> {
  const { after } = page
  const rows = await query
    .$if(after !== undefined, (all) => all.where(olderThan(after ?? '', by, 'id')))
    .orderBy(sql.ref(by), 'desc')
    .orderBy(sql.ref('id'), 'desc')
    .limit(rowsToRead(page))
    .execute()
  return toPage<Item, T>(rows, page, { time: (row) => row[by], item })
}

function limitOf(page: PageRequest): number {
  return Math.min(Math.max(Math.trunc(page.limit) || 1, 1), MAX_LIMIT)
}

/** Parses a cursor. @throws {EntradaError} `request_invalid` */
function parseCursor(cursor: string): PagePlace {
  const place = parsePageCursor(cursor)
  if (place === undefined) throw new EntradaError('request_invalid', { parameter: 'cursor' })
  return place
}
