import * as v from 'valibot'
import seed from './directory.json' with { type: 'json' }
import {
  type Application,
  type Directory,
  type Group,
  type SeededTenant,
  type SeededUser,
  seedSchema,
  type Tenant,
  type User,
} from './directory-schema.ts'

export type { Application, Directory, Group, Policy, Tenant, User } from './directory-schema.ts'

/** Parses the content of a seed file; `"manyGroups": 250` on a user becomes that many groups of the tenant. */
export function parseDirectory(content: unknown): Directory {
  const parsed = v.safeParse(seedSchema, content)
  if (!parsed.success) throw invalidDirectory(parsed.issues.map(describeIssue))

  const { tenants } = parsed.output
  const generated = tenants.flatMap(({ users }) => users.map(({ manyGroups }) => manyGroups))
  if (generated.reduce((sum, count) => sum + count, 0) > MOST_GENERATED_GROUPS) {
    throw invalidDirectory([`manyGroups: more than ${MOST_GENERATED_GROUPS} together`])
  }
  const directory = { ...parsed.output, tenants: tenants.map(withGeneratedGroups) }
  checkDirectory(directory)
  return directory
}

const MOST_GENERATED_GROUPS = 20_000

/** Returns the made-up directory with which every emulator starts. */
export function seededDirectory(): Directory {
  return parseDirectory(seed)
}

/** Checks what a schema cannot check: every referenced record exists, and no name occurs twice. */
export function checkDirectory(directory: Directory): void {
  const { tenants, applications } = directory
  const users = tenants.flatMap((tenant) => tenant.users)
  const groups = tenants.flatMap((tenant) => tenant.groups)
  const objectIds = [...tenants, ...users, ...groups].map((entry) => entry.id)
  // An application is assigned to an app role of another one by its client id.
  const ids = new Set([...objectIds, ...applications.map(clientIdOf)])

  const problems = [
    ...duplicates(objectIds, 'object id'),
    ...duplicates(users.map(nameOf), 'user principal name'),
    ...duplicates(tenants.flatMap(domainsOf), 'domain'),
    ...duplicates(applications.map(clientIdOf), 'client id'),
    ...duplicates(applications.flatMap(identifiersOfApi), 'identifier URI'),
    ...applications.flatMap(redirectUrisOfTwoPlatforms),
    ...tenants.flatMap(unknownGroups),
    ...applications.flatMap((application) => unknownReferences(application, ids)),
    ...(tenants.length === 0 ? ['it has no tenant'] : []),
    ...users
      .filter(isHomeless(directory))
      .map((user) => `${nameOf(user)}: its home does not exist`),
  ]
  if (problems.length > 0) throw invalidDirectory(problems)
}

function invalidDirectory(problems: readonly string[]): Error {
  return new Error(`The emulator's directory is not valid:\n${problems.join('\n')}`)
}

/** Describes where an issue is, and what it is. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? '(top)'
  if (issue.type !== 'strict_object' || issue.path === undefined) return `${path}: ${issue.message}`
  return issue.expected === 'never' ? `${path}: there is no such member` : `${path}: is missing`
}

function withGeneratedGroups(tenant: SeededTenant): Tenant {
  return {
    ...tenant,
    groups: [...tenant.groups, ...tenant.users.flatMap(generatedGroups)],
    users: tenant.users.map(asMemberOfGeneratedGroups),
  }
}

function generatedGroups(user: SeededUser): readonly Group[] {
  return Array.from({ length: user.manyGroups }, (_, index) => ({
    id: `9${user.id.slice(-7)}-0000-4000-8000-${String(index + 1).padStart(12, '0')}`,
    displayName: `${user.displayName ?? user.userPrincipalName}: group ${index + 1}`,
    securityEnabled: true,
    groupTypes: [],
    memberOf: [],
  }))
}

function asMemberOfGeneratedGroups(seeded: SeededUser): User {
  const { manyGroups: _, ...user } = seeded
  return {
    ...user,
    memberOf: [...user.memberOf, ...generatedGroups(seeded).map((group) => group.id)],
  }
}

function duplicates(values: readonly string[], what: string): readonly string[] {
  const seen = new Set<string>()
  const repeated = values.filter((value) => seen.size === seen.add(value).size)
  return repeated.map((value) => `${value}: this ${what} occurs twice`)
}

function nameOf(user: User): string {
  return user.userPrincipalName.toLowerCase()
}

function domainsOf(tenant: Tenant): readonly string[] {
  return tenant.domains
}

function clientIdOf(application: Application): string {
  return application.clientId
}

function redirectUrisOfTwoPlatforms(application: Application): readonly string[] {
  const { redirectUris, spaRedirectUris, nativeRedirectUris } = application
  const platforms = [redirectUris, spaRedirectUris, nativeRedirectUris]
  const each = platforms.flatMap((uris) => [...new Set(uris)])
  return duplicates(each, `redirect URI of ${application.displayName}`)
}

function identifiersOfApi({ identifierUris }: Application): readonly string[] {
  return identifierUris.map((uri) => uri.toLowerCase())
}

function unknownGroups(tenant: Tenant): readonly string[] {
  const groupIds = new Set(tenant.groups.map((group) => group.id))
  return [...tenant.users, ...tenant.groups]
    .flatMap((member) => member.memberOf)
    .filter((groupId) => !groupIds.has(groupId))
    .map((groupId) => `${groupId}: no such group in ${tenant.displayName}`)
}

function unknownReferences(
  application: Application,
  objectIds: ReadonlySet<string>,
): readonly string[] {
  const { homeTenantId, availableIn, assignments, consents } = application
  return [
    homeTenantId,
    ...availableIn,
    ...assignments.map((assigned) => assigned.principalId),
    ...consents.map(({ tenantId }) => tenantId),
  ]
    .filter((id) => !objectIds.has(id))
    .map((id) => `${id}: named by ${application.displayName}, but does not exist`)
}

function isHomeless(directory: Directory): (user: User) => boolean {
  return ({ home }) =>
    home !== undefined &&
    !directory.tenants.some(
      (tenant) => tenant.id === home.tenantId && tenant.users.some(({ id }) => id === home.userId),
    )
}
