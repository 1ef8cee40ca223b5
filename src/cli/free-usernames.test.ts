import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freeUsernames } from './free-usernames.ts'

describe('freeUsernames', () => {
  it('numbers people of one name, and passes over names that are taken in any letter case', () => {
    const next = freeUsernames(['Kim', 'kim-3'])
    const names = ['kim@a.example', 'KIM@b.example', 'lee', 'kim'].map((username) =>
      next({ username }),
    )
    assert.deepEqual(names, ['kim-2', 'KIM-4', 'lee', 'kim-5'])
  })

  it('looks a name up twice at most for each of many people of one name (S14)', () => {
    let lookUps = 0
    const taken = new Set<string>()
    const counted = {
      has(name: string) {
        lookUps += 1
        return taken.has(name)
      },
      add: (name: string) => taken.add(name),
    }
    const next = freeUsernames([], counted)
    for (let person = 0; person < 5_000; person += 1) next({})
    assert.equal(taken.size, 5_000)
    assert.ok(lookUps <= 10_000, String(lookUps))
  })
})
