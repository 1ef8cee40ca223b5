import type { EmulatorState } from '../state.ts'
import { type GraphError, graphErrors, isGraphError } from './graph-errors.ts'
import type { GraphExchange } from './graph-exchange.ts'
import { parseFilter } from './graph-filter.ts'
import type { GraphObject, ObjectKind } from './graph-objects.ts'
import {
  findUnsupportedOption,
  nextLink,
  parsePage,
  parseSearch,
  parseSelect,
  type Selection,
  selectFrom,
  sortedBy,
} from './graph-query.ts'

/** What a resource of Graph sends: JSON, a text, or an error. */
export type GraphAnswer = Readonly<Record<string, unknown>>
export type GraphText = { readonly text: string }
export type Answer = GraphAnswer | GraphText | GraphError

/** A list that Graph returns in pages. */
export type GraphList = {
  /** The path of the list below `/v1.0`. */
  readonly path: string
  /** The kinds that its objects can have. With one kind it can be filtered, searched and sorted. */
  readonly kinds: readonly [ObjectKind, ...ObjectKind[]]
  readonly objects: readonly GraphObject[]
  /** Whether each object names its type, as in lists of `directoryObjects`. */
  readonly namesTypes: boolean
  /** Whether the whole list is an advanced query, as casts of memberships are. */
  readonly isAdvancedOnly: boolean
}

/** Answers a list: filtered, sorted, counted, one page of it, with the address of the next. */
export function answerList(
  state: EmulatorState,
  exchange: GraphExchange,
  list: GraphList,
): GraphAnswer | GraphError {
  const { query } = exchange
  const unsupported = findUnsupportedOption(query)
  if (unsupported !== undefined) return unsupported
  const selection = parseSelect(query, list.kinds)
  if (isGraphError(selection)) return selection
  const page = parsePage(query)
  if (isGraphError(page)) return page
  const found = findObjects(exchange, list)
  if (isGraphError(found)) return found
  const end = page.from + page.size
  const sent = found.slice(page.from, end).map((object) => toJson(object, selection.names, list))
  return {
    '@odata.context': contextOf(state, query, list),
    ...(isCounted(exchange) && page.from === 0 ? { '@odata.count': found.length } : {}),
    ...(found.length > end
      ? { '@odata.nextLink': nextLink(`${state.graphUrl}${list.path}`, query, end) }
      : {}),
    value: sent,
  }
}

/** Answers `$count` at the end of a list's address with the number alone, as text. */
export function answerCount(exchange: GraphExchange, list: GraphList): GraphText | GraphError {
  if (!isEventual(exchange)) return graphErrors.countNeedsEventual
  const found = findObjects(exchange, { ...list, isAdvancedOnly: false }, { isAdvanced: true })
  return isGraphError(found) ? found : { text: String(found.length) }
}

/** Returns the `$select` part of a context, as Graph writes it. */
export function contextSuffix(query: URLSearchParams): string {
  const select = query.get('$select')
  return select === null ? '' : `(${select})`
}

function toJson(object: GraphObject, names: Selection, { namesTypes }: GraphList): GraphAnswer {
  const type = namesTypes ? { '@odata.type': `#microsoft.graph.${object.kind.type}` } : {}
  return { ...type, ...selectFrom(object, names) }
}

function findObjects(
  exchange: GraphExchange,
  list: GraphList,
  { isAdvanced = isEventual(exchange) && isCounted(exchange) } = {},
): readonly GraphObject[] | GraphError {
  const { query } = exchange
  const [filter, search, orderBy] = ['$filter', '$search', '$orderby'].map((name) =>
    query.get(name),
  )
  const isQueried = [filter, search, orderBy].some((option) => typeof option === 'string')
  const isRefused = list.isAdvancedOnly || (isQueried && list.kinds.length > 1)
  if (isRefused && !isAdvanced) return graphErrors.needsEventual
  if (typeof filter === 'string' && typeof orderBy === 'string' && !isAdvanced) {
    return graphErrors.needsEventual
  }
  if (typeof search === 'string' && !isEventual(exchange)) return graphErrors.searchNeedsEventual
  const [kind] = list.kinds
  const filtered = applyFilter(list.objects, filter, { kind, isAdvanced })
  if (isGraphError(filtered)) return filtered
  const searched = applySearch(filtered, search, kind)
  if (isGraphError(searched) || typeof orderBy !== 'string') return searched
  return sortedBy(searched, orderBy, kind)
}

function applyFilter(
  objects: readonly GraphObject[],
  filter: string | null | undefined,
  options: { readonly kind: ObjectKind; readonly isAdvanced: boolean },
): readonly GraphObject[] | GraphError {
  if (typeof filter !== 'string') return objects
  const predicate = parseFilter(filter, options.kind, options)
  if (typeof predicate !== 'function') return predicate
  return objects.filter(({ values }) => predicate(values))
}

function applySearch(
  objects: readonly GraphObject[],
  search: string | null | undefined,
  kind: ObjectKind,
): readonly GraphObject[] | GraphError {
  if (typeof search !== 'string') return objects
  const matches = parseSearch(search, kind)
  return typeof matches === 'function' ? objects.filter(matches) : matches
}

function contextOf(
  state: EmulatorState,
  query: URLSearchParams,
  { kinds, namesTypes }: GraphList,
): string {
  const set = namesTypes ? 'directoryObjects' : `${kinds[0].type}s`
  return `${state.graphUrl}/$metadata#${set}${contextSuffix(query)}`
}

function isEventual({ request }: GraphExchange): boolean {
  return request.headers.get('consistencylevel')?.toLowerCase() === 'eventual'
}

/** Graph ignores `$count=true` without `ConsistencyLevel: eventual`. */
function isCounted(exchange: GraphExchange): boolean {
  return exchange.query.get('$count')?.toLowerCase() === 'true' && isEventual(exchange)
}
