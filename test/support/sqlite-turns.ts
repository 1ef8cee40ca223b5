import { Kysely } from 'kysely'
import { openSqliteConnection } from '../../src/storage/sqlite.ts'
import { createSqliteAccess, type SqliteHandle } from '../../src/storage/sqlite-access.ts'
import { createSqliteDialect } from '../../src/storage/sqlite-driver.ts'
import { createSqliteTurns } from '../../src/storage/sqlite-turns.ts'

/** Opens both connections of a file, with the statements that control transactions of turns, and a clock that a test sets. */
export function openTurns(path: string) {
  const { handle } = openSqliteConnection(path)
  const control: string[] = []
  const clock = { ms: 0 }
  const writer = createSqliteAccess(watched(handle, control))
  const reader = path === ':memory:' ? undefined : openSqliteConnection(path)
  return {
    handle,
    control,
    database: new Kysely<unknown>({ dialect: createSqliteDialect(handle, writer) }),
    turns: createSqliteTurns({
      writer,
      reader: reader?.access ?? writer,
      milliseconds: () => clock.ms,
    }),
    clock,
    close() {
      for (const open of [reader?.handle, handle]) if (open?.isOpen) open.close()
    },
  }
}

/** Notes the prepared statements that begin and end transactions when they run. */
function watched(handle: SqliteHandle, control: string[]): SqliteHandle {
  return {
    get isOpen() {
      return handle.isOpen
    },
    get isTransaction() {
      return handle.isTransaction
    },
    exec: (text) => handle.exec(text),
    close: () => handle.close(),
    prepare(text) {
      const statement = handle.prepare(text)
      if (!/^(begin|commit)/.test(text)) return statement
      const run: typeof statement.run = (...parameters) => {
        control.push(text)
        return statement.run(...parameters)
      }
      return { columns: () => statement.columns(), all: () => [], get: () => undefined, run }
    },
  }
}
