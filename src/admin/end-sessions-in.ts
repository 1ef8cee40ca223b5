/** Ends many sessions at once: after a token, a key ring or a laptop was stolen, or after a restore. */
import type { AdminCaller } from '../access/admin-caller.ts'
import { audit, type ChangeServices } from '../audit/audit.ts'
import { found } from '../errors/found.ts'
import type { OrganizationId, UserId } from '../storage/records.ts'
import type { SessionScope } from '../storage/session-scope.ts'
import type { StorageReader } from '../storage/storage.ts'

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
  return services.storage.atomically(async (transaction) => {
    const place = await getPlace(transaction, scope)
    const sessionsEnded = await transaction.endSessionsIn(scope)
    const event = { type: 'sessions.ended', detail: { of: scope.of, sessionsEnded } } as const
    await audit(services, transaction, { caller, event, ...place })
    return sessionsEnded
  })
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
