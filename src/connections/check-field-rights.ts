/** Checks who may change which field of a connection, by the rows of connection-fields.ts. */
import type { Deployment } from '../deployment.ts'
import { EntradaError } from '../errors/errors.ts'
import { isSameJson } from '../protocol/merge-patch.ts'
import type { Connection } from '../storage/records.ts'
import type { ConnectionField, ConnectionFields, FieldRecord } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { type FieldRow, rowsOf } from './field-values.ts'

type Changed = FieldRecord & { readonly managedBy?: Connection['managedBy'] }

/** A requested change. `before` is absent for a new connection. */
export type FieldChange = {
  readonly isOperator: boolean
  readonly after: Changed
  readonly before?: Changed | undefined
}

/**
 * Checks that the caller may change what differs. Values that this deployment does not offer may be refused for every caller.
 *
 * @throws {EntradaError} `request_invalid`, `access_not_granted`
 */
export function checkFieldRights(
  deployment: Deployment,
  change: FieldChange,
  fields: ConnectionFields = connectionFields,
): void {
  const { isOperator, after, before } = change
  const rows = rowsOf(fields)
  for (const { path, field, toJson } of rows.filter((row) => row.field.offeredOnly)) {
    const value = toJson(after)
    const isKept = before !== undefined && isSameJson(value, toJson(before))
    if (value !== null && !isKept && !isOffered(deployment, field, value)) {
      throw new EntradaError('request_invalid', { parameter: path })
    }
  }
  const isTaken = after.managedBy !== before?.managedBy
  const isOperators =
    isTaken ||
    rows.some((row) => isOperatorsAlone(deployment, row, change)) ||
    gainsSharedDirectory(after, before)
  if (!isOperator && isOperators)
    throw new EntradaError('access_not_granted', { scope: 'operator' })
  if (after.application === 'shared' && deployment.sharedClientId === undefined) {
    throw new EntradaError('request_invalid', { parameter: 'application' })
  }
}

function isOffered(deployment: Deployment, field: ConnectionField, value: unknown): boolean {
  return field.offered?.(deployment).some((offered) => offered === value) ?? false
}

function isOperatorsAlone(
  deployment: Deployment,
  { field, toJson }: FieldRow,
  { after, before }: FieldChange,
): boolean {
  if (field.may !== 'operator') return false
  const value = toJson(after)
  const former = before ? toJson(before) : (field.default ?? null)
  return !isSameJson(value, former) && !isOffered(deployment, field, value)
}

/**
 * With the shared application a directory has one connection. An organization that could name any directory would keep the people
 * of that directory from connecting it, so only the set-up page adds those whose administrator has consented.
 */
function gainsSharedDirectory(after: FieldRecord, before: FieldRecord | undefined): boolean {
  const former = before ? directoriesOf(before) : []
  return (
    after.application === 'shared' && directoriesOf(after).some((name) => !former.includes(name))
  )
}

function directoriesOf({ tenants }: FieldRecord): readonly string[] {
  return tenants.kind === 'pinned' ? [tenants.tenantId ?? tenants.tenant] : tenants.tenantIds
}
