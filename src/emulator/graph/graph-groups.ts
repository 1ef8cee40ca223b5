import type { Group, Tenant } from '../directory.ts'
import { findTenant, membersOf } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { type GraphError, graphErrors, isGraphError, notFound } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { contextSuffix, type GraphAnswer, type GraphList } from './graph-list.ts'
import { groupKind, groupObject, groupReaders, userKind, userObject } from './graph-objects.ts'
import { parseSelect, selectFrom } from './graph-query.ts'

/** A group together with its tenant. */
export type FoundGroup = { readonly tenant: Tenant; readonly group: Group }

/** Finds a group of the token's tenant by its object id. */
export function findGroup(
  state: EmulatorState,
  { token }: GraphExchange,
  id: string,
): FoundGroup | GraphError {
  const tenant = findTenant(state.directory, token.tenantId)
  const group = tenant?.groups.find((candidate) => candidate.id === id.toLowerCase())
  return tenant && group ? { tenant, group } : notFound(id)
}

/** Returns whether a caller may read groups and their members. */
export function mayReadGroups(exchange: GraphExchange): boolean {
  return isPermitted(exchange, { delegated: groupReaders, application: groupReaders })
}

/** Returns the list behind `groups`: every group of the token's tenant. */
export function listGroups(state: EmulatorState, exchange: GraphExchange): GraphList | GraphError {
  if (!mayReadGroups(exchange)) return graphErrors.denied
  const groups = findTenant(state.directory, exchange.token.tenantId)?.groups ?? []
  return {
    path: '/groups',
    kinds: [groupKind],
    objects: groups.map((group) => groupObject(exchange, group)),
    namesTypes: false,
    isAdvancedOnly: false,
  }
}

/** Answers GET `groups/{id}`. */
export function answerGroup(
  state: EmulatorState,
  exchange: GraphExchange,
  { group }: FoundGroup,
): GraphAnswer | GraphError {
  if (!mayReadGroups(exchange)) return graphErrors.denied
  const selection = parseSelect(exchange.query, [groupKind])
  if (isGraphError(selection)) return selection
  return {
    '@odata.context': `${state.graphUrl}/$metadata#groups${contextSuffix(exchange.query)}/$entity`,
    ...selectFrom(groupObject(exchange, group), selection.names),
  }
}

/** The kind of members or memberships that a request asks for. */
export type Relation = {
  /** `members` or `memberOf` instead of `transitiveMembers` or `transitiveMemberOf`. */
  readonly isDirect: boolean
  /** `/microsoft.graph.user` or `/microsoft.graph.group` at the end: only objects of one kind. */
  readonly cast?: 'user' | 'group'
}

/** Returns the list behind `groups/{id}/members` and `transitiveMembers`: groups, then people. */
export function listMembers(
  exchange: GraphExchange,
  { tenant, group }: FoundGroup,
  { isDirect, cast }: Relation,
): GraphList | GraphError {
  if (!mayReadGroups(exchange)) return graphErrors.denied
  const { groups, users } = membersOf(tenant, group, { isTransitive: !isDirect })
  const groupObjects = cast === 'user' ? [] : groups.map((inner) => groupObject(exchange, inner))
  const userObjects = cast === 'group' ? [] : users.map((user) => userObject(exchange, user))
  const kinds = { user: [userKind], group: [groupKind], all: [userKind, groupKind] } as const
  const name = isDirect ? 'members' : 'transitiveMembers'
  return {
    path: `/groups/${group.id}/${name}${cast === undefined ? '' : `/microsoft.graph.${cast}`}`,
    kinds: kinds[cast ?? 'all'],
    objects: [...groupObjects, ...userObjects],
    namesTypes: cast === undefined,
    isAdvancedOnly: cast !== undefined && !isDirect,
  }
}
