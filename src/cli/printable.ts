/** C0, C1 and DEL; separators of lines; and what turns the direction of writing. @see Unicode UAX #9 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * A line that a terminal shows and does not obey, whoever chose the names in it. Shown as JSON writes them, so that JSON stays what
 * it was, and nobody is called what they are not.
 */
export function printable(line: string): string {
  return line.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
