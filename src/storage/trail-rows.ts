/** Audit events and sign-in traces: row to record and back. */
import { parseJson, present } from './columns.ts'
import type { Actor, AuditEventRecord, SignInTrace, StoredAuditEvent } from './records.ts'
import type { Row } from './schema.ts'

export function parseAuditEvent(row: Row<'audit_events'>): AuditEventRecord {
  return present({
    id: row.id,
    at: new Date(row.at),
    type: row.type,
    actor: parseActor(row),
    organizationId: row.organization_id,
    connectionId: row.connection_id,
    userId: row.user_id,
    sessionId: row.session_id,
    correlationId: row.correlation_id,
    ip: row.ip,
    userAgent: row.user_agent,
    detail: parseJson<AuditEventRecord['detail']>(row.detail),
  })
}

export function toAuditEventRow(event: AuditEventRecord): Row<'audit_events'> {
  return {
    id: event.id,
    at: event.at.getTime(),
    type: event.type,
    actor_kind: event.actor.kind,
    actor_id: 'id' in event.actor ? event.actor.id : null,
    organization_id: event.organizationId ?? null,
    connection_id: event.connectionId ?? null,
    user_id: event.userId ?? null,
    session_id: event.sessionId ?? null,
    correlation_id: event.correlationId ?? null,
    ip: event.ip ?? null,
    user_agent: event.userAgent ?? null,
    detail: JSON.stringify(event.detail),
  }
}

/** In this order for ever: a column that is added later goes into a content of another version. */
export function toStoredAuditEvent(row: Row<'audit_events'>): StoredAuditEvent {
  const content = JSON.stringify([
    row.id,
    row.at,
    row.type,
    row.actor_kind,
    row.actor_id,
    row.organization_id,
    row.connection_id,
    row.user_id,
    row.session_id,
    row.correlation_id,
    row.ip,
    row.user_agent,
    row.detail,
  ])
  return { id: row.id, at: new Date(row.at), content }
}

export function parseSignInTrace(row: Row<'sign_in_traces'>): SignInTrace {
  return present({
    id: row.id,
    at: new Date(row.at),
    attemptId: row.attempt_id,
    connectionId: row.connection_id,
    organizationId: row.organization_id,
    userId: row.user_id,
    correlationId: row.correlation_id,
    outcome: row.outcome,
    code: row.code,
    steps: parseJson<SignInTrace['steps']>(row.steps),
    person: parseTracedPerson(row),
  })
}

export function toSignInTraceRow(trace: SignInTrace): Row<'sign_in_traces'> {
  return {
    id: trace.id,
    at: trace.at.getTime(),
    attempt_id: trace.attemptId,
    connection_id: trace.connectionId ?? null,
    organization_id: trace.organizationId ?? null,
    user_id: trace.userId ?? null,
    correlation_id: trace.correlationId,
    outcome: trace.outcome,
    code: trace.code ?? null,
    steps: JSON.stringify(trace.steps),
    person_oid: trace.person?.subject ?? null,
    name_key: trace.person?.nameKey ?? null,
    email_key: trace.person?.emailKey ?? null,
  }
}

function parseTracedPerson(row: Row<'sign_in_traces'>): SignInTrace['person'] {
  if (row.person_oid === null) return undefined
  return present({ subject: row.person_oid, nameKey: row.name_key, emailKey: row.email_key })
}

function parseActor(row: Row<'audit_events'>): Actor {
  return present({ kind: row.actor_kind, id: row.actor_id }) as Actor // written by `toAuditEventRow`
}
