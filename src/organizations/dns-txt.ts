/** Looks up TXT records at the name servers that this machine uses. */
import { Resolver } from 'node:dns/promises'
import { EntradaError } from '../errors/errors.ts'
import { createTurns } from '../outgoing/turns.ts'

export type ResolveTxt = (name: string) => Promise<readonly string[]>

export type TxtResolverOptions = {
  /** Name servers as `address:port`, in place of those of this machine. */
  readonly servers?: readonly string[]
  readonly timeLimitMs?: number
}

/** This is less than the time that the command line waits for a response of the API. */
const TIME_LIMIT_MS = 4_000
const TRY_LIMIT_MS = 1_000
/** A customer's name server that does not respond occupies a place for the whole time limit. */
const AT_ONCE = 10
const MOST_WAITING = 50
/** DNS codes that mean that the record does not exist. Any other code is a failed look-up. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND'])

/**
 * Returns the texts of all records of a name; none if DNS responds that there are none. Only a few names are looked up at once, and
 * each only once for all callers that wait for it.
 *
 * @throws {EntradaError} `dns_unavailable`
 * @see RFC 1035 §3.3.14: one record is several strings, which belong together
 */
export function createTxtResolver(options: TxtResolverOptions = {}): ResolveTxt {
  const turns = createTurns({ atOnce: AT_ONCE, mostWaiting: MOST_WAITING, full: tooMany })
  const underWay = new Map<string, Promise<readonly string[]>>()
  return (name) => {
    const found =
      underWay.get(name) ?? turns.run(() => ask(name, options)).finally(() => underWay.delete(name))
    underWay.set(name, found)
    return found
  }
}

async function ask(
  name: string,
  { servers, timeLimitMs = TIME_LIMIT_MS }: TxtResolverOptions,
): Promise<readonly string[]> {
  // Each look-up has a resolver of its own, because `cancel` ends all queries of a resolver.
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

function tooMany(): EntradaError {
  return new EntradaError('dns_unavailable', { reason: 'too_many_at_once' })
}
