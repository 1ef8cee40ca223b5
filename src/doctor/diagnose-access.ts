/** Compares the access rules of forward-auth with the roles, organizations and connections that exist. */
import type { AccessRule, AccessRules, Allowance } from '../forward-auth/decide-access.ts'
import type { Facts, SeenInDatabase } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'
import { seenIn } from './seen.ts'

/** Reports access rules that admit other users than they seem to. */
export function diagnoseAccessRules(facts: Facts): readonly Finding[] {
  const { accessRules } = facts
  if (accessRules === undefined || accessRules.kind === 'none') return []
  if (accessRules.kind === 'not_permitted') {
    return [newFinding('access_rules_not_readable', { file: accessRules.file })]
  }
  if (accessRules.kind === 'invalid') {
    return [newFinding('access_rules_invalid', {}, accessRules.problems)]
  }
  const { rules } = accessRules
  return [
    newFinding('access_rules_good', { count: rules.rules.length }),
    ...roles(rules, facts),
    ...organizations(rules, seenIn(facts)),
    ...unreached(rules),
    ...opensEverything(rules),
  ]
}

type Named = { readonly rule: string; readonly name: string }

function namesIn(
  { rules }: AccessRules,
  of: (allow: Extract<Allowance, { kind: 'some' }>) => readonly string[],
): readonly Named[] {
  return rules.flatMap(({ id, allow }) =>
    allow.kind === 'some' ? of(allow).map((name) => ({ rule: id, name })) : [],
  )
}

/** Reports roles in another letter case always, and roles that no rule gives once the database could be read. */
function roles(rules: AccessRules, facts: Facts): readonly Finding[] {
  const rolesInUse = rolesGiven(facts)
  const unknown = namesIn(rules, (allow) => allow.roles).filter(({ name }) => !rolesInUse.has(name))
  const almost = unknown.flatMap((unknownRole) => {
    const role = [...rolesInUse].find(
      (other) => other.toLowerCase() === unknownRole.name.toLowerCase(),
    )
    return role === undefined ? [] : [{ ...unknownRole, role }]
  })
  const isKnown = seenIn(facts) !== undefined || facts.database?.inspection.kind === 'absent'
  const nowhere = isKnown
    ? unknown.filter(({ name }) => !almost.some((other) => other.name === name))
    : []
  return [
    ...(almost.length > 0
      ? [
          newFinding(
            'access_role_in_other_case',
            {},
            almost.map(({ rule, name, role }) => `${rule}: "${name}", where "${role}" is given`),
          ),
        ]
      : []),
    ...(nowhere.length > 0
      ? [
          newFinding(
            'access_role_not_given',
            {},
            nowhere.map(({ rule, name }) => `${rule}: "${name}"`),
          ),
        ]
      : []),
  ]
}

/** Returns roles that are given by the rules of this environment, by those of a connection, or by hand. */
function rolesGiven(facts: Facts): ReadonlySet<string> {
  const { roleRules } = facts
  const seen = seenIn(facts)
  const own =
    roleRules?.kind === 'valid'
      ? [...roleRules.rules.map(({ role }) => role), roleRules.unmatchedRole ?? []].flat()
      : []
  const others = seen?.connections.flatMap((connection) => connection.roles) ?? []
  return new Set([...own, ...others, ...(seen?.rolesHeld ?? [])])
}

function organizations(rules: AccessRules, seen: SeenInDatabase | undefined): readonly Finding[] {
  if (seen === undefined) return []
  const knownOrganizations = new Set(['*', 'default', ...seen.organizations])
  const unknown = namesIn(rules, (allow) => allow.organizations).filter(
    ({ name }) => !knownOrganizations.has(name),
  )
  if (unknown.length === 0) return []
  const items = unknown.map(({ rule, name }) => `${rule}: ${name}`)
  return [newFinding('access_organization_unknown', {}, items)]
}

/** The first rule that matches decides, so rules after one that matches everything have no effect. */
function unreached({ rules }: AccessRules): readonly Finding[] {
  const last = rules.findIndex((rule) => matchesEverything(rule))
  const behind = last === -1 ? [] : rules.slice(last + 1)
  if (behind.length === 0) return []
  const { id = '' } = rules[last] ?? {}
  return [
    newFinding(
      'access_rules_never_reached',
      { rule: id },
      behind.map((rule) => rule.id),
    ),
  ]
}

function opensEverything({ rules }: AccessRules): readonly Finding[] {
  const [first] = rules.filter((rule) => matchesEverything(rule))
  return first?.allow.kind === 'everyone'
    ? [newFinding('access_rules_open_everything', { rule: first.id })]
    : []
}

function matchesEverything({ hosts, methods, paths }: AccessRule): boolean {
  const isAnyPath = paths?.some(({ path, below }) => path === '/' && below) ?? true
  return hosts === undefined && methods === undefined && isAnyPath
}
