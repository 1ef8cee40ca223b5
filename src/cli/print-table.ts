import { printable } from './printable.ts'

/** Columns of a table: the heading, and the cell of each record. `null` is shown as `-`. */
export type Columns<Item> = Readonly<Record<string, (item: Item) => string | null>>

/** Returns the lines of a table, each column as wide as its widest cell is printed. */
export function tableLines<Item>(
  columns: Columns<Item>,
  items: readonly Item[],
): readonly string[] {
  const headings = Object.keys(columns)
  const cellsOf = (item: Item) =>
    Object.values(columns).map((cellOf) => printable(cellOf(item) ?? '-'))
  const rows = [headings, ...items.map(cellsOf)]
  const widths = headings.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Returns the lines of a page of records: the table, and how to see the next page where there is one. */
export function pageLines<Item>(
  columns: Columns<Item>,
  { items, next }: { readonly items: readonly Item[]; readonly next: string | null },
): readonly string[] {
  const more = next === null ? [] : [`more: --cursor ${next}`]
  return [...tableLines(columns, items), ...more]
}

/** Returns the names of roles as one cell, each once however often it was granted. */
export function roleNames(roles: readonly { readonly role: string }[] = []): string | null {
  return [...new Set(roles.map(({ role }) => role))].join(',') || null
}
