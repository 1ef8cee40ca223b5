/** Finds the strings of a TypeScript file. It knows as much of the language as that needs: comments, regular expressions and templates. */

/** A string or template as it is written between its quotation marks. */
export type FoundString = { readonly text: string }

/** A comment, a regular expression where one may begin, a string, or a character at which a template or an expression in one may end. */
const tokens =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<=(?:[(,=:[!&|?{};]|=>|return|^)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[`{}]/gm

/** A piece of a template: text, an escaped character, or the start of an expression. */
const pieces = /\$\{|\\[\s\S]|`|[^$`\\]+|\$/g

/** Returns the strings of a file. `…` replaces the expressions of a template, whose own strings are returned separately. */
export function stringsOf(source: string): readonly FoundString[] {
  const reading = { source, found: [] }
  readCode(reading, 0)
  return reading.found
}

type Reading = { readonly source: string; readonly found: FoundString[] }

/** Reads code up to the brace that ends it, or to the end of the file. Returns the position after that. */
function readCode(reading: Reading, start: number): number {
  let depth = 0
  let position = start
  while (depth >= 0) {
    const token = next(reading, tokens, position)
    if (token === undefined) return reading.source.length
    position = token.end
    if (/^['"]/.test(token.text)) reading.found.push({ text: token.text.slice(1, -1) })
    if (token.text === '`') position = readTemplate(reading, position)
    if (token.text === '{') depth += 1
    if (token.text === '}') depth -= 1
  }
  return position
}

/** Reads a template from the position after its first character. Returns the position after its last one. */
function readTemplate(reading: Reading, start: number): number {
  let text = ''
  let position = start
  for (;;) {
    const piece = next(reading, pieces, position)
    if (piece === undefined) throw new Error('a template without an end')
    position = piece.text === '${' ? readCode(reading, piece.end) : piece.end
    if (piece.text === '`') break
    text += piece.text === '${' ? '…' : piece.text
  }
  reading.found.push({ text })
  return position
}

function next({ source }: Reading, pattern: RegExp, start: number) {
  pattern.lastIndex = start
  const match = pattern.exec(source)
  return match === null ? undefined : { text: match[0], end: match.index + match[0].length }
}
