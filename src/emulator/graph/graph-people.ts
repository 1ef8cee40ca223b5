import { findTenant, type Person } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { type GraphError, graphErrors, isGraphError, notFound } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { contextSuffix, type GraphAnswer, type GraphList } from './graph-list.ts'
import { userKind, userObject } from './graph-objects.ts'
import { parseSelect, selectFrom } from './graph-query.ts'

/** Finds the person that an address names: `me`, or an object id or user principal name of the token's tenant. */
export function findSubject(
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
): Person | GraphError {
  if (id === undefined) return exchange.caller ?? graphErrors.needsPerson
  const tenant = findTenant(state.directory, exchange.token.tenantId)
  const key = id.toLowerCase()
  const user = tenant?.users.find(
    (candidate) => candidate.id === key || candidate.userPrincipalName.toLowerCase() === key,
  )
  return tenant && user ? { tenant, user } : notFound(id)
}

/** Answers `me` and `users/{id}`. */
export function answerPerson(
  state: EmulatorState,
  exchange: GraphExchange,
  person: Person,
): GraphAnswer | GraphError {
  if (!mayReadPerson(exchange, person)) return graphErrors.denied
  const selection = parseSelect(exchange.query, [userKind])
  if (isGraphError(selection)) return selection
  return {
    '@odata.context': `${state.graphUrl}/$metadata#users${contextSuffix(exchange.query)}/$entity`,
    ...selectFrom(userObject(exchange, person.user), selection.names),
  }
}

/** Returns the list behind `users`: all people of the token's tenant. */
export function listPeople(state: EmulatorState, exchange: GraphExchange): GraphList | GraphError {
  const isAllowed = isPermitted(exchange, {
    delegated: [...userReaders, 'User.ReadBasic.All'],
    application: userReaders,
  })
  if (!isAllowed) return graphErrors.denied
  const users = findTenant(state.directory, exchange.token.tenantId)?.users ?? []
  return {
    path: '/users',
    kinds: [userKind],
    objects: users.map((user) => userObject(exchange, user)),
    namesTypes: false,
    isAdvancedOnly: false,
  }
}

/**
 * Returns whether the caller may read a person. `User.Read` is enough for the caller's own; others need more, which only an
 * administrator can grant.
 */
export function mayReadPerson(exchange: GraphExchange, { user }: Person): boolean {
  const selfPermissions =
    exchange.caller?.user.id === user.id ? ['User.Read', 'User.ReadWrite'] : []
  const delegated = [...userReaders, 'User.ReadBasic.All', ...selfPermissions]
  return isPermitted(exchange, { delegated, application: userReaders })
}

const userReaders = [
  'User.Read.All',
  'User.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
]
