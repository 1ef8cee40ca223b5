/**
 * Connections of customers: created as drafts, changed in place, turned on after a test sign-in has succeeded.
 *
 *   createConnection → a draft
 *   changeConnection → every change of a connection: read, checked, written and audited in one transaction
 *   turnOn, turnOff
 */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import {
  DEFAULT_KIND,
  type ProviderKindName,
  providerKinds,
} from '../identity-provider/provider-kinds.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import { acceptedTenants } from '../storage/accepted-tenants.ts'
import type {
  Connection,
  ConnectionPolicies,
  ConnectionSettings,
  Organization,
  OrganizationId,
  RoleRule,
  TenantPinning,
} from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { checkNotRequired } from './check-not-required.ts'
import { connectionFields } from './connection-fields.ts'
import { newConnectionPolicies } from './default-policies.ts'
import { rowsOf } from './field-values.ts'
import { lockConnection } from './lock-connection.ts'
import { checkDisplayName, checkGivenId, checkSlug, findFreeSlug } from './names.ts'
import { isTested } from './test-fingerprint.ts'
import { changedMembers, writeConnection } from './write-connection.ts'

export type NewConnection = {
  readonly organizationId: string
  readonly name?: string
  /** An id that was imported from another system; it never changes. */
  readonly id?: string
  readonly slug?: string
  readonly kind?: ProviderKindName
  readonly authority?: URL
  readonly application?: Connection['application']
  /** Absent until the customer names a directory. */
  readonly tenants?: TenantPinning
  readonly clientId?: string
  readonly policies?: Partial<ConnectionPolicies>
  readonly roleRules?: readonly RoleRule[]
  readonly settings?: ConnectionSettings
  readonly managedBy?: 'api' | 'file'
}

/** There is no directory yet: the list contains no tenant id. */
const noTenant: TenantPinning = { kind: 'allow_list', tenantIds: [] }

/**
 * Creates a connection as a draft.
 *
 * @throws {EntradaError} `record_not_found` (the organization), `request_invalid`, `slug_in_use`, `record_in_use`
 */
export async function createConnection(
  services: ChangeServices & Pick<Services, 'deployment'>,
  caller: AdminCaller,
  input: NewConnection,
): Promise<Connection> {
  const id = input.id ? checkGivenId(input.id) : newId(services, 'con')
  const create = async (transaction: StorageTransaction) => {
    const organization = found(await findOrganization(transaction, input.organizationId))
    if (await isKnown(transaction, id)) throw new EntradaError('record_in_use', { id })
    if (await transaction.wasConnectionRemoved(id)) {
      throw new EntradaError('connection_id_given_before', { id })
    }
    const name = checkDisplayName(input.name ?? organization.name)
    const slug = input.slug ? checkSlug(input.slug) : await freeSlug(transaction, organization)
    if (await isTaken(transaction, slug, organization)) throw new EntradaError('slug_in_use')
    const managedBy = input.managedBy ?? caller.writesAs ?? 'api'
    const identity = { id, slug, name, managedBy, organizationId: organization.id }
    const connection = draftOf(services, input, identity)
    await transaction.putConnection(connection)
    const event = { type: 'connection.created', detail: { slug } } as const
    const { organizationId } = connection
    await audit(services, transaction, { caller, event, organizationId, connectionId: id })
    return connection
  }
  // A slug of a connection must not be that of another organization, which no unique key decides.
  return changeAtomically(services, caller, create, { scope: { record: 'slugs' } })
}

/** Finds an organization by its id, or by its slug, which is easier to remember. */
async function findOrganization(
  transaction: StorageTransaction,
  named: string,
): Promise<Organization | undefined> {
  const byId = await transaction.findOrganization(named as OrganizationId) // any text: an unknown one finds nothing
  return byId ?? transaction.findOrganizationBySlug(named)
}

