import type { Connection } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'

/**
 * Locks the organization of a connection, to which it belongs for good, and returns the connection as it is then: no change of the
 * connection and no sign-in through it runs at the same time. Returns `undefined` if there is none.
 */
export async function lockConnection(
  transaction: StorageTransaction,
  id: string,
): Promise<Connection | undefined> {
  const found = await transaction.findConnection(id)
  if (found === undefined) return undefined
  await transaction.lockScope({ organizationId: found.organizationId })
  return transaction.findConnection(id)
}
