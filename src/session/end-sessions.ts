import { auditRecord, outboxOptions, type SessionEndReason } from '../audit/audit-events.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { Actor, Session } from '../storage/records.ts'
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

/**
 * Sessions that a person may have at once. Beyond it the oldest ends: a script that signs in again and again fills no table. As many as
 * `/account` shows, and enough for an account that many machines share.
 */
export const MOST_SESSIONS = 200

/**
 * Ends the oldest sessions of a person who has too many. After the sign-in and not within it: there, looking at other sessions would be in
 * the way of everybody else who signs in. What fails here is made up for by the next sign-in.
 */
export async function endSurplusSessions(
  services: Services,
  exchange: Exchange,
  { userId }: Pick<Session, 'userId'>,
): Promise<void> {
  if (userId === undefined) return
  try {
    const now = services.now()
    const sessions = await services.storage.listSessionsBeyond(userId, MOST_SESSIONS, now)
    if (sessions.length === 0) return
    await endSessions(services, exchange, { sessions, reason: 'too_many_sessions' })
  } catch (error) {
    services.log.warn('surplus_sessions_not_ended', { userId, error })
  }
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