function draftOf(
  services: Pick<Services, 'deployment' | 'now'>,
  input: NewConnection,
  identity: Pick<Connection, 'id' | 'slug' | 'name' | 'organizationId' | 'managedBy'>,
): Connection {
  const [deploymentAuthority] = services.deployment.authorities
  const kind = providerKinds[input.kind ?? DEFAULT_KIND]
  const createdAt = services.now()
  return {
    ...identity,
    protocol: kind.protocol,
    ...kind.placeOf(input.authority ?? new URL(deploymentAuthority)),
    tenants: input.tenants ?? noTenant,
    application: input.application ?? 'own',
    clientId: clientIdOf(services, input),
    credentials: [],
    policies: { ...newConnectionPolicies, ...input.policies },
    roleRules: input.roleRules ?? [],
    settings: input.settings ?? {},
    status: 'draft',
    createdAt,
    updatedAt: createdAt,
  }
}

/**
 * Returns the client id of a new connection.
 *
 * @throws {EntradaError} `request_invalid` when this deployment has no shared application
 */
function clientIdOf(
  { deployment }: Pick<Services, 'deployment'>,
  { application, clientId }: NewConnection,
): string {
  if (application !== 'shared') return clientId ?? ''
  if (deployment.sharedClientId === undefined) {
    throw new EntradaError('request_invalid', { parameter: 'application' })
  }
  return deployment.sharedClientId
}

/**
 * Returns whether a connection has this text as its id or its slug. Calls may name a connection by both, and an id takes
 * precedence: a customer who could choose any id could make an operator change their connection in place of another one.
 */
async function isKnown(transaction: StorageTransaction, id: string): Promise<boolean> {
  const byId = await transaction.findConnection(id)
  return (byId ?? (await transaction.findConnectionBySlug(id))) !== undefined
}

/** An organization's sign-in address must lead only to its own connections. */
async function isTaken(
  transaction: StorageTransaction,
  slug: string,
  { id }: Organization,
): Promise<boolean> {
  const { connections } = await transaction.findSlugs([slug])
  if (connections.has(slug)) return true
  return ((await transaction.findOrganizationBySlug(slug))?.id ?? id) !== id
}

function freeSlug(transaction: StorageTransaction, { id, slug }: Organization): Promise<string> {
  return findFreeSlug(slug, async (slugs) => {
    const { organizations, connections } = await transaction.findSlugs(slugs)
    const ofOthers = [...organizations].filter(([, holder]) => holder !== id)
    return new Set([...ofOthers.map(([taken]) => taken), ...connections])
  })
}

export type ConnectionChange = {
  readonly id: string
  /** Who may write the connection; `file` is for `entrada apply`. */
  readonly as?: 'api' | 'file'
  /** Receives the connection as it is inside the transaction, and may refuse by throwing. */
  readonly change: (before: Connection) => Connection
  /** Further conditions, checked in the same transaction. */
  readonly check?: (transaction: StorageTransaction, after: Connection) => Promise<void>
}

/**
 * Changes a connection. Access that the change removes is removed from live sessions at once (docs/sessions.md).
 *
 * @throws {EntradaError} `record_not_found`, `connection_read_only`, `connection_is_on`, `connection_has_people`,
 * `sso_connection_needed`, `shared_tenant_in_use`
 */
export async function changeConnection(
  services: ChangeServices,
  caller: AdminCaller,
  { id, as = caller.writesAs ?? 'api', change, check }: ConnectionChange,
): Promise<Connection> {
  const changed = async (transaction: StorageTransaction) => {
    const locked = await lockConnection(transaction, id)
    await caller.checkStillMay?.(transaction)
    const before = found(locked)
    const after = withOldTests(before, change(before))
    if (!mayWrite(as, before, after)) throw new EntradaError('connection_read_only', { id })
    if (changedMembers(before, after).length === 0) return before
    await checkDirectoryChange(transaction, { before, after })
    if (before.status === 'on' && after.status !== 'on') await checkNotRequired(transaction, after)
    await check?.(transaction, after)
    return writeConnection(services, transaction, { caller, before, after })
  }
  return services.storage.atomically(changed, { scope: 'nothing' })
}

/** A credential that was tested with another directory or application counts as not tested with this one. */
function withOldTests(before: Connection, after: Connection): Connection {
  if (!changedMembers(before, after).some((member) => identifying.includes(member))) return after
  const untested = after.credentials.map(({ testedAt: _, ...credential }) => credential)
  return { ...after, credentials: untested }
}

/**
 * Returns whether the caller manages the connection, or takes it over by this change. Only the environment writes its own
 * connection.
 */
