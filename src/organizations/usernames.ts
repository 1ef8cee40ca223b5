import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { EntradaError } from '../errors/errors.ts'
import { releaseUsername } from '../provisioning/retired-usernames.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

/**
 * Allows a username of a removed member to be given again.
 *
 * @throws {EntradaError} `record_not_found` when there is no such organization, or the name is not one of a removed member
 */
export async function allowUsernameAgain(
  services: ChangeServices & Pick<Services, 'keyRing' | 'sha256'>,
  caller: AdminCaller,
  { organization: named, username }: { readonly organization: string; readonly username: string },
): Promise<void> {
  const release = async (transaction: StorageTransaction) => {
    const organization =
      (await transaction.findOrganization(named as OrganizationId)) ?? // any text: an unknown one finds nothing
      (await transaction.findOrganizationBySlug(named))
    if (organization === undefined) throw new EntradaError('record_not_found')
    const { id: organizationId } = organization
    await releaseUsername(services, transaction, { organizationId, username })
    const event = { type: 'username.released', detail: { username } } as const
    await audit(services, transaction, { caller, event, organizationId })
  }
  await changeAtomically(services, caller, release, { scope: { record: `username ${username}` } })
}
