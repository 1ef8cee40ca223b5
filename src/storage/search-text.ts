/**
 * How text is compared in a search. Both databases store what {@link toSearchKey} returns, and search for what {@link toSearchTerm}
 * returns, so that neither's own rules for letters have a say. A change of these rules needs a migration that empties the keys.
 */

const FIELD_LENGTH = 256
const GRAM_LENGTH = 3
/** The text of a match is compared whole in any case, so a long term needs no more of these. */
const MAX_GRAMS = 24

/**
 * Marks that are left out in everyday writing: accents, vowel points of Arabic and Hebrew, variants of emoji. Vowels of Indian and
 * Thai scripts are marks too, but they spell the word, and so do the voiced sounds of kana.
 */
const LOOSE_MARKS =
  /[[\p{M}&&[\p{Script=Inherited}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}]]--[\u3099\u309a]]|[\p{Cf}\u0640]/gv

/** Letters that Unicode does not take apart, and the final sigma, which is one by its place alone. */
const WHOLE_LETTERS: Readonly<Record<string, string>> = {
  æ: 'ae',
  ð: 'd',
  ø: 'o',
  þ: 'th',
  đ: 'd',
  ħ: 'h',
  ł: 'l',
  œ: 'oe',
  ŧ: 't',
  ς: 'σ',
}
const WHOLE_LETTER = /[æðøþđħłœŧς]/g

const UNSPACED = [
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Bopomofo',
  'Thai',
  'Lao',
  'Khmer',
  'Myanmar',
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')
const SPACED_LETTER = `[[\\p{L}\\p{N}\\p{M}]--[${UNSPACED}]]`
/**
 * A word, or one other character that is no white space. Scripts that leave no space between words make a word of each letter, because
 * nothing shows where one begins.
 */
const WORDS = new RegExp(
  `[\\p{L}&&[${UNSPACED}]]\\p{M}*|${SPACED_LETTER}+|[^\\p{White_Space}\\p{Cc}]`,
  'gv',
)
const BEGINS_WITH_LETTER = new RegExp(`^${SPACED_LETTER}`, 'v')
const ASCII = /^[\0-\x7f]*$/

const TELLING = /[^ ]{2}|^ {2}[\p{L}\p{N}]/u

/** In front of each word, so that a term of one or two letters is three characters long with it, and finds the beginning of a word. */
const WORD_START = '  '

/** Returns the text of a record for searches. No term matches across two fields. */
export function toSearchKey(fields: readonly string[]): string {
  return fields.map((field) => markWords(field.slice(0, FIELD_LENGTH))).join('\n')
}

/** Returns what to look for in search keys, or `undefined` if the text contains nothing to look for. */
export function toSearchTerm(text: string): string | undefined {
  if (text.length > FIELD_LENGTH) return undefined
  const marked = markWords(text)
  if (marked === '') return undefined
  const bare = marked.slice(WORD_START.length)
  const mayBeginInside = BEGINS_WITH_LETTER.test(bare) && [...bare].length >= GRAM_LENGTH
  return mayBeginInside ? bare : marked
}

/**
 * Returns sequences of three characters that a text with this term contains. Both databases have an index over them. Those that say
 * little, such as the end of a word or a full stop, are left out if there are others.
 */
export function toSearchGrams(term: string): readonly string[] {
  const characters = [...term]
  const grams = characters.map((_, start) => characters.slice(start, start + GRAM_LENGTH).join(''))
  const whole = grams.slice(0, 1 - GRAM_LENGTH)
  const telling = whole.filter((gram) => TELLING.test(gram))
  return [...new Set(telling.length > 0 ? telling : whole)].slice(0, MAX_GRAMS)
}

/**
 * Returns the text without differences of case, accents, width and other forms of the same letters. The way through capitals takes `ß`
 * to `ss` and the dotless `ı` to `i`.
 */
export function normalizeText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  const letters = withoutMarks(text.toWellFormed()).toLowerCase().toUpperCase().toLowerCase()
  return withoutMarks(letters)
    .replace(WHOLE_LETTER, (letter) => WHOLE_LETTERS[letter] ?? letter)
    .normalize('NFC')
}

function withoutMarks(text: string): string {
  return text.normalize('NFKD').replace(LOOSE_MARKS, '')
}

function markWords(text: string): string {
  const words = normalizeText(text).match(WORDS) ?? []
  return words.map((word) => WORD_START + word).join('')
}
