import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import {
  type Application,
  checkDirectory,
  type Directory,
  describeIssue,
  type Group,
  type Tenant,
  type User,
} from './directory.ts'
import { applicationSchema, groupSchema, userSchema } from './directory-schema.ts'
import { findTenant } from './find-in-directory.ts'

/** Says what shall be different about a record; a member set to `undefined` (in JSON `null`) is taken away. */
export type Changes<Record> = { readonly [Member in keyof Record]?: Record[Member] | undefined }

/** What a new person needs: a name to sign in with. Groups are named by id or by display name. */
export type NewUser = { readonly userPrincipalName: string } & Changes<User>
export type NewGroup = { readonly displayName: string } & Changes<Group>
export type NewApplication = Pick<Application, 'displayName' | 'homeTenantId'> &
  Changes<Application>

/** A directory in which one person is different: renamed, disabled, moved between groups. */
export function withChangedUser(
  directory: Directory,
  name: string,
  changes: Changes<User>,
): Directory {
  const { tenant, user } = getUser(directory, name)
  const changed = parse(userSchema, { ...user, ...withoutNull(changes) })
  return withTenant(directory, {
    ...tenant,
    users: tenant.users.map((known) => (known === user ? changed : known)),
  })
}

/** A directory with one person more. */
export function withNewUser(directory: Directory, tenantName: string, user: NewUser): Directory {
  const tenant = getTenant(directory, tenantName)
  const memberOf = groupIdsIn(tenant, user.memberOf ?? [])
  const added = parse(userSchema, { id: randomUUID(), ...withoutNull(user), memberOf })
  return withTenant(directory, { ...tenant, users: [...tenant.users, added] })
}

/** A directory with one person less; what named them stops doing so. */
export function withoutUser(directory: Directory, name: string): Directory {
  const { tenant, user } = getUser(directory, name)
  const users = tenant.users.filter((known) => known !== user)
  return withTenant(withoutPrincipal(directory, user.id), { ...tenant, users })
}

/** A directory with one group more. */
export function withNewGroup(directory: Directory, tenantName: string, group: NewGroup): Directory {
  const tenant = getTenant(directory, tenantName)
  const memberOf = groupIdsIn(tenant, group.memberOf ?? [])
  const added = parse(groupSchema, { id: randomUUID(), ...withoutNull(group), memberOf })
  return withTenant(directory, { ...tenant, groups: [...tenant.groups, added] })
}

/** A directory with one group less; nobody is a member of it any more. */
export function withoutGroup(directory: Directory, groupId: string): Directory {
  const tenant = directory.tenants.find(({ groups }) => groups.some(({ id }) => id === groupId))
  if (tenant === undefined) throw new Error(`the emulator's directory has no group ${groupId}`)
  const leaving = <Member extends { readonly memberOf: readonly string[] }>(member: Member) => ({
    ...member,
    memberOf: member.memberOf.filter((id) => id !== groupId),
  })
  return withTenant(withoutPrincipal(directory, groupId), {
    ...tenant,
    users: tenant.users.map(leaving),
    groups: tenant.groups.filter(({ id }) => id !== groupId).map(leaving),
  })
}

/** A directory in which one application is registered differently. */
export function withChangedApplication(
  directory: Directory,
  clientId: string,
  change: (application: Application) => Changes<Application>,
): Directory {
  const meant = directory.applications.find((application) => application.clientId === clientId)
  if (meant === undefined) throw new Error(`the emulator has no application ${clientId}`)
  const changed = parse(applicationSchema, { ...meant, ...withoutNull(change(meant)) })
  const applications = directory.applications.map((known) => (known === meant ? changed : known))
  return checked({ ...directory, applications })
}

/** A directory with one application more, by default of one tenant. */
export function withNewApplication(directory: Directory, application: NewApplication): Directory {
  const defaults = { clientId: randomUUID(), audience: 'single_tenant' }
  const added = parse(applicationSchema, { ...defaults, ...withoutNull(application) })
  return checked({ ...directory, applications: [...directory.applications, added] })
}

/** The ids of the groups with these display names or ids, in the tenant of a person. */
export function groupIdsNamed(
  directory: Directory,
  name: string,
  groups: readonly string[],
): readonly string[] {
  return groupIdsIn(getUser(directory, name).tenant, groups)
}

/** The person with this user principal name or object id. */
export function getUser(directory: Directory, name: string): { tenant: Tenant; user: User } {
  const wanted = name.toLowerCase()
  for (const tenant of directory.tenants) {
    const user = tenant.users.find(
      ({ id, userPrincipalName }) => id === wanted || userPrincipalName.toLowerCase() === wanted,
    )
    if (user !== undefined) return { tenant, user }
  }
  throw new Error(`the emulator's directory has no user ${name}`)
}

/** The tenant with this id or domain. */
export function getTenant(directory: Directory, name: string): Tenant {
  const tenant = findTenant(directory, name)
  if (tenant === undefined) throw new Error(`the emulator's directory has no tenant ${name}`)
  return tenant
}

function groupIdsIn(tenant: Tenant, names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const group = tenant.groups.find(({ id, displayName }) => id === name || displayName === name)
    if (group === undefined) throw new Error(`the tenant ${tenant.displayName} has no ${name}`)
    return group.id
  })
}

function withTenant(directory: Directory, changed: Tenant): Directory {
  const tenants = directory.tenants.map((tenant) => (tenant.id === changed.id ? changed : tenant))
  return checked({ ...directory, tenants })
}

function withoutPrincipal(directory: Directory, id: string): Directory {
  const applications = directory.applications.map((application) => ({
    ...application,
    assignments: application.assignments.filter(({ principalId }) => principalId !== id),
    consents: application.consents.filter(({ userId }) => userId !== id),
  }))
  return { ...directory, applications }
}

function withoutNull(changes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, value === null ? undefined : value]),
  )
}

function parse<Schema extends v.GenericSchema>(schema: Schema, record: unknown) {
  const parsed = v.safeParse(schema, record)
  if (!parsed.success) throw new Error(parsed.issues.map(describeIssue).join('\n'))
  return parsed.output
}

function checked(directory: Directory): Directory {
  checkDirectory(directory)
  return directory
}
