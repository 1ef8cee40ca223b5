import type { Exchange } from '../http/exchange.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import type { ProvisionedUser } from '../provisioning/provision-user.ts'
import type { SignIn } from '../sign-in/sign-in-record.ts'
import type { Session } from '../storage/records.ts'
import type { StorageTransaction } from '../storage/storage.ts'
import { type AuditServices, audit } from './audit.ts'
import { signInTrace } from './sign-in-traces.ts'

/** Stores the audit event and the trace of a successful sign-in, in the transaction of the sign-in. */
export async function recordSignIn(
  services: AuditServices,
  exchange: Exchange,
  recorded: {
    readonly transaction: StorageTransaction
    readonly signIn: SignIn
    readonly user: ProvisionedUser
    readonly session: Session
  },
): Promise<void> {
  const { transaction, signIn, user, session } = recorded
  const { userId, roles } = user
  const event = {
    type: 'sign_in.succeeded',
    detail: { ...shownKey(signIn.identity.key), roles },
  } as const
  const { organizationId, connectionId, id: sessionId } = session
  const caller = { actor: { kind: 'user', id: userId }, exchange } as const
  const context = { userId, organizationId, connectionId, sessionId }
  await audit(services, transaction, { caller, event, ...context })
  const { record } = signIn
  const steps = [...record.steps, { step: 'session_opened', afterMs: record.sinceStartMs() }]
  await transaction.appendSignInTrace(
    signInTrace(services, exchange, { ...record, userId, steps }, { outcome: 'signed_in' }),
  )
}
