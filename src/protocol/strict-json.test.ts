import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readStrictJson } from './strict-json.ts'

const refused = (text: string) => {
  const read = readStrictJson(text)
  return read.kind === 'refused' ? read.problem : undefined
}
const twice = (member: string) => ({ kind: 'member_twice', member })

describe('readStrictJson', () => {
  it('reads what JSON.parse reads, into objects without a prototype', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = readStrictJson(text)
        assert(read.kind === 'read')
        assert.equal(JSON.stringify(read.value), JSON.stringify(JSON.parse(text)))
      }),
    )
    const read = readStrictJson('{"a":{"b":[{}]},"__proto__":{"c":1}}')
    assert(read.kind === 'read')
    const value = read.value as { a: { b: readonly object[] } } // as written above
    for (const object of [value, value.a, value.a.b[0] ?? {}]) {
      assert.equal(Object.getPrototypeOf(object), null)
    }
    assert.deepEqual(Object.keys(value), ['a', '__proto__'])
  })

  it('refuses a member that comes twice, however it is written and wherever it stands (A10)', () => {
    assert.deepEqual(refused('{"a":1,"a":1}'), twice('a'))
    assert.deepEqual(refused('{"a":1,"\\u0061":2}'), twice('a'))
    assert.deepEqual(refused('{"x":[{"y":{"a":[1,{}],"b":",{","a":2}}]}'), twice('x.y.a'))
    assert.deepEqual(refused('{"__proto__":1,"__proto__":2}'), twice('__proto__'))
    assert.deepEqual(refused('{"":1,"":2}'), twice(''))
    assert.deepEqual(refused('{"a\\"":1, "b" : "x" ,"a\\"" : 2}'), twice('a"'))
  })

  it('counts no text inside of a string as a name (A10)', () => {
    for (const text of ['{"a\\":":1,"b":"\\" :"}', '["\\":"]', '"\\":"', '{"a":"\\":\\":"}']) {
      const read = readStrictJson(text)
      assert(read.kind === 'read', text)
      assert.equal(JSON.stringify(read.value), JSON.stringify(JSON.parse(text)))
    }
    assert.deepEqual(refused('{"a":"\\":","a":2}'), twice('a'))
    assert.deepEqual(refused('{"a":{"b":1,"c":2},"x":"\\":\\":","a":{}}'), twice('a'))
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (name, one, other) => {
        const member = (value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`
        assert.equal(readStrictJson(`{${member(one)}}`).kind, 'read')
        assert.equal(refused(`{${member(one)},${member(other)}}`)?.kind, 'member_twice')
      }),
    )
  })

  it('takes the same name in two objects, and the same text as name and value', () => {
    for (const text of ['[{"a":1},{"a":1}]', '{"a":{"a":"a"},"b":["a","a"]}', '["a","a"]', '"a"']) {
      assert.equal(readStrictJson(text).kind, 'read', text)
    }
  })

  it('refuses nesting without end, and what is no JSON', () => {
    assert.equal(readStrictJson('['.repeat(64) + ']'.repeat(64)).kind, 'read')
    assert.deepEqual(refused('['.repeat(65) + ']'.repeat(65)), { kind: 'too_deep' })
    assert.deepEqual(refused('{"a":'.repeat(100_000)), { kind: 'not_json' })
    for (const text of ['', '{', '{"a":1,}', "{'a':1}", '{"a":1}{"a":1}', 'NaN', '{"a":01}']) {
      assert.deepEqual(refused(text), { kind: 'not_json' }, text)
    }
  })
})
