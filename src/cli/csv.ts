/**
 * Rows of a comma-separated file as objects under the names of its first line. Quoted fields may hold commas, quotes and line breaks.
 *
 * @throws {Error} a sentence about the line that cannot be read
 * @see RFC 4180
 */
export function parseCsv(text: string): readonly CsvRow[] {
  const [header, ...rows] = linesOf(text)
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

/** A field, quoted or not, and what ends it. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = []
  let fields: string[] = []
  let [line, started] = [1, 1]
  FIELD.lastIndex = 0
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text)
    if (match === null) throw new Error(`line ${line} has a quotation mark where none can be`)
    const [whole, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += whole.split(/\r\n|\n|\r/).length - 1
    if (end === ',' && FIELD.lastIndex === text.length) fields.push('')
    if (end === ',' && FIELD.lastIndex < text.length) continue
    lines.push({ line: started, fields })
    fields = []
    started = line
  }
  return lines
}
