/**
 * Examples of each parameter, body and response of the OpenAPI document, composed from examples of their members: that of the
 * schema (`examples`, `const`, `default`, `enum`), or else that of any member with the same name.
 */
import { findOwn } from '../protocol/find-own.ts'
import type { JsonObject } from './openapi.ts'

const idOf = (prefix: string) => `${prefix}_019ab5f0-8c2e-7b3a-9f41-2d6c1e0b7a55`
const ORGANIZATION = idOf('org')
const CONNECTION = idOf('con')
const USER = idOf('usr')
const SESSION = idOf('ses')
const EVENT = idOf('evt')
const CORRELATION = '0b7f0c5e-5a0e-4c63-9d4b-6f6f2f0f7a11'
const ORIGIN = 'https://sso.example.com'

/**
 * Examples by the name of the member. `connections.id` is the member `id` of something within `connections`; `null` means that it
 * is usually absent.
 */
const members: Readonly<Record<string, string | null>> = {
  'organizations.id': ORGANIZATION,
  'organization.id': ORGANIZATION,
  'connections.id': CONNECTION,
  'credentials.id': idOf('crd'),
  'domains.id': idOf('dom'),
  'memberships.id': idOf('mem'),
  'membership.id': idOf('mem'),
  'losers.id': idOf('mem'),
  'users.id': USER,
  'user.id': USER,
  'identities.id': idOf('idn'),
  'sessions.id': SESSION,
  'session.id': SESSION,
  'setup-links.id': idOf('sul'),
  'api-keys.id': idOf('key'),
  'audit-events.id': EVENT,
  'sign-in-traces.id': idOf('trc'),
  'webhooks.id': idOf('whk'),
  'actor.id': USER,
  'roleRules.id': 'staff',
  organizationId: ORGANIZATION,
  organization: ORGANIZATION,
  connectionId: CONNECTION,
  connection: CONNECTION,
  credentialId: idOf('crd'),
  credential: idOf('crd'),
  link: idOf('sul'),
  userId: USER,
  user: USER,
  membershipId: idOf('mem'),
  sessionId: SESSION,
  eventId: EVENT,
  correlationId: CORRELATION,
  correlation_id: CORRELATION,

  id: 'contoso',
  slug: 'contoso',
  name: 'Contoso Ltd.',
  'api-keys.name': 'Billing',
  'domains.name': 'contoso.com',
  'record.name': '_entrada-challenge.contoso.com',
  'record.value': 'entrada-domain-verification=Zk3v0c1Qm8aTtY2uB7sWxQ',
  username: 'alice',
  displayName: 'Alice Example',
  address: 'alice@contoso.com',
  'setup-links.address': `${ORIGIN}/setup/link/Zk3v0c1Qm8aTtY2uB7sWxQ`,
  email: 'alice@contoso.com',
  emailDomains: 'contoso.com',
  search: 'contoso',
  roles: 'member',
  role: 'member',
  defaultRole: 'member',
  'roles.source': 'manual',
  groups: '7d444840-9dc0-41d1-b245-5ffdce74fad2',
  'roleRules.value': '7d444840-9dc0-41d1-b245-5ffdce74fad2',
  reason: 'Entra is down; agreed with the head of IT.',
  'organizations.ssoRequired': null,

  cloud: 'global',
  // In its place are `tid` and `oid`.
  person: null,
  space: 'entra:global',
  directory: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  subject: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
  authority: 'https://login.microsoftonline.com',
  tenant: 'contoso.com',
  tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  allowedTenantIds: null,
  tid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  oid: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
  clientId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  redirectOrigin: ORIGIN,
  redirectUri: `${ORIGIN}/auth/entra/callback`,
  login: `${ORIGIN}/enterprise-login/contoso`,
  frontChannelLogout: `${ORIGIN}/auth/entra/logout`,
  certificate: null,
  'connections.value': 'Hk38Q~an-example-and-no-real-secret-0000',
  lastFailureCode: 'client_secret_expired',

  host: 'sso.example.com',
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
  code: null,
  type: 'sign_in.succeeded',
  step: 'identity_verified',
  eventTypes: 'sign_in.succeeded',
  scopes: 'users:read',
  hint: 'ent_3vQxYz',
  value: 'ent_3vQxYz…',
  url: 'https://hooks.contoso.com/entrada',
  secret: 'whsec_c29tZSBleGFtcGxlIGFuZCBubyByZWFsIHNlY3JldA==',
  lastAnswer: '204',
  offBecause: null,
  revokedAt: null,
  'audit-chain.problem': null,
  place: `1764403200000.42.${'0123456789abcdef'.repeat(4)}`,
  from: `event.${EVENT}`,
  'audit-chain.next': `event.${EVENT}`,
  next: `1764403200000.${ORGANIZATION}`,
  cursor: `1764403200000.${ORGANIZATION}`,
  'export.cursor': 'session',
  'export.next': 'session',
}
const TIME = '2027-11-22T08:00:00Z'

/** Returns an example for a schema. `names` are those of the parts of the path and of the members down to here. */
export function exampleOf(
  schema: unknown,
  names: readonly string[],
  schemas: Readonly<Record<string, JsonObject>>,
): unknown {
  if (!isObject(schema)) return undefined
  if (findExample(names) === null) return null
  const { $ref, examples, type, properties, items, anyOf, oneOf } = schema
  if (typeof $ref === 'string')
    return exampleOf(schemas[$ref.split('/').at(-1) ?? ''], names, schemas)
  if (Array.isArray(examples)) return examples[0]
  for (const fixed of ['const', 'default'] as const) if (fixed in schema) return schema[fixed]
  const [option] = [anyOf, oneOf].flatMap((options) => (Array.isArray(options) ? options : []))
  if (option !== undefined && type === undefined) return exampleOf(option, names, schemas)
  if (isObject(properties)) {
    const members = Object.entries(properties).map(([name, member]) => [
      name,
      exampleOf(member, [...names, name], schemas),
    ])
    return Object.fromEntries(members)
  }
  if (type === 'array') return [exampleOf(items, names, schemas)]
  return type === 'object' ? {} : exampleOfValue(schema, names)
}

function exampleOfValue(schema: JsonObject, names: readonly string[]): unknown {
  const { type, format, minimum = 0, enum: allowed } = schema
  if (Array.isArray(allowed)) return allowed[0]
  if (type === 'boolean') return true
  if (type !== 'string') return minimum
  const example = format === 'date-time' ? TIME : findExample(names)
  if (example === undefined)
    throw new Error(`${names.join('.')} has no example in the OpenAPI document`)
  return example
}

/** Finds the example of the nearest part whose name is more specific than the member's own. */
function findExample(names: readonly string[]): string | null | undefined {
  const name = names.at(-1) ?? ''
  const places = names.slice(0, -1).toReversed()
  const place = places.find((candidate) => findOwn(members, `${candidate}.${name}`) !== undefined)
  return findOwn(members, place === undefined ? name : `${place}.${name}`)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
