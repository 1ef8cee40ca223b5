/** Removes a user, a connection or a customer for good, after their data was exported. The audit trail keeps that it happened. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { signErasureOrder } from '../audit/audit-chain.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { turnOff } from '../connections/change-connection.ts'
import { lockConnection } from '../connections/lock-connection.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { getUsernameHash } from '../provisioning/retired-usernames.ts'
import type { Services } from '../services.ts'
import { allOf } from '../storage/all-of.ts'
import type { Connection, Organization, OrganizationId, UserId } from '../storage/records.ts'
import type { RemovalParts } from '../storage/removal-storage.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { liftSso } from './enforcement.ts'
import { getOrganization } from './organizations.ts'

/** A transaction removes at most this many records, so that other users can sign in meanwhile. */
const BATCH = 200

/**
 * Removes a user with identities, memberships, roles and sessions. A later sign-in of the same person creates another user; the
 * username stays taken.
 *
 * @throws {EntradaError} `record_not_found`
 */
export async function removeUser(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  caller: AdminCaller,
  id: string,
): Promise<void> {
  const userId = id as UserId // any text: an unknown one removes nothing
  const remove = async (transaction: StorageTransaction) => {
    await lockForRemoval(transaction, userId)
    await caller.checkStillMay?.(transaction)
    const parts = await removalParts(services, transaction)
    if (!(await transaction.removeUser(userId, parts))) throw new EntradaError('record_not_found')
    await audit(services, transaction, {
      caller,
      userId,
      event: { type: 'user.removed', detail: {} },
    })
  }
  await services.storage.atomically(remove, { scope: 'nothing' })
}

/**
 * Keeps a username from being given again in the moment in which its member is removed. Until the user is locked, a sign-in may make
 * them a member of another organization, so the memberships are read again.
 */
async function lockForRemoval(transaction: StorageTransaction, userId: UserId): Promise<void> {
  const locked = await lockOrganizationsOf(transaction, userId, new Set())
  await transaction.lockScope({ userId })
  await lockOrganizationsOf(transaction, userId, locked)
}

async function lockOrganizationsOf(
  transaction: StorageTransaction,
  userId: UserId,
  locked: ReadonlySet<OrganizationId>,
): Promise<ReadonlySet<OrganizationId>> {
  const memberships = (await transaction.findUser(userId))?.memberships ?? []
  const organizationIds = memberships.map(({ organizationId }) => organizationId).sort()
  const missing = organizationIds.filter((id) => !locked.has(id))
  for (const organizationId of missing) await transaction.lockScope({ organizationId })
  return new Set(organizationIds)
}

/**
 * Removes a connection that is a draft or turned off. Its users stay members of their organization, without the roles of its rules
 * and its default role.
 *
 * @throws {EntradaError} `record_not_found`, `connection_read_only`, `connection_is_on`
 */
export async function removeConnection(
  services: ChangeServices,
  caller: AdminCaller,
  {
    id,
    as = caller.writesAs ?? 'api',
  }: { readonly id: string; readonly as?: Connection['managedBy'] },
): Promise<void> {
  const remove = async (transaction: StorageTransaction) => {
    const connection = found(await lockConnection(transaction, id))
    await caller.checkStillMay?.(transaction)
    if (connection.managedBy !== as) throw new EntradaError('connection_read_only', { id })
    if (connection.status === 'on') throw new EntradaError('connection_is_on', { id })
    const { organizationId, slug, roleRules } = connection
    await transaction.removeRolesOfRules(
      connection,
      roleRules.map((rule) => rule.id),
    )
    await transaction.replaceDefaultRole(connection, undefined)
    await transaction.removeConnection(id)
    await audit(services, transaction, {
      caller,
      organizationId,
      connectionId: id,
      event: { type: 'connection.removed', detail: { slug } },
    })
  }
  await services.storage.atomically(remove, { scope: 'nothing' })
}

/**
 * Removes an organization with everything in it. First its connections are turned off, so that no one signs in meanwhile; then its
 * members are removed in batches, and finally the rest. After an interruption it is run again.
 *
 * @throws {EntradaError} `record_not_found`, `request_invalid` (`slug` is not its own), `connection_read_only`
 */
export async function removeOrganization(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  caller: AdminCaller,
  { id, slug }: { readonly id: string; readonly slug: string },
): Promise<void> {
  const organization = await getOrganization(services.storage, id)
  if (organization.slug !== slug) throw new EntradaError('request_invalid', { parameter: 'slug' })
  // A connection that is required cannot be turned off.
  await liftSso(services, caller, organization.id)
  await turnEverythingOff(services, caller, organization)
  while ((await removeBatch(services, organization)) > 0);
  const removeRest = async (transaction: StorageTransaction) => {
    // A sign-in that was under way may have created a member after the last batch.
    const parts = await removalParts(services, transaction)
    while ((await transaction.removeMembers(organization.id, BATCH, parts)) > 0);
    if (!(await transaction.removeOrganization(organization.id))) {
      throw new EntradaError('record_not_found')
    }
    await audit(services, transaction, {
      caller,
      organizationId: organization.id,
      event: { type: 'organization.removed', detail: { name: organization.name, slug } },
    })
  }
  await changeAtomically(services, caller, removeRest, {
    scope: { organizationId: organization.id },
  })
}

async function removalParts(
  services: Pick<Services, 'keyRing' | 'randomBytes' | 'sha256'>,
  transaction: StorageTransaction,
): Promise<RemovalParts> {
  return {
    hashUsername: await getUsernameHash(services, transaction),
    vouchForErasure: (userId, objectIds) => signErasureOrder(services, userId, objectIds),
  }
}

async function turnEverythingOff(
  services: ChangeServices,
  caller: AdminCaller,
  { id }: Organization,
): Promise<void> {
  const { storage } = services
  const connections = () => allOf((page) => storage.listConnections({ organizationId: id }, page))
  for await (const connection of connections()) {
    if (connection.managedBy === 'api') continue
    throw new EntradaError('connection_read_only', { id: connection.id })
  }
  for await (const connection of connections()) {
    if (connection.status === 'on') await turnOff(services, caller, connection.id)
  }
}

async function removeBatch(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  { id }: Organization,
): Promise<number> {
  return services.storage.atomically(
    async (transaction) =>
      transaction.removeMembers(id, BATCH, await removalParts(services, transaction)),
    { scope: { organizationId: id } },
  )
}
