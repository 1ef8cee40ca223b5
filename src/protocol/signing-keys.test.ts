import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntradaError } from '../errors/errors.ts'
import { parseSigningKeys as parse } from './signing-keys.ts'

const key = (changes: Readonly<Record<string, unknown>> = {}) => ({
  kty: 'RSA',
  kid: 'one',
  use: 'sig',
  n: 'modulus',
  e: 'AQAB',
  ...changes,
})

const parseSigningKeys = (wire: unknown) => parse(wire).keys

describe('parseSigningKeys', () => {
  it('finds the signing keys by their id', () => {
    const keys = parseSigningKeys({ keys: [key(), key({ kid: 'two', use: undefined })] })
    assert.deepEqual([...keys.keys()], ['one', 'two'])
    assert.equal(keys.get('one')?.n, 'modulus')
  })

  const left: readonly (readonly [string, unknown])[] = [
    ['of another kind', key({ kid: 'x', kty: 'EC' })],
    ['that is a shared secret', key({ kid: 'x', kty: 'oct', k: 'c2VjcmV0' })],
    ['for encryption', key({ kid: 'x', use: 'enc' })],
    ['without an id', key({ kid: undefined })],
    ['with an empty id', key({ kid: '' })],
    ['whose id is a list', key({ kid: ['x'] })],
    ['without modulus', key({ kid: 'x', n: undefined })],
    ['without exponent', key({ kid: 'x', e: 1 })],
    ['whose issuer is not text', key({ kid: 'x', issuer: {} })],
    ['that is null', null],
    ['that is text', 'key'],
    ['that is a list', [key()]],
  ]
  for (const [what, entry] of left) {
    it(`leaves out an entry ${what}`, () => {
      assert.deepEqual([...parseSigningKeys({ keys: [entry, key()] }).keys()], ['one'])
    })
  }

  it('takes neither of two different keys with one id, and one that is there twice (E3)', () => {
    const twice = (changes: Readonly<Record<string, unknown>>) =>
      parse({ keys: [key(), key({ kid: 'two' }), key(changes)] })
    for (const changes of [{ n: 'another' }, { e: 'Aw' }, { issuer: 'https://x.example' }]) {
      const { keys, ambiguous } = twice(changes)
      assert.deepEqual([[...keys.keys()], [...ambiguous]], [['two'], ['one']])
    }
    const { keys, ambiguous } = twice({})
    assert.deepEqual([[...keys.keys()], [...ambiguous]], [['one', 'two'], []])
  })

  it('refuses a set without a single usable key', () => {
    const wires = [
      undefined,
      null,
      'x',
      [],
      {},
      { keys: {} },
      { keys: [] },
      { keys: [key({ n: 1 })] },
    ]
    for (const wire of wires) {
      assert.throws(() => parseSigningKeys(wire), {
        code: 'provider_answer_invalid',
        detail: { endpoint: 'keys', member: 'keys' },
      })
    }
  })

  it('finds no key under the name of something every object has', () => {
    const keys = parseSigningKeys({ keys: [key()] })
    for (const kid of ['__proto__', 'constructor', 'toString'])
      assert.equal(keys.get(kid), undefined)
  })

  it('refuses a set without end rather than take a part of it for the whole (S12)', () => {
    const many = Array.from({ length: 201 }, (_, index) => key({ kid: `k${index}` }))
    assert.throws(() => parseSigningKeys({ keys: many }), { code: 'provider_answer_invalid' })
    assert.equal(parseSigningKeys({ keys: many.slice(1) }).size, 200)
  })

  it('leaves out keys that are for something else than RS256 signatures', () => {
    for (const other of [
      { alg: 'RS512' },
      { alg: 'RSA-OAEP' },
      { key_ops: ['encrypt'] },
      { key_ops: 'verify' },
      { alg: 1 },
    ]) {
      const keys = parseSigningKeys({
        keys: [
          key({ kid: 'other', ...other }),
          key({ kid: 'own', alg: 'RS256', key_ops: ['verify'] }),
        ],
      })
      assert.deepEqual([...keys.keys()], ['own'], JSON.stringify(other))
    }
  })

  it('answers any JSON with keys or its own refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          return parseSigningKeys({ keys: [json, key()] }).size > 0
        } catch (error) {
          return isEntradaError(error)
        }
      }),
    )
  })
})
