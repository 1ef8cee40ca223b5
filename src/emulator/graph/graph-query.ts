import { badRequest, type GraphError, unsupportedQuery } from './graph-errors.ts'
import type { GraphObject, ObjectKind } from './graph-objects.ts'

/** The properties to send: the names in a `$select`, or nothing for the default ones. */
export type Selection = readonly string[] | undefined

/** Parses `$select`, in any letter case, for a list whose objects have these kinds. */
export function parseSelect(
  query: URLSearchParams,
  kinds: readonly ObjectKind[],
): { readonly names: Selection } | GraphError {
  const select = query.get('$select')
  if (select === null) return { names: undefined }
  const properties = new Map(
    kinds.flatMap((kind) => Object.keys(kind.properties).map((name) => [name.toLowerCase(), name])),
  )
  const selected = select.split(',').map((name) => name.trim())
  const unknown = selected.find((name) => !properties.has(name.toLowerCase()))
  if (unknown === undefined) {
    return { names: selected.map((name) => properties.get(name.toLowerCase()) ?? name) }
  }
  const type = kinds.length === 1 ? kinds[0]?.type : 'directoryObject'
  return badRequest(
    `Parsing OData Select and Expand failed: Could not find a property named '${unknown.slice(0, 100)}' on type 'microsoft.graph.${type}'.`,
  )
}

/** Returns the selected properties of an object; a property that its kind does not have is left out. */
export function selectFrom(
  { kind, values }: GraphObject,
  names: Selection,
): Readonly<Record<string, unknown>> {
  const sent = (names ?? kind.byDefault).filter((name) => Object.hasOwn(values, name))
  return Object.fromEntries(sent.map((name) => [name, values[name]]))
}

/** The part of a list that is sent. */
export type PageRequest = { readonly from: number; readonly size: number }

const DEFAULT_PAGE = 100
const MOST_IN_A_PAGE = 999

/** Parses `$top` and `$skiptoken`. */
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

/** Returns the address of the next page: the same query with an opaque token. */
export function nextLink(address: string, query: URLSearchParams, from: number): string {
  const next = new URLSearchParams(query)
  next.set('$skiptoken', Buffer.from(`from:${from}`).toString('base64url'))
  return `${address}?${next.toString().replaceAll('%24', '$')}`
}

const LIST_OPTIONS = ['$select', '$filter', '$search', '$orderby', '$top', '$count', '$skiptoken']

/** Returns the error for an OData query option that a list does not support here. */
export function findUnsupportedOption(query: URLSearchParams): GraphError | undefined {
  const option = [...query.keys()].find(
    (name) => name.startsWith('$') && !LIST_OPTIONS.includes(name.toLowerCase()),
  )
  if (option === undefined) return undefined
  return unsupportedQuery(`The emulator does not support ${option.slice(0, 50)} here.`)
}

/** Sorts by `$orderby`: one property, ascending unless `desc` follows. */
export function sortedBy(
  objects: readonly GraphObject[],
  orderBy: string,
  kind: ObjectKind,
): readonly GraphObject[] | GraphError {
  const [, property = '', direction = 'asc'] =
    /^(\w+)(?: +(asc|desc))?$/i.exec(orderBy.trim()) ?? []
  const name = kind.sortable.find((candidate) => candidate.toLowerCase() === property.toLowerCase())
  if (name === undefined) {
    return unsupportedQuery(`Sort by '${orderBy.slice(0, 100)}' is not supported.`)
  }
  const sign = direction.toLowerCase() === 'desc' ? -1 : 1
  const textOf = ({ values }: GraphObject) => String(values[name] ?? '')
  return objects.toSorted((left, right) => sign * textOf(left).localeCompare(textOf(right)))
}

/**
 * Parses a `$search` such as `"displayName:ali" OR "mail:bob"`. In names and descriptions it matches every word, in other
 * properties only the beginning.
 */
export function parseSearch(
  search: string,
  kind: ObjectKind,
): ((object: GraphObject) => boolean) | GraphError {
  const clause = /"([^":]+):([^"]*)"/y
  const alternatives: SearchTerm[][] = [[]]
  for (let at = 0; at < search.length; ) {
    clause.lastIndex = at
    const [whole = '', requestedName = '', text = ''] = clause.exec(search) ?? []
    const property = Object.keys(kind.properties).find(
      (name) => name.toLowerCase() === requestedName.toLowerCase(),
    )
    if (property === undefined) return searchError(search, at)
    alternatives.at(-1)?.push({ property, text: text.trim().toLowerCase() })
    at += whole.length
    const joint = /^ *(AND|OR) +|^ *$/.exec(search.slice(at))
    if (joint === null) return searchError(search, at)
    if (joint[1] === 'OR') alternatives.push([])
    at += joint[0].length
  }
  return (object) => alternatives.some((terms) => terms.every((term) => isFound(object, term)))
}

type SearchTerm = { readonly property: string; readonly text: string }

function isFound({ values }: GraphObject, { property, text }: SearchTerm): boolean {
  const value = String(values[property] ?? '').toLowerCase()
  const isTokenized = property === 'displayName' || property === 'description'
  if (!isTokenized) return value.startsWith(text)
  const words = value.split(/[\s@._-]+/)
  return text.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)))
}

function searchError(search: string, at: number): GraphError {
  return badRequest(
    `Syntax error: character '${search.charAt(at)}' is not valid at position ${at} in '${search.slice(0, 200)}'.`,
  )
}
