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
import {
  getGroup,
  getNamedApplication,
  getTenant,
  getUser,
  withMemberIds,
  withReferenceIds,
} from './named-in-directory.ts'

/** Changes to a record. A member that is set to `undefined` (in JSON `null`) is removed. */
export type Changes<Record> = { readonly [Member in keyof Record]?: Record[Member] | undefined }

/** A new person needs a name to sign in with. Groups are named by id or by display name. */
export type NewUser = { readonly userPrincipalName: string } & Changes<User>
export type NewGroup = { readonly displayName: string } & Changes<Group>
export type NewApplication = Pick<Application, 'displayName' | 'homeTenantId'> &
  Changes<Application>

/** Returns a directory in which one person is changed: renamed, disabled, moved between groups. */
export function withChangedUser(
  directory: Directory,
  name: string,
  changes: Changes<User>,
): Directory {
  const { tenant, user } = getUser(directory, name)
  const named = withMemberIds(directory, tenant, changes)
  const changed = parse(userSchema, { ...user, ...withoutNull(named) })
  return withTenant(directory, {
    ...tenant,
    users: tenant.users.map((candidate) => (candidate === user ? changed : candidate)),
  })
}

/** Returns a directory with one more person. */
export function withNewUser(directory: Directory, tenantName: string, user: NewUser): Directory {
  const tenant = getTenant(directory, tenantName)
  const named = withMemberIds(directory, tenant, user)
  const added = parse(userSchema, { id: randomUUID(), ...withoutNull(named) })
  return withTenant(directory, { ...tenant, users: [...tenant.users, added] })
}

/** Returns a directory without one person, and without the references to that person. */
export function withoutUser(directory: Directory, name: string): Directory {
  const { tenant, user } = getUser(directory, name)
  const users = tenant.users.filter((candidate) => candidate !== user)
  return withTenant(withoutPrincipal(directory, user.id), { ...tenant, users })
}

/** Returns a directory with one more group. */
export function withNewGroup(directory: Directory, tenantName: string, group: NewGroup): Directory {
  const tenant = getTenant(directory, tenantName)
  const named = withMemberIds(directory, tenant, group)
  const added = parse(groupSchema, { id: randomUUID(), ...withoutNull(named) })
  return withTenant(directory, { ...tenant, groups: [...tenant.groups, added] })
}

/** Returns a directory without one group, which then has no members either. */
export function withoutGroup(directory: Directory, name: string): Directory {
  const { tenant, group } = getGroup(directory, name)
  const leaving = <Member extends { readonly memberOf: readonly string[] }>(member: Member) => ({
    ...member,
    memberOf: member.memberOf.filter((id) => id !== group.id),
  })
  return withTenant(withoutPrincipal(directory, group.id), {
    ...tenant,
    users: tenant.users.map(leaving),
    groups: tenant.groups.filter((candidate) => candidate !== group).map(leaving),
  })
}

/** Returns a directory in which the registration of one application is changed. */
export function withChangedApplication(
  directory: Directory,
  name: string,
  change: (application: Application) => Changes<Application>,
): Directory {
  const before = getNamedApplication(directory, name)
  const changes = withReferenceIds(directory, change(before))
  const changed = parse(applicationSchema, { ...before, ...withoutNull(changes) })
  const applications = directory.applications.map((candidate) =>
    candidate === before ? changed : candidate,
  )
  return checked({ ...directory, applications })
}

/** Returns a directory with one more application, by default of one tenant. */
export function withNewApplication(directory: Directory, application: NewApplication): Directory {
  const defaults = { clientId: randomUUID(), audience: 'single_tenant' }
  const named = withReferenceIds(directory, application)
  const added = parse(applicationSchema, { ...defaults, ...withoutNull(named) })
  return checked({ ...directory, applications: [...directory.applications, added] })
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
