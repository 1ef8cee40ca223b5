// Finds records in the directory by the names that tests, the administration's page and its JSON use: always by id or by the
// displayed name, in any letter case. Every operation uses these functions, so that all of them accept the same names.
import type { Changes } from './change-directory.ts'
import type { Application, Directory, Group, Policy, Tenant, User } from './directory.ts'
import type { Person } from './find-in-directory.ts'

/** Returns the tenant with this id, domain or display name. @throws {Error} when there is none, or more than one. */
export function getTenant(directory: Directory, name: string): Tenant {
  return theOne(name, {
    kind: 'tenant',
    candidates: directory.tenants,
    namesOf: ({ domains, displayName }) => [...domains, displayName],
  })
}

/** Returns the person with this object id or user principal name. @throws {Error} when there is none. */
export function getUser(directory: Directory, name: string): Person {
  return theOne(name, {
    kind: 'user',
    candidates: directory.tenants.flatMap((tenant) =>
      tenant.users.map((user) => ({ id: user.id, tenant, user })),
    ),
    namesOf: ({ user }) => [user.userPrincipalName],
  })
}

/**
 * Returns the group with this object id or display name, in any tenant or in one.
 *
 * @throws {Error} when there is none, or more than one.
 */
export function getGroup(
  directory: Directory,
  name: string,
  within?: Tenant,
): { readonly tenant: Tenant; readonly group: Group } {
  const tenants = within === undefined ? directory.tenants : [within]
  return theOne(name, {
    kind: 'group',
    candidates: tenants.flatMap((tenant) =>
      tenant.groups.map((group) => ({ id: group.id, tenant, group })),
    ),
    namesOf: ({ group }) => [group.displayName],
  })
}

/** Returns the application with this client id or display name. @throws {Error} when there is none, or more than one. */
export function getNamedApplication(directory: Directory, name: string): Application {
  const candidates = directory.applications.map((application) => ({
    id: application.clientId,
    application,
  }))
  const namesOf = ({ application }: (typeof candidates)[number]) => [application.displayName]
  return theOne(name, { kind: 'application', candidates, namesOf }).application
}

/** Returns the id of a record that an application can be assigned to: a person, a group, or another application. */
export function getPrincipalId(directory: Directory, name: string): string {
  const { tenants, applications } = directory
  const groups = tenants.flatMap((tenant) => tenant.groups)
  return theOne<Principal>(name, {
    kind: 'user, group or application',
    candidates: [
      ...tenants
        .flatMap((tenant) => tenant.users)
        .map(({ id, userPrincipalName }) => ({ id, name: userPrincipalName })),
      ...groups.map(({ id, displayName }) => ({ id, name: displayName })),
      ...applications.map(({ clientId, displayName }) => ({ id: clientId, name: displayName })),
    ],
    namesOf: (principal) => [principal.name],
  }).id
}

/** Returns the ids of the groups of a tenant with these ids or display names. */
export function getGroupIds(
  directory: Directory,
  tenant: Tenant,
  names: readonly string[],
): readonly string[] {
  return names.map((name) => getGroup(directory, name, tenant).group.id)
}

/** Returns changes of a person or a group, with ids in place of the names of groups and of the home account. */
export function withMemberIds<Changed extends Changes<User> & Changes<Group>>(
  directory: Directory,
  tenant: Tenant,
  changes: Changed,
): Changed {
  const { memberOf, home } = changes
  return {
    ...changes,
    ...(isPresent(memberOf) ? { memberOf: getGroupIds(directory, tenant, memberOf) } : {}),
    ...(isPresent(home)
      ? {
          home: {
            tenantId: getTenant(directory, home.tenantId).id,
            userId: getUser(directory, home.userId).user.id,
          },
        }
      : {}),
  }
}

/** Returns changes of an application, with ids in place of the names of tenants, people and groups. */
export function withReferenceIds(
  directory: Directory,
  changes: Changes<Application>,
): Changes<Application> {
  const { homeTenantId, availableIn, assignments, consents } = changes
  const tenantId = (name: string) => getTenant(directory, name).id
  return {
    ...changes,
    ...(isPresent(homeTenantId) ? { homeTenantId: tenantId(homeTenantId) } : {}),
    ...(isPresent(availableIn) ? { availableIn: availableIn.map(tenantId) } : {}),
    ...(isPresent(assignments)
      ? {
          assignments: assignments.map((assigned) => ({
            ...assigned,
            principalId: getPrincipalId(directory, assigned.principalId),
          })),
        }
      : {}),
    ...(isPresent(consents)
      ? { consents: consents.map((consent) => withConsentIds(directory, consent)) }
      : {}),
  }
}

/** Returns a policy with ids in place of the names of an application and a person. */
export function withPolicyIds(directory: Directory, policy: Changes<Policy>): Changes<Policy> {
  const { clientId, userId } = policy
  return {
    ...policy,
    ...(isPresent(clientId) ? { clientId: getNamedApplication(directory, clientId).clientId } : {}),
    ...(isPresent(userId) ? { userId: getUser(directory, userId).user.id } : {}),
  }
}

function withConsentIds(
  directory: Directory,
  consent: Application['consents'][number],
): Application['consents'][number] {
  const { tenantId, userId } = consent
  return {
    ...consent,
    tenantId: getTenant(directory, tenantId).id,
    ...(userId === undefined ? {} : { userId: getUser(directory, userId).user.id }),
  }
}

/** In JSON, `null` means that the caller removes a member. */
function isPresent<Value>(value: Value | undefined | null): value is Value {
  return value !== undefined && value !== null
}

type Principal = { readonly id: string; readonly name: string }

type Named<Candidate> = {
  readonly kind: string
  readonly candidates: readonly Candidate[]
  readonly namesOf: (candidates: Candidate) => readonly string[]
}

/** An id is never ambiguous, but a name can be: then the message lists the ids to choose from. */
function theOne<Candidate extends { readonly id: string }>(
  name: string,
  { kind, candidates, namesOf }: Named<Candidate>,
): Candidate {
  const lowerCaseName = name.toLowerCase()
  const byId = candidates.find(({ id }) => id === lowerCaseName)
  if (byId !== undefined) return byId
  const found = candidates.filter((candidate) =>
    namesOf(candidate).some((candidateName) => candidateName.toLowerCase() === lowerCaseName),
  )
  const [first] = found
  if (first === undefined) throw new Error(`the emulator's directory has no ${kind} ${name}`)
  if (found.length === 1) return first
  const ids = found.map(({ id }) => id).join(', ')
  throw new Error(`${name} is the name of more than one ${kind}; use one of the ids ${ids}`)
}