function mayWrite(as: 'api' | 'file', before: Connection, after: Connection): boolean {
  if (before.managedBy === 'environment') return false
  return before.managedBy === as || after.managedBy === as
}

/**
 * Turns a connection on.
 *
 * @throws {EntradaError} as {@link changeConnection}, and `connection_not_tested`, `shared_tenant_in_use`
 */
export async function turnOn(
  services: ChangeServices & Pick<Services, 'sha256'>,
  caller: AdminCaller,
  id: string,
): Promise<Connection> {
  return changeConnection(services, caller, {
    id,
    change: (before) => {
      if (!isTested(services, before)) throw new EntradaError('connection_not_tested', { id })
      return { ...before, status: 'on' }
    },
    check: (transaction, after) =>
      checkSharedTenantsFree(transaction, after, acceptedTenants(after.tenants)),
  })
}

/** With the shared application, Entra distinguishes connections only by tenant. */
async function checkSharedTenantsFree(
  transaction: StorageTransaction,
  { id, application, cloud, settings }: Connection,
  tenantIds: readonly string[],
): Promise<void> {
  if (application !== 'shared' || settings.tenantMayBeShared) return
  // Two connections of different organizations that accept the same tenant, each unseen by the other.
  await transaction.lockScope({ record: 'shared tenants' })
  for (const tenantId of tenantIds) {
    const others = await transaction.listSharedConnectionsOf(cloud, tenantId)
    if (others.some((other) => other !== id)) {
      throw new EntradaError('shared_tenant_in_use', { id, tenantId })
    }
  }
}

/** Turns a connection off. People who are signed in stay signed in, but no user can sign in through it. */
export async function turnOff(
  services: ChangeServices,
  caller: AdminCaller,
  id: string,
): Promise<Connection> {
  const change = (before: Connection): Connection =>
    before.status === 'on' ? { ...before, status: 'off' } : before
  return changeConnection(services, caller, { id, change })
}

/** Members of the record that identify directory and application. The cloud follows from the authority. */
const identifying: readonly string[] = [
  'cloud',
  ...rowsOf(connectionFields)
    .filter(({ field }) => field.identifies)
    .map(({ part }) => part),
]

/**
 * A connection with users must not change to another directory or application, because other people could then sign in as them
 * (B27). An allow list may lose and gain directories at any time: a person's key contains the directory, so no person becomes
 * another one.
 */
async function checkDirectoryChange(
  transaction: StorageTransaction,
  { before, after }: { readonly before: Connection; readonly after: Connection },
): Promise<void> {
  const members = changedMembers(before, after).filter((member) => identifying.includes(member))
  if (members.length === 0) return
  if (members.every((member) => member === 'tenants') && mayChangeTenants(before, after)) {
    return checkTenantsAdded(transaction, { before, after })
  }
  if (before.status === 'on') throw new EntradaError('connection_is_on', { id: before.id })
  const linked = await transaction.listLinkedTenants(before.id)
  const accepted = acceptedTenants(after.tenants)
  if (after.cloud !== before.cloud && linked.length > 0) {
    throw new EntradaError('connection_has_people', { id: before.id })
  }
  if (linked.some((tenant) => !accepted.includes(tenant))) {
    throw new EntradaError('connection_has_people', { id: before.id })
  }
}

/** Returns whether the directories may change: from one list to another, or from a list to one directory of it. */
function mayChangeTenants(before: Connection, after: Connection): boolean {
  if (before.tenants.kind !== 'allow_list') return false
  if (after.tenants.kind === 'allow_list') return true
  const { tenantId } = after.tenants
  return tenantId !== undefined && before.tenants.tenantIds.includes(tenantId)
}

/**
 * Directories that a connection gains while it is on have to fulfil the conditions for turning it on; and the list must not become
 * empty.
 */
async function checkTenantsAdded(
  transaction: StorageTransaction,
  { before, after }: { readonly before: Connection; readonly after: Connection },
): Promise<void> {
  if (before.status !== 'on') return
  const accepted = acceptedTenants(after.tenants)
  if (accepted.length === 0) await checkNotRequired(transaction, after)
  const former = acceptedTenants(before.tenants)
  const added = accepted.filter((tenantId) => !former.includes(tenantId))
  await checkSharedTenantsFree(transaction, after, added)
}
