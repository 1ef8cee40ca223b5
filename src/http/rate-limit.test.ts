import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from '../errors/errors.ts'
import { silentLog } from '../log/log.ts'
import type { Limits } from './rate-limit.ts'
import { createLimits, type LimitName, type LimitOptions } from './rate-limit.ts'

const now = () => new Date(0)

function limitsOf(uses: Partial<Record<LimitName, number>>, more: Partial<LimitOptions> = {}) {
  return createLimits({ uses, now, log: silentLog, ...more })
}

/** How many of the keys were let through. */
async function spent(keys: readonly string[], uses = 3): Promise<number> {
  const limits = limitsOf({ sign_in_start: uses })
  const allowed = []
  for (const key of keys) allowed.push(await limits.allows('sign_in_start', key))
  return allowed.filter(Boolean).length
}

async function refusalOf(limits: Limits, name: LimitName, key: string): Promise<EntradaError> {
  const error = await limits.spend(name, key).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof EntradaError)
  return error
}

describe('createLimits', () => {
  it('lets the tries through and says then how long to wait (I20)', async () => {
    const limits = limitsOf({ operator_token: 2 })
    await limits.spend('operator_token', '192.0.2.1')
    await limits.spend('operator_token', '192.0.2.1')
    const { code, detail } = await refusalOf(limits, 'operator_token', '192.0.2.1')
    assert.equal(code, 'too_many_requests')
    assert.equal(detail.limit, 'operator_token')
    const seconds = Number(detail.retryAfterSeconds)
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds))
  })

  it('begins anew when the time is over', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
    const limits = limitsOf({ operator_token: 1 })
    assert.ok(await limits.allows('operator_token', 'a'))
    t.mock.timers.tick(59_000)
    assert.equal((await refusalOf(limits, 'operator_token', 'a')).detail.retryAfterSeconds, 1)
    t.mock.timers.tick(1_000)
    assert.ok(await limits.allows('operator_token', 'a'))
  })

  it('counts each limit by itself, so that one never closes another (I20)', async () => {
    const limits = limitsOf({ operator_token: 1, sign_in_start: 1 })
    await limits.spend('operator_token', '192.0.2.1')
    await refusalOf(limits, 'operator_token', '192.0.2.1')
    await limits.spend('sign_in_start', '192.0.2.1')
  })

  it('counts nobody who cannot be told apart', async () => {
    const limits = limitsOf({ sign_in_start: 1 })
    for (let n = 0; n < 5; n += 1) await limits.spend('sign_in_start', undefined)
  })

  it('counts each IPv4 address for itself', async () => {
    assert.equal(await spent(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5']), 5)
  })

  it('counts the addresses of one IPv6 customer together (I20)', async () => {
    const rotated = [1, 2, 3, 4, 5, 6].map((host) => `2001:db8:1:2::${host}`)
    assert.equal(await spent(rotated), 3)
    assert.equal(await spent(['2001:db8::1', '2001:db8:0:0:1::', '2001:db8:0:0:ffff:1:2:3'], 1), 1)
    assert.equal(await spent(['2001:db8::1', '2001:DB8::2', '2001:0db8:0::3'], 1), 1)
  })

  it('counts the networks of different IPv6 customers apart', async () => {
    assert.equal(
      await spent(['2001:db8:1:2::1', '2001:db8:1:3::1', '2001:db8:2:2::1', '::1'], 1),
      4,
    )
  })

  it('gives all networks of a /48 together ten times as much (I20)', async () => {
    const rotated = Array.from({ length: 50 }, (_, n) => `2001:db8:1:${n.toString(16)}::1`)
    assert.equal(await spent(rotated, 2), 20)
  })

  it('takes any text for a key', async () => {
    const odd = ['', ':', '::', ':::', '::'.repeat(10_000), '__proto__', 'constructor', '\n']
    for (const key of odd) assert.equal(await spent([key, key], 1), 1, key.slice(0, 20))
  })
})

describe('createLimits, shared by replicas', () => {
  it('lets all replicas together have what one alone would have, within a tenth', async () => {
    const database = sharedCounts()
    const replicas = [1, 2].map(() => limitsOf({ sign_in_start: 100 }, { shared: database }))
    let allowed = 0
    for (let n = 0; n < 300; n += 1) {
      if (await replicas[n % 2]?.allows('sign_in_start', '192.0.2.1')) allowed += 1
    }
    assert.ok(allowed >= 100 && allowed <= 110, String(allowed))
  })

  it('writes nothing for few uses, and nothing more once the limit is reached', async () => {
    const database = sharedCounts()
    const limits = limitsOf({ sign_in_start: 100 }, { shared: database })
    for (let n = 0; n < 4; n += 1) await limits.spend('sign_in_start', '192.0.2.1')
    assert.equal(database.writes(), 0)
    for (let n = 0; n < 1000; n += 1) await limits.allows('sign_in_start', '192.0.2.1')
    assert.equal(database.writes(), 20)
  })

  it('tells a replica that counted little itself how long the others made it wait', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
    const database = sharedCounts()
    const [busy, idle] = [1, 2].map(() => limitsOf({ operator_token: 3 }, { shared: database }))
    assert.ok(busy && idle)
    for (let n = 0; n < 3; n += 1) await busy.spend('operator_token', 'a')
    assert.equal((await refusalOf(idle, 'operator_token', 'a')).detail.retryAfterSeconds, 60)
    assert.equal(await idle.allows('operator_token', 'a'), false)
    t.mock.timers.tick(60_000)
    assert.ok(await busy.allows('operator_token', 'b'))
  })

  it('goes on by itself when the database does not answer', async () => {
    const shared = { countUses: async () => Promise.reject(new Error('gone')) }
    const limits = limitsOf({ operator_token: 2 }, { shared })
    await limits.spend('operator_token', 'a')
    await limits.spend('operator_token', 'a')
    await refusalOf(limits, 'operator_token', 'a')
  })
})

/** What `storage.countUses` promises (see its conformance tests), in memory. */
function sharedCounts(): NonNullable<LimitOptions['shared']> & { writes(): number } {
  const counts = new Map<string, { uses: number; windowEndsAt: Date }>()
  let writes = 0
  return {
    writes: () => writes,
    async countUses(key, { uses, windowEndsAt }) {
      writes += 1
      const counted = counts.get(key) ?? { uses: 0, windowEndsAt }
      counted.uses += uses
      counts.set(key, counted)
      return { ...counted }
    },
  }
}
