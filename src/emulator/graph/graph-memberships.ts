import type { Group } from '../directory.ts'
import { groupsAbove, type Person } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { badRequest, type GraphError, graphErrors, invalidRequest } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { type FoundGroup, mayReadGroups, type Relation } from './graph-groups.ts'
import type { GraphAnswer, GraphList } from './graph-list.ts'
import { groupKind, groupObject } from './graph-objects.ts'
import { mayReadPerson } from './graph-people.ts'

/** The owner of memberships: a person, or a group within other groups. */
export type Member = Person | FoundGroup

/** Answers `getMemberObjects` with the ids of every group that contains a member. */
export function answerMemberObjects(
  state: EmulatorState,
  exchange: GraphExchange,
  member: Member,
): GraphAnswer | GraphError {
  const isAllowed = 'user' in member ? mayReadPerson(exchange, member) : mayReadGroups(exchange)
  return isAllowed ? answerGroupIds(state, exchange, member) : graphErrors.denied
}

/** Answers `getMemberGroups` with the same ids, for callers that may read groups. */
export function answerMemberGroups(
  state: EmulatorState,
  exchange: GraphExchange,
  member: Member,
): GraphAnswer | GraphError {
  return mayReadGroupsOf(exchange, member)
    ? answerGroupIds(state, exchange, member)
    : graphErrors.denied
}

/** Answers `checkMemberGroups` and `checkMemberObjects` with those of the named groups that contain a member. */
export function answerMemberCheck(
  state: EmulatorState,
  exchange: GraphExchange,
  { member, parameter }: { readonly member: Member; readonly parameter: 'groupIds' | 'ids' },
): GraphAnswer | GraphError {
  const groupIds = memberIn(exchange.body, parameter)
  if (groupIds === undefined || groupIds === null) return graphErrors.unreadableBody
  if (!Array.isArray(groupIds) || !groupIds.every((id) => typeof id === 'string')) {
    return badRequest(`The parameter '${parameter}' is not a collection of strings.`)
  }
  if (groupIds.length > MOST_CHECKED) {
    return invalidRequest(`The parameter '${parameter}' has more than ${MOST_CHECKED} values.`)
  }
  if (!mayReadGroupsOf(exchange, member)) return graphErrors.denied
  const around = new Set(groupsAround(member).map(({ id }) => id))
  const found = groupIds.map((id) => id.toLowerCase()).filter((id) => around.has(id))
  return idsAnswer(state, [...new Set(found)])
}

const MOST_CHECKED = 20

/**
 * Returns the list behind `memberOf` and `transitiveMemberOf`. The cast to groups alone is an advanced query in Graph: it needs
 * `ConsistencyLevel: eventual` and `$count=true`.
 */
export function listMemberships(
  exchange: GraphExchange,
  member: Member,
  { path, isDirect, cast }: Relation & { readonly path: string },
): GraphList | GraphError {
  if (!mayReadMemberships(exchange, member)) return graphErrors.denied
  const { memberOf } = 'user' in member ? member.user : member.group
  const around = groupsAround(member)
  const groups = isDirect ? around.filter(({ id }) => memberOf.includes(id)) : around
  return {
    path,
    kinds: [groupKind],
    objects: cast === 'user' ? [] : groups.map((group) => groupObject(exchange, group)),
    namesTypes: cast === undefined,
    isAdvancedOnly: cast !== undefined,
  }
}

function answerGroupIds(
  state: EmulatorState,
  { body }: GraphExchange,
  member: Member,
): GraphAnswer | GraphError {
  if (body === undefined) return graphErrors.unreadableBody
  const securityEnabledOnly = memberIn(body, 'securityEnabledOnly')
  if (typeof securityEnabledOnly !== 'boolean') {
    return badRequest("The parameter 'securityEnabledOnly' is missing or not a boolean.")
  }
  if (securityEnabledOnly && !('user' in member)) {
    return invalidRequest("'securityEnabledOnly' can be true for a user alone.")
  }
  const groups = groupsAround(member).filter(
    (group) => group.securityEnabled || !securityEnabledOnly,
  )
  return idsAnswer(
    state,
    groups.map(({ id }) => id),
  )
}

function idsAnswer({ graphUrl }: EmulatorState, ids: readonly string[]): GraphAnswer {
  return { '@odata.context': `${graphUrl}/$metadata#Collection(Edm.String)`, value: ids }
}

function groupsAround(member: Member): readonly Group[] {
  const { memberOf } = 'user' in member ? member.user : member.group
  return groupsAbove(member.tenant, memberOf)
}

/** To read the groups of a person, a caller needs a permission for people and one for groups; `Directory.Read.All` is both. */
function mayReadGroupsOf(exchange: GraphExchange, member: Member): boolean {
  return mayReadGroups(exchange) && (!('user' in member) || mayReadPerson(exchange, member))
}

function mayReadMemberships(exchange: GraphExchange, member: Member): boolean {
  if (mayReadGroups(exchange)) return true
  if (!('user' in member)) return false
  const selfPermissions = exchange.caller?.user.id === member.user.id ? ['User.Read'] : []
  return isPermitted(exchange, {
    delegated: ['User.Read.All', ...selfPermissions],
    application: ['User.Read.All'],
  })
}

function memberIn(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  return Object.entries(body).find(([key]) => key === name)?.[1]
}
