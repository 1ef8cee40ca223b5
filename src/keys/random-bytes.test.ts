import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandomBytes } from './random-bytes.ts'

describe('createRandomBytes', () => {
  it('hands out every byte of its source once, in order, and asks the source again when too few are left', () => {
    let fills = 0
    const randomBytes = createRandomBytes((pool) => {
      fills += 1
      for (let index = 0; index < pool.length; index += 1) pool[index] = (index + fills) % 251
    })
    const first = randomBytes(16)
    const second = randomBytes(16)
    assert.deepEqual(
      [...first, ...second],
      [...Array(32).keys()].map((index) => index + 1),
    )
    for (let call = 0; call < 4_096 / 16 - 2; call += 1) randomBytes(16)
    assert.equal(fills, 1)
    assert.equal(randomBytes(16)[0], 2)
    assert.equal(fills, 2)
  })

  it('keeps nothing of what it handed out, and what it handed out does not change', () => {
    let pool: Buffer | undefined
    const randomBytes = createRandomBytes((bytes) => {
      pool = bytes.fill(7)
    })
    const bytes = randomBytes(32)
    assert.deepEqual([...(pool?.subarray(0, 32) ?? [])], Array(32).fill(0))
    randomBytes(32)
    assert.deepEqual([...bytes], Array(32).fill(7))
  })

  it('returns bytes of the operating system, other ones each time', () => {
    const randomBytes = createRandomBytes()
    const seen = new Set(
      Array.from({ length: 2_000 }, () => Buffer.from(randomBytes(16)).toString('hex')),
    )
    assert.equal(seen.size, 2_000)
  })
})
