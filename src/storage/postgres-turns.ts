/** Runs statements and plans on PostgreSQL, each in one turn of the network. */
import type { CompiledCondition, CompiledPlan, Statement, TurnRunner } from './compiled-plan.ts'
import {
  endsConnection,
  isCollision,
  isOvertaken,
  isRaisedByCondition,
  isServerError,
  toStorageError,
  unavailableBecause,
} from './postgres-errors.ts'
import {
  connect,
  inTime,
  isSilent,
  MAX_RENEWALS,
  nameOf,
  type PgPool,
  type PoolState,
  toValue,
} from './postgres-pool.ts'
import { lockFunction } from './postgres-transactions.ts'
import {
  type Conversions,
  createTurn,
  type PreparedNames,
  type Turn,
  type TurnOutcome,
  type TurnStatement,
} from './postgres-turn.ts'
import { WORK_TIME_LIMIT_MS } from './transaction-limit.ts'
import { lockNumber } from './transaction-locks.ts'

export type PostgresTurnsOptions = {
  /** Does not wait for the disk. */
  readonly statements: PgPool
  /** Durable. */
  readonly transactions: PgPool
  readonly state: PoolState
  readonly conversions: Conversions
  /** Statements that begin a transaction, for connections which could not be set up when they opened. */
  readonly begin?: { readonly together: readonly string[]; readonly plan: readonly string[] }
}

/** Creates the runner of a PostgreSQL. */
export function createPostgresTurns(options: PostgresTurnsOptions): TurnRunner {
  const names = options.state.names && new Map<string, string>()
  const prepared = new WeakMap<object, PreparedNames>()
  const { statements: statementPool, transactions, state, conversions, begin } = options

  const together: Way = {
    pool: statementPool,
    begins: begin?.together ?? [],
    timeLimitMs: state.timeLimitMs,
  }
  // A plan may wait for its locks.
  const plans: Way = {
    pool: transactions,
    begins: begin?.plan ?? [],
    timeLimitMs: WORK_TIME_LIMIT_MS,
  }

  async function run(way: Way, statements: readonly Statement[]): Promise<TurnOutcome> {
    const { begins } = way
    const isHarmless = statements.every(({ sql }) => sql.startsWith('select'))
    const named = statements.map((statement) => toTurnStatement(names, statement))
    const sent = begins.length > 0 ? [...begins.map(plain), ...named, plain('commit')] : named
    for (let renewals = 0; ; renewals += 1) {
      const outcome = await runOnce(way, sent)
      if (!isLost(outcome)) {
        const results = outcome.results.slice(begins.length, begins.length + named.length)
        return { ...outcome, results }
      }
      const isUndone = isHarmless || isUnfinished(outcome, begins.length + named.length)
      if (!isUndone || renewals === MAX_RENEWALS || isSilent(state)) {
        throw unavailableBecause(outcome.error)
      }
    }
  }

  async function runOnce(
    { pool, timeLimitMs }: Way,
    named: readonly TurnStatement[],
  ): Promise<TurnOutcome> {
    const client = await connect(pool, state)
    const onClient = prepared.get(client) ?? new Map()
    prepared.set(client, onClient)
    const running = new Promise<TurnOutcome>((done) => {
      const turn: Turn = createTurn(named, conversions, { prepared: onClient, done })
      client.query(turn)
    })
    try {
      const outcome = await inTime(state, running, timeLimitMs)
      const isOver = begin === undefined || outcome.error === undefined || isLost(outcome)
      if (!isOver) await inTime(state, client.query({ text: 'rollback', values: [] }))
      client.release(isLost(outcome))
      return outcome
    } catch (error) {
      client.release(true)
      throw unavailableBecause(error)
    }
  }

  return {
    async runTogether(statements) {
      const { results, error } = await run(together, statements)
      if (error !== undefined) throw toStorageError(error)
      return results
    },
    async writePlan(plan) {
      const locks = toLockStatements(plan)
      const conditions = plan.conditions.map(toRaising)
      const statements = [...locks, ...conditions, ...plan.writes]
      const outcome = await run(plans, statements)
      if (outcome.error === undefined) return 'written'
      const failed = outcome.results.length
      const isCondition = failed >= locks.length && failed < locks.length + conditions.length
      if (isCondition && isRaisedByCondition(outcome.error)) return 'read_again'
      if (isCollision(outcome.error) || isOvertaken(outcome.error)) return 'read_again'
      throw toStorageError(outcome.error)
    },
  }
}

type Way = {
  readonly pool: PgPool
  readonly begins: readonly string[]
  readonly timeLimitMs: number
}

function plain(text: string): TurnStatement {
  return { text, values: [] }
}

function toTurnStatement(
  names: Map<string, string> | undefined,
  { sql, parameters }: Statement,
): TurnStatement {
  const statement = { text: sql, values: parameters.map(toValue) }
  const name = nameOf(names, sql, 'entrada_turn')
  return name === undefined ? statement : { ...statement, name }
}

function isLost({ error }: TurnOutcome): boolean {
  return error !== undefined && (!isServerError(error) || endsConnection(error))
}

/**
 * Returns whether the server itself ended the connection, and before the last statement: then nothing is committed. When the
 * connection only broke, the commit may have come before.
 */
function isUnfinished({ error, results }: TurnOutcome, statements: number): boolean {
  return isServerError(error) && results.length < statements
}

/** One statement for all locks; PostgreSQL takes them from left to right. */
function toLockStatements({ locks }: CompiledPlan): readonly Statement[] {
  if (locks.length === 0) return []
  const takes = locks.map(({ alone }, at) => `${lockFunction(alone)}($${at + 1})`)
  const parameters = locks.map(({ key }) => String(lockNumber(key)))
  return [{ sql: `select ${takes.join(', ')}`, parameters }]
}

/** Raises a division by zero if the mark is another one now; zero rows alone would be no error to PostgreSQL. */
function toRaising({ statement: { sql, parameters }, mark }: CompiledCondition): Statement {
  const last = `$${parameters.length + 1}`
  return {
    sql: `select 1 / (case when (${sql})::text is not distinct from ${last}::text then 1 else 0 end)`,
    parameters: [...parameters, mark],
  }
}
