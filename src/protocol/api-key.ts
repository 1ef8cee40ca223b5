/**
 * The form of an API key: `ent_`, 256 bits in base 62, and a checksum of all that (CRC-32, six digits of base 62). Secret scanners
 * recognize a key by its form and can tell it from a made-up one without asking a server.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIX = 'ent_'
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6
/** The prefix and a few more characters. Users recognize their keys by it, and it leaves 220 bits to guess. */
const HINT_LENGTH = PREFIX.length + 6

/** Creates the key from 32 random bytes. */
export function toApiKey(bytes: Uint8Array): string {
  const number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const text = PREFIX + toDigits(number, SECRET_LENGTH)
  return text + checksum(text)
}

/** Returns whether the text has the form of a key, so that a mistyped key needs no look-up in the database. */
export function isApiKeyText(text: string): boolean {
  if (!/^ent_[0-9A-Za-z]{49}$/.test(text)) return false
  return text.slice(-CHECKSUM_LENGTH) === checksum(text.slice(0, -CHECKSUM_LENGTH))
}

/** Returns the beginning of a key, by which users recognize it. */
export function apiKeyHint(key: string): string {
  return key.slice(0, HINT_LENGTH)
}

function toDigits(number: bigint, length: number): string {
  let text = ''
  for (let rest = number; rest > 0n; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text
  return text.padStart(length, '0')
}

function checksum(text: string): string {
  return toDigits(BigInt(crc32(text)), CHECKSUM_LENGTH)
}

/** Computes the checksum with the polynomial of zip and PNG. @see ISO 3309 */
function crc32(text: string): number {
  let rest = 0xffffffff
  for (const character of text) {
    rest ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0)
  }
  return (rest ^ 0xffffffff) >>> 0
}
