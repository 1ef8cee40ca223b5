/** Stores audit events. Every event is made by {@link auditWrite}, and is stored in the transaction or by the plan that makes the change it reports. */
import type { Exchange } from '../http/exchange.ts'
import { newId } from '../keys/ids.ts'
import type { Services } from '../services.ts'
import type { PlanWrite } from '../storage/plan.ts'
import type {
  Actor,
  AuditEventRecord,
  ConnectionId,
  OrganizationId,
  SessionId,
  UserId,
} from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { AuditEvent } from './audit-events.ts'

/** Who caused an event, and through which request, if through one. */
export type AuditCaller = {
  readonly actor: Actor
  readonly exchange?: Pick<Exchange, 'correlationId' | 'client'> | undefined
}

export type Audited = {
  readonly caller: AuditCaller
  readonly event: AuditEvent
  readonly organizationId?: OrganizationId | undefined
  readonly connectionId?: ConnectionId | undefined
  readonly userId?: UserId | undefined
  readonly sessionId?: SessionId | undefined
}

type AppendAuditEvent = Extract<PlanWrite, { write: 'append_audit_event' }>

/** What storing an audit event needs. */
export type AuditServices = Pick<Services, 'now' | 'randomBytes' | 'hooks'>

/** What an audited change of stored records needs. */
export type ChangeServices = AuditServices & Pick<Services, 'storage'>

/** Stores an audit event, and returns its record. It goes to the outbox too when the application has set `hooks.onEvent`. */
export async function audit(
  services: AuditServices,
  transaction: Pick<StorageTransaction, 'appendAuditEvent'>,
  audited: Audited,
): Promise<AuditEventRecord> {
  const { event, toOutbox } = auditWrite(services, audited)
  await transaction.appendAuditEvent(event, { toOutbox })
  return event
}

/** Returns what {@link audit} stores, as a row of a plan. */
export function auditWrite(services: AuditServices, audited: Audited): AppendAuditEvent {
  const toOutbox = services.hooks.onEvent !== undefined // nothing would ever empty it
  return { write: 'append_audit_event', event: newAuditRecord(services, audited), toOutbox }
}

function newAuditRecord(
  services: Pick<Services, 'now' | 'randomBytes'>,
  { caller, event, organizationId, connectionId, userId, sessionId }: Audited,
): AuditEventRecord {
  const { actor, exchange } = caller
  return {
    id: newId(services, 'evt'),
    at: services.now(),
    type: event.type,
    actor,
    ...(organizationId ? { organizationId } : {}),
    ...(connectionId ? { connectionId } : {}),
    ...(userId ? { userId } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(exchange ? { correlationId: exchange.correlationId, ...exchange.client } : {}),
    detail: event.detail,
  }
}
