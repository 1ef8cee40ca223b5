/** The connection that the environment (or the options of a library) describes: the row `default`, read-only elsewhere. */
import { auditRecord, outboxOptions } from '../audit/audit-events.ts'
import type { CheckedEntra } from '../check-options.ts'
import { EntradaError } from '../errors.ts'
import type { CredentialStatus } from '../identity-provider/client-credentials.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Services } from '../services.ts'
import type {
  Connection,
  ConnectionCredential,
  ConnectionPolicies,
  Organization,
  TenantPinning,
} from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { cloudOf, DEFAULT_AUTHORITY } from './clouds.ts'

export const DEFAULT_CONNECTION_ID = 'default'
const DEFAULT_ORGANIZATION_ID = 'default'

/** Seed 1 as it stands: a first sign-in creates the user, who gets one role. */
const defaultPolicies: ConnectionPolicies = {
  provisioning: 'create',
  linking: 'never',
  guests: 'refuse',
  personalAccounts: 'refuse',
  groupsOverage: 'refuse',
  unmatched: { kind: 'default_role', role: 'member' },
  signOutOfMicrosoft: false,
}

/**
 * Brings the row up to what is configured; without Entra settings an earlier row is switched off.
 *
 * @throws {EntradaError} `tenant_changed` when people were linked from another tenant or cloud
 */
export async function keepEnvironmentConnection(
  services: Services,
  entra: CheckedEntra | undefined,
): Promise<void> {
  const existing = await services.storage.findConnection(DEFAULT_CONNECTION_ID)
  const wanted = entra ? toConnection(services, entra, existing) : existing && switchedOff(existing)
  if (existing && wanted) await checkSameTenant(services, existing, wanted)
  const members = changedMembers(existing, wanted)
  if (members.length === 0 && existing !== undefined) return
  await services.storage.atomically(async (transaction) => {
    await keepDefaultOrganization(services, transaction)
    if (wanted === undefined || members.length === 0) return
    await transaction.putConnection({ ...wanted, updatedAt: services.now() })
    // A rule that is gone takes its roles along at once, from everybody.
    await transaction.removeRolesOfRules(wanted.organizationId, goneRules(existing, wanted))
    const detail = { managedBy: wanted.managedBy, members }
    const context = {
      actor: { kind: 'system' },
      organizationId: wanted.organizationId,
      connectionId: wanted.id,
    } as const
    const record = auditRecord(services, { type: 'connection.changed', detail }, context)
    await transaction.appendAuditEvent(record, outboxOptions(services))
  })
}

/** The organization that the environment's connection and its people belong to, made when it is missing. */
export async function keepDefaultOrganization(
  services: Services,
  transaction: StorageTransaction,
): Promise<void> {
  const organization = await transaction.findOrganization(DEFAULT_ORGANIZATION_ID)
  if (organization === undefined) await transaction.putOrganization(newOrganization(services))
}

/**
 * The connection with its tenant id known: a domain is resolved through Entra once and then kept, so that a domain which later
 * moves to another directory does not take the users along.
 *
 * @throws {EntradaError} `tenant_changed`, or why Entra could not be asked
 */
export async function withKnownTenant(
  services: Services,
  connection: Connection,
  deadline: AbortSignal,
): Promise<Connection> {
  const { tenants } = connection
  if (tenants.kind !== 'pinned' || tenants.tenantId !== undefined) return connection
  const tenantId = await services.identityProviderFor(connection).tenantId(deadline)
  if (tenantId === undefined) throw new EntradaError('entra_metadata_invalid', { member: 'issuer' })
  const linked = await services.storage.listLinkedTenants(connection.id)
  if (linked.some((tid) => tid !== tenantId)) throw new EntradaError('tenant_changed')
  return services.storage.atomically((transaction) =>
    pinTenant(services, transaction, { connection, tenantId }),
  )
}

