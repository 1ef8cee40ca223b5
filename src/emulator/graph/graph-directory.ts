import { findTenant } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { badRequest, type GraphError, graphErrors, isGraphError, notFound } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { findGroup, mayReadGroups } from './graph-groups.ts'
import type { GraphAnswer } from './graph-list.ts'
import type { Member } from './graph-memberships.ts'
import { type GraphObject, groupObject, userObject } from './graph-objects.ts'
import { findSubject, mayReadPerson } from './graph-people.ts'
import { selectFrom } from './graph-query.ts'

/** Finds the group or the person with an object id, for addresses below `directoryObjects`. */
export function findMember(
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
): Member | GraphError {
  const group = findGroup(state, exchange, id ?? '')
  if (!isGraphError(group)) return group
  const person = findSubject(state, exchange, id ?? '')
  // These addresses accept only the id of an object, and not a user principal name.
  return isGraphError(person) || person.user.id !== id?.toLowerCase() ? notFound(id ?? '') : person
}

/** Answers GET `directoryObjects/{id}`. */
export function answerObject(
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
): GraphAnswer | GraphError {
  const member = findMember(state, exchange, id)
  if (isGraphError(member)) return member
  if (!mayReadMember(exchange, member)) return graphErrors.denied
  return {
    '@odata.context': `${state.graphUrl}/$metadata#directoryObjects/$entity`,
    ...toJson(objectOf(exchange, member)),
  }
}

/** Answers `directoryObjects/getByIds` with the objects that have these ids; unknown ids are left out. */
export function answerObjectsById(
  state: EmulatorState,
  exchange: GraphExchange,
): GraphAnswer | GraphError {
  const { body } = exchange
  if (typeof body !== 'object' || body === null) return graphErrors.unreadableBody
  const ids = 'ids' in body ? body.ids : undefined
  const types = 'types' in body ? body.types : ['user', 'group']
  if (!isTexts(ids) || !isTexts(types)) {
    return badRequest("The parameters 'ids' and 'types' are collections of strings.")
  }
  if (ids.length > MOST_IDS)
    return badRequest(`The parameter 'ids' has more than ${MOST_IDS} values.`)
  const typeNames = types.map((type) => type.toLowerCase())
  const objects = [...new Set(ids)]
    .map((id) => findMember(state, exchange, id))
    .flatMap((member) => (isGraphError(member) || !mayReadMember(exchange, member) ? [] : member))
    .map((member) => objectOf(exchange, member))
    .filter(({ kind }) => typeNames.includes(kind.type) || typeNames.includes('directoryobject'))
  return {
    '@odata.context': `${state.graphUrl}/$metadata#directoryObjects`,
    value: objects.map(toJson),
  }
}

const MOST_IDS = 1000

/** Answers `organization` with the tenant of the token. */
export function answerOrganizations(
  state: EmulatorState,
  exchange: GraphExchange,
): GraphAnswer | GraphError {
  const readers = ['Organization.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All']
  const delegated = [...readers, 'User.Read']
  if (!isPermitted(exchange, { delegated, application: readers })) return graphErrors.denied
  const tenant = findTenant(state.directory, exchange.token.tenantId)
  if (tenant === undefined) return notFound(exchange.token.tenantId)
  const verifiedDomains = tenant.domains.map((name, index) => ({
    capabilities: 'Email, OfficeCommunicationsOnline',
    isDefault: index === 0,
    isInitial: name.includes('onmicrosoft'),
    name,
    type: 'Managed',
  }))
  return {
    '@odata.context': `${state.graphUrl}/$metadata#organization`,
    value: [{ id: tenant.id, displayName: tenant.displayName, tenantType: 'AAD', verifiedDomains }],
  }
}

function objectOf(exchange: GraphExchange, member: Member): GraphObject {
  return 'user' in member ? userObject(exchange, member.user) : groupObject(exchange, member.group)
}

function toJson(object: GraphObject): GraphAnswer {
  const type = `#microsoft.graph.${object.kind.type}`
  return { '@odata.type': type, ...selectFrom(object, undefined) }
}

function mayReadMember(exchange: GraphExchange, member: Member): boolean {
  return 'user' in member ? mayReadPerson(exchange, member) : mayReadGroups(exchange)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}
