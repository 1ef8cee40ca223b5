import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { normalizeText, toSearchGrams, toSearchKey, toSearchTerm } from './search-text.ts'

/** Letters of many scripts; a sequence of them has no others than these. */
const letters = [
  ...'aZßéİıÅøłσςΣАйЁ李明山ガがアñ١بأהहथ0９9',
  '🦊',
  'e\u0301',
  '-',
  '.',
  '@',
  '%',
  '_',
  '"',
  '*',
]
const words = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 8 })
  .map((all) => all.join(''))

function contains(text: string, term: string): boolean {
  const sought = toSearchTerm(term)
  return sought !== undefined && toSearchKey([text]).includes(sought)
}

describe('normalizeText', () => {
  it('takes every text, and changes its own result no more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normalizeText(text)
        assert.equal(normalizeText(once), once)
      }),
    )
  })

  it('makes no difference between cases of a letter', () => {
    for (let code = 0; code < 0x11_0000; code += 1) {
      const letter = String.fromCodePoint(code)
      // The small iota below a Greek vowel becomes a letter of its own in capitals.
      if ((code >= 0xd800 && code < 0xe000) || letter.normalize('NFD').includes('\u0345')) continue
      const normal = normalizeText(letter)
      assert.equal(normalizeText(letter.toUpperCase()), normal, code.toString(16))
      assert.equal(normalizeText(letter.toLowerCase()), normal, code.toString(16))
    }
  })

  it('makes no difference between forms of composition', () => {
    fc.assert(
      fc.property(words, (text) => {
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) {
          assert.equal(normalizeText(text.normalize(form)), normalizeText(text))
        }
      }),
    )
  })

  it('keeps what spells a word: vowels of Devanagari, voiced kana, syllables of Hangul', () => {
    for (const [one, other] of [
      ['कि', 'का'],
      ['か', 'が'],
      ['김', '기'],
      ['ß', 's'],
      ['明', '日'],
    ] as const) {
      assert.notEqual(normalizeText(one), normalizeText(other))
    }
  })
})

describe('toSearchTerm', () => {
  it('finds every part of a text that begins with a word, and every part of three letters and more', () => {
    fc.assert(
      fc.property(words, words, words, (before, term, after) => {
        assert.ok(contains(`${before} ${term}${after}`, term))
        const sought = toSearchTerm(term)
        if (sought?.startsWith('  ') === false)
          assert.ok(contains(`${before}${term} ${after}`, term))
      }),
    )
  })

  it('is at least three characters long, so that the index can find it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const term = toSearchTerm(text)
        if (term !== undefined) assert.ok([...term].length >= 3)
      }),
    )
  })

  it('contains nothing that ends a text in a database', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(toSearchTerm(text) ?? '', /[\0\n]/)
        assert.ok(toSearchKey([text]).isWellFormed())
      }),
    )
  })

  it('is nothing where a text has nothing to look for, or is longer than what is stored', () => {
    for (const text of ['', ' \t\n', '\u0301', '\u200b', '\0', 'a'.repeat(257)]) {
      assert.equal(toSearchTerm(text), undefined)
    }
  })
})

describe('toSearchGrams', () => {
  it('returns parts of each text that contains the term', () => {
    fc.assert(
      fc.property(words, words, (before, text) => {
        const term = toSearchTerm(text) ?? ''
        const key = toSearchKey([`${before} ${text}`])
        for (const gram of toSearchGrams(term)) {
          assert.equal([...gram].length, 3)
          assert.ok(key.includes(gram))
        }
      }),
    )
  })

  it('returns so few that no database gives up', () => {
    assert.ok(toSearchGrams(Array.from({ length: 250 }, (_, n) => n).join('')).length <= 24)
  })
})
