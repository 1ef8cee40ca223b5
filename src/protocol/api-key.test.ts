import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import { apiKeyHint, isApiKeyText, toApiKey } from './api-key.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('toApiKey', () => {
  it('has one shape, whatever the bytes', () => {
    for (const bytes of [new Uint8Array(32), new Uint8Array(32).fill(255), randomBytes(32)]) {
      const key = toApiKey(bytes)
      assert.match(key, /^ent_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/)
      assert.equal(isApiKeyText(key), true)
    }
  })

  it('ends in the CRC-32 of the rest, as anybody can compute it', () => {
    const key = toApiKey(randomBytes(32))
    const digits = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + DIGITS.indexOf(digit), 0)
    assert.equal(digits, crc32(key.slice(0, -6)))
  })

  it('gives different keys for different bytes', () => {
    const keys = new Set(
      Array.from({ length: 256 }, (_, n) => toApiKey(new Uint8Array(32).fill(n))),
    )
    assert.equal(keys.size, 256)
  })
})

describe('isApiKeyText', () => {
  const key = toApiKey(new Uint8Array(32).fill(7))
  const wrong = {
    'one letter changed': key.replace(/(.)$/, (last) => (last === 'A' ? 'B' : 'A')),
    'two letters swapped': key.slice(0, 10) + key.charAt(11) + key.charAt(10) + key.slice(12),
    'cut short': key.slice(0, -1),
    'a letter too many': `${key}0`,
    'another prefix': key.replace('ent_', 'ghp_'),
    'a space before': ` ${key}`,
    nothing: '',
  }
  for (const [what, text] of Object.entries(wrong)) {
    it(`is not fooled by ${what}`, () => assert.equal(isApiKeyText(text), text === key))
  }

  it('leaves a hint that is no key', () => {
    assert.equal(apiKeyHint(key).length, 10)
    assert.equal(isApiKeyText(apiKeyHint(key)), false)
  })
})
