/** What is written about a sign-in besides the person: the session it replaces, the audit event, the trace. */
import { auditRecord, outboxOptions } from '../audit/audit-events.ts'
import { signInTrace } from '../audit/sign-in-traces.ts'
import type { Exchange } from '../http/exchange.ts'
import type { ProvisionedUser } from '../provisioning/provision-user.ts'
import type { Services } from '../services.ts'
import { presentedTokenHash } from '../session/session.ts'
import type { Session } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import type { SignIn } from './sign-in.ts'

/** One session per browser and host: the one this browser held ends. */
export async function replaceSession(
  services: Services,
  exchange: Exchange,
  transaction: StorageTransaction,
): Promise<void> {
  const tokenHash = presentedTokenHash(services, exchange)
  if (tokenHash === undefined) return
  const ended = await transaction.endSessionByTokenHash(tokenHash)
  if (ended === undefined) return
  const actor = ended.userId
    ? ({ kind: 'user', id: ended.userId } as const)
    : ({ kind: 'system' } as const)
  const event = { type: 'session.ended', detail: { reason: 'replaced' } } as const
  const context = { actor, ...pickOwner(ended), sessionId: ended.id }
  await transaction.appendAuditEvent(
    auditRecord(services, event, context, exchange),
    outboxOptions(services),
  )
}

/** The audit event and the trace of a sign-in that succeeded, in its own transaction. */
export async function keepSignIn(
  services: Services,
  exchange: Exchange,
  kept: {
    readonly transaction: StorageTransaction
    readonly signIn: SignIn
    readonly user: ProvisionedUser
    readonly session: Session
  },
): Promise<void> {
  const { transaction, signIn, user, session } = kept
  const { tid, oid } = signIn.identity
  const { userId, roles } = user
  const event = { type: 'sign_in.succeeded', detail: { tid, oid, roles } } as const
  const context = {
    actor: { kind: 'user', id: userId } as const,
    ...pickOwner(session),
    sessionId: session.id,
  }
  await transaction.appendAuditEvent(
    auditRecord(services, event, context, exchange),
    outboxOptions(services),
  )
  const { record } = signIn
  const steps = [...record.steps, { step: 'session_opened', afterMs: record.sinceStartMs() }]
  await transaction.appendSignInTrace(
    signInTrace(services, exchange, { ...record, userId, steps }, { outcome: 'signed_in' }),
  )
}

function pickOwner({ userId, organizationId, connectionId }: Session) {
  return { userId, organizationId, connectionId }
}
