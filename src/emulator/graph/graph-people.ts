import type { User } from '../directory.ts'
import type { Person } from '../find-in-directory.ts'
import type { EmulatorState } from '../state.ts'
import { badRequest, type GraphError, graphErrors, notFound } from './graph-errors.ts'
import { type GraphExchange, isPermitted } from './graph-exchange.ts'
import { selected } from './graph-query.ts'

export type GraphAnswer = Readonly<Record<string, unknown>>

/** Finds the person an address means: `me`, or an object id or user principal name of the token's tenant. */
export function findSubject(
  state: EmulatorState,
  exchange: GraphExchange,
  id: string | undefined,
): Person | GraphError {
  if (id === undefined) return exchange.caller ?? graphErrors.needsPerson
  const tenant = state.directory.tenants.find((known) => known.id === exchange.token.tenantId)
  const wanted = id.toLowerCase()
  const user = tenant?.users.find(
    (known) => known.id === wanted || known.userPrincipalName.toLowerCase() === wanted,
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
  const properties = selected(exchange.query, userProperties(person.user), defaultProperties)
  if ('unknown' in properties) {
    return badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${properties.unknown}' on type 'microsoft.graph.user'.`,
    )
  }
  const select = exchange.query.get('$select')
  const suffix = select === null ? '' : `(${select})`
  return {
    '@odata.context': `${state.graphUrl}/$metadata#users${suffix}/$entity`,
    ...properties.found,
  }
}

/** One's own person needs `User.Read`; others need more, and only an administrator can allow it. */
export function mayReadPerson(exchange: GraphExchange, { user }: Person): boolean {
  const all = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All']
  const own = exchange.caller?.user.id === user.id ? ['User.Read', 'User.ReadWrite'] : []
  const delegated = [...all, 'User.ReadBasic.All', ...own]
  return isPermitted(exchange, { delegated, application: all })
}

function userProperties(user: User): Readonly<Record<string, unknown>> {
  return {
    businessPhones: [],
    displayName: user.displayName ?? null,
    givenName: user.givenName ?? null,
    jobTitle: null,
    mail: user.mail ?? null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: user.familyName ?? null,
    userPrincipalName: user.userPrincipalName,
    id: user.id,
    accountEnabled: user.accountEnabled,
    country: user.country ?? null,
    userType: user.kind === 'guest' ? 'Guest' : 'Member',
  }
}

const defaultProperties = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
]
