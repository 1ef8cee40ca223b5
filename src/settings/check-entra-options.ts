/** Readers of those options of `entra` and `sharedApplication` that are lists and objects. */

import { Secret } from '../keys/secret.ts'
import { isGuid } from '../protocol/guid.ts'
import type { CheckedCredential } from './check-options.ts'
import type { CredentialOptions } from './options.ts'
import type { OptionReader } from './setting-values.ts'

type Members = Readonly<Record<string, unknown>>

/** Checks role rules. A rule of another shape would match no user, or give a role without a name. */
export const roleRulesOption: OptionReader<unknown> = (value, report) => {
  if (!Array.isArray(value)) {
    report('must be a list')
    return undefined
  }
  for (const [index, rule] of value.entries()) {
    for (const [name, problem] of ruleProblems(Object(rule))) report(problem, `[${index}].${name}`)
  }
  return value
}

function ruleProblems(rule: Members): readonly (readonly [name: string, problem: string])[] {
  const { match, value } = rule
  const texts = ['id', 'value', 'role'].filter((name) => !isText(rule[name]))
  return [
    ...texts.map((name) => [name, 'must be text'] as const),
    ...(match === 'group' || match === 'app_role'
      ? []
      : [['match', 'must be group or app_role'] as const]),
    ...(match === 'group' && isText(value) && !isGuid(value)
      ? [['value', 'must be the object id (GUID) of a group, not its name'] as const]
      : []),
  ]
}

/** Checks the policy for users whom no role rule matches. */
export function unmatchedOption(value: unknown): unknown {
  const { kind, role } = Object(value) as Members // any value has members
  if (kind === 'refuse' || (kind === 'default_role' && isText(role))) return value
  throw new Error("must be { kind: 'refuse' } or { kind: 'default_role', role: '…' }")
}

/** Checks credentials and hides their secrets: those of a list now, those of a function whenever it is called. */
export const credentialsOption: OptionReader<
  readonly CheckedCredential[] | (() => readonly CheckedCredential[])
> = (value, report) => {
  if (typeof value === 'function') return () => value().map(toCredential)
  if (!Array.isArray(value)) {
    report('must be a list, or a function')
    return undefined
  }
  if (value.length === 0) report('must not be empty')
  return value.flatMap((credential: unknown, index) => {
    const problem = problemOfCredential(Object(credential))
    if (problem !== undefined) report(problem, `[${index}]`)
    return problem === undefined ? [toCredential(credential as CredentialOptions)] : []
  })
}

function problemOfCredential(credential: Members): string | undefined {
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
