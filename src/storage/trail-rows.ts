/** Converts audit events and sign-in traces to rows and back. */
import { present } from './columns.ts'
import { type ColumnsOf, conversions, json, type RowOf, same, time } from './record-columns.ts'
import type { Actor, AuditEventRecord, SignInTrace, Space, StoredAuditEvent } from './records.ts'

/** All members but the actor, who takes two columns. */
type EventMembers = Omit<AuditEventRecord, 'actor'>
const eventColumns = {
  id: same('id'),
  at: time('at'),
  type: same('type'),
  organizationId: same('organization_id'),
  connectionId: same('connection_id'),
  userId: same('user_id'),
  sessionId: same('session_id'),
  correlationId: same('correlation_id'),
  ip: same('ip'),
  userAgent: same('user_agent'),
  detail: json('detail'),
} satisfies ColumnsOf<EventMembers>
const events = conversions<EventMembers, typeof eventColumns>(eventColumns)

export type AuditEventRow = RowOf<EventMembers, typeof eventColumns> & {
  actor_kind: Actor['kind']
  actor_id: string | null
}

/** Converts a row to an audit event. */
export function parseAuditEvent(row: AuditEventRow): AuditEventRecord {
  return { ...events.parse(row), actor: parseActor(row) }
}

/** Converts an audit event to its row. */
export function toAuditEventRow(event: AuditEventRecord): AuditEventRow {
  const { actor } = event
  const actorId = 'id' in actor ? actor.id : null
  return { ...events.toRow(event), actor_kind: actor.kind, actor_id: actorId }
}

/**
 * Returns the event in the form that a link of the audit chain covers. The order of the columns never changes: a column that is
 * added later belongs to content of another version.
 */
export function toStoredAuditEvent(row: AuditEventRow): StoredAuditEvent {
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

/** All members but the person, who takes columns of their own. */
type TraceMembers = Omit<SignInTrace, 'person'>
const traceColumns = {
  id: same('id'),
  at: time('at'),
  attemptId: same('attempt_id'),
  connectionId: same('connection_id'),
  organizationId: same('organization_id'),
  userId: same('user_id'),
  correlationId: same('correlation_id'),
  outcome: same('outcome'),
  code: same('code'),
  steps: json('steps'),
} satisfies ColumnsOf<TraceMembers>
const traces = conversions<TraceMembers, typeof traceColumns>(traceColumns)

export type SignInTraceRow = RowOf<TraceMembers, typeof traceColumns> & {
  person_oid: string | null
  person_space: Space | null
  person_directory: string | null
  name_key: string | null
  email_key: string | null
}

/** Converts a row to a sign-in trace. */
export function parseSignInTrace(row: SignInTraceRow): SignInTrace {
  return present({ ...traces.parse(row), person: parseTracedPerson(row) })
}

/** Converts a sign-in trace to its row. */
export function toSignInTraceRow(trace: SignInTrace): SignInTraceRow {
  const { subject, space, directory, nameKey, emailKey } = trace.person ?? {}
  return {
    ...traces.toRow(trace),
    person_oid: subject ?? null,
    person_space: space ?? null,
    person_directory: directory ?? null,
    name_key: nameKey ?? null,
    email_key: emailKey ?? null,
  }
}

function parseTracedPerson(row: SignInTraceRow): SignInTrace['person'] {
  if (row.person_oid === null) return undefined
  return present({
    subject: row.person_oid,
    space: row.person_space,
    directory: row.person_directory,
    nameKey: row.name_key,
    emailKey: row.email_key,
  })
}

function parseActor(row: AuditEventRow): Actor {
  return present({ kind: row.actor_kind, id: row.actor_id }) as Actor // written by `toAuditEventRow`
}
