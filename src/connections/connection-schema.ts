/** The schemas of a connection: what may be sent of it, and what is shown. connection-json.ts goes between them and the record. */
import * as v from 'valibot'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../protocol/guid.ts'
import { strictObject } from '../protocol/strict-object.ts'
import { anyCase, GUID, ORIGIN, TENANT } from '../protocol/text-patterns.ts'
import { authority, clientId, publicUrl, tenant } from '../settings/setting-parsers.ts'
import type { ConnectionPolicies, ConnectionSettings } from '../storage/records.ts'
import {
  displayName,
  domainName,
  email,
  givenId,
  guid,
  readBy,
  roleName,
  text,
  timeAnswer,
} from './schema-parts.ts'

/** A policy or setting of the record that is missing in one of the tables of this file does not compile: a change would lose it. */
type EachPolicy = Record<Exclude<keyof ConnectionPolicies, 'unmatched'> | 'defaultRole', unknown>
/** What a test sign-in writes is not sent by anybody. */
type EachSetting = Record<Exclude<keyof ConnectionSettings, 'tested'>, unknown>

const policies = {
  provisioning: v.picklist(['create', 'existing', 'off']),
  linking: v.picklist(['never', 'verified']),
  guests: v.picklist(['refuse', 'allow']),
  personalAccounts: v.picklist(['refuse', 'allow']),
  groupsOverage: v.picklist(['refuse', 'keep_last', 'graph', 'graph_or_keep_last']),
  signOutOfMicrosoft: v.boolean(),
} as const satisfies Omit<EachPolicy, 'defaultRole'>
const defaultRole = v.pipe(
  v.nullable(roleName),
  v.description('Of people whom no rule matches; `null`: they are refused.'),
)
/** Made of a rule's match, value and role where the client sent none. */
const ruleId = text(512)
const roleRule = v.variant('match', [
  strictObject({
    match: v.literal('group'),
    value: v.pipe(guid, v.description('Object id of the group.')),
    role: roleName,
    id: v.nullish(ruleId),
  }),
  strictObject({
    match: v.literal('app_role'),
    value: v.pipe(text(256), v.description('Value of the app role.')),
    role: roleName,
    id: v.nullish(ruleId),
  }),
])
const shownRule = strictObject({
  id: v.string(),
  match: v.picklist(['group', 'app_role']),
  value: v.string(),
  role: v.string(),
})
const groups = { from: v.picklist(['claim', 'graph']), nested: v.boolean(), names: v.boolean() }

const origin = { pattern: ORIGIN, maxLength: 512 }
const oneTenant = {
  pattern: TENANT,
  maxLength: 253,
  not: { pattern: anyCase([PERSONAL_ACCOUNTS_TENANT_ID]).source },
}

