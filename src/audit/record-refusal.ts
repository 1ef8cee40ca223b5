import { EntradaError, type ErrorCode, errorEntry } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { EntraError } from '../identity-provider/entra/protocol/explain-entra-error.ts'
import type { Services } from '../services.ts'
import type { SignInRecord } from '../sign-in/sign-in-record.ts'
import { type Plan, planOfEvents } from '../storage/plan.ts'
import { auditWrite } from './audit.ts'
import { mayBeStored, noteUnstored } from './bounded-events.ts'
import { signInTrace } from './sign-in-traces.ts'

/**
 * Stores the audit event and the trace of a refused attempt; if the database itself failed, the log has to do. Returns whether it
 * tried to: attempts are cheap to open and can be sent again and again, so refusals beyond a limit are not stored (design rule 17).
 */
export async function recordRefusal(
  services: Services,
  exchange: Exchange,
  { record, error }: { readonly record: SignInRecord; readonly error: EntradaError },
): Promise<boolean> {
  const { code } = error
  if (!(await isAdmitted(services, exchange, { record, code }))) return false
  const evidence = evidenceOf(error)
  record.step('refused', { code, ...evidence })
  const { connection, userId } = record
  const actor = userId ? ({ kind: 'user', id: userId } as const) : ({ kind: 'entra' } as const)
  const context = {
    caller: { actor, exchange },
    userId,
    connectionId: connection?.id,
    organizationId: connection?.organizationId,
  }
  const event = { type: 'sign_in.refused', detail: { code, ...evidence } } as const
  const outcome = errorEntry(code).status >= 500 ? 'failed' : 'refused'
  try {
    const trace = signInTrace(services, exchange, record, { outcome, code })
    const plan = planOfEvents(connection?.organizationId, [
      auditWrite(services, { ...context, event }),
      { write: 'append_sign_in_trace', trace },
    ])
    if ((await writeAgain(services, plan)) !== 'written')
      throw new EntradaError('storage_unavailable', { reason: 'collisions' })
  } catch (cause) {
    services.log.error('refusal_not_recorded', {
      correlationId: exchange.correlationId,
      code,
      error: cause,
    })
  }
  return true
}

/** Nothing is decided on here, so where another transaction interfered the same plan is written once more. */
async function writeAgain({ storage }: Pick<Services, 'storage'>, plan: Plan) {
  const outcome = await storage.writePlan(plan)
  return outcome === 'written' ? outcome : storage.writePlan(plan)
}

async function isAdmitted(
  services: Pick<Services, 'limits' | 'metrics' | 'unstoredEvents'>,
  { client }: Exchange,
  { record, code }: { readonly record: SignInRecord; readonly code: ErrorCode },
): Promise<boolean> {
  const { attempt, connection } = record
  const sort = {
    eventType: 'sign_in.refused',
    code,
    connectionId: connection?.id,
    organizationId: connection?.organizationId,
  } as const
  const isWithinOwnShare =
    (await services.limits.allows('recorded_of_attempt', attempt.id)) &&
    (await services.limits.allows('recorded_of_address', client.ip))
  if (isWithinOwnShare) return mayBeStored(services, sort)
  noteUnstored(services, sort)
  return false
}

/** Returns the evidence of an error without Entra's raw text, which stays in the log (design rule 16). */
function evidenceOf({ detail }: EntradaError): Readonly<Record<string, unknown>> {
  const { entra, ...evidence } = detail as { readonly entra?: EntraError } // entra-oidc and sign-in put it there
  if (entra === undefined) return evidence
  const { error, suberror, codes, traceId, correlationId } = entra
  return { ...evidence, entra: { error, suberror, codes, traceId, correlationId } }
}
