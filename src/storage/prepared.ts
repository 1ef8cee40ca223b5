/**
 * Statements that are built and compiled once. Building and compiling a statement takes several times as long as running it, so the
 * statements of every sign-in and every session check are kept; a call only fills in the values.
 *
 *     const endSession = prepared<{ id: string }>((database, { id }) => database.deleteFrom('sessions').where('id', '=', id))
 *     endSession(database, { id: 'ses_1' })   // { sql: 'delete from "sessions" where "id" = ?', parameters: ['ses_1'] }
 */
import type { Compilable } from 'kysely'
import type { Statement } from './compiled-plan.ts'
import type { Database } from './schema.ts'

/** Takes the place of a value while the statement is built. */
class NamedParameter {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * Returns a function that fills in the values of a statement. `build` runs once for each connection of the database, with named parameters
 * instead of values: it must build the same statement whatever the values are, and every call must give the same members.
 */
export function prepared<Values extends object>(
  build: (database: Database, values: Values) => Compilable,
): (database: Database, values: Values) => Statement {
  const kept = new WeakMap<object, Statement>()
  return (database, values) => {
    const { adapter } = database.getExecutor()
    let compiled = kept.get(adapter)
    if (compiled === undefined) {
      compiled = build(database, parametersFor(values)).compile()
      kept.set(adapter, compiled)
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof NamedParameter ? values[parameter.name as keyof Values] : parameter,
    )
    return { sql: compiled.sql, parameters }
  }
}

function parametersFor<Values extends object>(values: Values): Values {
  const names = Object.keys(values)
  return Object.fromEntries(names.map((name) => [name, new NamedParameter(name)])) as Values // Kysely passes them on unread
}
