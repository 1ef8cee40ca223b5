import * as v from 'valibot'
import { isRsaCertificate } from './uploaded-certificate.ts'

export const TOKEN_EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange'

const MOST_ENTRIES = 20_000

function listOf<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.pipe(v.array(schema), v.maxLength(MOST_ENTRIES), v.readonly()), [])
}

const guid = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a GUID in lower case'),
)

export const groupSchema = v.strictObject({
  id: guid,
  displayName: v.string(),
  securityEnabled: v.optional(v.boolean(), true),
  description: v.optional(v.string()),
  mail: v.optional(v.string()),
  groupTypes: listOf(v.picklist(['Unified', 'DynamicMembership'])),
  memberOf: listOf(guid),
})

export const userSchema = v.strictObject({
  id: guid,
  userPrincipalName: v.pipe(v.string(), v.regex(/^[^@\s]+@[^@\s]+$/, 'must look like name@domain')),
  displayName: v.optional(v.string()),
  givenName: v.optional(v.string()),
  familyName: v.optional(v.string()),
  mail: v.optional(v.string()),
  country: v.optional(v.string()),
  // What Microsoft Graph returns about a person in addition to what tokens contain.
  jobTitle: v.optional(v.string()),
  department: v.optional(v.string()),
  companyName: v.optional(v.string()),
  employeeId: v.optional(v.string()),
  officeLocation: v.optional(v.string()),
  streetAddress: v.optional(v.string()),
  postalCode: v.optional(v.string()),
  city: v.optional(v.string()),
  state: v.optional(v.string()),
  usageLocation: v.optional(v.string()),
  preferredLanguage: v.optional(v.string()),
  mobilePhone: v.optional(v.string()),
  businessPhones: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  accountEnabled: v.optional(v.boolean(), true),
  kind: v.optional(v.picklist(['member', 'guest']), 'member'),
  home: v.optional(v.strictObject({ tenantId: guid, userId: guid })),
  identityProvider: v.optional(v.string()),
  isAdministrator: v.optional(v.boolean(), false),
  memberOf: listOf(guid),
})

export const seededUserSchema = v.strictObject({
  ...userSchema.entries,
  manyGroups: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5000)), 0),
})

export const tenantSchema = v.strictObject({
  id: guid,
  displayName: v.string(),
  domains: v.pipe(v.array(v.pipe(v.string(), v.toLowerCase())), v.minLength(1), v.readonly()),
  /** Whether users of the tenant may consent themselves to permissions that need no administrator. */
  usersMayConsent: v.optional(v.boolean(), true),
  groups: listOf(groupSchema),
  users: listOf(userSchema),
})

export const seededTenantSchema = v.strictObject({
  ...tenantSchema.entries,
  users: listOf(seededUserSchema),
})

const secretSchema = v.strictObject({
  value: v.pipe(v.string(), v.minLength(1)),
  expiresAt: v.optional(v.union([v.date(), v.pipe(v.string(), v.isoTimestamp(), v.toDate())])),
})

const certificateSchema = v.pipe(
  v.string(),
  v.check(isRsaCertificate, 'must be a certificate of an RSA key, as PEM'),
)

/** An issuer whose tokens the application may use as its own: issuer, subject and audience, compared exactly. */
export const federatedCredentialSchema = v.strictObject({
  issuer: v.pipe(v.string(), v.minLength(1)),
  subject: v.pipe(v.string(), v.minLength(1)),
  audience: v.optional(v.string(), TOKEN_EXCHANGE_AUDIENCE),
  keys: listOf(v.looseObject({ kty: v.string() })),
})

const consentSchema = v.strictObject({
  tenantId: guid,
  /** Without a user, an administrator consented for everyone. */
  userId: v.optional(guid),
  scopes: listOf(v.string()),
  appRoles: listOf(v.string()),
})

