import type { ListJson, ListQuery } from './api-connection.ts'
import { type CliArguments, type CliContext, type ExitCode, textOption } from './command.ts'
import { printable } from './printable.ts'

export const listOptions = {
  limit: { type: 'string', help: 'How many, 1 to 200; default 50.' },
  cursor: { type: 'string', help: 'Go on where the page before ended.' },
} as const

export function listQuery(given: CliArguments): ListQuery {
  return { limit: textOption(given, 'limit'), cursor: textOption(given, 'cursor') }
}

/** JSON, or a table and how to go on. */
export function printList<T>(
  context: CliContext,
  given: CliArguments,
  {
    list,
    header,
    row,
  }: {
    readonly list: ListJson<T>
    readonly header: readonly string[]
    readonly row: (item: T) => readonly string[]
  },
): ExitCode {
  if (given.values.json) {
    context.print(JSON.stringify(list))
    return 0
  }
  printTable(context, header, list.items.map(row))
  if (list.next !== null) context.print(`more: --cursor ${list.next}`)
  return 0
}

/** Columns as wide as their widest cell, as it is printed. */
export function printTable(
  { print }: CliContext,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const lines = [header, ...rows.map((row) => row.map(printable))]
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  for (const line of lines) {
    print(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
