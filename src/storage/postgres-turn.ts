/**
 * Sends several statements to PostgreSQL as one message and one transaction: all of them go out before the first answer comes, and
 * only then the `Sync`, at which PostgreSQL commits. After an error it skips the rest and rolls back, so there is no begin that
 * could fail alone, and no commit that could be missing.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import type { StatementResult } from './compiled-plan.ts'

/** `name` makes PostgreSQL keep the statement prepared. */
export type TurnStatement = {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name?: string
}

/** The results of the statements before the error; all of them if there is none. */
export type TurnOutcome = { readonly results: readonly StatementResult[]; readonly error?: unknown }

/** How `pg` converts parameters and columns. */
export type Conversions = {
  readonly toParameter: (value: unknown) => string | Buffer | null
  readonly getTypeParser: (dataType: number, format: 'text') => (text: string) => unknown
}

/** The part of `pg` that sends and receives messages; its query objects use the same. */
type WireConnection = {
  readonly stream: { cork(): void; uncork(): void }
  parse(message: { readonly text: string; readonly name: string }): void
  bind(message: { readonly statement: string; readonly values: readonly unknown[] }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(message: object): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
}
type Field = { readonly name: string; readonly dataTypeID: number }
type Column = { readonly name: string; readonly parse: (text: string) => unknown }

/** A query object of `pg`: it sends, and is called with the messages that come back. */
export type Turn = {
  submit(connection: WireConnection): void
  handleRowDescription(message: { readonly fields: readonly Field[] }): void
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void
  handleCommandComplete(message: { readonly text: string }): void
  handleReadyForQuery(): void
  handleError(error: unknown): void
  handleEmptyQuery(): void
  handlePortalSuspended(): void
  handleCopyInResponse(): void
  handleCopyData(): void
}

/** The names that were prepared on a connection; `unsure` after an error, when it is not known how far PostgreSQL came. */
export type PreparedNames = Map<string, 'prepared' | 'unsure'>

/** Creates the query object; `done` is called once. */
export function createTurn(
  statements: readonly TurnStatement[],
  { toParameter, getTypeParser }: Conversions,
  { prepared, done }: { readonly prepared: PreparedNames; done(outcome: TurnOutcome): void },
): Turn {
  const results: StatementResult[] = []
  let columns: readonly Column[] = []
  let rows: Readonly<Record<string, unknown>>[] = []
  const unexpected = () => {}

  function finish(error?: unknown): void {
    for (const { name } of statements) {
      if (name !== undefined && prepared.get(name) !== 'prepared') {
        prepared.set(name, error === undefined ? 'prepared' : 'unsure')
      }
    }
    done(error === undefined ? { results } : { results, error })
  }

  return {
    submit(connection) {
      connection.stream.cork()
      try {
        const parsedHere = new Set<string>()
        for (const statement of statements) send(connection, statement, parsedHere)
        connection.sync()
      } finally {
        connection.stream.uncork()
      }
    },
    handleRowDescription({ fields }) {
      columns = fields.map(({ name, dataTypeID }) => ({
        name,
        parse: getTypeParser(dataTypeID, 'text'),
      }))
    },
    handleDataRow({ fields }) {
      const cells = columns.map(({ name, parse }, at) => [name, parseCell(fields[at], parse)])
      rows.push(Object.fromEntries(cells))
    },
    handleCommandComplete({ text }) {
      results.push({ rows, changedRows: countOf(text) })
      columns = []
      rows = []
    },
    handleReadyForQuery: () => finish(),
    handleError: finish,
    handleEmptyQuery: unexpected,
    handlePortalSuspended: unexpected,
    handleCopyInResponse: unexpected,
    handleCopyData: unexpected,
  }

  function send(
    connection: WireConnection,
    { text, values, name = '' }: TurnStatement,
    parsedHere: Set<string>,
  ): void {
    const state = prepared.get(name)
    if (name === '' || (state !== 'prepared' && !parsedHere.has(name))) {
      // To close a name that does not exist is no error.
      if (state === 'unsure') connection.close({ type: 'S', name })
      connection.parse({ text, name })
      parsedHere.add(name)
    }
    connection.bind({ statement: name, values: values.map(toParameter) })
    connection.describe({ type: 'P', name: '' })
    connection.execute({})
  }
}

function parseCell(text: string | null | undefined, parse: Column['parse']): unknown {
  return text === null || text === undefined ? null : parse(text)
}

/** `INSERT 0 1`, `UPDATE 2`, `DELETE 0`; a `SELECT 1` changes nothing. */
function countOf(commandTag: string): number {
  const [, count = '0'] = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(commandTag) ?? []
  return Number(count)
}
