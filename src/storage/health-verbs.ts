/** Reads and writes the health of connections, in batches apart from the sign-ins themselves. */
import { mergeHealth } from './merge-health.ts'
import { type ColumnsOf, conversions, type RowOf, same, time } from './record-columns.ts'
import type { ConnectionHealth, ConnectionId, ConnectionResults, SignInCount } from './records.ts'
import type { Database } from './schema.ts'
import type { StorageReader } from './storage.ts'

/** The rows with this id count the sign-ins of all connections together. */
const ALL_CONNECTIONS: ConnectionId = ''
const COUNTED_DAYS = 400
const DAY_MS = 86_400_000

/** Creates the functions that read the health of connections. */
export function healthReads(database: Database) {
  return {
    async countConnections({ organizationId, credentialsEndBefore }) {
      let query = selectConnections(database)
      if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
      const on = query.where('status', '=', 'on')
      const [total, active, draft, failing, expiring] = await Promise.all([
        countRows(query),
        countRows(on),
        countRows(query.where('status', '=', 'draft')),
        countRows(on.where('id', 'in', failingConnections(database))),
        countRows(on.where('credentials_end_at', '<', credentialsEndBefore.getTime())),
      ])
      return { total, on: active, draft, failing, expiring }
    },
    async findConnectionHealth(ids) {
      if (ids.length === 0) return new Map()
      const query = database.selectFrom('connection_health').selectAll()
      const rows = await query.where('connection_id', 'in', ids).execute()
      return new Map(rows.map((row) => [row.connection_id, healths.parse(row)]))
    },
    async listSignInCounts({ connectionIds = [ALL_CONNECTIONS], since, until }) {
      if (connectionIds.length === 0) return []
      const rows = await database
        .selectFrom('sign_in_counts')
        .select(['day', 'outcome'])
        .select(({ fn, cast }) => cast<number>(fn.sum('sign_ins'), 'bigint').as('signIns'))
        .where('connection_id', 'in', connectionIds)
        .where('day', '>=', since)
        .where('day', '<=', until)
        .groupBy(['day', 'outcome'])
        .orderBy('day')
        .orderBy('outcome')
        .execute()
      return rows.map(({ day, outcome, signIns }) => ({ day, outcome, signIns }))
    },
  } satisfies Partial<StorageReader>
}

/** Selects the ids of connections whose sign-ins fail. */
export function failingConnections(database: Database) {
  const query = database.selectFrom('connection_health').select('connection_id')
  return query.where('failing_since', 'is not', null)
}

/** Adds results in the order of the connections' ids, so that two replicas never wait for each other. */
export async function addConnectionResults(
  database: Database,
  results: readonly ConnectionResults[],
): Promise<void> {
  const inOrder = [...results].sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1))
  for (const { connectionId, counts, health } of inOrder) {
    await addHealth(database, connectionId, health)
    await addCounts(database, connectionId, counts)
  }
  await addCounts(database, ALL_CONNECTIONS, sumOf(results.flatMap(({ counts }) => counts)))
}

/** Removes days that are too long ago, and the health of removed connections. */
export async function sweepHealth(database: Database, now: Date) {
  const firstDay = new Date(now.getTime() - COUNTED_DAYS * DAY_MS).toISOString().slice(0, 10)
  const connections = database.selectFrom('connections').select('id')
  return [
    ...(await database.deleteFrom('sign_in_counts').where('day', '<', firstDay).execute()),
    ...(await database
      .deleteFrom('connection_health')
      .where('connection_id', 'not in', connections)
      .execute()),
  ]
}

async function addHealth(
  database: Database,
  connectionId: ConnectionId,
  seen: ConnectionHealth,
): Promise<void> {
  const query = database.selectFrom('connection_health').selectAll()
  const row = await query.where('connection_id', '=', connectionId).executeTakeFirst()
  const health = row === undefined ? seen : mergeHealth(healths.parse(row), seen)
  const rest = healths.toRow(health)
  await database
    .insertInto('connection_health')
    .values({ connection_id: connectionId, ...rest })
    .onConflict((conflict) => conflict.column('connection_id').doUpdateSet(rest))
    .execute()
}

async function addCounts(
  database: Database,
  connectionId: ConnectionId,
  counts: readonly SignInCount[],
): Promise<void> {
  for (const { day, outcome, signIns } of counts) {
    await database
      .insertInto('sign_in_counts')
      .values({ connection_id: connectionId, day, outcome, sign_ins: signIns })
      .onConflict((conflict) =>
        conflict.columns(['connection_id', 'day', 'outcome']).doUpdateSet((is) => ({
          sign_ins: is('sign_in_counts.sign_ins', '+', is.ref('excluded.sign_ins')),
        })),
      )
      .execute()
  }
}

function sumOf(counts: readonly SignInCount[]): readonly SignInCount[] {
  const sums = new Map<string, SignInCount>()
  for (const { day, outcome, signIns } of counts) {
    const key = `${day} ${outcome}`
    sums.set(key, { day, outcome, signIns: signIns + (sums.get(key)?.signIns ?? 0) })
  }
  return [...sums.keys()].sort().flatMap((key) => sums.get(key) ?? [])
}

async function countRows(query: ReturnType<typeof selectConnections>): Promise<number> {
  const counted = query.select(({ fn }) => fn.countAll<number>().as('rows'))
  return (await counted.executeTakeFirstOrThrow()).rows
}

function selectConnections(database: Database) {
  return database.selectFrom('connections')
}

const columns = {
  lastSuccessAt: time('last_success_at'),
  lastFailureAt: time('last_failure_at'),
  lastFailureCode: same('last_failure_code'),
  failuresInARow: same('failures_in_a_row'),
  failingSince: time('failing_since'),
} satisfies ColumnsOf<ConnectionHealth>
const healths = conversions<ConnectionHealth, typeof columns>(columns)

export type ConnectionHealthRow = RowOf<ConnectionHealth, typeof columns> & {
  connection_id: ConnectionId
}
