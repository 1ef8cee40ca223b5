/** Reads and writes the grants of sessions that are checked again, and stored ends of sessions. */
import { sql } from 'kysely'
import { keyIdOf } from './columns.ts'
import { type ColumnsOf, conversions, type RowOf, same, time } from './record-columns.ts'
import type { Database } from './schema.ts'
import type {
  GrantLease,
  RememberedEnd,
  SessionGrant,
  SessionGrantReads,
  SessionGrantWrites,
} from './session-grants.ts'

/** Creates the functions that read grants and ends of sessions. */
export function sessionGrantReads(database: Database): Omit<SessionGrantReads, 'findSessionById'> {
  return {
    async findSessionEnd(tokenHash, now) {
      const query = database.selectFrom('session_ends').selectAll()
      const found = query.where('token_hash', '=', tokenHash).where('until', '>', now.getTime())
      const row = await found.executeTakeFirst()
      return row && ends.parse(row)
    },
    async findSessionGrant(id) {
      const query = database.selectFrom('session_grants').selectAll().where('session_id', '=', id)
      const row = await query.executeTakeFirst()
      return row && grants.parse(row)
    },
    async listGrantsToReseal(keyId, limit) {
      const query = database.selectFrom('session_grants').selectAll().where('key_id', '<>', keyId)
      return (await query.limit(limit).execute()).map(grants.parse)
    },
    async listGrantsSealedUnder(keyId, limit) {
      const query = database.selectFrom('session_grants').selectAll().where('key_id', '=', keyId)
      return (await query.limit(limit).execute()).map(grants.parse)
    },
    async countGrantsSealedUnder(keyId) {
      const counts = await countSealedGrants(database)
      return counts.find((count) => count.keyId === keyId)?.values ?? 0
    },
  }
}

/** Creates the functions that write grants and ends of sessions. */
export function sessionGrantWrites(database: Database): SessionGrantWrites {
  return {
    async rememberSessionEnd(end) {
      const { token_hash, ...rest } = ends.toRow(end)
      const insert = database.insertInto('session_ends').values({ token_hash, ...rest })
      await insert
        .onConflict((conflict) => conflict.column('token_hash').doUpdateSet(rest))
        .execute()
    },
    async settleSessionGrant(id, leaseId, { sealed, lastCheckedAt, ...outcome }) {
      const { numUpdatedRows } = await database
        .updateTable('session_grants')
        .set({
          ...(sealed === undefined ? {} : { sealed, key_id: keyIdOf(sealed) }),
          ...(lastCheckedAt ? { last_checked_at: lastCheckedAt.getTime() } : {}),
          next_check_at: outcome.nextCheckAt.getTime(),
          failures: outcome.failures,
          last_failure: outcome.lastFailure ?? null,
          ...noLease,
        })
        .where('session_id', '=', id)
        .where('lease_id', '=', leaseId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    async resealSessionGrant(id, from, to) {
      const { numUpdatedRows } = await database
        .updateTable('session_grants')
        .set({ sealed: to, key_id: keyIdOf(to) })
        .where('session_id', '=', id)
        .where('sealed', '=', from)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    async removeSessionGrant(id) {
      await database.deleteFrom('session_grants').where('session_id', '=', id).execute()
    },
    async bringChecksForward(connectionId, latest) {
      await database
        .updateTable('session_grants')
        .set({ next_check_at: latest.getTime() })
        .where('connection_id', '=', connectionId)
        .where('next_check_at', '>', latest.getTime())
        .execute()
    },
  }
}

/** Leases grants in one statement. Of two callers the second waits for the row, reads it again, and finds it leased. */
export async function leaseSessionGrants(
  database: Database,
  { leaseId, now, until, limit, except = [], sessionId }: GrantLease,
): Promise<readonly SessionGrant[]> {
  const time = now.getTime()
  let due = database
    .selectFrom('session_grants')
    .select('session_id')
    .where('next_check_at', '<=', time)
    .where('lease_ends_at', '<=', time)
  if (except.length > 0) due = due.where('connection_id', 'not in', [...except])
  if (sessionId !== undefined) due = due.where('session_id', '=', sessionId)
  const rows = await database
    .updateTable('session_grants')
    .set({ lease_id: leaseId, lease_ends_at: until.getTime() })
    .where('session_id', 'in', due.orderBy('next_check_at').limit(limit))
    .where('next_check_at', '<=', time)
    .where('lease_ends_at', '<=', time)
    .returningAll()
    .execute()
  return rows.sort((a, b) => a.next_check_at - b.next_check_at).map(grants.parse)
}

/** Converts a grant to its row, without a lease. */
export function toSessionGrantRow(grant: SessionGrant): SessionGrantRow {
  return { ...grants.toRow(grant), key_id: keyIdOf(grant.sealed), ...noLease }
}

const noLease = { lease_id: null, lease_ends_at: 0 }

/** Counts the grants that are sealed under each key, in the database, because there is one for each session. */
export async function countSealedGrants(
  database: Database,
): Promise<readonly { readonly keyId: string; readonly values: number }[]> {
  const rows = await database
    .selectFrom('session_grants')
    .select('key_id')
    .select(sql<number | string>`count(*)`.as('values'))
    .groupBy('key_id')
    .execute()
  return rows.map((row) => ({ keyId: row.key_id, values: Number(row.values) }))
}

const grantColumns = {
  sessionId: same('session_id'),
  connectionId: same('connection_id'),
  sealed: same('sealed'),
  nextCheckAt: time('next_check_at'),
  lastCheckedAt: time('last_checked_at'),
  failures: same('failures'),
  lastFailure: same('last_failure'),
} satisfies ColumnsOf<SessionGrant>
const grants = conversions<SessionGrant, typeof grantColumns>(grantColumns)

/** `key_id` is derived: the key that `sealed` is sealed under. A lease without a holder ends at 0. */
export type SessionGrantRow = RowOf<SessionGrant, typeof grantColumns> & {
  key_id: string
  lease_id: string | null
  lease_ends_at: number
}

const endColumns = {
  tokenHash: same('token_hash'),
  reason: same('reason'),
  connectionId: same('connection_id'),
  until: time('until'),
} satisfies ColumnsOf<RememberedEnd>
const ends = conversions<RememberedEnd, typeof endColumns>(endColumns)

export type SessionEndRow = RowOf<RememberedEnd, typeof endColumns>
