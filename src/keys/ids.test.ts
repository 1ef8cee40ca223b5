import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { newId, newUuid } from './ids.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const at = (ms: number) => ({
  now: () => new Date(ms),
  randomBytes: (count: number) => randomBytes(count),
})

describe('newUuid', () => {
  it('is a UUIDv7 of the given clock (RFC 9562 §5.7)', () => {
    const ms = Date.parse('2026-11-22T12:00:00.123Z')
    const uuid = newUuid(at(ms))
    assert.match(uuid, UUID_V7)
    assert.equal(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16), ms)
  })

  it('sorts by time', () => {
    const times = [1, 2, 1_000, 1_795_348_800_000, 1_795_348_800_001]
    const ids = times.map((ms) => newUuid(at(ms)))
    assert.deepEqual([...ids].sort(), ids)
  })

  it('differs within one millisecond, and sorts in the order it was made', () => {
    const source = at(1_795_348_800_000)
    const ids = Array.from({ length: 2_000 }, () => newUuid(source))
    assert.equal(new Set(ids).size, 2_000)
    assert.deepEqual([...ids].sort(), ids)
  })
})

describe('newId', () => {
  it('names the kind of record', () => {
    const [prefix, uuid = ''] = newId(at(1), 'usr').split('_')
    assert.equal(prefix, 'usr')
    assert.match(uuid, UUID_V7)
  })
})
