/** The schemas of a connection: what may be sent of it, and what is shown. connection-json.ts goes between them and the record. */
import * as v from 'valibot'
import { DEFAULT_KIND, providerKindNames } from '../identity-provider/provider-kinds.ts'
import { strictObject } from '../protocol/strict-object.ts'
import type { ConnectionField, ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { givenId, text, timeAnswer } from './schema-parts.ts'

type Rows = Readonly<Record<string, ConnectionField>>
type Sent<Fields extends Rows> = {
  readonly [Name in keyof Fields]: v.NullishSchema<Fields[Name]['schema'], undefined>
}
type Shown<Fields extends Rows> = { readonly [Name in keyof Fields]: Fields[Name]['shown'] }

/** Returns what may be sent of a connection: every member may be left out, or be `null` for its default. */
export function sentMembers<const Fields extends ConnectionFields>(fields: Fields) {
  return {
    ...sentOf<Fields['connection']>(fields.connection),
    policies: v.nullish(strictObject(sentOf<Fields['policies']>(fields.policies))),
    settings: v.nullish(strictObject(sentOf<Fields['settings']>(fields.settings))),
  }
}

function sentOf<Fields extends Rows>(fields: Fields): Sent<Fields> {
  const sent = Object.entries(fields).map(([name, { schema, help }]) => [
    name,
    v.pipe(v.nullish(schema), v.description(help)),
  ])
  return Object.fromEntries(sent) as Sent<Fields> // one member for each row
}

/** Returns what is shown of a connection's fields. */
export function shownMembers<const Fields extends ConnectionFields>(fields: Fields) {
  return {
    ...shownOf<Fields['connection']>(fields.connection),
    policies: strictObject(shownOf<Fields['policies']>(fields.policies)),
    settings: strictObject(shownOf<Fields['settings']>(fields.settings)),
  }
}

function shownOf<Fields extends Rows>(fields: Fields): Shown<Fields> {
  const shown = Object.entries(fields).map(([name, field]) => [name, field.shown])
  return Object.fromEntries(shown) as Shown<Fields> // one member for each row
}

export const connectionMembers = sentMembers(connectionFields)

/** The kind of identity provider of a new connection. */
export const newProvider = v.pipe(
  v.nullish(v.picklist(providerKindNames)),
  v.description(`Kind of identity provider; it never changes. Default: \`${DEFAULT_KIND}\`.`),
)

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
    provider: newProvider,
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
        'Sets what manages the connection: a file of `entrada apply`, or the API; see docs/apply.md.',
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

const shown = shownMembers(connectionFields)
export const connectionSchema = strictObject({
  id: v.string(),
  organizationId: v.string(),
  slug: v.string(),
  status: v.picklist(['draft', 'on', 'off']),
  managedBy: v.picklist(['api', 'environment', 'file']),
  provider: v.pipe(v.picklist(providerKindNames), v.description('Kind of identity provider.')),
  protocol: v.literal('oidc'),
  cloud: v.string(),
  tenantId: v.pipe(
    v.nullable(v.string()),
    v.description('The tenant id of the directory that `tenant` names.'),
  ),
  credentials: v.array(credentialSchema),
  ...shown,
  tested: v.pipe(
    v.boolean(),
    v.description(
      'Whether a test sign-in has succeeded with the present registration of the connection.',
    ),
  ),
  addresses: v.pipe(
    strictObject({
      redirectUri: v.string(),
      login: v.string(),
      frontChannelLogout: v.string(),
    }),
    v.description(
      'The URLs to register in Entra: redirect URI, home page URL, front-channel logout URL.',
    ),
  ),
  createdAt: timeAnswer,
  updatedAt: timeAnswer,
})
export type ConnectionJson = v.InferOutput<typeof connectionSchema>
export type CredentialJson = v.InferOutput<typeof credentialSchema>
