type JoinedRow = Readonly<Record<string, unknown>>

const MOST_REMEMBERED = 1_000

/**
 * Returns a parser that remembers the record of each row it has seen, and returns the same record again for a row that has the same
 * columns. It is called with each row as it was read, so no record that it returns is out of date.
 */
export function rememberingParser<Stored>({
  aliases,
  parse,
}: {
  readonly aliases: readonly string[]
  readonly parse: (joined: JoinedRow) => Stored | undefined
}): (joined: JoinedRow) => Stored | undefined {
  const [id = ''] = aliases
  const remembered = new Map<unknown, { readonly columns: JoinedRow; readonly record: Stored }>()
  return (joined) => {
    const last = remembered.get(joined[id])
    if (last !== undefined && aliases.every((name) => last.columns[name] === joined[name])) {
      return last.record
    }
    const record = freeze(parse(joined))
    if (record === undefined) return undefined
    if (remembered.size >= MOST_REMEMBERED) remembered.clear()
    const columns = Object.fromEntries(aliases.map((name) => [name, joined[name]]))
    remembered.set(joined[id], { columns, record })
    return record
  }
}

/** Freezes a record with all that it contains: many callers get the same one, and the application's hooks may be among them. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
