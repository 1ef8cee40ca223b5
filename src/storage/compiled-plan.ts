/**
 * What a database runs in one turn. `plan-statements.ts` makes it from a plan; each database runs it in its own way: SQLite
 * synchronously, several plans in one commit; PostgreSQL by sending all of it before the first answer comes.
 */

/** One statement, compiled before. */
export type Statement = { readonly sql: string; readonly parameters: readonly unknown[] }

/** What a statement returned: its rows, and how many rows it changed. */
export type StatementResult = {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly changedRows: number
}

/** A look-up whose result must still be the same when the plan is written. */
export type CompiledCondition = {
  /** Returns at most one row with the column `mark`. */
  readonly statement: Statement
  /** The mark at the time of the decision; `null` if there was no row. */
  readonly mark: string | null
}

/**
 * A lock that lasts until the end of the transaction. A plan shares it with other plans; a change that may take something away from
 * people holds it alone.
 */
export type PlanLock = { readonly key: string; readonly alone: boolean }

export type CompiledPlan = {
  /** In the order in which every transaction takes them. */
  readonly locks: readonly PlanLock[]
  readonly conditions: readonly CompiledCondition[]
  readonly writes: readonly Statement[]
}

/** How a database runs statements in one turn. */
export type TurnRunner = {
  /**
   * Runs statements in this order. What they write need not survive a power cut. If one fails, the call rejects, and it is up to the
   * database whether the others are undone: SQLite keeps them, PostgreSQL undoes them.
   */
  runTogether(statements: readonly Statement[]): Promise<readonly StatementResult[]>
  /**
   * Writes a plan in one transaction, durably. It returns `read_again`, and writes nothing, if a condition no longer holds, if a
   * written row exists already (a unique key), or if another transaction interfered.
   *
   * @throws {EntradaError} `storage_unavailable`, `storage_full`
   */
  writePlan(plan: CompiledPlan): Promise<'written' | 'read_again'>
}
