import type { Exchange } from '../http/exchange.ts'
import { shownKey } from '../identity-provider/person-key.ts'
import type { ProvisionedUser } from '../provisioning/provision-user.ts'
import type { SignIn } from '../sign-in/sign-in-record.ts'
import type { PlanWrite } from '../storage/plan.ts'
import type { Session } from '../storage/records.ts'
import { type AuditServices, auditWrite } from './audit.ts'
import { signInTrace } from './sign-in-traces.ts'

/** Returns what stores the audit event and the trace of a successful sign-in. */
export function recordSignIn(
  services: AuditServices,
  exchange: Exchange,
  recorded: {
    readonly signIn: SignIn
    readonly user: Pick<ProvisionedUser, 'userId' | 'roles'>
    readonly session: Session
  },
): readonly PlanWrite[] {
  const { signIn, user, session } = recorded
  const { userId, roles } = user
  const event = {
    type: 'sign_in.succeeded',
    detail: { ...shownKey(signIn.identity.key), roles },
  } as const
  const { organizationId, connectionId, id: sessionId } = session
  const caller = { actor: { kind: 'user', id: userId }, exchange } as const
  const context = { userId, organizationId, connectionId, sessionId }
  const { record } = signIn
  const steps = [...record.steps, { step: 'session_opened', afterMs: record.sinceStartMs() }]
  // The trace of a user is found by the user. Keys of the person are for those who were refused before they became one.
  const signedIn = { ...record, person: undefined, userId, steps }
  const trace = signInTrace(services, exchange, signedIn, { outcome: 'signed_in' })
  return [
    auditWrite(services, { caller, event, ...context }),
    { write: 'append_sign_in_trace', trace },
  ]
}
