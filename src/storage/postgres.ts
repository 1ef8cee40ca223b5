/**
 * PostgreSQL through `pg`, which only this file imports. It supports any number of replicas: nothing is kept in this process.
 *
 * There are two pools. One runs single statements, each in its own transaction: reads, claims, and the time at which a session was
 * used. They need not wait for the disk. The other runs transactions, durable and with locks. So a read never waits for a
 * transaction.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { isEntradaError } from '../errors/errors.ts'
import type { Secret } from '../keys/secret.ts'
import { createKyselyStorage } from './kysely-storage.ts'
import { migrate } from './migrations/migrations.ts'
import { isCollision } from './postgres-errors.ts'
import { createPatientPool, newPoolState, type PoolState } from './postgres-pool.ts'
import { BEGIN, createRunAlone, takeLocks } from './postgres-transactions.ts'
import { createPostgresTurns } from './postgres-turns.ts'
import type { Database, Tables } from './schema.ts'
import type { DatabaseMark, Storage } from './storage.ts'

export type PostgresOptions = {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly url: Secret
  readonly mode: DatabaseMark['mode']
  readonly now: () => Date
  /** The maximum number of connections; half of them are for transactions. */
  readonly connections?: number
}

const DEFAULT_CONNECTIONS = 16
const CONNECT_TIME_LIMIT_MS = 2_500
const ANSWER_TIME_LIMIT_MS = 2_500
/** A little less than the limit of an answer, so that a server which is merely slow reports it and stops. */
const STATEMENT_TIME_LIMIT_MS = 2_000
/** Longer than any transaction of ours: it frees the locks of a replica that vanished. */
const ABANDONED_TRANSACTION_MS = 10_000
const MIGRATION_LOCK = '4992130211'
const INT8 = 20
/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = '55P03'
const PROTOCOL_VIOLATION = '08P01'
const LOCK_TRIES = 200
const LOCK_PAUSE_MS = 200

/**
 * Opens the database, and creates or migrates it if necessary.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `storage_unavailable`, `storage_full`
 */
export async function openPostgres(options: PostgresOptions): Promise<Storage> {
  const { url, connections = DEFAULT_CONNECTIONS } = options
  const isPooled = await findPooler(url)
  const migrated = await prepare(options)
  const state = newPoolState(ANSWER_TIME_LIMIT_MS, { isPooled })
  const max = Math.max(1, Math.floor(connections / 2))
  const sent = (settings: Settings) => (isPooled ? {} : settings)
  const statements = openPool(url, { state, max, serverSettings: sent(statementSettings) })
  const transactions = openPool(url, { state, max, serverSettings: sent(limits) })
  const begin = (settings: Settings) => [BEGIN, ...toSetLocal(settings)]
  return createKyselyStorage({
    kind: 'postgres',
    migrated,
    reads: statements.database,
    writes: statements.database,
    runAlone: createRunAlone(transactions.database, isPooled ? begin(local).join('; ') : BEGIN),
    takeLocks,
    turns: createPostgresTurns({
      statements: statements.clients,
      transactions: transactions.clients,
      state,
      conversions: { toParameter: utils.prepareValue, getTypeParser },
      ...(isPooled ? { begin: { together: begin(localStatement), plan: begin(local) } } : {}),
    }),
    checkWritable: () => checkWritable(transactions.database),
    close: async () => {
      await Promise.all([statements.pool.end(), transactions.pool.end()])
    },
  })
}

// The types of `pg` leave it out; its own query objects convert their parameters with it.
const { utils } = pg as unknown as {
  readonly utils: { readonly prepareValue: (value: unknown) => string | Buffer | null }
}

/** Settings that can hold for one transaction. */
const local = {
  statement_timeout: STATEMENT_TIME_LIMIT_MS,
  lock_timeout: STATEMENT_TIME_LIMIT_MS,
  idle_in_transaction_session_timeout: ABANDONED_TRANSACTION_MS,
}
const limits = {
  ...local,
  default_transaction_isolation: 'read committed',
  // They free the locks of a replica whose machine vanished in the middle of a message.
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
}
// If a crash of the server loses a claim, Entra still does not redeem the code twice.
const noWait = { synchronous_commit: 'off' }
const statementSettings = { ...limits, ...noWait }
const localStatement = { ...local, ...noWait }

/**
 * Returns whether a pooler of connections is in the way, which gives each transaction another connection: PgBouncer refuses our
 * settings at the start of a connection, or drops them. Then each transaction sets what it needs, and no statement stays prepared.
 */
