import type { Group } from '../directory.ts'
import { groupsOf, type Person } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { badRequest, type GraphError, graphErrors, unsupportedQuery } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { type GraphAnswer, mayReadPerson } from './graph-people.ts'
import { nextLink, parsePage, selected } from './graph-query.ts'

/** Answers `getMemberObjects`: the ids of every group, nested ones included. */
export function answerMemberObjects(
  state: EmulatorState,
  exchange: GraphExchange,
  person: Person,
): GraphAnswer | GraphError {
  const { body } = exchange
  const securityEnabledOnly =
    typeof body === 'object' && body !== null && 'securityEnabledOnly' in body
      ? body.securityEnabledOnly
      : undefined
  if (typeof securityEnabledOnly !== 'boolean') {
    return badRequest("The parameter 'securityEnabledOnly' is missing or not a boolean.")
  }
  if (!mayReadPerson(exchange, person)) return graphErrors.denied
  const groups = groupsOf(person).filter((group) => group.securityEnabled || !securityEnabledOnly)
  return {
    '@odata.context': `${state.graphUrl}/$metadata#Collection(Edm.String)`,
    value: groups.map(({ id }) => id),
  }
}

/**
 * Answers `transitiveMemberOf` and `memberOf`, in pages. The cast to groups alone is what Graph calls an advanced query:
 * it needs `ConsistencyLevel: eventual` and `$count=true`.
 */
export function answerMemberships(
  state: EmulatorState,
  exchange: GraphExchange,
  asked: {
    readonly person: Person
    readonly address: string
    readonly isCast: boolean
    /** Without the groups that hold the person's groups. */
    readonly isDirect: boolean
  },
): GraphAnswer | GraphError {
  const { query, request } = exchange
  const unsupported = ['$filter', '$search', '$orderby', '$expand', '$skip'].find((name) =>
    query.has(name),
  )
  if (unsupported) return unsupportedQuery(`The emulator does not support ${unsupported}.`)
  const isEventual = request.headers.get('consistencylevel')?.toLowerCase() === 'eventual'
  const isCounted = query.get('$count') === 'true'
  if (asked.isCast && !(isEventual && isCounted)) return graphErrors.needsEventual
  if (isCounted && !isEventual) return graphErrors.needsEventual
  if (!mayReadMemberships(exchange, asked.person)) return graphErrors.denied
  return answerPage(state, exchange, asked)
}

function answerPage(
  state: EmulatorState,
  exchange: GraphExchange,
  { person, address, isCast, isDirect }: Parameters<typeof answerMemberships>[2],
): GraphAnswer | GraphError {
  const { query } = exchange
  const page = parsePage(query)
  if ('status' in page) return page
  const all = groupsOf(person)
  const groups = isDirect ? all.filter(({ id }) => person.user.memberOf.includes(id)) : all
  const end = page.from + page.size
  const values: GraphAnswer[] = []
  for (const group of groups.slice(page.from, end)) {
    const properties = selected(query, groupProperties(group, exchange), defaultProperties)
    if ('unknown' in properties) {
      return badRequest(`Could not find a property named '${properties.unknown}'.`)
    }
    values.push({
      ...(isCast ? {} : { '@odata.type': '#microsoft.graph.group' }),
      ...properties.found,
    })
  }
  const kind = isCast ? 'groups' : 'directoryObjects'
  return {
    '@odata.context': `${state.graphUrl}/$metadata#${kind}`,
    ...(query.get('$count') === 'true' && page.from === 0 ? { '@odata.count': groups.length } : {}),
    ...(groups.length > end
      ? { '@odata.nextLink': nextLink(`${state.graphUrl}${address}`, query, end) }
      : {}),
    value: values,
  }
}

function mayReadMemberships(exchange: GraphExchange, person: Person): boolean {
  const all = ['User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All']
  const own = exchange.caller?.user.id === person.user.id ? ['User.Read'] : []
  return isPermitted(exchange, { delegated: [...all, ...own], application: all })
}

/** Who may not read groups learns their ids alone: the rest is null. */
function groupProperties(group: Group, exchange: GraphExchange): Readonly<Record<string, unknown>> {
  const all = ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All']
  const { id, ...rest } = {
    id: group.id,
    createdDateTime: null,
    description: null,
    displayName: group.displayName,
    groupTypes: [],
    mail: null,
    mailEnabled: !group.securityEnabled,
    mailNickname: null,
    onPremisesSamAccountName: null,
    securityEnabled: group.securityEnabled,
    visibility: null,
  }
  if (isPermitted(exchange, { delegated: all, application: all })) return { id, ...rest }
  return { id, ...Object.fromEntries(Object.keys(rest).map((name) => [name, null])) }
}

const defaultProperties = [
  'id',
  'createdDateTime',
  'description',
  'displayName',
  'groupTypes',
  'mail',
  'mailEnabled',
  'mailNickname',
  'securityEnabled',
  'visibility',
]
