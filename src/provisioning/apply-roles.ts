import { type AuditServices, audit } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Actor, Connection, Membership, RoleAssignment } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

export type RolesToApply = {
  readonly membership: Membership
  readonly connection: Connection
  /** The roles of this connection's rules. They replace what any rule or default gave before; manual roles stay. */
  readonly roles: readonly RoleAssignment[]
  readonly actor: Actor
  readonly exchange?: Exchange
}

/** Writes the roles of a membership, audits a difference, and returns all current roles. */
export async function applyRoles(
  services: AuditServices,
  transaction: StorageTransaction,
  { membership, connection, roles, actor, exchange }: RolesToApply,
): Promise<readonly string[]> {
  const before = distinct(await transaction.listRoles(membership.id))
  const after = distinct(await transaction.replaceRuleRoles(membership.id, roles))
  if (before.join('\n') === after.join('\n')) return after
  const event: AuditEvent = { type: 'membership.roles_changed', detail: { before, after } }
  const { id: connectionId, organizationId } = connection
  const context = { userId: membership.userId, connectionId, organizationId }
  await audit(services, transaction, { caller: { actor, exchange }, event, ...context })
  return after
}

function distinct(assignments: readonly { readonly role: string }[]): string[] {
  return [...new Set(assignments.map(({ role }) => role))].sort()
}
