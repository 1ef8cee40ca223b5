import * as v from 'valibot'
import { isGuid } from '../protocol/guid.ts'
import {
  checkDistinctIds,
  checkRules,
  parseRulesJson,
  readRulesFile,
} from '../protocol/rules-file.ts'
import { strictObject } from '../protocol/strict-object.ts'
import { ROLE_NAME } from '../protocol/text-patterns.ts'
import type { RoleRule, UnmatchedPolicy } from '../storage/records.ts'

const SETTING = 'ENTRADA_ROLE_RULES_FILE'

const name = (what: string) =>
  v.pipe(v.string(), v.regex(ROLE_NAME, `${what} must be 1 to 64 of A-Z a-z 0-9 . _ : -`))

const rule = v.pipe(
  strictObject({
    id: v.optional(name('id')),
    group: v.optional(
      v.pipe(
        v.string(),
        v.check((id: string) => isGuid(id), 'group must be an object id (GUID), not a name'),
      ),
    ),
    app_role: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256))),
    role: name('role'),
  }),
  v.check(
    ({ group, app_role }) => (group === undefined) !== (app_role === undefined),
    'needs either group or app_role',
  ),
)

const file = strictObject({
  $schema: v.optional(v.string()),
  rules: v.pipe(v.array(rule), v.maxLength(1000)),
  unmatched: v.optional(
    v.union(
      [v.literal('refuse'), strictObject({ role: name('role') })],
      'unmatched must be "refuse" or { "role": "…" }',
    ),
    'refuse',
  ),
})

export type RoleRules = { readonly rules: readonly RoleRule[]; readonly unmatched: UnmatchedPolicy }

/**
 * Reads the file of ENTRADA_ROLE_RULES_FILE.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in `detail.problems`
 */
export function readRoleRules(path: string, readTextFile: (path: string) => string): RoleRules {
  return toRoleRules(readRulesFile(SETTING, path, readTextFile))
}

/**
 * Parses the text of that file.
 *
 * @throws {EntradaError} `settings_invalid`, every problem in `detail.problems`
 */
export function parseRoleRules(text: string): RoleRules {
  return toRoleRules(parseRulesJson(SETTING, text))
}

function toRoleRules(input: unknown): RoleRules {
  const checked = checkRules(SETTING, file, input)
  const rules = checked.rules.map(toRule)
  checkDistinctIds(SETTING, rules)
  const { unmatched } = checked
  return {
    rules,
    unmatched:
      unmatched === 'refuse' ? { kind: 'refuse' } : { kind: 'default_role', role: unmatched.role },
  }
}

function toRule({ id, group, app_role: appRole, role }: v.InferOutput<typeof rule>): RoleRule {
  return group === undefined
    ? { id: id ?? `app_role:${appRole}:${role}`, match: 'app_role', value: appRole ?? '', role }
    : {
        id: id ?? `group:${group.toLowerCase()}:${role}`,
        match: 'group',
        value: group.toLowerCase(),
        role,
      }
}
