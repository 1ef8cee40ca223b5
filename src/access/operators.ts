import {
  formatPersonKey,
  isSamePerson,
  keyOfNamed,
  parsePersonName,
  shortIdsOf,
} from '../identity-provider/person-key.ts'
import { isGuid } from '../protocol/guid.ts'
import type { PersonKey } from '../storage/records.ts'

/** Who may administer Entrada itself. Never a role of an application, and never given by a first sign-in. */
export type OperatorEntry =
  /** A person of the cloud of the default connection. */
  | { readonly kind: 'user'; readonly tid: string; readonly oid: string }
  | { readonly kind: 'user'; readonly key: PersonKey }
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'app_role'; readonly value: string }

type ListedPerson = Extract<OperatorEntry, { readonly kind: 'user' }>

/** An entry whose person is known by a whole key. */
export type ListedOperator = Exclude<OperatorEntry, { readonly tid: string }>

export type OperatorEvidence = {
  readonly key: PersonKey
  /** The groups that Entra last reported through the default connection. */
  readonly groups: readonly string[]
  readonly appRoles: readonly string[]
}

/** Completes entries that name a person by directory and object id alone: they are people of this cloud. */
export function operatorsIn(
  cloud: string,
  entries: readonly OperatorEntry[],
): readonly ListedOperator[] {
  return entries.map((entry) =>
    entry.kind === 'user' ? { kind: 'user', key: keyOfListed(cloud, entry) } : entry,
  )
}

/** Returns the key of an entry's person; an entry without a space is of this cloud. */
export function keyOfListed(cloud: string, entry: ListedPerson): PersonKey {
  return 'tid' in entry ? keyOfNamed({ kind: 'short', ids: entry }, cloud) : entry.key
}

/** Prints the person of an entry as a setting names them. */
export function nameOfListed(entry: ListedPerson): string {
  return 'tid' in entry ? `${entry.tid}/${entry.oid}` : formatPersonKey(entry.key)
}

/** Reads `user:TENANT/OBJECT`, `user:SPACE/DIRECTORY/SUBJECT`, `group:ID` and `app_role:VALUE`, separated by commas. */
export function parseOperators(text: string): readonly OperatorEntry[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(parseOperator)
}

function parseOperator(text: string): OperatorEntry {
  const [kind, value = ''] = text.split(/:(.*)/s)
  const person = kind === 'user' ? parsePersonName(value) : undefined
  // Operators sign in with Entra; a person of another provider would never be one.
  if (person?.kind === 'key' && shortIdsOf(person.key)) return { kind: 'user', key: person.key }
  if (person?.kind === 'short') return { kind: 'user', ...person.ids }
  if (kind === 'group' && isGuid(value)) return { kind: 'group', groupId: value.toLowerCase() }
  if (kind === 'app_role' && value !== '') return { kind: 'app_role', value }
  throw new Error(
    'must be user:TENANT_ID/OBJECT_ID, user:entra:CLOUD/TENANT_ID/OBJECT_ID, group:GROUP_ID or app_role:VALUE, separated by commas',
  )
}

/** Whether a person is listed, by id, group or app role. */
export function isOperator(
  operators: readonly ListedOperator[],
  person: OperatorEvidence,
): boolean {
  return operators.some((operator) => isNamedBy(operator, person))
}

function isNamedBy(operator: ListedOperator, person: OperatorEvidence): boolean {
  switch (operator.kind) {
    case 'user':
      return isSamePerson(operator.key, person.key)
    case 'group':
      return person.groups.includes(operator.groupId)
    case 'app_role':
      return person.appRoles.includes(operator.value)
  }
}
