import { type GraphError, unsupportedQuery } from './graph-errors.ts'

/** The properties a `$select` names, in any letter case; without one, the default ones. */
export function selected(
  query: URLSearchParams,
  all: Readonly<Record<string, unknown>>,
  byDefault: readonly string[],
): { readonly found: Readonly<Record<string, unknown>> } | { readonly unknown: string } {
  const names =
    query
      .get('$select')
      ?.split(',')
      .map((name) => name.trim()) ?? byDefault
  const known = new Map(Object.keys(all).map((name) => [name.toLowerCase(), name]))
  const unknown = names.find((name) => !known.has(name.toLowerCase()))
  if (unknown !== undefined) return { unknown: unknown.slice(0, 100) }
  const found = names.map((name) => known.get(name.toLowerCase()) ?? name)
  return { found: Object.fromEntries(found.map((name) => [name, all[name]])) }
}

/** Which part of a list is asked for. */
export type PageRequest = { readonly from: number; readonly size: number }

const DEFAULT_PAGE = 100
const MOST_IN_A_PAGE = 999

/** Reads `$top` and `$skiptoken`. */
export function parsePage(query: URLSearchParams): PageRequest | GraphError {
  const top = query.get('$top')
  const size = top === null ? DEFAULT_PAGE : Number(top)
  if (!Number.isInteger(size) || size < 1 || size > MOST_IN_A_PAGE) {
    return unsupportedQuery(
      `Invalid page size specified: '${top?.slice(0, 20)}'. Must be between 1 and ${MOST_IN_A_PAGE} inclusive.`,
    )
  }
  const skipToken = query.get('$skiptoken')
  if (skipToken === null) return { from: 0, size }
  const from = /^from:(\d{1,7})$/.exec(Buffer.from(skipToken, 'base64url').toString('utf8'))?.[1]
  return from === undefined
    ? unsupportedQuery('The specified page token value has expired or is invalid.')
    : { from: Number(from), size }
}

/** The address of the next page: the same query with a token, which nobody needs to understand. */
export function nextLink(address: string, query: URLSearchParams, from: number): string {
  const next = new URLSearchParams(query)
  next.set('$skiptoken', Buffer.from(`from:${from}`).toString('base64url'))
  return `${address}?${next.toString().replaceAll('%24', '$')}`
}
