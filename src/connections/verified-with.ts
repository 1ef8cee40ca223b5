import { isSameJson } from '../protocol/merge-patch.ts'
import type { Connection } from '../storage/records.ts'
import type { ConnectionFields } from './connection-field.ts'
import { connectionFields } from './connection-fields.ts'
import { rowsOf } from './field-values.ts'

/**
 * Returns a member of the record in which a connection differs from the one that an answer of its provider was verified with, or
 * `undefined`. The space of its people is one of them: the key that the answer proves is of that space.
 */
export function changedSinceVerified(
  verifiedWith: Connection,
  now: Connection,
  fields: ConnectionFields = connectionFields,
): string | undefined {
  if (now.cloud !== verifiedWith.cloud) return 'cloud'
  const rows = rowsOf(fields).filter(({ field }) => field.verifiesAnswers)
  return rows.find(({ stored }) => !isSameJson(stored(now), stored(verifiedWith)))?.part
}
