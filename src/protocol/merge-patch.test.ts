import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mergePatch } from './merge-patch.ts'

describe('mergePatch', () => {
  /** RFC 7396, appendix A: document, patch, result. */
  const vectors: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [document, patch, result] of vectors) {
    it(`makes ${JSON.stringify(document)} with ${JSON.stringify(patch)} into ${JSON.stringify(result)}`, () => {
      assert.deepEqual(mergePatch(document, patch), result)
    })
  }

  it('takes __proto__ for a name like any other', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'))
    assert.equal(({} as Readonly<Record<string, unknown>>).polluted, undefined)
    assert.equal(JSON.stringify(merged), '{"__proto__":{"polluted":true}}')
  })

  it('leaves what it was given as it was', () => {
    const document = { a: { b: 'c' } }
    mergePatch(document, { a: { b: null } })
    assert.deepEqual(document, { a: { b: 'c' } })
  })
})
