/**
 * The connection that the environment (or the options of the library) describes: the row `default`, which is read-only elsewhere.
 */

import type { AuditServices, ChangeServices } from '../audit/audit.ts'
import { EntradaError } from '../errors/errors.ts'
import type { CredentialStatus } from '../identity-provider/client-credentials.ts'
import { defaultKind } from '../identity-provider/provider-kinds.ts'
import { isGuid } from '../protocol/guid.ts'
import type { Services } from '../services.ts'
import type { CheckedEntra } from '../settings/check-options.ts'
import type {
  Connection,
  ConnectionCredential,
  ConnectionSettings,
  Organization,
  TenantPinning,
} from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { environmentPolicies } from './default-policies.ts'
import { ENVIRONMENT_CONNECTION_ID } from './environment-connection-id.ts'
import { environmentPlace } from './environment-place.ts'
import { toStoredSettings } from './field-values.ts'
import { changedMembers, writeConnection } from './write-connection.ts'

const DEFAULT_ORGANIZATION_ID = 'default'

/**
 * Updates the row to the configuration; without Entra settings an earlier row is switched off.
 *
 * @throws {EntradaError} `tenant_changed` when users were linked from another tenant or cloud
 */
export async function keepEnvironmentConnection(
  services: ChangeServices & Pick<Services, 'credentialStatus'>,
  entra: CheckedEntra | undefined,
): Promise<void> {
  const existing = await services.storage.findConnection(ENVIRONMENT_CONNECTION_ID)
  const configured = configuredConnection(services, entra, existing)
  // A start that changes nothing takes no lock.
  if (existing && configured && changedMembers(existing, configured).length === 0) return
  const keep = async (transaction: StorageTransaction) => {
    await keepDefaultOrganization(services, transaction)
    const before = await transaction.findConnection(ENVIRONMENT_CONNECTION_ID)
    const after = configuredConnection(services, entra, before)
    if (after === undefined) return
    if (before !== undefined) await checkSameTenant(transaction, before, after)
    const caller = { actor: { kind: 'system' } } as const
    await writeConnection(services, transaction, { caller, before, after })
  }
  await services.storage.atomically(keep, { scope: { organizationId: DEFAULT_ORGANIZATION_ID } })
}

function configuredConnection(
  services: Pick<Services, 'credentialStatus' | 'now'>,
  entra: CheckedEntra | undefined,
  existing: Connection | undefined,
): Connection | undefined {
  return entra ? toConnection(services, entra, existing) : existing && switchedOff(existing)
}

/** Creates the organization of the environment's connection and its users, if it is missing. */
export async function keepDefaultOrganization(
  services: Pick<Services, 'now'>,
  transaction: StorageTransaction,
): Promise<void> {
  const organization = await transaction.findOrganization(DEFAULT_ORGANIZATION_ID)
  if (organization === undefined) await transaction.putOrganization(newOrganization(services))
}

/**
 * Returns the connection with its tenant id: a domain is resolved through Entra once and then stored, so that people of another
 * directory cannot sign in if the domain later moves there.
 *
 * @throws {EntradaError} `tenant_changed`, or why Entra could not be asked
 */
export async function withKnownTenant(
  services: ChangeServices & Pick<Services, 'identityProviderFor'>,
  connection: Connection,
  deadline: AbortSignal,
): Promise<Connection> {
  const { tenants } = connection
  if (tenants.kind !== 'pinned' || tenants.tenantId !== undefined) return connection
  const tenantId = await services.identityProviderFor(connection).directory?.(deadline)
  if (tenantId === undefined) throw new EntradaError('entra_metadata_invalid', { member: 'issuer' })
  const { organizationId } = connection
  return services.storage.atomically(
    (transaction) => pinTenant(services, transaction, { connection, tenantId }),
    { scope: { organizationId } },
  )
}

/**
 * The row is read again after the request: a concurrent change is kept, the id of one directory is never pinned to another, and a
 * removed connection stays removed.
 */
async function pinTenant(
  services: AuditServices,
  transaction: StorageTransaction,
  { connection, tenantId }: { readonly connection: Connection; readonly tenantId: string },
): Promise<Connection> {
  const now = await transaction.findConnection(connection.id)
  if (now === undefined) throw new EntradaError('connection_not_found')
  const { tenants } = now
  const isSame =
    now.authority === connection.authority &&
    JSON.stringify(tenants) === JSON.stringify(connection.tenants)
  if (!isSame || tenants.kind !== 'pinned') return now
  const linked = await transaction.listLinkedTenants(connection.id)
  if (linked.some((tenant) => tenant !== tenantId)) throw new EntradaError('tenant_changed')
  const after = { ...now, tenants: { ...tenants, tenantId } }
  const caller = { actor: { kind: 'system' } } as const
  return writeConnection(services, transaction, { caller, before: now, after })
}

function toConnection(
  services: Pick<Services, 'credentialStatus' | 'now'>,
  entra: CheckedEntra,
  existing?: Connection,
): Connection {
  const at = services.now()
  return {
    id: ENVIRONMENT_CONNECTION_ID,
    organizationId: DEFAULT_ORGANIZATION_ID,
    name: defaultKind.name,
    slug: ENVIRONMENT_CONNECTION_ID,
    protocol: defaultKind.protocol,
    ...environmentPlace(entra.authority),
    tenants: pinningOf(entra.tenantId, existing),
    application: 'own',
    clientId: entra.clientId,
    credentials: services.credentialStatus().map((status) => toRow(status, at, existing)),
    policies: { ...environmentPolicies, ...entra.policies },
    roleRules: entra.roleRules ?? [],
    settings: settingsOf(connectionFields, entra),
    status: 'on',
    managedBy: 'environment',
    createdAt: existing?.createdAt ?? at,
    updatedAt: existing?.updatedAt ?? at,
  }
}

/** Returns the settings that the environment, or the options of the library, name for their connection. */
export function settingsOf({ settings }: ConnectionFields, entra: object): ConnectionSettings {
  const options = new Map<string, unknown>(Object.entries(entra))
  const named = Object.entries(settings).map(([name, { libraryOption }]) => [
    name,
    libraryOption === undefined ? undefined : options.get(libraryOption),
  ])
  return toStoredSettings(settings, Object.fromEntries(named))
}

/** The value itself stays in the environment or in its file; the row stores only that it exists, and its expiry. */
function toRow(
  { id, kind, expiresAt, state }: CredentialStatus,
  at: Date,
  existing: Connection | undefined,
): ConnectionCredential {
  const former = existing?.credentials.find((credential) => credential.id === id)
  return {
    id,
    kind,
    ...(expiresAt ? { expiresAt } : {}),
    state: state === 'expired' ? 'retired' : 'active',
    createdAt: former?.createdAt ?? at,
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
  transaction: StorageTransaction,
  before: Connection,
  after: Connection,
): Promise<void> {
  const linked = await transaction.listLinkedTenants(before.id)
  if (linked.length === 0) return
  const tenantId = after.tenants.kind === 'pinned' ? after.tenants.tenantId : undefined
  const otherTenant = tenantId !== undefined && linked.some((tenant) => tenant !== tenantId)
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

function newOrganization(services: Pick<Services, 'now'>): Organization {
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
