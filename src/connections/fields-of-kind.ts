/** Which fields the connections of a kind of identity provider have. */
import { EntradaError } from '../errors/errors.ts'
import { kindNameOf, type ProviderKindName } from '../identity-provider/provider-kinds.ts'
import { isSameJson } from '../protocol/merge-patch.ts'
import type { Connection } from '../storage/records.ts'
import type { ConnectionField, ConnectionFields, FieldRecord } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { rowsOf } from './field-values.ts'

/** Returns whether a connection has a field. */
export function hasField(
  connection: Pick<Connection, 'protocol'>,
  field: Pick<ConnectionField, 'kinds'>,
): boolean {
  return isOfKind(kindNameOf(connection), field)
}

function isOfKind(kind: ProviderKindName, { kinds }: Pick<ConnectionField, 'kinds'>): boolean {
  return kinds === undefined || kinds.includes(kind)
}

/** Checks that no field of another kind has a value. @throws {EntradaError} `request_invalid`, with the path of the field */
export function checkFieldsOfKind(
  connection: Pick<Connection, 'protocol'>,
  record: FieldRecord,
  fields: ConnectionFields = connectionFields,
): void {
  const others = rowsOf(fields).filter(({ field }) => !hasField(connection, field))
  for (const { path, field, toJson } of others) {
    if (!isSameJson(toJson(record), field.default ?? null)) {
      throw new EntradaError('request_invalid', { parameter: path })
    }
  }
}
