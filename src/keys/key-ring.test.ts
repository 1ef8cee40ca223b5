import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntradaError } from '../errors/errors.ts'
import { createKeyRing, newSecretKey } from './key-ring.ts'
import { Secret } from './secret.ts'

const [older, newer] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
const ring = createKeyRing([older])
const HERE = 'cookie@sso.example.com'

describe('createKeyRing', () => {
  it('opens what it sealed, any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        return ring.open('attempt-cookie', ring.seal('attempt-cookie', text, HERE), HERE) === text
      }),
    )
  })

  it('seals the same text differently every time, and shows nothing of it (I03)', () => {
    const sealed = Array.from({ length: 50 }, () => ring.seal('attempt-cookie', 'canary', HERE))
    assert.equal(new Set(sealed).size, 50)
    assert.equal(new Set(sealed.map((value) => value.split('.')[2])).size, 50, 'nonces')
    for (const value of sealed) {
      assert.match(value, /^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/)
      assert.equal(Buffer.from(value.split('.')[3] ?? '', 'base64url').includes('canary'), false)
    }
  })

  it('writes the id of the key into every value, never the key (I03)', () => {
    const sealed = ring.seal('attempt-cookie', 'x', HERE)
    assert.equal(sealed.split('.')[1], ring.keyIds[0])
    assert.equal(`${sealed} ${ring.keyIds}`.includes(older.reveal().slice(0, 10)), false)
  })

  it('opens nothing in another place, for another purpose or with a changed binding', () => {
    const sealed = ring.seal('attempt-cookie', 'x', HERE)
    const invalid = { code: 'sealed_value_invalid' }
    assert.throws(() => ring.open('attempt-cookie', sealed, 'cookie@other.example.com'), invalid)
    assert.throws(() => ring.open('attempt-cookie', sealed, ''), invalid)
    assert.throws(() => ring.open('sign-out-state', sealed, HERE), invalid)
    assert.throws(() => ring.open('connection-credential', sealed, HERE), invalid)
  })

  it('refuses a value that was changed in any single letter', () => {
    const sealed = ring.seal('attempt-cookie', 'some text to be kept', HERE)
    for (const [index, letter] of [...sealed].entries()) {
      const changed = `${sealed.slice(0, index)}${letter === 'A' ? 'B' : 'A'}${sealed.slice(index + 1)}`
      assert.throws(() => ring.open('attempt-cookie', changed, HERE), isEntradaError, changed)
    }
  })

  it('refuses a value that was cut, lengthened or put together from two', () => {
    const [a = '', b = ''] = ['one', 'two'].map((text) => ring.seal('attempt-cookie', text, HERE))
    const mixed = [...a.split('.').slice(0, 3), b.split('.')[3]].join('.')
    const strangers = [
      a.slice(0, -1),
      `${a}A`,
      `${a}=`,
      `${a}.x`,
      `${a} `,
      ` ${a}`,
      mixed,
      a.replace('.', '..'),
    ]
    for (const changed of strangers) {
      assert.throws(() => ring.open('attempt-cookie', changed, HERE), isEntradaError, changed)
    }
  })

  it('answers any other text with its own refusal', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('v1', ring.keyIds[0] ?? '', '__proto__'))
    const junk = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
    )
    fc.assert(
      fc.property(junk, (text) => {
        assert.throws(() => ring.open('attempt-cookie', text, HERE), isEntradaError)
      }),
    )
  })
})