/** Read again inside: what somebody changed while Entra was asked is kept, and another directory is not pinned to this id. */
async function pinTenant(
  services: Services,
  transaction: StorageTransaction,
  { connection, tenantId }: { readonly connection: Connection; readonly tenantId: string },
): Promise<Connection> {
  const now = (await transaction.findConnection(connection.id)) ?? connection
  const asked = connection.tenants
  const isSame = JSON.stringify(now.tenants) === JSON.stringify(asked)
  if (!isSame || asked.kind !== 'pinned') return now
  const pinned = { ...now, tenants: { ...asked, tenantId }, updatedAt: services.now() }
  await transaction.putConnection(pinned)
  return pinned
}

function toConnection(services: Services, entra: CheckedEntra, existing?: Connection): Connection {
  const authority = entra.authority ?? DEFAULT_AUTHORITY
  const at = services.now()
  return {
    id: DEFAULT_CONNECTION_ID,
    organizationId: DEFAULT_ORGANIZATION_ID,
    name: 'Microsoft Entra ID',
    slug: DEFAULT_CONNECTION_ID,
    protocol: 'oidc',
    cloud: cloudOf(authority),
    authority: authority.origin,
    tenants: pinningOf(entra.tenantId, existing),
    application: 'own',
    clientId: entra.clientId,
    credentials: services.credentialStatus().map((status) => toRow(status, at, existing)),
    policies: { ...defaultPolicies, ...entra.policies },
    roleRules: entra.roleRules ?? [],
    settings: {
      ...(entra.groups ? { groups: entra.groups } : {}),
      ...(entra.recheckMinutes ? { recheckMinutes: entra.recheckMinutes } : {}),
    },
    status: 'on',
    managedBy: 'environment',
    createdAt: existing?.createdAt ?? at,
    updatedAt: existing?.updatedAt ?? at,
  }
}

/** The value itself stays in the environment or in its file; the row says that there is one, and until when. */
function toRow(
  { id, kind, expiresAt, state }: CredentialStatus,
  at: Date,
  existing: Connection | undefined,
): ConnectionCredential {
  const known = existing?.credentials.find((credential) => credential.id === id)
  return {
    id,
    kind,
    ...(expiresAt ? { expiresAt } : {}),
    state: state === 'expired' ? 'retired' : 'active',
    createdAt: known?.createdAt ?? at,
  }
}

function pinningOf(tenant: string, existing?: Connection): TenantPinning {
  if (isGuid(tenant)) return { kind: 'pinned', tenant, tenantId: tenant.toLowerCase() }
  const before = existing?.tenants
  return before?.kind === 'pinned' && before.tenant === tenant && before.tenantId !== undefined
    ? { kind: 'pinned', tenant, tenantId: before.tenantId }
    : { kind: 'pinned', tenant }
}

async function checkSameTenant(
  services: Services,
  before: Connection,
  after: Connection,
): Promise<void> {
  const linked = await services.storage.listLinkedTenants(before.id)
  if (linked.length === 0) return
  const tenantId = after.tenants.kind === 'pinned' ? after.tenants.tenantId : undefined
  const otherTenant = tenantId !== undefined && linked.some((tid) => tid !== tenantId)
  if (otherTenant || after.cloud !== before.cloud) {
    throw new EntradaError('tenant_changed', {
      linkedTenants: linked,
      configured: tenantId ?? 'domain',
    })
  }
}

function switchedOff(existing: Connection): Connection {
  return { ...existing, status: 'off' }
}

const compared = [
  'cloud',
  'authority',
  'tenants',
  'clientId',
  'credentials',
  'policies',
  'roleRules',
  'settings',
  'status',
] as const

function changedMembers(
  before: Connection | undefined,
  after: Connection | undefined,
): readonly string[] {
  if (after === undefined) return []
  return compared.filter(
    (member) => JSON.stringify(before?.[member]) !== JSON.stringify(after[member]),
  )
}

function goneRules(before: Connection | undefined, after: Connection): readonly string[] {
  const kept = new Set(after.roleRules.map(({ id }) => id))
  return (before?.roleRules ?? []).map(({ id }) => id).filter((id) => !kept.has(id))
}

function newOrganization(services: Services): Organization {
  const createdAt = services.now()
  return {
    id: DEFAULT_ORGANIZATION_ID,
    name: 'Default organization',
    slug: 'default',
    settings: {},
    createdAt,
    updatedAt: createdAt,
  }
}
