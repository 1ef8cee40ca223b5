import { checkInput } from '../protocol/check-input.ts'
import { isSameJson, mergePatch } from '../protocol/merge-patch.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import { checkFieldRights } from './check-field-rights.ts'
import { changeableJson, connectionJson, toConnectionMembers } from './connection-json.ts'
import { connectionChangeSchema } from './connection-schema.ts'

/**
 * Returns a connection with a merge patch of its JSON applied, as the API and the forms under /admin change it. The same value in
 * another order is no change.
 *
 * @throws {EntradaError} `request_invalid`, `access_not_granted`
 * @see RFC 7396
 */
export function patchedConnection(
  services: Pick<Services, 'deployment' | 'sha256'>,
  before: Connection,
  { patch, isOperator }: { readonly patch: unknown; readonly isOperator: boolean },
): Connection {
  const merged = mergePatch(changeableJson(connectionJson(services, before)), patch)
  const input = checkInput(connectionChangeSchema, merged)
  const { name: typedName, managedBy = before.managedBy, ...sent } = input
  const name = typedName ?? before.name
  const members = { ...toConnectionMembers(services, sent, before), managedBy, name }
  checkFieldRights(services.deployment, { isOperator, after: members, before })
  return { ...before, ...whatDiffers(before, members) }
}

function whatDiffers<T extends object>(before: T, members: Partial<T>): Partial<T> {
  const differing = Object.entries(members).filter(
    ([name, value]) => !isSameJson(value, before[name as keyof T]), // the names are those of T
  )
  return Object.fromEntries(differing) as Partial<T> // some of its members
}
