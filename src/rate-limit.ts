import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { EntradaError } from './errors.ts'
import type { RateLimit } from './services.ts'

/** So many tries under one key in so many seconds. Kept in memory, each process its own. */
export function createRateLimit({
  tries,
  perSeconds,
}: {
  readonly tries: number
  readonly perSeconds: number
}): RateLimit {
  const limiter = new RateLimiterMemory({ points: tries, duration: perSeconds })
  return {
    async spend(key) {
      try {
        await limiter.consume(networkOf(key))
      } catch (rejection) {
        const waitMs =
          rejection instanceof RateLimiterRes ? rejection.msBeforeNext : perSeconds * 1000
        throw new EntradaError('too_many_requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
      }
    },
  }
}

/** An IPv6 customer holds a /64 at least: its addresses count as one. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  const zeros = address.includes('::')
    ? Array(Math.max(0, 8 - groups.length - after.length)).fill('0')
    : []
  const network = [...groups, ...zeros, ...after].slice(0, 4)
  return network.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')
}