/** What may be sent: every member may be left out, or be `null` for its default. */
export const connectionMembers = {
  name: v.nullish(displayName),
  authority: v.pipe(
    v.nullish(readBy((address) => authority(address).origin, origin)),
    v.description(
      'Where people sign in, such as https://login.microsoftonline.us or https://NAME.ciamlogin.com; operators only. Default: the authority of the deployment.',
    ),
  ),
  tenant: v.pipe(
    v.nullish(readBy(tenant, oneTenant)),
    v.description('The one directory that is accepted: its tenant id, or a domain of it.'),
  ),
  allowedTenantIds: v.pipe(
    v.nullish(v.pipe(v.array(guid), v.maxLength(1000))),
    v.description('In place of `tenant`: accept these directories.'),
  ),
  application: v.nullish(v.picklist(['own', 'shared'])),
  clientId: v.nullish(readBy(clientId, { pattern: GUID, maxLength: 36, format: 'uuid' })),
  policies: v.nullish(
    strictObject({
      provisioning: v.nullish(policies.provisioning),
      linking: v.nullish(policies.linking),
      guests: v.nullish(policies.guests),
      personalAccounts: v.nullish(policies.personalAccounts),
      groupsOverage: v.nullish(policies.groupsOverage),
      signOutOfMicrosoft: v.nullish(policies.signOutOfMicrosoft),
      defaultRole: v.optional(defaultRole),
    } satisfies EachPolicy),
  ),
  roleRules: v.pipe(
    v.nullish(v.pipe(v.array(roleRule), v.maxLength(1000))),
    v.description('No two have the same `id`; it is made when left out.'),
  ),
  // 1: what may be sent.
  settings: v.nullish(
    strictObject({
      contact: v.nullish(
        strictObject({
          email: v.nullish(email),
        }),
      ),
      groups: v.nullish(
        strictObject({
          from: v.nullish(groups.from),
          nested: v.nullish(groups.nested),
          names: v.nullish(groups.names),
        }),
      ),
      emailDomains: v.pipe(
        v.nullish(v.pipe(v.array(domainName), v.minLength(1), v.maxLength(1000))),
        v.description(
          'Only people with an address in exactly one of these come in; `null`: any. A filter, and no proof.',
        ),
      ),
      recheckMinutes: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(5), v.maxValue(1440))),
      redirectOrigin: v.pipe(
        v.nullish(readBy((address) => publicUrl(address).origin, origin)),
        v.description('One of the addresses of this deployment; default: the first.'),
      ),
      tenantMayBeShared: v.nullish(v.boolean()),
    } satisfies EachSetting),
  ),
}
/** A tenant and a list of tenants exclude each other. */
const oneWayOfTenants = {
  not: {
    required: ['tenant', 'allowedTenantIds'],
    properties: { tenant: { type: 'string' }, allowedTenantIds: { type: 'array' } },
  },
}
export const newConnectionSchema = v.pipe(
  strictObject({
    organizationId: v.pipe(text(64), v.description('Id or slug of the organization.')),
    id: givenId,
    slug: givenId,
    ...connectionMembers,
  }),
  v.metadata(oneWayOfTenants),
  v.examples([
    {
      organizationId: 'contoso',
      name: 'Contoso',
      tenant: 'contoso.com',
      clientId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      policies: { provisioning: 'create', guests: 'refuse', defaultRole: 'member' },
      roleRules: [{ match: 'app_role', value: 'Admin', role: 'admin' }],
      settings: { contact: { email: 'it@contoso.com' }, emailDomains: ['contoso.com'] },
    },
  ]),
)
export const connectionChangeSchema = v.pipe(
  strictObject({
    ...connectionMembers,
    managedBy: v.pipe(
      v.optional(v.picklist(['api', 'file'])),
      v.description(
        'Takes the connection over for `entrada apply`, or gives it back; see docs/apply.md.',
      ),
    ),
  }),
  v.metadata(oneWayOfTenants),
  v.examples([{ policies: { defaultRole: 'member' }, settings: { recheckMinutes: 60 } }]),
)
export type ConnectionChangeJson = v.InferOutput<typeof connectionChangeSchema>

export const credentialSchema = strictObject({
  id: v.string(),
  kind: v.picklist(['client_secret', 'certificate', 'federated_token_file']),
  state: v.picklist(['active', 'pending', 'retired']),
  certificate: v.pipe(
    v.nullable(v.string()),
    v.description('PEM; the private key is never shown.'),
  ),
  expiresAt: v.nullable(timeAnswer),
  testedAt: v.nullable(timeAnswer),
  createdAt: timeAnswer,
})

export const connectionSchema = strictObject({
  id: v.string(),
  organizationId: v.string(),
  name: v.string(),
  slug: v.string(),
  status: v.picklist(['draft', 'on', 'off']),
  managedBy: v.picklist(['api', 'environment', 'file']),
  protocol: v.literal('oidc'),
  cloud: v.string(),
  authority: v.string(),
  tenant: v.nullable(v.string()),
  tenantId: v.pipe(v.nullable(v.string()), v.description('What `tenant` was resolved to.')),
  allowedTenantIds: v.nullable(v.array(v.string())),
  application: v.picklist(['own', 'shared']),
  clientId: v.nullable(v.string()),
  credentials: v.array(credentialSchema),
  policies: strictObject({ ...policies, defaultRole: v.nullable(v.string()) }),
  roleRules: v.array(shownRule),
  // 2: what is shown.
  settings: strictObject({
    contact: v.nullable(strictObject({ email: v.nullable(v.string()) })),
    groups: v.nullable(strictObject(groups)),
    recheckMinutes: v.nullable(v.number()),
    redirectOrigin: v.nullable(v.string()),
    emailDomains: v.nullable(v.array(v.string())),
    tenantMayBeShared: v.boolean(),
  } satisfies EachSetting),
  tested: v.pipe(
    v.boolean(),
    v.description('Whether a test sign-in succeeded through the connection as it is now.'),
  ),
  addresses: v.pipe(
    strictObject({
      redirectUri: v.string(),
      login: v.string(),
      frontChannelLogout: v.string(),
    }),
    v.description(
      'To be registered in Entra: redirect URI, home page URL, front-channel logout URL.',
    ),
  ),
  createdAt: timeAnswer,
  updatedAt: timeAnswer,
})
export type ConnectionJson = v.InferOutput<typeof connectionSchema>
export type CredentialJson = v.InferOutput<typeof credentialSchema>