/** What users must have done, for an application, for a person, or everywhere if neither is named. */
export const policySchema = v.strictObject({
  id: v.optional(guid, '9f000000-0000-4000-8000-000000000001'),
  clientId: v.optional(guid),
  userId: v.optional(guid),
  require: v.pipe(v.string(), v.regex(/^(mfa|c[1-9]\d?)$/, 'must be "mfa" or "c1" to "c99"')),
})

const groupMembershipClaims = ['None', 'SecurityGroup', 'ApplicationGroup', 'All'] as const

export const applicationSchema = v.strictObject({
  clientId: guid,
  displayName: v.string(),
  homeTenantId: guid,
  audience: v.picklist(['single_tenant', 'multi_tenant']),
  availableIn: listOf(guid),
  secrets: listOf(secretSchema),
  certificates: listOf(certificateSchema),
  federatedCredentials: listOf(federatedCredentialSchema),
  refuseReusedAssertions: v.optional(v.boolean(), false),
  /** Redirect URIs of the platform "Web", whose codes are redeemed with a credential. */
  redirectUris: listOf(v.pipe(v.string(), v.url())),
  /** Redirect URIs of the platform "Single-page application": redeemed by a page, with PKCE and without a credential. */
  spaRedirectUris: listOf(v.pipe(v.string(), v.url())),
  /** Redirect URIs of the platform "Mobile and desktop applications": redeemed without a credential. */
  nativeRedirectUris: listOf(v.pipe(v.string(), v.url())),
  /** Makes every loopback address a redirect URI of this platform. Entra has no such thing. */
  loopbackRedirectUris: v.optional(v.picklist(['web', 'spa', 'native'])),
  /** "Allow public client flows": the device code flow works without a credential. */
  allowPublicClient: v.optional(v.boolean(), false),
  /** The names under which clients request the API of this application, such as `api://<client id>`. */
  identifierUris: listOf(v.pipe(v.string(), v.url())),
  /** The delegated permissions that the API of this application exposes, such as `access_as_user`. */
  exposedScopes: listOf(v.pipe(v.string(), v.regex(/^[^\s/]+$/, 'must be a name without spaces'))),
  /** The version of access tokens for the API of this application. As in Entra, it is 1 unless it is set. */
  accessTokenVersion: v.optional(v.picklist([1, 2]), 1),
  logoutUrl: v.optional(v.pipe(v.string(), v.url())),
  optionalClaims: listOf(v.string()),
  groupMembershipClaims: v.optional(v.picklist(groupMembershipClaims), 'None'),
  omitGroupsOnRefresh: v.optional(v.boolean(), false),
  delegatedPermissions: listOf(v.string()),
  applicationPermissions: listOf(v.string()),
  /** With `assumed`, every user has consented to everything. With `required`, `consents` decides. */
  consent: v.optional(v.picklist(['assumed', 'required']), 'assumed'),
  consents: listOf(consentSchema),
  removeUnverifiedEmailClaim: v.optional(v.boolean()),
  assignmentRequired: v.optional(v.boolean(), false),
  appRoles: listOf(v.string()),
  assignments: listOf(v.strictObject({ principalId: guid, appRole: v.optional(v.string()) })),
})

const directorySchema = v.strictObject({
  tenants: listOf(tenantSchema),
  applications: listOf(applicationSchema),
  policies: listOf(policySchema),
})

export const seedSchema = v.strictObject({
  ...directorySchema.entries,
  tenants: listOf(seededTenantSchema),
})

export type Group = Readonly<v.InferOutput<typeof groupSchema>>
export type User = Readonly<v.InferOutput<typeof userSchema>>
export type Tenant = Readonly<v.InferOutput<typeof tenantSchema>>
export type Application = Readonly<v.InferOutput<typeof applicationSchema>>
export type Policy = Readonly<v.InferOutput<typeof policySchema>>
export type Directory = Readonly<v.InferOutput<typeof directorySchema>>
export type SeededUser = v.InferOutput<typeof seededUserSchema>
export type SeededTenant = v.InferOutput<typeof seededTenantSchema>
