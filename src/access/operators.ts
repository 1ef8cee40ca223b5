import { isGuid } from '../protocol/guid.ts'
import type { PersonKey } from '../storage/records.ts'

/** Who may administer Entrada itself. Never a role of an application, and never given by a first sign-in. */
export type OperatorEntry =
  | { readonly kind: 'user'; readonly tid: string; readonly oid: string }
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'app_role'; readonly value: string }

export type OperatorEvidence = {
  readonly key: Pick<PersonKey, 'directory' | 'subject'>
  /** Of the default connection, as Entra last said. */
  readonly groups: readonly string[]
  readonly appRoles: readonly string[]
}

/** Reads `user:TENANT/OBJECT`, `group:ID` and `app_role:VALUE`, separated by commas. */
export function parseOperators(text: string): readonly OperatorEntry[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(parseOperator)
}

function parseOperator(text: string): OperatorEntry {
  const [kind, value = ''] = text.split(/:(.*)/s)
  const [tid = '', oid = '', ...more] = value.toLowerCase().split('/')
  if (kind === 'user' && isGuid(tid) && isGuid(oid) && more.length === 0) {
    return { kind: 'user', tid, oid }
  }
  if (kind === 'group' && isGuid(value)) return { kind: 'group', groupId: value.toLowerCase() }
  if (kind === 'app_role' && value !== '') return { kind: 'app_role', value }
  throw new Error(
    'must be user:TENANT_ID/OBJECT_ID, group:GROUP_ID or app_role:VALUE, separated by commas',
  )
}

/** Whether a person is listed, by id, group or app role. */
export function isOperator(operators: readonly OperatorEntry[], person: OperatorEvidence): boolean {
  return operators.some((operator) => isNamedBy(operator, person))
}

function isNamedBy(operator: OperatorEntry, person: OperatorEvidence): boolean {
  switch (operator.kind) {
    case 'user':
      return operator.tid === person.key.directory && operator.oid === person.key.subject
    case 'group':
      return person.groups.includes(operator.groupId)
    case 'app_role':
      return person.appRoles.includes(operator.value)
  }
}
