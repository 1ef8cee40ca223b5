/** Sessions: row to record and back. */
import { present, tablePart } from './columns.ts'
import type { Session } from './records.ts'
import type { Row } from './schema.ts'

export const sessionPart = tablePart('sessions', [
  'id',
  'kind',
  'token_hash',
  'user_id',
  'organization_id',
  'connection_id',
  'identity_id',
  'entra_sid',
  'login_hint',
  'host',
  'ip',
  'user_agent',
  'created_at',
  'last_seen_at',
  'idle_ends_at',
  'absolute_ends_at',
])

export function parseSession(
  row: Pick<Row<'sessions'>, (typeof sessionPart.columns)[number]>,
): Session {
  return present({
    id: row.id,
    kind: row.kind,
    tokenHash: row.token_hash,
    userId: row.user_id,
    organizationId: row.organization_id,
    connectionId: row.connection_id,
    identityId: row.identity_id,
    entraSid: row.entra_sid,
    loginHint: row.login_hint,
    host: row.host,
    ip: row.ip,
    userAgent: row.user_agent,
    createdAt: new Date(row.created_at),
    lastSeenAt: new Date(row.last_seen_at),
    idleEndsAt: new Date(row.idle_ends_at),
    absoluteEndsAt: new Date(row.absolute_ends_at),
  })
}

export function toSessionRow(session: Session): Row<'sessions'> {
  const idleEndsAt = session.idleEndsAt.getTime()
  const absoluteEndsAt = session.absoluteEndsAt.getTime()
  return {
    id: session.id,
    kind: session.kind,
    token_hash: session.tokenHash,
    user_id: session.userId ?? null,
    organization_id: session.organizationId ?? null,
    connection_id: session.connectionId ?? null,
    identity_id: session.identityId ?? null,
    entra_sid: session.entraSid ?? null,
    login_hint: session.loginHint ?? null,
    host: session.host,
    ip: session.ip ?? null,
    user_agent: session.userAgent ?? null,
    created_at: session.createdAt.getTime(),
    last_seen_at: session.lastSeenAt.getTime(),
    idle_ends_at: idleEndsAt,
    absolute_ends_at: absoluteEndsAt,
    ends_at: Math.min(idleEndsAt, absoluteEndsAt),
  }
}
