import type { AuditEventRecord } from '../storage/records.ts'

/** An audit event as the API, webhooks and exports send it: every member is there, `null` where the event has no value. */
export type AuditEventJson = {
  readonly id: string
  readonly at: string
  readonly type: string
  readonly actor: AuditEventRecord['actor']
  readonly organizationId: string | null
  readonly connectionId: string | null
  readonly userId: string | null
  readonly sessionId: string | null
  readonly correlationId: string | null
  readonly ip: string | null
  readonly userAgent: string | null
  readonly detail: AuditEventRecord['detail']
}

/** Converts a stored audit event to its public JSON. */
export function auditEventJson(event: AuditEventRecord): AuditEventJson {
  return {
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    actor: event.actor,
    organizationId: event.organizationId ?? null,
    connectionId: event.connectionId ?? null,
    userId: event.userId ?? null,
    sessionId: event.sessionId ?? null,
    correlationId: event.correlationId ?? null,
    ip: event.ip ?? null,
    userAgent: event.userAgent ?? null,
    detail: event.detail,
  }
}
