/** Members of an organization: disabling and enabling them, and the roles that operators give them. */
import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import { found } from '../errors/found.ts'
import type { MembershipListItem } from '../storage/api-key-storage.ts'
import type { MembershipId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

export type MembershipChange =
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  | { readonly kind: 'give_role'; readonly role: string }
  | { readonly kind: 'take_role'; readonly role: string }

/**
 * Changes a membership. `check` receives the old and the new state inside the transaction, and may refuse by throwing. Disabling
 * ends the user's sessions in this organization only.
 *
 * @throws {EntradaError} `record_not_found`
 */
export async function changeMembership(
  services: ChangeServices,
  caller: AdminCaller,
  input: {
    readonly id: string
    readonly change: MembershipChange
    readonly check?: (seen: MembershipsSeen) => Promise<void> | void
  },
): Promise<MembershipListItem> {
  const id = input.id as MembershipId // any text: an unknown one finds nothing
  const changed = async (transaction: StorageTransaction) => {
    // `check` may count the other administrators, so the whole organization is locked.
    const { organizationId: within } = (await getMembership(transaction, id)).membership
    await transaction.lockScope({ organizationId: within })
    await caller.checkStillMay?.(transaction)
    const before = await getMembership(transaction, id)
    const event = await apply(transaction, before, input.change)
    const after = await getMembership(transaction, id)
    await input.check?.({ transaction, before, after })
    if (event !== undefined) {
      const { userId, organizationId } = after.membership
      await audit(services, transaction, { caller, event, userId, organizationId })
    }
    return after
  }
  return services.storage.atomically(changed, { scope: 'nothing' })
}

export type MembershipsSeen = {
  readonly transaction: StorageTransaction
  readonly before: MembershipListItem
  readonly after: MembershipListItem
}

/** Returns `undefined` if nothing changes. */
async function apply(
  transaction: StorageTransaction,
  { membership, roles }: MembershipListItem,
  change: MembershipChange,
): Promise<AuditEvent | undefined> {
  const { id, userId, organizationId } = membership
  switch (change.kind) {
    case 'disable': {
      if (membership.status === 'disabled') return undefined
      await transaction.setMembershipStatus(id, 'disabled')
      const sessionsEnded = await transaction.endSessionsOfUser(userId, organizationId)
      return { type: 'membership.disabled', detail: { sessionsEnded } }
    }
    case 'enable':
      if (membership.status === 'active') return undefined
      await transaction.setMembershipStatus(id, 'active')
      return { type: 'membership.enabled', detail: {} }
    case 'give_role':
      if (!(await transaction.giveRole(id, change.role))) return undefined
      return rolesChanged(roles, await transaction.listRoles(id))
    case 'take_role':
      if (!(await transaction.takeRole(id, change.role))) return undefined
      return rolesChanged(roles, await transaction.listRoles(id))
  }
}

function rolesChanged(
  before: MembershipListItem['roles'],
  after: MembershipListItem['roles'],
): AuditEvent {
  const names = (roles: MembershipListItem['roles']) => [...new Set(roles.map(({ role }) => role))]
  return {
    type: 'membership.roles_changed',
    detail: { before: names(before), after: names(after) },
  }
}

async function getMembership(
  transaction: StorageTransaction,
  id: MembershipId,
): Promise<MembershipListItem> {
  return found(await transaction.findMembershipWithRoles(id))
}
