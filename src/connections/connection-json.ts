/**
 * Goes between the record of a connection and its JSON, by the rows of connection-fields.ts. JSON is flat where the record has unions, so
 * that a merge patch fits it. Secrets are never shown.
 */
import { EntradaError } from '../errors/errors.ts'
import { defaultKind, kindNameOf, kindOf } from '../identity-provider/provider-kinds.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Services } from '../services.ts'
import type {
  Connection,
  ConnectionCredential,
  ConnectionPolicies,
  ConnectionSettings,
  RoleRule,
  TenantPinning,
} from '../storage/records.ts'
import { frontChannelLogoutUrl, redirectUri, startPath } from './connection-addresses.ts'
import type { ConnectionField, ConnectionFields, FieldRecord } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import {
  type ConnectionChangeJson,
  type ConnectionJson,
  type CredentialJson,
  credentialSchema,
} from './connection-schema.ts'
import { toJsonValue, toRecord, toStoredSettings } from './field-values.ts'
import { checkFieldsOfKind } from './fields-of-kind.ts'
import { recordJson } from './record-json.ts'
import { isTested } from './test-fingerprint.ts'

/** Returns a connection as the API shows it. */
export function connectionJson(
  services: Pick<Services, 'deployment' | 'sha256'>,
  connection: Connection,
): ConnectionJson {
  const { tenants } = connection
  return {
    id: connection.id,
    organizationId: connection.organizationId,
    slug: connection.slug,
    status: connection.status,
    managedBy: connection.managedBy,
    provider: kindNameOf(connection),
    protocol: connection.protocol,
    cloud: connection.cloud,
    tenantId: tenants.kind === 'pinned' ? (tenants.tenantId ?? null) : null,
    credentials: connection.credentials.map(credentialJson),
    ...fieldsJson(connectionFields, connection),
    tested: isTested(services, connection),
    addresses: addressesOf(services, connection),
    createdAt: connection.createdAt.toISOString(),
    updatedAt: connection.updatedAt.toISOString(),
  }
}

type FieldsJson = Pick<
  ConnectionJson,
  keyof typeof connectionFields.connection | 'policies' | 'settings'
>

/** Returns the members of a connection's JSON that have a row. */
export function fieldsJson(fields: ConnectionFields, connection: FieldRecord): FieldsJson {
  const { policies, settings } = connection
  const head = Object.entries(fields.connection).map(([name, field]) => [
    name,
    field.toJson(connection),
  ])
  return {
    ...Object.fromEntries(head),
    policies: groupJson(fields.policies, policies),
    settings: groupJson(fields.settings, settings),
  } as FieldsJson // one member for each row
}

function groupJson(
  fields: Readonly<Record<string, ConnectionField>>,
  record: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const members = Object.entries(fields).map(([name, field]) => [
    name,
    toJsonValue(field, record[field.stored?.member ?? name]),
  ])
  return Object.fromEntries(members)
}

/** Returns a credential as the API shows it. */
export function credentialJson(credential: ConnectionCredential): CredentialJson {
  return recordJson(credentialSchema, credential)
}

/** Returns the members of a connection's JSON that a merge patch may change. */
export function changeableJson(
  json: ConnectionJson,
  fields: ConnectionFields = connectionFields,
): ConnectionChangeJson {
  const names = [...Object.keys(fields.connection), 'policies', 'settings']
  const members = Object.entries(json).filter(([name]) => names.includes(name))
  return {
    ...Object.fromEntries(members),
    ...(json.managedBy === 'environment' ? {} : { managedBy: json.managedBy }),
  }
}

/** What a change may write of the record, besides the name. A new member of the record does not compile until it is written here. */
type ConnectionMembers = Omit<
  Connection,
  | 'id'
  | 'organizationId'
  | 'name'
  | 'slug'
  | 'protocol'
  | 'credentials'
  | 'status'
  | 'managedBy'
  | 'createdAt'
  | 'updatedAt'
>

/**
 * Returns what is stored for what was sent. Of `before`, the connection that is changed, members that cannot be sent are kept; of a new
 * connection it has the protocol alone.
 *
 * @throws {EntradaError} `request_invalid`
 */
