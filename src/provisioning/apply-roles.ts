import { type AuditCaller, type AuditServices, audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { ConnectionId, Membership, RoleAssignment } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

export type RolesToApply = {
  readonly membership: Membership
  /** The roles of a connection's rules. They replace what any rule or default gave before; manual roles stay. */
  readonly roles: readonly RoleAssignment[] | undefined
  readonly connectionId?: ConnectionId | undefined
  readonly caller: AuditCaller
}

/**
 * Writes the roles of a membership, audits a difference, and returns all current roles. If `roles` is `undefined`, all roles stay as
 * they are.
 */
export async function applyRoles(
  services: AuditServices,
  transaction: StorageTransaction,
  { membership, roles, connectionId, caller }: RolesToApply,
): Promise<readonly string[]> {
  const before = distinct(await transaction.listRoles(membership.id))
  if (roles === undefined) return before
  const after = distinct(await transaction.replaceRuleRoles(membership.id, roles))
  if (before.join('\n') === after.join('\n')) return after
  const event: AuditEvent = { type: 'membership.roles_changed', detail: { before, after } }
  const { userId, organizationId } = membership
  await audit(services, transaction, { caller, event, userId, connectionId, organizationId })
  return after
}

function distinct(assignments: readonly { readonly role: string }[]): string[] {
  return [...new Set(assignments.map(({ role }) => role))].sort()
}
