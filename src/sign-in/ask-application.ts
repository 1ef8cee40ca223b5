import { EntradaError } from '../errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import type { HookAnswer, Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import type { SignInDecision } from './decide-sign-in.ts'

const HOOK_TIME_LIMIT_MS = 2_000

/**
 * Lets the embedding application refuse what we would allow. No transaction is open; a failure or two seconds refuse.
 *
 * @throws {EntradaError} `refused_by_application`
 */
export async function askApplication(
  services: Services,
  asked: {
    readonly connection: Connection
    readonly identity: VerifiedIdentity
    readonly decision: Extract<SignInDecision, { kind: 'allowed' }>
  },
): Promise<void> {
  const { decideSignIn } = services.hooks
  if (decideSignIn === undefined) return
  const { connection, identity, decision } = asked
  const { organizationId, id: connectionId } = connection
  const answer = await withinTimeLimit(async () =>
    decideSignIn({ organizationId, connectionId, identity, decision }),
  )
  if (answer?.refuse) throw new EntradaError('refused_by_application', { reason: answer.reason })
}

async function withinTimeLimit(ask: () => Promise<HookAnswer>): Promise<HookAnswer> {
  const { promise: timeLimit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new EntradaError('refused_by_application', { reason: 'time_limit' })),
    HOOK_TIME_LIMIT_MS,
  )
  try {
    return await Promise.race([ask(), timeLimit])
  } catch (cause) {
    if (cause instanceof EntradaError) throw cause
    throw new EntradaError('refused_by_application', { reason: 'failed' }, { cause })
  } finally {
    clearTimeout(timer)
  }
}
