/**
 * The roles that are rights over an organization in Entrada itself. Only an assignment by hand is such a right: a rule for a group or an
 * app role gives a role of the application, whatever it is called, or a directory could make its people administrators here.
 */
import type { RoleAssignment } from './records.ts'

/** The role that may change its organization. */
export const ORGANIZATION_ADMIN = 'organization_admin'

export const organizationRoles = [ORGANIZATION_ADMIN, 'auditor'] as const
export type OrganizationRole = (typeof organizationRoles)[number]

/** Returns whether a role has the name of a right over an organization. */
export function isOrganizationRole(role: string): boolean {
  return organizationRoles.some((known) => known === role)
}

/** Returns whether an assignment is a right over an organization. */
export function isRight({ role, source }: Pick<RoleAssignment, 'role' | 'source'>): boolean {
  return source === 'manual' && isOrganizationRole(role)
}

/** Returns whether an assignment makes a member an administrator of the organization. */
export function isAdministration(assignment: Pick<RoleAssignment, 'role' | 'source'>): boolean {
  return assignment.role === ORGANIZATION_ADMIN && isRight(assignment)
}
