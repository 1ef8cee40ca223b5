/**
 * The pool for Kysely's PostgreSQL driver. It differs from a plain one in four ways: statements stay prepared, each has a time
 * limit, a lost connection is replaced before a request notices it, and errors have our codes.
 */
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import { EntradaError } from '../errors/errors.ts'
import {
  endsConnection,
  isServerError,
  toStorageError,
  unavailableBecause,
} from './postgres-errors.ts'
import type { Turn } from './postgres-turn.ts'

type Statement = { readonly text: string; readonly values: unknown[]; readonly name?: string }

/** The part of `pg` that this file uses. */
export type PgClient = {
  query(statement: Statement): Promise<unknown>
  query(turn: Turn): unknown
  release(destroy?: boolean): void
}
export type PgPool = {
  readonly options: { readonly max: number }
  readonly totalCount: number
  readonly idleCount: number
  connect(): Promise<PgClient>
  end(): Promise<void>
}

/** What the pools of one database share. */
export type PoolState = {
  /** Names of prepared statements, by their text; absent if a pooler gives each transaction another connection. */
  readonly names?: Map<string, string>
  /** The time limit of each statement; `Infinity` for those without a limit. */
  readonly timeLimitMs: number
  /** Until this time of `performance.now()`, no call waits for a server that does not respond. */
  silentUntil: number
}

const MAX_PREPARED = 200
/** All columns of a table, or a list of parameters; `count(*)` is neither. */
const UNNAMED = /(select|returning|\.) ?\*| in \(\$/
/** After a restart several connections are lost, but a server that is back provides a good one. */
export const MAX_RENEWALS = 3
/** After a wait in vain other calls fail at once for a moment, or one request would wait for each of its calls. */
const SILENCE_MS = 1_000

/** Creates the shared state of the pools of one database. */
export function newPoolState(timeLimitMs: number, { isPooled = false } = {}): PoolState {
  return { timeLimitMs, silentUntil: 0, ...(isPooled ? {} : { names: new Map() }) }
}

/** Creates a pool that replaces lost connections and limits the time of each statement. */
export function createPatientPool(pool: PgPool, state: PoolState): PostgresPool {
  let ended: Promise<void> | undefined
  return {
    options: pool.options,
    connect: async () => createClient(pool, state, await connect(pool, state)),
    end: () => {
      ended ??= pool.end()
      return ended
    },
  }
}

/** Takes a connection of a pool. @throws {EntradaError} `storage_unavailable` */
export async function connect(pool: PgPool, state: PoolState): Promise<PgClient> {
  checkNotSilent(state)
  const opensOne = pool.idleCount === 0 && pool.totalCount < pool.options.max
  const startedAt = performance.now()
  try {
    return await pool.connect()
  } catch (error) {
    // A server that refuses costs no time; a silent one, or a long queue for the pool, has cost the whole limit.
    if (opensOne && performance.now() - startedAt > SILENCE_MS) beSilent(state)
    throw unavailableBecause(error)
  }
}

function createClient(pool: PgPool, state: PoolState, first: PgClient): PostgresPoolClient {
  let client = first
  let isLost = false
  let isReleased = false
  let isInTransaction = false

  async function query<R>(sql: string, parameters: readonly unknown[]) {
    const statement = toStatement(state, sql, parameters)
    for (let renewals = 0; ; renewals += 1) {
      const answer = await ask(statement)
      if (answer.kind === 'given') {
        isInTransaction = isInTransaction ? !endsTransaction(sql) : beginsTransaction(sql)
        return answer.result as PostgresQueryResult<R> // R is Kysely's own inference
      }
      if (!mayBeAskedAgain(sql) || renewals === MAX_RENEWALS) throw unavailableBecause(answer.error)
      await renew()
    }
  }

  /** Throws if the server refused the statement; returns if the connection was lost meanwhile. */
  async function ask(statement: Statement): Promise<Answer> {
    if (isLost) throw new EntradaError('storage_unavailable', { reason: 'connection_lost' })
    try {
      return { kind: 'given', result: await inTime(state, client.query(statement)) }
    } catch (error) {
      if (isServerError(error) && !endsConnection(error)) throw toStorageError(error)
      isLost = true
      return { kind: 'lost', error }
    }
  }

  /** The statement has written nothing, and no earlier statement is lost with the connection. */
  function mayBeAskedAgain(sql: string): boolean {
    const isHarmless = sql.startsWith('select') || beginsTransaction(sql)
    return isHarmless && !isInTransaction && !isSilent(state)
  }

  async function renew(): Promise<void> {
    release(true)
    client = await connect(pool, state)
    isReleased = false
    isLost = false
  }

  function release(destroy = false): void {
    if (!isReleased) client.release(destroy || isLost)
    isReleased = true
  }

  return { query, release } as PostgresPoolClient // no cursors here
}

type Answer =
  | { readonly kind: 'given'; readonly result: unknown }
  | { readonly kind: 'lost'; readonly error: unknown }

function beginsTransaction(sql: string): boolean {
  return sql.startsWith('begin') || sql.startsWith('start transaction')
}

function endsTransaction(sql: string): boolean {
  return sql === 'commit' || sql === 'rollback'
}

function toStatement({ names }: PoolState, sql: string, parameters: readonly unknown[]): Statement {
  const statement = { text: sql, values: parameters.map(toValue) }
  const name = parameters.length > 0 ? nameOf(names, sql, 'entrada') : undefined
  return name === undefined ? statement : { ...statement, name }
}

/**
 * Returns the name under which a statement stays prepared; `undefined` for one that is not kept. A `*` changes its meaning when a later release adds a column, and PostgreSQL then refuses the plan; a list has as many texts as
 * it has lengths.
 */
export function nameOf(
  names: Map<string, string> | undefined,
  sql: string,
  prefix: string,
): string | undefined {
  if (names === undefined) return undefined
  const knownName = names.get(sql)
  if (knownName !== undefined) return knownName
  if (names.size >= MAX_PREPARED || UNNAMED.test(sql)) return undefined
  const name = `${prefix}_${names.size + 1}`
  names.set(sql, name)
  return name
}

/** PostgreSQL allows no NUL in text; it is replaced by U+FFFD, as half a surrogate pair is. */
export function toValue(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\ufffd')
    : value
}

/** Waits for an answer with a time limit. */
export async function inTime<T>(
  state: PoolState,
  answer: Promise<T>,
  timeLimitMs = state.timeLimitMs,
): Promise<T> {
  if (state.timeLimitMs === Number.POSITIVE_INFINITY) return answer
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      beSilent(state)
      reject(new Error('PostgreSQL did not answer in time'))
    }, timeLimitMs)
  })
  try {
    return await Promise.race([answer, limit])
  } finally {
    clearTimeout(timer)
    // If the time limit came first, the answer may fail later, when no caller waits for it.
    answer.catch(() => {})
  }
}

function beSilent(state: PoolState): void {
  state.silentUntil = performance.now() + SILENCE_MS
}

/** Returns whether the server failed to respond a moment ago. */
export function isSilent({ silentUntil }: PoolState): boolean {
  return performance.now() < silentUntil
}

function checkNotSilent(state: PoolState): void {
  if (isSilent(state)) throw new EntradaError('storage_unavailable', { reason: 'no_answer' })
}
