/** Reads the files of role rules and access rules, as the server does when it starts. */

import { isEntradaError } from '../errors/errors.ts'
import { cannotBeRead, isNotPermitted, NOT_PERMITTED } from '../errors/file-failure.ts'
import { readAccessRules, toAccessRules } from '../forward-auth/access-rules-file.ts'
import { parseRoleRules } from '../provisioning/role-rules-file.ts'
import { accessRuleProblems } from '../settings/config.ts'
import type { Examination } from './examination.ts'
import type { AccessRulesFacts, RoleRulesFacts } from './facts.ts'

/** Reads the file of role rules. */
export function probeRoleRules({ inspected, readTextFile }: Examination): RoleRulesFacts {
  const { roleRulesFile: file } = inspected.settings
  if (file === undefined) return { kind: 'none' }
  let text: string
  try {
    text = readTextFile(file)
  } catch (error) {
    return isNotPermitted(error)
      ? { kind: 'not_permitted', file }
      : { kind: 'invalid', problems: [`${file} ${cannotBeRead(error)}`] }
  }
  try {
    const { rules, unmatched } = parseRoleRules(text)
    const role = unmatched.kind === 'default_role' ? { unmatchedRole: unmatched.role } : {}
    return { kind: 'valid', rules, ...role }
  } catch (error) {
    if (!isEntradaError(error)) throw error
    return { kind: 'invalid', problems: (error.detail.problems as readonly unknown[]).map(String) } // parseRoleRules' own
  }
}

/** Reads the file of access rules. */
export function probeAccessRules({ inspected, readTextFile }: Examination): AccessRulesFacts {
  const { accessRulesFile: file } = inspected.settings
  if (file === undefined) return { kind: 'none' }
  const problems = accessRuleProblems(inspected.settings, readTextFile)
  if (problems.length === 0) {
    return { kind: 'valid', rules: toAccessRules(readAccessRules(file, readTextFile)) }
  }
  return problems.some((problem) => problem.includes(NOT_PERMITTED))
    ? { kind: 'not_permitted', file }
    : { kind: 'invalid', problems }
}
