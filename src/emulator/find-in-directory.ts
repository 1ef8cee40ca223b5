import type { Application, Directory, Group, Tenant, User } from './directory.ts'

/** The authority that a request is addressed to: one tenant, or an alias for the home tenant of the user. */
export type Authority =
  | { readonly kind: 'tenant'; readonly tenant: Tenant }
  | { readonly kind: 'alias'; readonly alias: 'common' | 'organizations' }

/** A user object together with the tenant that holds it. */
export type Person = { readonly tenant: Tenant; readonly user: User }

/** Finds the authority named by the first path segment: a GUID, a verified domain or an alias. */
export function findAuthority(directory: Directory, segment: string): Authority | undefined {
  const name = segment.toLowerCase()
  if (name === 'common' || name === 'organizations') return { kind: 'alias', alias: name }
  const tenant = findTenant(directory, name)
  return tenant === undefined ? undefined : { kind: 'tenant', tenant }
}

/** Finds a tenant by its id or one of its domains. */
export function findTenant(directory: Directory, name: string): Tenant | undefined {
  const key = name.toLowerCase()
  return directory.tenants.find(({ id, domains }) => id === key || domains.includes(key))
}

/** Finds the tenant that a `domain_hint` means: one of its domains, or its id. Other hints are ignored. */
export function findHintedTenant(
  directory: Directory,
  hint: string | undefined,
): Tenant | undefined {
  const authority = hint === undefined ? undefined : findAuthority(directory, hint)
  return authority?.kind === 'tenant' ? authority.tenant : undefined
}

/** Returns the path segment that Entra's own URLs contain: the GUID, even if the request used a domain. */
export function authoritySegment(authority: Authority): string {
  return authority.kind === 'tenant' ? authority.tenant.id : authority.alias
}

/** Finds an application by client id, if it is available in the authority's tenant. */
export function findApplication(
  directory: Directory,
  authority: Authority,
  clientId: string,
): Application | undefined {
  const application = directory.applications.find(
    (candidate) => candidate.clientId === clientId.toLowerCase(),
  )
  if (application === undefined || authority.kind === 'alias') return application
  return isAvailableIn(application, authority.tenant) ? application : undefined
}

/** Returns the application with a client id that was found before. */
export function getApplication(directory: Directory, clientId: string): Application {
  const application = directory.applications.find((candidate) => candidate.clientId === clientId)
  if (application === undefined) throw new Error(`the emulator has no application ${clientId}`)
  return application
}

/** Returns whether a tenant has the application: it is its home, or an administrator consented there. */
export function isAvailableIn(application: Application, tenant: Tenant): boolean {
  return application.homeTenantId === tenant.id || application.availableIn.includes(tenant.id)
}

/** Finds a person in any tenant by user principal name, in any letter case. */
export function findPersonByName(directory: Directory, name: string): Person | undefined {
  return findPerson(
    directory,
    (user) => user.userPrincipalName.toLowerCase() === name.toLowerCase(),
  )
}

/** Finds a person in any tenant by object id. */
export function findPersonById(directory: Directory, userId: string): Person | undefined {
  return findPerson(directory, (user) => user.id === userId)
}

/** Returns the account with which a person signs in: a guest's is in the home tenant, if the directory has it. */
export function homeOf(directory: Directory, person: Person): Person {
  const home = person.user.home
  return (home && findPersonById(directory, home.userId)) ?? person
}

/** Returns whether a person may sign in: neither their user object nor the account at home is disabled. */
export function isEnabled(directory: Directory, person: Person): boolean {
  return person.user.accountEnabled && homeOf(directory, person).user.accountEnabled
}

/** Finds the user object of an account at an authority: its own, or its guest object there. */
export function findPersonAt(
  directory: Directory,
  authority: Authority,
  account: Person,
): Person | undefined {
  const home = homeOf(directory, account)
  if (authority.kind === 'alias') return home
  const { tenant } = authority
  if (home.tenant.id === tenant.id) return home
  const user = tenant.users.find((candidate) => candidate.home?.userId === home.user.id)
  return user === undefined ? undefined : { tenant, user }
}

/** Returns the groups that a user is in, including nested ones. */
export function groupsOf({ tenant, user }: Person): readonly Group[] {
  return groupsAbove(tenant, user.memberOf)
}

/** Returns the groups with these ids, and every group that contains them. */
export function groupsAbove(tenant: Tenant, groupIds: readonly string[]): readonly Group[] {
  const byId = new Map(tenant.groups.map((group) => [group.id, group]))
  const found = new Map<string, Group>()
  const pending = [...groupIds]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const group = byId.get(id)
    if (group === undefined || found.has(id)) continue
    found.set(id, group)
    pending.push(...group.memberOf)
  }
  return [...found.values()]
}

/** Returns the members of a group: groups and users, either direct ones or with those of every group inside. */
export function membersOf(
  tenant: Tenant,
  group: Group,
  { isTransitive }: { readonly isTransitive: boolean },
): { readonly groups: readonly Group[]; readonly users: readonly User[] } {
  const around = new Set([group.id])
  const isWithin = ({ memberOf }: Group | User) => memberOf.some((id) => around.has(id))
  const direct = tenant.groups.filter(isWithin)
  if (!isTransitive) return { groups: direct, users: tenant.users.filter(isWithin) }
  const found = new Set<Group>()
  for (let next = direct; next.length > 0; ) {
    for (const inner of next) {
      found.add(inner)
      around.add(inner.id)
    }
    next = tenant.groups.filter((inner) => !found.has(inner) && isWithin(inner))
  }
  return { groups: [...found], users: tenant.users.filter(isWithin) }
}

/** Returns the assignments that apply to a user: their own and their groups', where nested groups do not count. */
export function assignmentsOf(
  application: Application,
  user: User,
): readonly Application['assignments'][number][] {
  return application.assignments.filter(
    ({ principalId }) => principalId === user.id || user.memberOf.includes(principalId),
  )
}

function findPerson(directory: Directory, matches: (user: User) => boolean): Person | undefined {
  for (const tenant of directory.tenants) {
    const user = tenant.users.find(matches)
    if (user !== undefined) return { tenant, user }
  }
  return undefined
}
