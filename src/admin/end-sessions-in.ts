/** Ends many sessions at once: after a token, a key ring or a laptop was stolen, or after a restore. */

import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { changeAtomically } from '../audit/change-atomically.ts'
import { lockConnection } from '../connections/lock-connection.ts'
import { found } from '../errors/found.ts'
import type { OrganizationId, UserId } from '../storage/records.ts'
import type { SessionScope } from '../storage/session-scope.ts'
import type { StorageReader, StorageTransaction, TransactionScope } from '../storage/storage.ts'

/**
 * Ends every session of the deployment, or of one organization, connection or user, and returns how many ended. Users can sign in
 * again; disabling a user or turning a connection off is a separate step.
 *
 * @throws {EntradaError} `record_not_found`
 */
export async function endSessionsIn(
  services: ChangeServices,
  caller: AdminCaller,
  scope: SessionScope,
): Promise<number> {
  const endAll = async (transaction: StorageTransaction) => {
    if (scope.of === 'connection') await lockConnection(transaction, scope.id)
    const place = await getPlace(transaction, scope)
    const sessionsEnded = await transaction.endSessionsIn(scope)
    const event = { type: 'sessions.ended', detail: { of: scope.of, sessionsEnded } } as const
    await audit(services, transaction, { caller, event, ...place })
    return sessionsEnded
  }
  return changeAtomically(services, caller, endAll, { scope: toTransactionScope(scope) })
}

function toTransactionScope(scope: SessionScope): TransactionScope {
  switch (scope.of) {
    case 'deployment':
      return 'deployment'
    case 'organization':
      return { organizationId: scope.id }
    case 'connection':
      return 'nothing' // the organization is known after a read
    case 'user':
      return { userId: scope.id }
  }
}

type Place = {
  readonly organizationId?: OrganizationId
  readonly connectionId?: string
  readonly userId?: UserId
}

/** Returns the ids of the scope for the audit event. @throws {EntradaError} `record_not_found` */
async function getPlace(reader: StorageReader, scope: SessionScope): Promise<Place> {
  switch (scope.of) {
    case 'deployment':
      return {}
    case 'organization':
      return { organizationId: found(await reader.findOrganization(scope.id)).id }
    case 'connection': {
      const { id, organizationId } = found(await reader.findConnection(scope.id))
      return { connectionId: id, organizationId }
    }
    case 'user': {
      const { user } = found(await reader.findUser(scope.id))
      const { organizationId } = scope
      return { userId: user.id, ...(organizationId ? { organizationId } : {}) }
    }
  }
}
