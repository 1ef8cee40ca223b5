import { isGuid } from '../protocol/guid.ts'
import type { RoleRule } from '../storage/records.ts'
import type { Facts, OperatorsFacts, OperatorTokenFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

/** Judges whether the role rules can be read, and whether each of them has ever matched. */
export function diagnoseRoles(facts: Facts): readonly Finding[] {
  const { roleRules } = facts
  if (roleRules === undefined || roleRules.kind === 'none') return []
  if (roleRules.kind === 'not_permitted') {
    return [newFinding('role_rules_not_readable', { file: roleRules.file })]
  }
  if (roleRules.kind === 'invalid')
    return [newFinding('role_rules_invalid', {}, roleRules.problems)]
  const { rules } = roleRules
  const seen = seenIn(facts)
  const unused = seen?.usersSignedIn
    ? rules.filter(({ id }) => !seen.roleSources.includes(`rule:${id}`))
    : []
  return [
    newFinding('role_rules_good', { count: rules.length }),
    ...idsAsValues(rules),
    ...(unused.length > 0
      ? [
          newFinding(
            'role_rules_never_matched',
            { users: seen?.usersSignedIn ?? 0 },
            unused.map(({ match, value, role }) => `${match} ${value} → ${role}`),
          ),
        ]
      : []),
  ]
}

/** A group's object id under `app_role`, where only words match. */
function idsAsValues(rules: readonly RoleRule[]): readonly Finding[] {
  const items = rules
    .filter(({ match, value }) => match === 'app_role' && isGuid(value))
    .map(({ value, role }) => `app_role ${value} → ${role}`)
  return items.length > 0 ? [newFinding('role_rule_value_is_id', {}, items)] : []
}

/** Judges the listed operators and the operator token. */
export function diagnoseOperators(facts: Facts): readonly Finding[] {
  const { operators } = facts
  if (operators === undefined) return []
  return [...listed(facts, operators), ...token(operators.token)]
}

function listed(facts: Facts, { listed: entries }: OperatorsFacts): readonly Finding[] {
  if (entries.length === 0) return [newFinding('operators_none', {})]
  const seen = seenIn(facts)
  if (seen === undefined) return []
  const { entra } = facts
  const tenantId = entra?.discovery.kind === 'found' ? entra.discovery.metadata.tenantId : undefined
  const isElsewhere = ({ directory }: { readonly directory: string }) =>
    tenantId !== undefined && directory !== tenantId
  const here = seen.operators.filter((operator) => !isElsewhere(operator))
  const groups = [
    ['operator_of_another_directory', seen.operators.filter(isElsewhere)],
    ['operator_never_seen', here.filter(({ status }) => status === 'never_seen')],
    ['operator_disabled', here.filter(({ status }) => status === 'disabled')],
  ] as const
  const findings = groups
    .filter(([, found]) => found.length > 0)
    .map(([id, found]) =>
      newFinding(
        id,
        {},
        found.map(({ name }) => `user:${name}`),
      ),
    )
  return findings.length > 0
    ? findings
    : [newFinding('operators_listed', { count: entries.length })]
}

function token({ inSettings, inFile, file }: OperatorTokenFacts): readonly Finding[] {
  if (inSettings) {
    return [
      newFinding('operator_token_strong', { source: 'the settings' }),
      ...(inFile.kind === 'absent' ? [] : [newFinding('operator_token_in_two_places', { file })]),
    ]
  }
  switch (inFile.kind) {
    case 'absent':
      return [newFinding('operator_token_absent', {})]
    case 'not_permitted':
      return [newFinding('operator_token_not_readable', { file })]
    case 'weak':
      return [newFinding('operator_token_weak', { file, reason: inFile.reason })]
    case 'strong':
      return [newFinding('operator_token_strong', { source: file })]
  }
}