describe('rotating the key ring', () => {
  it('appends, rolls, moves first: everything stays open all the way (I02)', () => {
    const appended = createKeyRing([older, newer])
    const moved = createKeyRing([newer, older])
    const rings = [ring, appended, moved]
    const before = ring.seal('attempt-cookie', 'before', HERE)
    const during = appended.seal('attempt-cookie', 'during', HERE)
    const after = moved.seal('attempt-cookie', 'after', HERE)

    for (const ring of rings) assert.equal(ring.open('attempt-cookie', before, HERE), 'before')
    for (const ring of rings) assert.equal(ring.open('attempt-cookie', during, HERE), 'during')
    for (const ring of [appended, moved]) {
      assert.equal(ring.open('attempt-cookie', after, HERE), 'after')
    }
  })

  it('seals with the first key', () => {
    const [olderId] = createKeyRing([older]).keyIds
    const [newerId] = createKeyRing([newer]).keyIds
    assert.deepEqual(createKeyRing([newer, older]).keyIds, [newerId, olderId])
    assert.equal(
      createKeyRing([newer, older]).seal('attempt-cookie', 'x', HERE).split('.')[1],
      newerId,
    )
    assert.equal(
      createKeyRing([older, newer]).seal('attempt-cookie', 'x', HERE).split('.')[1],
      olderId,
    )
  })

  it('names the key that is missing (I05)', () => {
    const sealed = ring.seal('attempt-cookie', 'x', HERE)
    assert.throws(() => createKeyRing([newer]).open('attempt-cookie', sealed, HERE), {
      code: 'secret_key_missing',
      detail: { keyId: ring.keyIds[0] },
    })
  })

  it('counts a key that is listed twice once', () => {
    assert.equal(createKeyRing([older, older]).keyIds.length, 1)
  })
})

describe('the keys of a ring', () => {
  it('are needed', () => {
    assert.throws(() => createKeyRing([]), { code: 'secret_key_missing' })
  })

  const weak = [
    '',
    'changeme',
    'a'.repeat(42),
    newSecretKey().slice(0, 42),
    `${newSecretKey()}AA`,
    '$$$',
  ]
  for (const key of weak) {
    it(`have 32 bytes; "${key.slice(0, 8)}" of ${key.length} letters has not (I24)`, () => {
      assert.throws(
        () => createKeyRing([older, new Secret(key)]),
        (error) => {
          assert.ok(isEntradaError(error))
          assert.equal(error.code, 'settings_invalid')
          assert.equal(key !== '' && JSON.stringify(error.detail).includes(key), false)
          return true
        },
      )
    })
  }

  it('are new every time', () => {
    const keys = Array.from({ length: 20 }, newSecretKey)
    assert.equal(new Set(keys).size, 20)
    for (const key of keys) assert.equal(Buffer.from(key, 'base64url').length, 32)
  })
})

describe('mac', () => {
  it('is found again under any key of the ring', () => {
    const mac = createKeyRing([older]).mac('trace-person', 'alice')
    assert.deepEqual(createKeyRing([newer, older]).macs('trace-person', 'alice').slice(1), [mac])
  })

  it('is the same on every replica with the same ring, and another for every purpose and key', () => {
    const mac = ring.mac('form-token', 'ses_1')
    assert.equal(createKeyRing([older, newer]).mac('form-token', 'ses_1'), mac)
    assert.notEqual(ring.mac('form-token', 'ses_2'), mac)
    assert.notEqual(ring.mac('sign-out-state', 'ses_1'), mac)
    assert.notEqual(createKeyRing([newer, older]).mac('form-token', 'ses_1'), mac)
  })

  it('is taken under any key of the ring, so that a form outlives the move of a key to the front (I02)', () => {
    const mac = createKeyRing([older]).mac('form-token', 'ses_1')
    const moved = createKeyRing([newer, older])
    assert.ok(moved.isMac('form-token', 'ses_1', mac))
    assert.equal(moved.isMac('form-token', 'ses_2', mac), false)
    assert.equal(moved.isMac('sign-out-state', 'ses_1', mac), false)
    assert.equal(createKeyRing([newer]).isMac('form-token', 'ses_1', mac), false)
    for (const wrong of ['', mac.slice(1), `${mac}=`, `${mac} `]) {
      assert.equal(moved.isMac('form-token', 'ses_1', wrong), false)
    }
  })
})
