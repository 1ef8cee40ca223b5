/**
 * Makes calls repeatable: what a call creates and its response are stored in one transaction, so one never exists without the
 * other.
 */

import type { ApiCaller } from '../access/decide-right.ts'
import { EntradaError } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { singleHeader } from '../http/single-header.ts'
import { IDEMPOTENCY_KEY } from '../protocol/text-patterns.ts'
import type { Services } from '../services.ts'
import type { Storage, StorageTransaction } from '../storage/storage.ts'

const KEPT_MS = 24 * 3_600_000

export type RepeatableCall = {
  readonly caller: ApiCaller
  readonly exchange: Exchange
  readonly body: unknown
  /** Members of the response that are not stored. */
  readonly shownOnce: readonly string[]
}
export type Once = { readonly answer: unknown; readonly isRepeated: boolean }

/**
 * Does the work once for each `Idempotency-Key` of a caller, even if several replicas receive the call at the same time: the others
 * wait for the first and return its response. Work that was refused stores nothing and may be retried with the same key.
 *
 * @throws {EntradaError} `idempotency_key_reused`, `request_invalid`, and whatever `work` throws
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export async function answerOnce(
  services: Services,
  call: RepeatableCall,
  work: (services: Services) => Promise<unknown>,
): Promise<Once> {
  const header = singleHeader(call.exchange.request.headers, 'idempotency-key')
  if (header === undefined) return { answer: await work(services), isRepeated: false }
  const key = keptUnder(services, call, header)
  const requestHash = hashOf(services, call)
  const answerOnly = async (transaction: StorageTransaction): Promise<Once> => {
    const kept = await transaction.findKeptAnswer(key, services.now())
    if (kept !== undefined) {
      if (kept.requestHash !== requestHash) throw new EntradaError('idempotency_key_reused')
      return { answer: JSON.parse(kept.answer) as unknown, isRepeated: true }
    }
    const answer = await work({ ...services, storage: within(services.storage, transaction) })
    const until = new Date(services.now().getTime() + KEPT_MS)
    const text = JSON.stringify(withoutSecrets(answer, call.shownOnce))
    await transaction.keepAnswer(key, { requestHash, answer: text, until })
    return { answer, isRepeated: false }
  }
  return services.storage.atomically(answerOnly, { scope: { call: key } })
}

/** Each caller has keys of its own. @throws {EntradaError} `request_invalid` */
function keptUnder(
  { sha256 }: Pick<Services, 'sha256'>,
  { caller }: RepeatableCall,
  key: string,
): string {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new EntradaError('request_invalid', { parameter: 'Idempotency-Key' })
  }
  return sha256(JSON.stringify([caller.actor, key]))
}

function hashOf({ sha256 }: Pick<Services, 'sha256'>, { exchange, body }: RepeatableCall): string {
  const { method } = exchange.request
  return sha256(JSON.stringify([method, exchange.url.pathname, exchange.url.search, body]))
}

/** Returns a storage whose transactions are parts of this one. */
function within(storage: Storage, transaction: StorageTransaction): Storage {
  return {
    ...storage,
    ...transaction,
    async atomically(work, { scope = 'deployment' } = {}) {
      await transaction.lockScope(scope)
      return work(transaction)
    },
  }
}

function withoutSecrets(answer: unknown, shownOnce: readonly string[]): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  const hidden = shownOnce.map((member) => [member, null])
  return { ...answer, ...Object.fromEntries(hidden) }
}
