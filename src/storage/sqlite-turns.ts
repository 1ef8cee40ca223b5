/**
 * Runs plans and small writes on SQLite. Those that arrive in one turn of the event loop, or under load within ten milliseconds, share
 * one commit: much of what a commit costs is the same for one plan and for thirty.
 *
 * A commit runs from begin to end before anything else runs, so the locks of a plan have nothing to do here: only one transaction
 * writes at a time, in whichever process, and what a plan relies on is read inside that transaction.
 */
import type { CompiledPlan, Statement, StatementResult, TurnRunner } from './compiled-plan.ts'
import { isInTransaction, isSelect, type SqliteAccess, type SqliteValue } from './sqlite-access.ts'
import { isRowTaken, toStorageError } from './sqlite-errors.ts'

/** One commit takes no more than this, so that neither the event loop nor the transaction of another caller waits long for it. */
const MOST_JOBS = 32
const MOST_MS = 4
/**
 * Under load a commit waits this long after the last durable one, so that more plans share it: three quarters of the pages that one plan
 * writes are the same for all plans of a commit. A sign-in that comes alone does not wait.
 */
const MS_BETWEEN_COMMITS = 10

export type SqliteTurns = TurnRunner & {
  /**
   * Returns a number that changes whenever a process has committed a change of an organization, a connection or a webhook.
   *
   * @throws {EntradaError} `storage_unavailable`
   */
  version(): number
  /** Resolves when everything that was queued before is settled. */
  finish(): Promise<void>
}

/** Creates the turns on the connection that writes and on the one that reads, which in memory are the same. */
export function createSqliteTurns({
  writer,
  reader,
  milliseconds = () => performance.now(),
}: {
  readonly writer: SqliteAccess
  readonly reader: SqliteAccess
  readonly milliseconds?: () => number
}): SqliteTurns {
  const queue = createQueue(writer, milliseconds)
  const readsAtOnce = reader !== writer
  return {
    runTogether(statements) {
      if (statements.every(({ sql }) => isSelect(sql))) {
        const read = () => statements.map((statement) => run(reader, statement))
        return readsAtOnce ? reader.patiently(read) : inTurn(writer, read)
      }
      return queue((caller) => createStatementsJob(writer, statements, caller))
    },
    writePlan: (plan) => queue((caller) => createPlanJob(writer, plan, caller)),
    version() {
      try {
        return readDataVersion(writer) + writer.records.count()
      } catch (error) {
        throw toStorageError(error)
      }
    },
    async finish() {
      await Promise.allSettled([queue((caller) => createStatementsJob(writer, [], caller))])
    },
  }
}

/** Reads on the connection that also writes, when no transaction is open. */
function inTurn<T>({ lock }: SqliteAccess, read: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    lock.take(() => {
      try {
        resolve(read())
      } catch (error) {
        reject(toStorageError(error))
      } finally {
        lock.leave()
      }
    })
  })
}

/**
 * SQLite's own counter moves when another connection commits; our own commits are counted in this process. Both only rise, so their
 * sum changes if one of them does.
 */
function readDataVersion({ prepare }: SqliteAccess): number {
  const row = prepare('pragma data_version').statement.get()
  return (row as { readonly data_version: number }).data_version // the only column of this pragma
}

type Caller<T> = {
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
}

/** A plan or statements that wait for a commit. */
type Job = {
  readonly isDurable: boolean
  /** Runs it in the open transaction. It may run again after a rollback. */
  run(mode: Mode): void
  /** Passes on what the last run returned, after the commit. */
  settle(): void
  reject(error: unknown): void
}

type Mode = 'plain' | 'savepoints'

/** Creates a queue whose jobs are committed together: at the end of the turn of the event loop, under load after a pause. */
function createQueue(writer: SqliteAccess, milliseconds: () => number) {
  const waiting: Job[] = []
  let isScheduled = false
  let lastDurableAt = Number.NEGATIVE_INFINITY

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return
    isScheduled = true
    const start = () => writer.lock.take(() => void commitFirst())
    const pauseMs = lastDurableAt + MS_BETWEEN_COMMITS - milliseconds()
    if (pauseMs > 0 && waiting.length < MOST_JOBS) setTimeout(start, pauseMs)
    else setImmediate(start)
  }

  async function commitFirst(): Promise<void> {
    try {
      const jobs = await writer.patiently(() => commitTogether(writer, waiting, milliseconds))
      waiting.splice(0, jobs.length)
      if (jobs.some(({ isDurable }) => isDurable)) lastDurableAt = milliseconds()
      for (const job of jobs) job.settle()
    } catch (error) {
      for (const job of waiting.splice(0, MOST_JOBS)) job.reject(error)
    }
    writer.lock.leave()
    isScheduled = false
    schedule()
  }

  return <T>(create: (caller: Caller<T>) => Job) =>
    new Promise<T>((resolve, reject) => {
      waiting.push(create({ resolve, reject }))
      schedule()
    })
}