export function toConnectionMembers(
  { deployment }: Pick<Services, 'deployment'>,
  sent: ConnectionChangeJson,
  before?: Pick<Connection, 'protocol'> & Partial<Pick<Connection, 'tenants' | 'settings'>>,
  fields: ConnectionFields = connectionFields,
): ConnectionMembers {
  const kind = before ? kindOf(before) : defaultKind
  const application = sent.application ?? 'own'
  const place = kind.placeOf(new URL(sent.authority ?? deployment.authorities[0]))
  const tenants = toTenants(sent, before?.tenants)
  kind.checkConnection({ authority: place.authority, application, tenants })
  const members = {
    ...place,
    tenants,
    application,
    clientId: (application === 'shared' ? deployment.sharedClientId : sent.clientId) ?? '',
    policies: toPolicies(fields, sent.policies),
    roleRules: toRules(sent.roleRules),
    settings: toSettings(fields, sent.settings, before?.settings),
  }
  checkFieldsOfKind(kind, { ...members, name: '' }, fields)
  return members
}

/**
 * Returns what was sent with every default written out, as {@link changeableJson} shows it once it is stored. Members whose default differs
 * between deployments are included only if they were sent.
 */
export function normalizedChange(
  sent: ConnectionChangeJson,
  fields: ConnectionFields = connectionFields,
): ConnectionChangeJson {
  const policies = toPolicies(fields, sent.policies)
  const settings = toSettings(fields, sent.settings)
  const { name, authority, clientId, ...members } = withDefaults(fields, sent)
  return {
    ...members,
    ...(name ? { name } : {}),
    ...(authority ? { authority } : {}),
    ...(members.application === 'shared' ? {} : { clientId }),
    allowedTenantIds: sent.allowedTenantIds?.length ? sent.allowedTenantIds : null,
    roleRules: [...toRules(sent.roleRules)],
    policies: groupJson(fields.policies, policies),
    settings: groupJson(fields.settings, settings),
  }
}

function withDefaults({ connection }: ConnectionFields, sent: ConnectionChangeJson) {
  const members = Object.entries(connection).map(([name, field]) => {
    const value = sent[name as keyof ConnectionChangeJson] // the rows are its members
    return [name, value ?? field.default ?? null]
  })
  return Object.fromEntries(members) as ConnectionChangeJson // the same members
}

function toTenants(
  { tenant, allowedTenantIds }: ConnectionChangeJson,
  before: TenantPinning | undefined,
): TenantPinning {
  if (tenant && allowedTenantIds) {
    throw new EntradaError('request_invalid', { parameter: 'allowedTenantIds' })
  }
  if (!tenant) return { kind: 'allow_list', tenantIds: [...new Set(allowedTenantIds ?? [])] }
  if (before?.kind === 'pinned' && before.tenant === tenant) return before
  const isId = isGuid(tenant)
  return { kind: 'pinned', tenant, ...(isId ? { tenantId: tenant } : {}) }
}

function toPolicies(
  fields: ConnectionFields,
  sent: ConnectionChangeJson['policies'],
): ConnectionPolicies {
  return toRecord(fields.policies, sent ?? {}) as ConnectionPolicies // a row for each policy
}

/** An id is made from the content of the rule, so that rules that are sent again keep their ids. */
function toRules(sent: ConnectionChangeJson['roleRules']): readonly RoleRule[] {
  const rules = (sent ?? []).map(({ id, ...rule }) => {
    const { match, value, role } = rule
    return { id: id ?? `${match}:${value}:${role}`, ...rule }
  })
  const repeated = rules.findIndex(({ id }, index) => rules.findIndex((o) => o.id === id) !== index)
  if (repeated >= 0) {
    throw new EntradaError('request_invalid', { parameter: `roleRules.${repeated}.id` })
  }
  return rules
}

/** What a test sign-in has written is kept. */
function toSettings(
  fields: ConnectionFields,
  sent: ConnectionChangeJson['settings'],
  before?: ConnectionSettings,
): ConnectionSettings {
  const { tested } = before ?? {}
  return { ...(tested ? { tested } : {}), ...toStoredSettings(fields.settings, sent ?? {}) }
}

function addressesOf(
  services: Pick<Services, 'deployment'>,
  connection: Connection,
): ConnectionJson['addresses'] {
  const [first] = services.deployment.publicUrls
  const { redirectOrigin } = connection.settings
  const here = redirectOrigin ? new URL(redirectOrigin) : first
  return {
    redirectUri: redirectUri(services, here, connection),
    login: here.origin + startPath(services, connection),
    frontChannelLogout: frontChannelLogoutUrl(services, here, connection),
  }
}
