import type { ErrorCode, ErrorDetail } from '../errors/errors.ts'
import type { RoleAssignment, RoleRule, UnmatchedPolicy } from '../storage/records.ts'
import type { ResolvedGroups } from './group-overage.ts'

export type MappedRoles =
  | { readonly kind: 'roles'; readonly assignments: readonly RoleAssignment[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: ErrorDetail }

/**
 * Maps Entra's groups and app roles to our roles, by id and value only, because names are neither unique nor permanent. If a rule
 * needs groups and they are unknown, the sign-in is refused, because a missed rule might be the one that decides.
 */
export function mapRoles({
  rules,
  unmatched,
  groups,
  appRoles,
}: {
  readonly rules: readonly RoleRule[]
  readonly unmatched: UnmatchedPolicy
  readonly groups: ResolvedGroups
  readonly appRoles: readonly string[]
}): MappedRoles {
  if (needGroups(rules) && groups.kind === 'unknown') {
    return { kind: 'refused', code: 'groups_not_known', detail: { reason: groups.reason } }
  }
  const claimValues = { group: groups.kind === 'known' ? groups.ids : [], app_role: appRoles }
  const assignments = rules
    .filter((rule) => claimValues[rule.match].includes(rule.value))
    .map(({ id, role }): RoleAssignment => ({ role, source: `rule:${id}` }))
  if (assignments.length > 0) return { kind: 'roles', assignments }
  if (unmatched.kind === 'refuse')
    return { kind: 'refused', code: codeOfUnmatched(rules, groups), detail: {} }
  return { kind: 'roles', assignments: [{ role: unmatched.role, source: 'default' }] }
}

/** Without a groups claim the registration has to be changed, not the groups of the person. */
function codeOfUnmatched(rules: readonly RoleRule[], groups: ResolvedGroups): ErrorCode {
  const noClaim = groups.kind === 'known' && groups.source === 'absent'
  return needGroups(rules) && noClaim ? 'groups_claim_missing' : 'no_role_matched'
}

function needGroups(rules: readonly RoleRule[]): boolean {
  return rules.some(({ match }) => match === 'group')
}
