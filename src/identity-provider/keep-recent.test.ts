import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keepRecent } from './keep-recent.ts'

describe('keepRecent', () => {
  it('creates a value once, and drops the one that was not used for the longest time', () => {
    const created: string[] = []
    const keep = keepRecent<string>(2)
    const use = (key: string) =>
      keep(key, () => {
        created.push(key)
        return key
      })
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) use(key)
    assert.deepEqual(created, ['a', 'b', 'c', 'b'])
  })
})
