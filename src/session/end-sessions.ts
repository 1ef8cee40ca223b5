import {
  type Audited,
  type AuditServices,
  audit,
  auditWrite,
  type ChangeServices,
} from '../audit/audit.ts'
import type { SessionEndReason } from '../audit/audit-events.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { PlanWrite } from '../storage/plan.ts'
import type { Actor, Session } from '../storage/records.ts'
import { MOST_SESSIONS } from '../storage/sign-in-state.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { presentedTokenHashes } from './session.ts'

/** Ends sessions and audits each of them, in one transaction. */
export async function endSessions(
  services: ChangeServices,
  exchange: Exchange,
  {
    sessions,
    reason,
  }: { readonly sessions: readonly Session[]; readonly reason: SessionEndReason },
): Promise<void> {
  const end = async (transaction: StorageTransaction) => {
    const ended: Session[] = []
    for (const session of sessions) {
      if (await transaction.endSession(session.id)) ended.push(session)
    }
    await auditEnded(services, exchange, { transaction, sessions: ended, reason })
  }
  await services.storage.atomically(end, { scope: 'nothing' })
}

/** Appends one audit event for each session that ended, in the transaction that ended it. */
export async function auditEnded(
  services: AuditServices,
  exchange: Exchange,
  ended: {
    readonly transaction: StorageTransaction
    readonly sessions: readonly Session[]
    readonly reason: SessionEndReason
  },
): Promise<void> {
  for (const session of ended.sessions) {
    await audit(services, ended.transaction, endOf(session, exchange, ended.reason))
  }
}

function endOf(session: Session, exchange: Exchange, reason: SessionEndReason): Audited {
  const { userId, organizationId, connectionId, id: sessionId } = session
  const event = { type: 'session.ended', detail: { reason } } as const
  const caller = { actor: actorOf(reason, session), exchange }
  return { caller, event, userId, organizationId, connectionId, sessionId }
}

function actorOf(reason: SessionEndReason, { userId }: Session): Actor {
  if (reason === 'entra_front_channel') return { kind: 'entra' }
  return userId === undefined
    ? { kind: 'operator', id: 'operator_token' }
    : { kind: 'user', id: userId }
}

export { MOST_SESSIONS }

/**
 * Ends the oldest sessions of a person who has too many. This runs after the sign-in is written: reading the other
 * sessions would hold up the sign-ins that share its commit. If it fails, the next sign-in makes up for it.
 */
export async function endSurplusSessions(
  services: ChangeServices & Pick<Services, 'log'>,
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

/** Returns what ends the sessions that this browser had before it signed in: there is one session per browser and host. */
export function replacedSessions(
  services: AuditServices,
  exchange: Exchange,
  sessions: readonly Session[],
): readonly PlanWrite[] {
  return sessions.flatMap((session) => [
    { write: 'end_session', id: session.id } as const,
    auditWrite(services, endOf(session, exchange, 'replaced')),
  ])
}

/** Ends the session that this browser had before it signed in, in a transaction. */
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
