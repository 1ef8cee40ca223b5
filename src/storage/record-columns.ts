/**
 * A record in a row, as one list of columns: the type of the row and both conversions follow from it.
 *
 *     const columns = { id: same('id'), scopes: json('scopes'), endsAt: time('ends_at') } satisfies ColumnsOf<ApiKey>
 *     export type ApiKeyRow = RowOf<ApiKey, typeof columns>
 *     const apiKeys = conversions<ApiKey, typeof columns>(columns)
 *
 * A member that may be absent in the record is `NULL` in its column. A column that is derived, or a member that takes several columns, is
 * added by the function that calls the conversion.
 */

/** How a value is spelled in its column: as it is, as milliseconds, as JSON text, or as 0 or 1. */
type Spelling = 'same' | 'time' | 'json' | 'flag'

type RecordColumn<Name extends string = string, As extends Spelling = Spelling> = {
  readonly name: Name
  readonly spelling: As
}

type SpellingOf<Value> = Value extends Date
  ? 'time'
  : Value extends boolean
    ? 'flag'
    : Value extends string | number
      ? 'same'
      : 'json'

/** A column for each member of the record, and none besides. */
export type ColumnsOf<Stored> = {
  readonly [Member in keyof Stored]-?: RecordColumn<string, SpellingOf<NonNullable<Stored[Member]>>>
}

/** The row in which the columns keep the record. */
export type RowOf<Stored, Columns extends ColumnsOf<Stored>> = {
  [Member in keyof Stored as Columns[Member]['name']]-?:
    | Spelled<NonNullable<Stored[Member]>, Columns[Member]['spelling']>
    | (undefined extends Stored[Member] ? null : never)
}

type Spelled<Value, As extends Spelling> = {
  same: Value
  time: number
  json: string
  flag: number
}[As]

/** Declares a column that holds the value as it is. */
export function same<Name extends string>(name: Name): RecordColumn<Name, 'same'> {
  return { name, spelling: 'same' }
}

/** Declares a column that holds a `Date` as milliseconds. */
export function time<Name extends string>(name: Name): RecordColumn<Name, 'time'> {
  return { name, spelling: 'time' }
}

/** Declares a column that holds the value as JSON text. */
export function json<Name extends string>(name: Name): RecordColumn<Name, 'json'> {
  return { name, spelling: 'json' }
}

/** Declares a column that holds a boolean as 0 or 1. */
export function flag<Name extends string>(name: Name): RecordColumn<Name, 'flag'> {
  return { name, spelling: 'flag' }
}

export type Conversions<Stored, Columns extends ColumnsOf<Stored>> = {
  /** The columns that the conversions read and write, in the order of the list. */
  readonly names: readonly (keyof RowOf<Stored, Columns> & string)[]
  readonly parse: (row: RowOf<Stored, Columns>) => Stored
  readonly toRow: (record: Stored) => RowOf<Stored, Columns>
  /** Makes a parser for rows of a join, in which the names of these columns have a prefix. */
  readonly parserOf: (prefix: string) => (row: Readonly<Record<string, unknown>>) => Stored
}

/** Makes the conversions of a record from the list of its columns. */
export function conversions<Stored extends object, Columns extends ColumnsOf<Stored>>(
  columns: Columns,
): Conversions<Stored, Columns> {
  const list = Object.entries<RecordColumn>(columns).map(([member, column]) => ({
    member,
    ...column,
  }))
  const parserOf = (prefix: string) => {
    const prefixed = list.map(({ name, ...rest }) => ({ ...rest, name: prefix + name }))
    // Every request comes through here: names are not put together again for each row.
    return (row: Readonly<Record<string, unknown>>) => {
      const record: Record<string, unknown> = {}
      for (const { member, name, spelling } of prefixed) {
        const value = row[name]
        if (value !== null) record[member] = fromColumn(value, spelling)
      }
      return record as Stored // `ColumnsOf` has every member
    }
  }
  return {
    names: list.map(({ name }) => name) as (keyof RowOf<Stored, Columns> & string)[], // the names of `Columns`
    parse: parserOf(''),
    parserOf,
    toRow(record) {
      const row: Record<string, unknown> = {}
      for (const { member, name, spelling } of list) {
        const value = record[member as keyof Stored] // a member of `ColumnsOf`
        row[name] = value === undefined ? null : toColumn(value, spelling)
      }
      return row as RowOf<Stored, Columns> // `RowOf` has these columns alone
    },
  }
}

function fromColumn(value: unknown, spelling: Spelling): unknown {
  switch (spelling) {
    case 'same':
      return value
    case 'time':
      return new Date(Number(value))
    case 'json':
      return JSON.parse(String(value))
    case 'flag':
      return value === 1
  }
}

function toColumn(value: unknown, spelling: Spelling): unknown {
  switch (spelling) {
    case 'same':
      return value
    case 'time':
      return (value as Date).getTime() // the column was declared with `time`
    case 'json':
      return JSON.stringify(value)
    case 'flag':
      return value ? 1 : 0
  }
}
