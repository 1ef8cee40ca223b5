import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import type { ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { storedValues } from './field-values.ts'

/** Returns a hash of the directory and application of a connection, whatever its credentials. A connection with another hash is another way in. */
export function directoryFingerprint(
  { sha256 }: Pick<Services, 'sha256'>,
  connection: Connection,
): string {
  return sha256(JSON.stringify(identifyingValues(connection)))
}

/**
 * Returns the stored values of the fields that identify directory and application, in the order of their rows. The hashes of these values
 * are stored: an absent value is left out, so that a new field voids no test that was made before.
 */
export function identifyingValues(
  connection: Connection,
  fields: ConnectionFields = connectionFields,
): readonly unknown[] {
  const values = storedValues(fields, connection, ({ identifies }) => identifies)
  return values.filter((value) => value !== undefined)
}
