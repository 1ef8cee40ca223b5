import type { AuditCaller } from '../audit/audit.ts'
import type { StorageTransaction } from '../storage/storage.ts'

/** Who calls a function of the administration, through which request, and whether they still may. */
export type AdminCaller = AuditCaller & {
  /** As whom connections are written: `file` is `entrada apply`. The default is `api`. */
  readonly writesAs?: 'api' | 'file'
  /**
   * Throws when the caller may no longer make the change: the session ended, the key was revoked, the set-up link was withdrawn. A change
   * that is written after a network request, or that gives a right and may have waited for its lock, calls it in its transaction
   * (design rule 5a).
   */
  readonly checkStillMay?: (transaction: StorageTransaction) => Promise<void>
}
