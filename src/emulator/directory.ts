import * as v from 'valibot'
import seed from './directory.json' with { type: 'json' }

const guid = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a GUID in lower case'),
)

const groupSchema = v.strictObject({
  id: guid,
  displayName: v.string(),
  securityEnabled: v.optional(v.boolean(), true),
  memberOf: listOf(guid),
})

const userSchema = v.strictObject({
  id: guid,
  userPrincipalName: v.pipe(v.string(), v.regex(/^[^@\s]+@[^@\s]+$/, 'must look like name@domain')),
  displayName: v.optional(v.string()),
  givenName: v.optional(v.string()),
  familyName: v.optional(v.string()),
  mail: v.optional(v.string()),
  country: v.optional(v.string()),
  accountEnabled: v.optional(v.boolean(), true),
  kind: v.optional(v.picklist(['member', 'guest']), 'member'),
  home: v.optional(v.strictObject({ tenantId: guid, userId: guid })),
  identityProvider: v.optional(v.string()),
  memberOf: listOf(guid),
})

const seededUserSchema = v.strictObject({
  ...userSchema.entries,
  manyGroups: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5000)), 0),
})

const tenantSchema = v.strictObject({
  id: guid,
  displayName: v.string(),
  domains: v.pipe(v.array(v.pipe(v.string(), v.toLowerCase())), v.minLength(1), v.readonly()),
  groups: listOf(groupSchema),
  users: listOf(userSchema),
})

const seededTenantSchema = v.strictObject({
  ...tenantSchema.entries,
  users: listOf(seededUserSchema),
})

const secretSchema = v.strictObject({
  value: v.pipe(v.string(), v.minLength(1)),
  expiresAt: v.optional(v.union([v.date(), v.pipe(v.string(), v.isoTimestamp(), v.toDate())])),
})

const groupMembershipClaims = ['None', 'SecurityGroup', 'ApplicationGroup', 'All'] as const

const applicationSchema = v.strictObject({
  clientId: guid,
  displayName: v.string(),
  homeTenantId: guid,
  audience: v.picklist(['single_tenant', 'multi_tenant']),
  availableIn: listOf(guid),
  secrets: listOf(secretSchema),
  redirectUris: listOf(v.pipe(v.string(), v.url())),
  logoutUrl: v.optional(v.pipe(v.string(), v.url())),
  optionalClaims: listOf(v.string()),
  groupMembershipClaims: v.optional(v.picklist(groupMembershipClaims), 'None'),
  removeUnverifiedEmailClaim: v.optional(v.boolean()),
  assignmentRequired: v.optional(v.boolean(), false),
  appRoles: listOf(v.string()),
  assignments: listOf(v.strictObject({ principalId: guid, appRole: v.optional(v.string()) })),
})

const directorySchema = v.strictObject({
  tenants: listOf(tenantSchema),
  applications: listOf(applicationSchema),
})

const seedSchema = v.strictObject({
  tenants: listOf(seededTenantSchema),
  applications: listOf(applicationSchema),
})

export type Group = Readonly<v.InferOutput<typeof groupSchema>>
export type User = Readonly<v.InferOutput<typeof userSchema>>
export type Tenant = Readonly<v.InferOutput<typeof tenantSchema>>
export type Application = Readonly<v.InferOutput<typeof applicationSchema>>
export type Directory = Readonly<v.InferOutput<typeof directorySchema>>

type SeededUser = v.InferOutput<typeof seededUserSchema>
type SeededTenant = v.InferOutput<typeof seededTenantSchema>

/** Reads a seed file's content; `"manyGroups": 250` on a user becomes that many groups of the tenant. */
export function parseDirectory(content: unknown): Directory {
  const parsed = v.safeParse(seedSchema, content)
  if (!parsed.success) throw invalidDirectory(parsed.issues.map(describeIssue))
  const { tenants, applications } = parsed.output

  const directory = { tenants: tenants.map(withGeneratedGroups), applications }
  checkDirectory(directory)
  return directory
}

/** The made-up directory every emulator starts with. */
export function seededDirectory(): Directory {
  return parseDirectory(seed)
}

/** Checks what a schema cannot: everything named exists, and nothing is named twice. */
export function checkDirectory(directory: Directory): void {
  const { tenants, applications } = directory
  const users = tenants.flatMap((tenant) => tenant.users)
  const groups = tenants.flatMap((tenant) => tenant.groups)
  const objectIds = [...tenants, ...users, ...groups].map((entry) => entry.id)

  const problems = [
    ...duplicates(objectIds, 'object id'),
    ...duplicates(users.map(nameOf), 'user principal name'),
    ...duplicates(tenants.flatMap(domainsOf), 'domain'),
    ...duplicates(applications.map(clientIdOf), 'client id'),
    ...tenants.flatMap(unknownGroups),
    ...applications.flatMap((application) => unknownReferences(application, objectIds)),
    ...users
      .filter(isHomeless(directory))
      .map((user) => `${nameOf(user)}: its home does not exist`),
  ]
  if (problems.length > 0) throw invalidDirectory(problems)
}

function listOf<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.pipe(v.array(schema), v.readonly()), [])
}

function invalidDirectory(problems: readonly string[]): Error {
  return new Error(`The emulator's directory is not valid:\n${problems.join('\n')}`)
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? '(top)'}: ${issue.message}`
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
  const repeated = values.filter((value, index) => values.indexOf(value) !== index)
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

function unknownGroups(tenant: Tenant): readonly string[] {
  const known = new Set(tenant.groups.map((group) => group.id))
  return [...tenant.users, ...tenant.groups]
    .flatMap((member) => member.memberOf)
    .filter((groupId) => !known.has(groupId))
    .map((groupId) => `${groupId}: no such group in ${tenant.displayName}`)
}

function unknownReferences(
  application: Application,
  objectIds: readonly string[],
): readonly string[] {
  const { homeTenantId, availableIn, assignments } = application
  return [homeTenantId, ...availableIn, ...assignments.map((assigned) => assigned.principalId)]
    .filter((id) => !objectIds.includes(id))
    .map((id) => `${id}: named by ${application.displayName}, but does not exist`)
}

function isHomeless(directory: Directory): (user: User) => boolean {
  return ({ home }) =>
    home !== undefined &&
    !directory.tenants.some(
      (tenant) => tenant.id === home.tenantId && tenant.users.some(({ id }) => id === home.userId),
    )
}
