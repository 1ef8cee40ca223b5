import type { AdminCaller } from '../access/admin-caller.ts'
import type { Services } from '../services.ts'
import type { Storage, StorageTransaction } from '../storage/storage.ts'

/**
 * Makes a caller's change in a transaction. When the transaction has its locks, it checks the caller again: a call that waited for
 * another change is refused if its key was revoked or its session ended meanwhile (design rule 5a). A change that takes its locks later,
 * with `lockScope`, checks after them instead.
 *
 * @throws {EntradaError} what `checkStillMay` of the caller throws, and whatever `change` throws
 */
export function changeAtomically<T>(
  { storage }: Pick<Services, 'storage'>,
  { checkStillMay }: AdminCaller,
  change: (transaction: StorageTransaction) => Promise<T>,
  options: Parameters<Storage['atomically']>[1],
): Promise<T> {
  const checked = async (transaction: StorageTransaction) => {
    await checkStillMay?.(transaction)
    return change(transaction)
  }
  return storage.atomically(checked, options)
}
