import { type AuditCaller, type AuditServices, auditWrite } from '../audit/audit.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { PlanWrite } from '../storage/plan.ts'
import type { ConnectionId, Membership, RoleAssignment } from '../storage/records.ts'

export type RolesToApply = {
  readonly membership: Membership
  /** All roles of the membership as they are, whatever assigned them. */
  readonly current: readonly RoleAssignment[]
  /** The roles of a connection's rules. They replace what any rule or default gave before; manual roles stay. */
  readonly roles: readonly RoleAssignment[] | undefined
  readonly connectionId?: ConnectionId | undefined
  readonly caller: AuditCaller
}

export type AppliedRoles = {
  /** All roles of the membership afterwards, each once, in order. */
  readonly roles: readonly string[]
  /** Empty if nothing differs, as in most sign-ins. */
  readonly writes: readonly PlanWrite[]
}

/**
 * Returns what writes the roles of a membership, with an audit event if they differ. If `roles` is `undefined`, all roles stay as they
 * are.
 */
export function applyRoles(
  services: AuditServices,
  { membership, current, roles, connectionId, caller }: RolesToApply,
): AppliedRoles {
  const before = distinct(current)
  if (roles === undefined || isSameSet(current.filter(isOfRule), roles.filter(isOfRule))) {
    return { roles: before, writes: [] }
  }
  const after = distinct([...current.filter((assignment) => !isOfRule(assignment)), ...roles])
  const replace: PlanWrite = { write: 'replace_rule_roles', id: membership.id, roles }
  if (before.join('\n') === after.join('\n')) return { roles: after, writes: [replace] }
  const event: AuditEvent = { type: 'membership.roles_changed', detail: { before, after } }
  const { userId, organizationId } = membership
  const context = { caller, userId, connectionId, organizationId }
  return { roles: after, writes: [replace, auditWrite(services, { event, ...context })] }
}

function isOfRule({ source }: RoleAssignment): boolean {
  return source !== 'manual'
}

function isSameSet(some: readonly RoleAssignment[], others: readonly RoleAssignment[]): boolean {
  const left = new Set(some.map(nameOf))
  const right = new Set(others.map(nameOf))
  return left.size === right.size && [...left].every((name) => right.has(name))
}

function nameOf({ role, source }: RoleAssignment): string {
  return `${source} ${role}`
}

function distinct(assignments: readonly { readonly role: string }[]): string[] {
  return [...new Set(assignments.map(({ role }) => role))].sort()
}
