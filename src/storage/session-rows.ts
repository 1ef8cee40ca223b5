/** Converts sessions to rows and back. */
import { joinedPart } from './columns.ts'
import { type ColumnsOf, conversions, type RowOf, same, time } from './record-columns.ts'
import type { Session } from './records.ts'

const columns = {
  id: same('id'),
  kind: same('kind'),
  tokenHash: same('token_hash'),
  userId: same('user_id'),
  organizationId: same('organization_id'),
  connectionId: same('connection_id'),
  identityId: same('identity_id'),
  entraSid: same('entra_sid'),
  loginHint: same('login_hint'),
  host: same('host'),
  ip: same('ip'),
  userAgent: same('user_agent'),
  createdAt: time('created_at'),
  lastSeenAt: time('last_seen_at'),
  idleEndsAt: time('idle_ends_at'),
  absoluteEndsAt: time('absolute_ends_at'),
} satisfies ColumnsOf<Session>
const sessions = conversions<Session, typeof columns>(columns)

/** `ends_at` is derived: the earlier of the two ends. */
export type SessionRow = RowOf<Session, typeof columns> & { ends_at: number }

export const sessionPart = joinedPart('sessions', sessions)
export const parseSession = sessions.parse

/** Converts a session to its row, with the end that look-ups compare. */
export function toSessionRow(session: Session): SessionRow {
  const row = sessions.toRow(session)
  return { ...row, ends_at: Math.min(row.idle_ends_at, row.absolute_ends_at) }
}
