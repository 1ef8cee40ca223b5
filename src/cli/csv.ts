/**
 * Returns the rows of a comma-separated file as objects under the names of its first line. Quoted fields may contain commas, quotes
 * and line breaks. Semicolons separate fields where the first line has no comma, as spreadsheets of many countries write it.
 *
 * @throws {Error} a sentence about the line that cannot be read
 * @see RFC 4180
 */
export function parseCsv(text: string): readonly CsvRow[] {
  const [header, ...rows] = linesOf(text, separatorOf(text))
  if (header === undefined) return []
  const { fields: names } = header
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new Error(`the first line names ${repeated} twice`)
  return rows
    .filter(({ fields }) => fields.some((field) => field !== ''))
    .map(({ line, fields }) => {
      if (fields.length > names.length) {
        throw new Error(`line ${line} has more fields than the first line has names`)
      }
      return { line, values: Object.fromEntries(names.map((name, at) => [name, fields[at] ?? ''])) }
    })
}

export type CsvRow = { readonly line: number; readonly values: Readonly<Record<string, string>> }
type Line = { readonly line: number; readonly fields: readonly string[] }

function separatorOf(text: string): ',' | ';' {
  const [first = ''] = text.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1)
  return first.includes(';') && !first.includes(',') ? ';' : ','
}

/** A field, quoted or not, and what ends it. */
const fieldPatterns = {
  ',': /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y,
  ';': /(?:"((?:[^"]|"")*)"|([^";\r\n]*))(;|\r\n|\n|\r|$)/y,
} as const

function linesOf(text: string, separator: ',' | ';'): readonly Line[] {
  const field = fieldPatterns[separator]
  const lines: Line[] = []
  let fields: string[] = []
  let [line, started] = [1, 1]
  field.lastIndex = 0
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) throw new Error(`line ${line} has a quotation mark where none can be`)
    const [whole, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += whole.split(/\r\n|\n|\r/).length - 1
    if (end === separator && field.lastIndex === text.length) fields.push('')
    if (end === separator && field.lastIndex < text.length) continue
    lines.push({ line: started, fields })
    fields = []
    started = line
  }
  return lines
}
