/** Customers of this deployment, which operators create and change. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { checkDisplayName, checkGivenId, checkSlug, findFreeSlug } from '../connections/names.ts'
import { EntradaError } from '../errors/errors.ts'
import { found } from '../errors/found.ts'
import { newId } from '../keys/ids.ts'
import type { Organization, OrganizationId, OrganizationSettings } from '../storage/records.ts'
import type { StorageReader, StorageTransaction } from '../storage/storage.ts'

export type NewOrganization = {
  readonly name: string
  /** An id that was imported from another system; it never changes. */
  readonly id?: string
  readonly slug?: string
  readonly settings?: OrganizationSettings
}

/** Creates an organization. @throws {EntradaError} `request_invalid`, `slug_in_use`, `record_in_use` */
export async function createOrganization(
  services: ChangeServices,
  caller: AdminCaller,
  input: NewOrganization,
): Promise<Organization> {
  const name = checkDisplayName(input.name)
  // Ids that Entrada creates have a prefix; an imported one is kept as it was.
  const id = (input.id ? checkGivenId(input.id) : newId(services, 'org')) as OrganizationId
  const createdAt = services.now()
  const create = async (transaction: StorageTransaction) => {
    if (await transaction.findOrganization(id)) throw new EntradaError('record_in_use', { id })
    const slug = input.slug ? checkSlug(input.slug) : await freeSlug(transaction, name)
    // At `/enterprise-login/SLUG` a connection takes precedence, so members of the new organization would reach another one's
    // connection.
    if (await transaction.findConnectionBySlug(slug))
      throw new EntradaError('slug_in_use', { slug })
    const settings = input.settings ?? {}
    const organization = { id, name, slug, settings, createdAt, updatedAt: createdAt }
    await transaction.putOrganization(organization)
    const event = { type: 'organization.created', detail: { name, slug } } as const
    await audit(services, transaction, { caller, event, organizationId: id })
    return organization
  }
  return changeAtomically(services, caller, create, { scope: { record: 'slugs' } })
}

/**
 * Changes an organization. `change` receives it as it is inside the transaction, and may refuse by throwing.
 *
 * @throws {EntradaError} `record_not_found`, `request_invalid`
 */
export async function changeOrganization(
  services: ChangeServices,
  caller: AdminCaller,
  { id, change }: { readonly id: string; readonly change: (before: Organization) => Organization },
): Promise<Organization> {
  const organizationId = id as OrganizationId // any text: an unknown one finds nothing
  const changed = async (transaction: StorageTransaction) => {
    const before = await getOrganization(transaction, id)
    const { name, settings: newSettings } = change(before)
    const { ssoRequired } = before.settings
    // Only `enforcement.ts` changes this setting, after its own checks.
    const settings = { ...newSettings, ...(ssoRequired ? { ssoRequired } : {}) }
    const after = { ...before, name: checkDisplayName(name), settings, updatedAt: services.now() }
    const members = (['name', 'settings'] as const).filter(
      (member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]),
    )
    if (members.length === 0) return before
    await transaction.putOrganization(after)
    const event = { type: 'organization.changed', detail: { members } } as const
    await audit(services, transaction, { caller, event, organizationId })
    return after
  }
  return changeAtomically(services, caller, changed, { scope: { organizationId } })
}

function freeSlug(transaction: StorageTransaction, name: string): Promise<string> {
  return findFreeSlug(name, async (slugs) => {
    const { organizations, connections } = await transaction.findSlugs(slugs)
    return new Set([...organizations.keys(), ...connections])
  })
}

/** Returns the organization with this id. @throws {EntradaError} `record_not_found` */
export async function getOrganization(
  reader: Pick<StorageReader, 'findOrganization'>,
  id: string,
): Promise<Organization> {
  return found(await reader.findOrganization(id as OrganizationId)) // any text: an unknown one finds nothing
}
