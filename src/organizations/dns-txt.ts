/** TXT records, asked of the name servers that this machine uses. */
import { Resolver } from 'node:dns/promises'
import { EntradaError } from '../errors.ts'

export type ResolveTxt = (name: string) => Promise<readonly string[]>

export type TxtResolverOptions = {
  /** `address:port` of other name servers. */
  readonly servers?: readonly string[]
  readonly timeLimitMs?: number
}

/** Below what the command line waits for an answer of the API. */
const TIME_LIMIT_MS = 4_000
const TRY_LIMIT_MS = 1_000
/** Answers that say: there is no such record. Everything else is no answer. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND'])

/**
 * Answers the texts of all records of a name, none when DNS says that there are none.
 *
 * @throws {EntradaError} `dns_unavailable`
 * @see RFC 1035 §3.3.14: one record is several strings, which belong together
 */
export function createTxtResolver(options: TxtResolverOptions = {}): ResolveTxt {
  const { servers, timeLimitMs = TIME_LIMIT_MS } = options
  return async (name) => {
    // One for each question: to cancel one cancels all of its questions.
    const resolver = new Resolver({ timeout: Math.min(TRY_LIMIT_MS, timeLimitMs), tries: 2 })
    if (servers) resolver.setServers(servers)
    const timer = setTimeout(() => resolver.cancel(), timeLimitMs)
    try {
      const records = await resolver.resolveTxt(name)
      return records.map((strings) => strings.join(''))
    } catch (cause) {
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
      if (NOTHING_THERE.has(reason)) return []
      throw new EntradaError('dns_unavailable', { reason }, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
