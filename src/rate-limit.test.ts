import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntradaError } from './errors.ts'
import { createRateLimit } from './rate-limit.ts'

/** How many of the keys were let through. */
async function spent(keys: readonly string[], tries = 3): Promise<number> {
  const limit = createRateLimit({ tries, perSeconds: 60 })
  let count = 0
  for (const key of keys) {
    await limit.spend(key).then(
      () => {
        count += 1
      },
      (error: unknown) => assert.ok(error instanceof EntradaError),
    )
  }
  return count
}

describe('createRateLimit', () => {
  it('lets the tries through and says then how long to wait (I20)', async () => {
    const limit = createRateLimit({ tries: 2, perSeconds: 60 })
    await limit.spend('192.0.2.1')
    await limit.spend('192.0.2.1')
    await assert.rejects(limit.spend('192.0.2.1'), (error) => {
      assert.ok(error instanceof EntradaError)
      assert.equal(error.code, 'too_many_requests')
      const seconds = Number(error.detail.retryAfterSeconds)
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds))
      return true
    })
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

  it('takes any text for a key', async () => {
    const keys = [
      '',
      ':',
      '::',
      ':::',
      '::'.repeat(10_000),
      '__proto__',
      'constructor',
      '\n',
      'unknown',
    ]
    for (const key of keys) assert.equal(await spent([key, key], 1), 1, key.slice(0, 20))
  })
})
