/** Converts values to columns and back, and reads several tables from one joined row. */
import type { Tables } from './schema.ts'

/** Returns an optional date in milliseconds, or `null`. */
export function optionalMillis(date: Date | undefined): number | null {
  return date?.getTime() ?? null
}

/** Parses JSON that this folder wrote. */
export function parseJson<T>(text: string): T {
  return JSON.parse(text) as T // the column's only writer is the `to…Row` function of the same file
}

/** Returns the key id of a sealed value, which has the form `v1.<key id>.<nonce>.<ciphertext>`. */
export function keyIdOf(sealed: string): string {
  return sealed.split('.')[1] ?? sealed
}

type AbsentKeys<T> = {
  [K in keyof T]: null extends T[K] ? K : undefined extends T[K] ? K : never
}[keyof T]
type Present<T> = Omit<T, AbsentKeys<T>> & { [K in AbsentKeys<T>]?: NonNullable<T[K]> }

/** Returns the fields without those that are absent: `NULL` in a column is no property in a record. */
export function present<T extends object>(fields: T): Present<T> {
  const kept: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) {
    const value = fields[name as keyof T] // a key of its own
    if (value !== null && value !== undefined) kept[name] = value
  }
  return kept as Present<T> // only absent values were left out
}

/**
 * Returns the text in lower case, the form in which usernames, addresses, tenants and object ids are compared. It contains no NUL:
 * PostgreSQL rejects it, and SQLite stops matching at it.
 */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('\0', '\ufffd')
}

type Column<Table extends keyof Tables> = keyof Tables[Table] & string
type Aliased<Table extends string, Name extends string> = {
  [N in Name]: `${Table}.${N} as ${Table}__${N}`
}[Name]

/** The columns of one table, by themselves and as its part of a join, where each has the name of the table as prefix. */
export type JoinedPart<Table extends keyof Tables, Name extends string, Stored> = {
  readonly columns: readonly Name[]
  readonly aliased: readonly Aliased<Table, Name>[]
  /** The names that the columns have in the join; the first identifies the record. */
  readonly aliases: readonly string[]
  /** Returns the record of a joined row, or `undefined` where the join found none. */
  readonly parse: (joined: Readonly<Record<string, unknown>>) => Stored | undefined
}

/**
 * Creates a table's part of a join from the conversions of its record. The first column must be `NOT NULL`: it shows whether the join
 * found the row.
 */
export function joinedPart<Table extends keyof Tables, Name extends Column<Table>, Stored>(
  table: Table,
  {
    names,
    parserOf,
  }: {
    readonly names: readonly Name[]
    readonly parserOf: (prefix: string) => (row: Readonly<Record<string, unknown>>) => Stored
  },
): JoinedPart<Table, Name, Stored> {
  // The type of a template literal in `map` would be inferred over all columns at once, as every column under every alias.
  const aliased = names.map((column) => `${table}.${column} as ${table}__${column}`) as Aliased<
    Table,
    Name
  >[]
  const first = `${table}__${names[0]}`
  const parse = parserOf(`${table}__`)
  return {
    columns: names,
    aliased,
    aliases: names.map((column) => `${table}__${column}`),
    parse: (joined) => (joined[first] === null ? undefined : parse(joined)),
  }
}