async function findPooler(url: Secret): Promise<boolean> {
  const state = newPoolState(ANSWER_TIME_LIMIT_MS, { isPooled: true })
  const { database, pool } = openPool(url, { state, max: 1, serverSettings: probe })
  try {
    const { rows } =
      await sql<Probed>`select current_setting('entrada.probe', true) as probe`.execute(database)
    return rows[0]?.probe !== 'sent'
  } catch (error) {
    if (isEntradaError(error) && error.detail.reason === PROTOCOL_VIOLATION) return true
    throw error
  } finally {
    await pool.end()
  }
}
const probe = { 'entrada.probe': 'sent' }
type Probed = { readonly probe: string | null }

/** This uses a connection of its own without time limits. A second program waits for the lock, and finds the work done. */
async function prepare({ url, mode, now }: PostgresOptions): Promise<readonly string[]> {
  const state = newPoolState(Number.POSITIVE_INFINITY, { isPooled: true })
  const { database, pool } = openPool(url, { state, max: 1, serverSettings: {} })
  try {
    return await untilLocked(() =>
      database.transaction().execute(async (transaction) => {
        const statements = [...toSetLocal({ lock_timeout: 0, statement_timeout: 0 }), lock]
        await sql.raw(statements.join('; ')).execute(transaction)
        return migrate(transaction, { dialect: 'postgres', mode, now })
      }),
    )
  } finally {
    await pool.end()
  }
}

/** A migration locks all tables or none, and releases them for a moment between two attempts. */
async function untilLocked<T>(work: () => Promise<T>): Promise<T> {
  for (let left = LOCK_TRIES; ; left -= 1) {
    try {
      return await work()
    } catch (error) {
      const isLocked = isEntradaError(error) && error.detail.reason === LOCK_NOT_AVAILABLE
      if (left === 1 || !(isLocked || isCollision(error))) throw error
      await sleep(LOCK_PAUSE_MS * (0.5 + Math.random()))
    }
  }
}

const lock = `select pg_advisory_xact_lock(${MIGRATION_LOCK})`

/** Opens one connection, for inspecting the database as it is. */
export async function openPostgresConnection(url: Secret) {
  const isPooled = await findPooler(url)
  const state = newPoolState(ANSWER_TIME_LIMIT_MS, { isPooled })
  const serverSettings = isPooled ? {} : limits
  const { database, pool } = openPool(url, { state, max: 1, serverSettings })
  const close = () => pool.end()
  return { database, close, statementTimeoutMs: limits.statement_timeout }
}

function openPool(url: Secret, options: PoolOptions & { readonly state: PoolState }) {
  const clients = newPgPool(url, options)
  const pool = createPatientPool(clients, options.state)
  const database: Database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { database, pool, clients }
}

type Settings = Readonly<Record<string, string | number>>
type PoolOptions = { readonly max: number; readonly serverSettings: Settings }

function newPgPool(url: Secret, { max, serverSettings }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: toConnectionString(url.reveal(), serverSettings),
    application_name: 'entrada',
    max,
    connectionTimeoutMillis: CONNECT_TIME_LIMIT_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types: { getTypeParser },
  })
  // An idle connection that breaks is replaced when one is needed.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/**
 * Adds our settings of the server after those of the URL. `pg` treats the other modes of TLS like `verify-full` too, but warns that
 * this will change.
 */
function toConnectionString(text: string, settings: Settings): string {
  const url = new URL(text)
  const givenOptions = url.searchParams.get('options') ?? ''
  const options = `${givenOptions} ${toServerOptions(settings)}`.trim()
  if (options !== '') url.searchParams.set('options', options)
  if (['prefer', 'require', 'verify-ca'].includes(url.searchParams.get('sslmode') ?? '')) {
    url.searchParams.set('sslmode', 'verify-full')
  }
  return url.href
}

/** @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS */
function toServerOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${String(value).replaceAll(' ', '\\ ')}`)
    .join(' ')
}

function toSetLocal(settings: Settings): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `set local ${name} = ${value}`)
}

/** Milliseconds and counts are far below 2^53. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) =>
  Number(oid) === INT8 ? Number : pg.types.getTypeParser(oid, format)

/** A read-only server refuses this statement, although it changes nothing. */
async function checkWritable(transactions: Database): Promise<void> {
  await sql`update database_mark set id = id where false`.execute(transactions)
}
