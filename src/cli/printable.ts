/** C0, C1 and DEL, line separators, and characters that change the direction of text. @see Unicode UAX #9 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * Returns the line with its control characters escaped, so that names in it cannot control the terminal or reorder its text. They are
 * escaped as in JSON, so that a line of JSON keeps its meaning.
 */
export function printable(line: string): string {
  return line.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
