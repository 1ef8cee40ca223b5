/**
 * A connection as the API takes and shows it: flat where the record has unions, so that a merge patch fits it. A secret goes in and never
 * comes out. A new setting of a connection gets a line in each of four marked places: two of connection-schema.ts, two of this file.
 */
import { EntradaError } from '../errors/errors.ts'
import { checkOneDirectory, cloudOf } from '../identity-provider/entra/clouds.ts'
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
import { newConnectionPolicies } from './change-connection.ts'
import { frontChannelLogoutUrl, redirectUri, startPath } from './connection-addresses.ts'
import type { ConnectionChangeJson, ConnectionJson, CredentialJson } from './connection-schema.ts'
import { withoutNull, withoutUndefined } from './page-json.ts'
import { isTested } from './test-fingerprint.ts'

export function connectionJson(services: Services, connection: Connection): ConnectionJson {
  const { tenants } = connection
  const { unmatched, ...policies } = connection.policies
  return {
    id: connection.id,
    organizationId: connection.organizationId,
    name: connection.name,
    slug: connection.slug,
    status: connection.status,
    managedBy: connection.managedBy,
    protocol: connection.protocol,
    cloud: connection.cloud,
    authority: connection.authority,
    tenant: tenants.kind === 'pinned' ? tenants.tenant : null,
    tenantId: tenants.kind === 'pinned' ? (tenants.tenantId ?? null) : null,
    allowedTenantIds: allowedTenantIds(tenants),
    application: connection.application,
    clientId: connection.clientId || null,
    credentials: connection.credentials.map(credentialJson),
    policies: { ...policies, defaultRole: unmatched.kind === 'refuse' ? null : unmatched.role },
    roleRules: connection.roleRules.map((rule) => ({ ...rule })),
    settings: settingsJson(connection.settings),
    tested: isTested(services, connection),
    addresses: addressesOf(services, connection),
    createdAt: connection.createdAt.toISOString(),
    updatedAt: connection.updatedAt.toISOString(),
  }
}

export function credentialJson(credential: ConnectionCredential): CredentialJson {
  const { id, kind, state, certificate, expiresAt, testedAt, createdAt } = credential
  return {
    id,
    kind,
    state,
    certificate: certificate ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    testedAt: testedAt ?? null,
    createdAt: createdAt.toISOString(),
  }
}

/** The members that may be changed, as a merge patch finds them. */
export function changeableJson(json: ConnectionJson): ConnectionChangeJson {
  const { name, authority, tenant, allowedTenantIds, application, clientId } = json
  const { policies, roleRules, settings } = json
  return {
    ...{ name, authority, tenant, allowedTenantIds, application, clientId },
    ...{ policies, roleRules, settings },
    ...(json.managedBy === 'environment' ? {} : { managedBy: json.managedBy }),
  }
}

type ConnectionMembers = Pick<
  Connection,
  | 'cloud'
  | 'authority'
  | 'tenants'
  | 'application'
  | 'clientId'
  | 'policies'
  | 'roleRules'
  | 'settings'
>

/**
 * What is stored for what was sent. `before`: the connection that is changed, of which is kept what nobody may send.
 *
 * @throws {EntradaError} `request_invalid`
 */
export function toConnectionMembers(
  { deployment }: Services,
  sent: ConnectionChangeJson,
  before?: Pick<Connection, 'tenants' | 'settings'>,
): ConnectionMembers {
  const at = new URL(sent.authority ?? deployment.authorities[0])
  const application = sent.application ?? 'own'
  checkOneDirectory(at, { ...sent, application })
  return {
    cloud: cloudOf(at),
    authority: at.origin,
    tenants: toTenants(sent, before?.tenants),
    application,
    clientId: (application === 'shared' ? deployment.sharedClientId : sent.clientId) ?? '',
    policies: toPolicies(sent.policies),
    roleRules: toRules(sent.roleRules),
    settings: toSettings(sent.settings, before?.settings),
  }
}

/**
 * What was sent with every default written out, as {@link changeableJson} shows it once it is stored. Members whose default is not the same
 * on every deployment are there only if they were sent.
 */
export function normalizedChange(sent: ConnectionChangeJson): ConnectionChangeJson {
  const application = sent.application ?? 'own'
  const { unmatched, ...policies } = toPolicies(sent.policies)
  return {
    ...(sent.name ? { name: sent.name } : {}),
    ...(sent.authority ? { authority: sent.authority } : {}),
    tenant: sent.tenant ?? null,
    allowedTenantIds: sent.allowedTenantIds?.length ? sent.allowedTenantIds : null,
    application,
    ...(application === 'shared' ? {} : { clientId: sent.clientId ?? null }),
    policies: { ...policies, defaultRole: unmatched.kind === 'refuse' ? null : unmatched.role },
    roleRules: [...toRules(sent.roleRules)],
    settings: settingsJson(toSettings(sent.settings, undefined)),
  }
}

/** A draft whose directory nobody has named yet admits no tenant at all. */
function allowedTenantIds(tenants: TenantPinning): string[] | null {
  return tenants.kind === 'allow_list' && tenants.tenantIds.length > 0
    ? [...tenants.tenantIds]
    : null
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

function toPolicies(sent: ConnectionChangeJson['policies']): ConnectionPolicies {
  const { defaultRole, ...rest } = withoutNull(sent ?? {})
  const unmatched = defaultRole
    ? ({ kind: 'default_role', role: defaultRole } as const)
    : newConnectionPolicies.unmatched
  return { ...newConnectionPolicies, ...rest, unmatched }
}

/** An id is made from what the rule says, so that the same rules sent again are the same rules. */
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

/** 3: from record to JSON. */
function settingsJson(settings: ConnectionSettings): ConnectionJson['settings'] {
  const { contact, groups, emailDomains, recheckMinutes, redirectOrigin, tenantMayBeShared } =
    settings
  return {
    contact: contact ? { email: contact.email ?? null } : null,
    groups: groups ? { ...groups } : null,
    emailDomains: emailDomains ? [...emailDomains] : null,
    recheckMinutes: recheckMinutes ?? null,
    redirectOrigin: redirectOrigin ?? null,
    tenantMayBeShared: tenantMayBeShared ?? false,
  }
}

/** 4: from JSON to record. What a test sign-in has written is kept. */
function toSettings(
  sent: ConnectionChangeJson['settings'],
  before: ConnectionSettings | undefined,
): ConnectionSettings {
  const { contact, groups, tenantMayBeShared, ...rest } = withoutNull(sent ?? {})
  const known = contact ? withoutNull(contact) : {}
  return {
    ...withoutUndefined({ tested: before?.tested }),
    ...rest,
    ...(Object.keys(known).length > 0 ? { contact: known } : {}),
    ...(groups ? { groups: { ...defaultGroups, ...withoutNull(groups) } } : {}),
    ...(tenantMayBeShared ? { tenantMayBeShared } : {}),
  }
}

const defaultGroups = { from: 'claim', nested: true, names: false } as const

function addressesOf(services: Services, connection: Connection): ConnectionJson['addresses'] {
  const [first] = services.deployment.publicUrls
  const { redirectOrigin } = connection.settings
  const here = redirectOrigin ? new URL(redirectOrigin) : first
  return {
    redirectUri: redirectUri(services, here, connection),
    login: here.origin + startPath(services, connection),
    frontChannelLogout: frontChannelLogoutUrl(services, here, connection),
  }
}
