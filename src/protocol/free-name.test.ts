import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findFreeName } from './free-name.ts'

const named = (number: number) => `kim-${number}`

async function search(isTaken: (number: number) => boolean) {
  let lookUps = 0
  const name = await findFreeName(named, async (names) => {
    lookUps += 1
    assert.ok(names.length <= 64)
    return new Set(names.filter((name) => isTaken(Number(name.slice(4)))))
  })
  return { name, lookUps }
}

describe('findFreeName', () => {
  it('answers the lowest number, in at most four look-ups, however many are taken (S14)', async () => {
    for (const taken of [0, 1, 2, 31, 32, 33, 63, 64, 100, 2_000, 65_536, 100_000, 131_071]) {
      const { name, lookUps } = await search((number) => number <= taken)
      assert.equal(name, named(taken + 1))
      assert.ok(lookUps <= 4, `${lookUps} for ${taken}`)
    }
  })

  it('answers a free name wherever there are gaps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.func(fc.integer({ min: 0, max: 9 })), async (draw) => {
        const isTaken = (number: number) => draw(number) > 0 && number < 131_072
        const { name, lookUps } = await search(isTaken)
        assert.ok(name !== undefined && !isTaken(Number(name.slice(4))))
        assert.ok(lookUps <= 4)
      }),
    )
  })

  it('gives up when all that it looks at first is taken', async () => {
    assert.deepEqual(await search(() => true), { name: undefined, lookUps: 1 })
  })
})
