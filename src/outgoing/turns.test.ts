import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTurns } from './turns.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('createTurns', () => {
  it('runs so many at once, the others in order, and refuses what would wait too long (A2)', async () => {
    const full = () => new Error('full')
    const turns = createTurns({ atOnce: 2, mostWaiting: 2, full })
    const begun: number[] = []
    const ends: (() => void)[] = []
    const work = (n: number) => () => {
      begun.push(n)
      return new Promise<void>((resolve) => ends.push(resolve))
    }
    const running = [1, 2, 3, 4].map((n) => turns.run(work(n)))
    await assert.rejects(turns.run(work(5)), full())
    assert.deepEqual(begun, [1, 2])
    ends[1]?.()
    await running[1]
    await settled()
    assert.deepEqual(begun, [1, 2, 3])
    for (const n of [0, 2]) ends[n]?.()
    await settled()
    ends[3]?.()
    await Promise.all(running)
    assert.deepEqual(begun, [1, 2, 3, 4])
  })

  it('gives a place back when the work fails (A2)', async () => {
    const turns = createTurns({ atOnce: 1, mostWaiting: 0, full: () => new Error('full') })
    for (let n = 0; n < 3; n += 1) {
      await assert.rejects(
        turns.run(async () => {
          throw new Error('failed')
        }),
        /failed/,
      )
    }
    assert.equal(await turns.run(async () => 'done'), 'done')
  })
})
