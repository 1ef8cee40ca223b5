import type { AdminCaller } from '../admin/administration.ts'
import type { Services } from '../services.ts'
import type { ConnectionId, OrganizationId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { type AuditEvent, auditRecord, outboxOptions } from './audit-events.ts'

export type AuditedChange = {
  readonly caller: AdminCaller
  readonly event: AuditEvent
  readonly organizationId: OrganizationId
  readonly connectionId?: ConnectionId
}

/** The event of a change, in the transaction that makes it. */
export async function auditChange(
  services: Services,
  transaction: StorageTransaction,
  { caller, event, organizationId, connectionId }: AuditedChange,
): Promise<void> {
  const context = { actor: caller.actor, organizationId, connectionId }
  const record = auditRecord(services, event, context, caller.exchange)
  await transaction.appendAuditEvent(record, outboxOptions(services))
}
