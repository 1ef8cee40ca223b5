import { auditRecord, outboxOptions, type SessionEndReason } from '../audit/audit-events.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { Actor, Session, UserId } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { presentedTokenHashes } from './session.ts'

/** Ends sessions and audits each, in one transaction. */
export async function endSessions(
  services: Services,
  exchange: Exchange,
  {
    sessions,
    reason,
  }: { readonly sessions: readonly Session[]; readonly reason: SessionEndReason },
): Promise<void> {
  await services.storage.atomically(async (transaction) => {
    const ended: Session[] = []
    for (const session of sessions) {
      if (await transaction.endSession(session.id)) ended.push(session)
    }
    await auditEnded(services, exchange, { transaction, sessions: ended, reason })
  })
}

/** One event for each session that ended, in the transaction that ended it. */
export async function auditEnded(
  services: Services,
  exchange: Exchange,
  ended: {
    readonly transaction: StorageTransaction
    readonly sessions: readonly Session[]
    readonly reason: SessionEndReason
  },
): Promise<void> {
  for (const session of ended.sessions) {
    const { userId, organizationId, connectionId, id: sessionId } = session
    const event = { type: 'session.ended', detail: { reason: ended.reason } } as const
    const context = {
      actor: actorOf(ended.reason, session),
      userId,
      organizationId,
      connectionId,
      sessionId,
    }
    const record = auditRecord(services, event, context, exchange)
    await ended.transaction.appendAuditEvent(record, outboxOptions(services))
  }
}

function actorOf(reason: SessionEndReason, { userId }: Session): Actor {
  if (reason === 'entra_front_channel') return { kind: 'entra' }
  return userId === undefined
    ? { kind: 'operator', id: 'operator_token' }
    : { kind: 'user', id: userId }
}

/** Sessions that a person may have at once. Beyond it the oldest ends: a script that signs in again and again fills no table. */
export const MOST_SESSIONS = 50

/** Ends what would be too many with one session more. */
export async function makeRoomForSession(
  services: Services,
  exchange: Exchange,
  { transaction, userId }: { readonly transaction: StorageTransaction; readonly userId: UserId },
): Promise<void> {
  const sessions = await transaction.endOldestSessions(userId, MOST_SESSIONS - 1, services.now())
  await auditEnded(services, exchange, { transaction, sessions, reason: 'too_many_sessions' })
}

/** One session per browser and host: signing in ends the one that this browser held. */
export async function replaceSession(
  services: Services,
  exchange: Exchange,
  transaction: StorageTransaction,
): Promise<void> {
  const sessions: Session[] = []
  for (const tokenHash of presentedTokenHashes(services, exchange)) {
    const ended = await transaction.endSessionByTokenHash(tokenHash)
    if (ended !== undefined) sessions.push(ended)
  }
  await auditEnded(services, exchange, { transaction, sessions, reason: 'replaced' })
}
