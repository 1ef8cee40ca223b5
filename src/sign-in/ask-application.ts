import { EntradaError } from '../errors/errors.ts'
import type { VerifiedIdentity } from '../identity-provider/identity-provider.ts'
import { shortIdsOf } from '../identity-provider/person-key.ts'
import type { Services } from '../services.ts'
import type { Connection } from '../storage/records.ts'
import type { SignInDecision } from './decide-sign-in.ts'

const HOOK_TIME_LIMIT_MS = 2_000
const LONGEST_REASON = 200

/**
 * Lets the embedding application refuse what Entrada would allow. No transaction is open. A failure, two seconds without an answer,
 * or an answer in another form refuse as well.
 *
 * @throws {EntradaError} `refused_by_application`, `application_answer_invalid`
 */
export async function askApplication(
  services: Pick<Services, 'hooks' | 'log'>,
  question: {
    readonly connection: Connection
    readonly identity: VerifiedIdentity
    readonly decision: Extract<SignInDecision, { kind: 'allowed' }>
  },
): Promise<void> {
  const { decideSignIn } = services.hooks
  if (decideSignIn === undefined) return
  const { connection, decision } = question
  const identity = { ...question.identity, ...shortIdsOf(question.identity.key) }
  const { organizationId, id: connectionId } = connection
  const answer = await withinTimeLimit(async () =>
    parseHookAnswer(await decideSignIn({ organizationId, connectionId, identity, decision })),
  )
  if (answer.kind === 'refused') {
    throw new EntradaError('refused_by_application', { reason: answer.reason })
  }
  if (answer.kind === 'invalid') {
    services.log.error('hook_answer_invalid', { hook: 'decideSignIn', returned: answer.returned })
    throw new EntradaError('application_answer_invalid', { returned: answer.returned })
  }
}

type ParsedAnswer =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** `returned` is the kind of value, such as `undefined` or `object`; the value itself may contain anything. */
  | { readonly kind: 'invalid'; readonly returned: string }

/** Reads own members only: a member that a library put on `Object.prototype` is no answer. */
function parseHookAnswer(answer: unknown): ParsedAnswer {
  if (typeof answer !== 'object' || answer === null) {
    return { kind: 'invalid', returned: answer === null ? 'null' : typeof answer }
  }
  const members = new Map<string, unknown>(Object.entries(answer))
  const refuse = members.get('refuse')
  if (refuse === true) return { kind: 'refused', reason: reasonOf(members.get('reason')) }
  const isDeclared = [...members.keys()].every((name) => name === 'refuse' || name === 'reason')
  if (refuse === false && isDeclared && !Array.isArray(answer)) return { kind: 'allowed' }
  return { kind: 'invalid', returned: Array.isArray(answer) ? 'array' : 'object' }
}

function reasonOf(reason: unknown): string {
  return typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : 'not_given'
}

async function withinTimeLimit<T>(ask: () => Promise<T>): Promise<T> {
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
