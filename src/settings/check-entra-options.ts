/** Lists within the option `entra`. TypeScript checks them too; those who write JavaScript have only this. */

import { Secret } from '../keys/secret.ts'
import { isGuid } from '../protocol/guid.ts'
import type { OptionProblem } from './check-option-values.ts'
import type { CheckedCredential, CheckedEntra } from './check-options.ts'
import type { CredentialOptions, EntraOptions } from './options.ts'

/** A rule of another shape would match nobody, or give a role without a name. */
export function roleRuleProblems(roleRules: unknown): readonly OptionProblem[] {
  if (roleRules === undefined) return []
  if (!Array.isArray(roleRules)) return [['roleRules', 'must be a list']]
  return roleRules.flatMap((rule: unknown, index) =>
    ruleProblems(Object(rule)).map(([name, problem]) => [`roleRules[${index}].${name}`, problem]),
  )
}

function ruleProblems(rule: Readonly<Record<string, unknown>>): readonly OptionProblem[] {
  const { match, value } = rule
  const texts = ['id', 'value', 'role'].filter((name) => !isText(rule[name]))
  const problems: OptionProblem[] = texts.map((name) => [name, 'must be text'])
  if (match !== 'group' && match !== 'app_role') {
    problems.push(['match', 'must be group or app_role'])
  }
  if (match === 'group' && isText(value) && !isGuid(value)) {
    problems.push(['value', 'must be the object id (GUID) of a group, not its name'])
  }
  return problems
}

/** The credentials of a list are checked at once; those of a function are checked whenever it is called. */
export function credentialProblems(credentials: unknown): readonly OptionProblem[] {
  if (credentials === undefined || typeof credentials === 'function') return []
  if (!Array.isArray(credentials)) return [['credentials', 'must be a list, or a function']]
  if (credentials.length === 0) return [['credentials', 'must not be empty']]
  return credentials.flatMap((credential: unknown, index) => {
    const problem = problemOfCredential(Object(credential))
    return problem === undefined ? [] : [[`credentials[${index}]`, problem] as const]
  })
}

function problemOfCredential(credential: Readonly<Record<string, unknown>>): string | undefined {
  switch (credential.kind) {
    case 'client_secret':
      return isSecret(credential.value) ? undefined : 'needs `value`, which is text'
    case 'certificate':
      return isText(credential.certificate) && isSecret(credential.privateKey)
        ? undefined
        : 'needs `certificate` and `privateKey`, which are text in PEM'
    case 'federated_token_file':
      return typeof credential.readToken === 'function'
        ? undefined
        : 'needs `readToken`, which is a function'
    default:
      return 'must be of the kind client_secret, certificate or federated_token_file'
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isSecret(value: unknown): boolean {
  return isText(value) || value instanceof Secret
}

/** The credentials with their secrets hidden; those that `credentialProblems` objects to are left out. */
export function checkedCredentials(
  credentials: NonNullable<EntraOptions['credentials']>,
): NonNullable<CheckedEntra['credentials']> {
  if (typeof credentials === 'function') return () => credentials().map(toCredential)
  return credentialProblems(credentials).length > 0 ? [] : credentials.map(toCredential)
}

function toCredential(credential: CredentialOptions): CheckedCredential {
  if (credential.kind === 'client_secret') {
    return { ...credential, value: toSecret(credential.value) }
  }
  if (credential.kind === 'certificate') {
    return { ...credential, privateKey: toSecret(credential.privateKey) }
  }
  return credential
}

function toSecret(value: string | Secret): Secret {
  return value instanceof Secret ? value : new Secret(value)
}