/** Commits the first jobs, and returns them. It throws, and nothing is written, if not even one could be committed. */
function commitTogether(
  writer: SqliteAccess,
  waiting: readonly Job[],
  milliseconds: () => number,
): readonly Job[] {
  const first = waiting.slice(0, MOST_JOBS)
  writer.commitDurably(first.some(({ isDurable }) => isDurable))
  try {
    const jobs = runFirst(writer, first, milliseconds)
    control(writer, 'commit')
    return jobs
  } catch (error) {
    if (isInTransaction(writer.handle)) control(writer, 'rollback')
    throw error
  } finally {
    writer.records.noteCommit()
  }
}

/**
 * A savepoint for each plan costs a third of what its rows cost, because SQLite keeps a copy of each page that it changes. So the
 * first run has none: conditions are read before anything is written, and a statement that fails leaves nothing of itself. Only if a
 * plan fails after it has written something, everything is rolled back and runs again with savepoints.
 */
function runFirst(
  writer: SqliteAccess,
  jobs: readonly Job[],
  milliseconds: () => number,
): readonly Job[] {
  control(writer, 'begin immediate')
  try {
    return runEach(jobs, 'plain', milliseconds)
  } catch (error) {
    if (!(error instanceof HalfWritten)) throw error
    control(writer, 'rollback')
    control(writer, 'begin immediate')
    return runEach(jobs, 'savepoints', milliseconds)
  }
}

/** Runs one job or more, until their time is over, and returns those that ran. */
function runEach(jobs: readonly Job[], mode: Mode, milliseconds: () => number): readonly Job[] {
  const endsAt = milliseconds() + MOST_MS
  let count = 0
  for (const job of jobs) {
    if (count > 0 && milliseconds() >= endsAt) break
    job.run(mode)
    count += 1
  }
  return jobs.slice(0, count)
}

/** Thrown when a plan failed after it had written something. */
class HalfWritten extends Error {}

function createPlanJob(
  writer: SqliteAccess,
  plan: CompiledPlan,
  { resolve, reject }: Caller<'written' | 'read_again'>,
): Job {
  let settle = () => {}
  return {
    isDurable: true,
    run(mode) {
      try {
        const outcome = write(writer, plan, mode)
        settle = () => resolve(outcome)
      } catch (error) {
        if (error instanceof HalfWritten || !isInTransaction(writer.handle)) throw error
        settle = () => (isRowTaken(error) ? resolve('read_again') : reject(toStorageError(error)))
      }
    },
    settle: () => settle(),
    reject,
  }
}

function write(writer: SqliteAccess, plan: CompiledPlan, mode: Mode): 'written' | 'read_again' {
  for (const { statement, mark } of plan.conditions) {
    if (markOf(run(writer, statement)) !== mark) return 'read_again'
  }
  if (mode === 'plain') writePlainly(writer, plan.writes)
  else writeWithSavepoint(writer, plan.writes)
  return 'written'
}

function markOf({ rows }: StatementResult): string | null {
  const mark = rows[0]?.mark ?? null
  return mark === null ? null : String(mark)
}

function writePlainly(writer: SqliteAccess, writes: readonly Statement[]): void {
  let isWritten = false
  for (const statement of writes) {
    try {
      run(writer, statement)
    } catch (cause) {
      if (isWritten && isInTransaction(writer.handle)) throw new HalfWritten('', { cause })
      throw cause
    }
    isWritten = true
  }
}

function writeWithSavepoint(writer: SqliteAccess, writes: readonly Statement[]): void {
  control(writer, 'savepoint plan')
  try {
    for (const statement of writes) run(writer, statement)
  } catch (error) {
    if (isInTransaction(writer.handle)) control(writer, 'rollback to plan')
    throw error
  } finally {
    if (isInTransaction(writer.handle)) control(writer, 'release plan')
  }
}

/** A statement that fails does so alone, because SQLite undoes only what that statement did. */
function createStatementsJob(
  writer: SqliteAccess,
  statements: readonly Statement[],
  { resolve, reject }: Caller<readonly StatementResult[]>,
): Job {
  let settle = () => {}
  return {
    isDurable: false,
    run() {
      const results: StatementResult[] = []
      const errors: unknown[] = []
      for (const statement of statements) {
        try {
          results.push(run(writer, statement))
        } catch (error) {
          if (!isInTransaction(writer.handle)) throw error
          errors.push(error)
        }
      }
      settle = () => (errors.length > 0 ? reject(toStorageError(errors[0])) : resolve(results))
    },
    settle: () => settle(),
    reject,
  }
}

function run({ prepare, records }: SqliteAccess, { sql, parameters }: Statement): StatementResult {
  const prepared = prepare(sql)
  records.noteRun(prepared)
  const values = parameters as readonly SqliteValue[] // the same conversions made them as for Kysely
  if (!prepared.returnsRows) {
    return { rows: [], changedRows: Number(prepared.statement.run(...values).changes) }
  }
  const rows = prepared.statement.all(...values) as StatementResult['rows'] // objects, unless `node:sqlite` is asked for arrays
  return { rows, changedRows: prepared.isSelect ? 0 : rows.length }
}

function control({ prepare }: SqliteAccess, sql: string): void {
  prepare(sql).statement.run()
}
