/**
 * Rate limits. Uses are counted in memory by `rate-limiter-flexible`. With PostgreSQL they are reported to the database in batches,
 * so that replicas count together and a single use still writes nothing (`decisions/0012-limits.md`).
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { EntradaError } from '../errors/errors.ts'
import type { Log } from '../log/log.ts'
import type { Storage } from '../storage/storage.ts'
import { clientNetwork, networkOf } from './address-network.ts'

/** Counts uses, each limit by itself. Uses without a key are not counted, because they cannot be assigned to a client. */
export type Limits = {
  /** @throws {EntradaError} `too_many_requests`, with `limit` and `retryAfterSeconds` in `detail` */
  spend(name: LimitName, key: string | undefined): Promise<void>
  /** Returns whether a use is within the limit, for work that may be left out. */
  allows(name: LimitName, key: string | undefined): Promise<boolean>
}

export type Limit = {
  readonly uses: number
  readonly perSeconds: number
  /** Uses with the same value count together. An `address` is a whole /64 of IPv6. */
  readonly each:
    | 'address'
    | 'operator'
    | 'organization'
    | 'session'
    | 'attempt'
    | 'sort'
    | 'replica'
  readonly of: string
}
export type LimitName = keyof typeof limitTable

/**
 * The limits are large enough for a school or an office behind one address. docs/monitoring.md explains how to see that one was
 * reached.
 */
export const limitTable = {
  sign_in_start: {
    uses: 600,
    perSeconds: 60,
    each: 'address',
    of: 'Starts of a sign-in.',
  },
  sign_in_return: {
    uses: 600,
    perSeconds: 60,
    each: 'address',
    of: 'Returns from Entra to the redirect URI.',
  },
  front_channel_sign_out: {
    uses: 600,
    perSeconds: 60,
    each: 'address',
    of: "Calls of the front-channel logout URL, which come from people's browsers.",
  },
  setup: {
    uses: 120,
    perSeconds: 60,
    each: 'address',
    of: 'Set-up links opened, and forms of the pages behind them.',
  },
  setup_certificate: {
    uses: 10,
    perSeconds: 600,
    each: 'session',
    of: 'Certificates made through one set-up link: each takes a second of this machine.',
  },
  operator_token: {
    uses: 10,
    perSeconds: 60,
    each: 'address',
    of: 'Operator tokens sent to `/login/token`, and wrong operator tokens and API keys sent to the API.',
  },
  api_address: {
    uses: 600,
    perSeconds: 60,
    each: 'address',
    of: 'Calls of the API for operators, of `/metrics` and of `/auth/server`.',
  },
  api_operator: {
    uses: 1200,
    perSeconds: 60,
    each: 'operator',
    of: 'Calls of the API with one operator token, API key or session, from any address.',
  },
  api_session: {
    uses: 1200,
    perSeconds: 60,
    each: 'session',
    of: 'Calls of `/api/v1/session` with one session.',
  },
  domain_check: {
    uses: 60,
    perSeconds: 60,
    each: 'organization',
    of: 'Requested look-ups of TXT records, because Entrada waits for a name server that does not answer.',
  },
  recorded_of_attempt: {
    uses: 20,
    perSeconds: 600,
    each: 'attempt',
    of: 'Refusals of one sign-in attempt that are stored; further ones are counted, and sampled in the log.',
  },
  recorded_of_address: {
    uses: 60,
    perSeconds: 60,
    each: 'address',
    of: 'Refusals that are stored; as above.',
  },
  recorded_of_sort: {
    uses: 20,
    perSeconds: 60,
    each: 'sort',
    of: 'Refusals with one code at one connection, or wrong operator tokens, that are always stored, so that a flood of another sort does not hide them.',
  },
  recorded: {
    uses: 980,
    perSeconds: 60,
    each: 'replica',
    of: 'Refusals that one replica stores beyond those; further ones are counted, sampled in the log, and reported as `audit.events_not_stored` every minute.',
  },
} as const satisfies Record<string, Limit>

export type LimitOptions = {
  /** Replaces `uses` of the table. */
  readonly uses?: Partial<Record<LimitName, number>>
  /** The database in which replicas count together; absent when there is only this process. */
  readonly shared?: Pick<Storage, 'countUses'>
  readonly now: () => Date
  readonly log: Log
}

/** No limits, for work in this process that an operator started: limits are meant for clients on the network. */
export const noLimits: Limits = { spend: async () => {}, allows: async () => true }

/** Creates the limits of the table, each with its counters. */
export function createLimits(options: LimitOptions): Limits {
  const spendings = new Map(
    Object.entries<Limit>(limitTable).map(([name, limit]) => {
      const uses = options.uses?.[name as LimitName] ?? limit.uses // keys of the table
      return [name, createSpending(name, { ...limit, uses }, options)]
    }),
  )
  const spend: Limits['spend'] = async (name, key) => {
    if (key === undefined) return
    await spendings.get(name)?.(key)
  }
  return {
    spend,
    async allows(name, key) {
      try {
        await spend(name, key)
        return true
      } catch {
        return false
      }
    },
  }
}

type Spending = (key: string) => Promise<void>

/** A customer with IPv6 has at least a /64 and often a /48, whose networks together have ten times the limit. */
function createSpending(name: string, limit: Limit, options: LimitOptions): Spending {
  const spend = createCounter(name, limit, options)
  if (limit.each !== 'address') return spend
  const spendWide = createCounter(name, { ...limit, uses: limit.uses * 10 }, options)
  return async (address) => {
    if (!address.includes(':')) return spend(address)
    await spendWide(`${networkOf(address, 3)}::/48`)
    await spend(clientNetwork(address))
  }
}

/**
 * A use is reported to the database after every twentieth of the limit: each replica misses less than that, and most uses write
 * nothing.
 */
const REPORTS = 20

function createCounter(
  name: string,
  { uses, perSeconds }: Limit,
  { shared, now, log }: LimitOptions,
): Spending {
  const limiter = new RateLimiterMemory({ points: uses, duration: perSeconds })
  const usesInReport = Math.max(1, Math.floor(uses / REPORTS))

  async function report(key: string): Promise<void> {
    if (shared === undefined) return
    const time = now()
    const windowEndsAt = new Date(time.getTime() + perSeconds * 1000)
    const added = { uses: usesInReport, now: time, windowEndsAt }
    const counted = await shared.countUses(`${name} ${key}`, added).catch((error: unknown) => {
      // A failing database must not stop sign-ins: this replica continues to count by itself.
      log.debug('uses_not_reported', { limit: name, error })
    })
    if (counted === undefined || counted.uses <= uses) return
    const waitMs = Math.max(1, counted.windowEndsAt.getTime() - time.getTime())
    await limiter.block(key, waitMs / 1000)
    throw tooMany(name, waitMs)
  }

  return async (key) => {
    const spent = await limiter.consume(key).catch((rejection: unknown) => {
      throw tooMany(
        name,
        rejection instanceof RateLimiterRes ? rejection.msBeforeNext : perSeconds * 1000,
      )
    })
    if (spent.consumedPoints % usesInReport === 0) await report(key)
  }
}

function tooMany(limit: string, waitMs: number): EntradaError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new EntradaError('too_many_requests', { limit, retryAfterSeconds })
}
