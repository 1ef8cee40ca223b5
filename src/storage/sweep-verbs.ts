/** Removes what has expired, in bounded statements that are committed one by one, so that sign-ins go on meanwhile. */
import { sql } from 'kysely'
import { sweepHealth } from './health-verbs.ts'
import type { Database } from './schema.ts'
import type { Storage } from './storage.ts'
import { sweepDeliveries } from './webhook-verbs.ts'

/** Two replicas may sweep at once; PostgreSQL leaves out the rows that the other one removes. */
const MOST_ROWS = 1_000

type Swept = {
  readonly table: string
  readonly key: string
  readonly ends: string
  /** Rows that end at this time or before it are removed. */
  readonly until: number
}

/** Removes everything that `storage.ts` documents for `sweep`, and returns how many rows were removed. */
export async function sweep(
  database: Database,
  {
    kind,
    now,
    tracesBefore,
  }: { readonly kind: Storage['kind']; readonly now: Date; readonly tracesBefore: Date },
): Promise<number> {
  const until = now.getTime()
  const old = { until: tracesBefore.getTime() - 1 }
  const tables: readonly Swept[] = [
    { table: 'attempt_claims', key: 'id', ends: 'until', until },
    { table: 'sessions', key: 'id', ends: 'ends_at', until },
    { table: 'session_ends', key: 'token_hash', ends: 'until', until },
    { table: 'rate_limit_counts', key: 'key', ends: 'until', until },
    { table: 'kept_answers', key: 'key', ends: 'until', until },
    { table: 'test_results', key: 'id', ends: 'ends_at', until },
    { table: 'setup_links', key: 'id', ends: 'ends_at', ...old },
    { table: 'sign_in_traces', key: 'id', ends: 'at', ...old },
  ]
  let removed = 0
  for (const swept of tables) removed += await sweepTable(database, kind, swept)
  const rest = [await sweepDeliveries(database, tracesBefore), await sweepHealth(database, now)]
  return rest.flat().reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), removed)
}

async function sweepTable(
  database: Database,
  kind: Storage['kind'],
  { table, key, ends, until }: Swept,
): Promise<number> {
  const skip = kind === 'postgres' ? sql`for update skip locked` : sql``
  const [rows, id, end] = [sql.table(table), sql.ref(key), sql.ref(ends)]
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`delete from ${rows} where ${id} in (
      select ${id} from ${rows} where ${end} <= ${until} order by ${end} limit ${sql.lit(MOST_ROWS)} ${skip}
    )`.execute(database)
    removed += Number(numAffectedRows)
    if (numAffectedRows < MOST_ROWS) return removed
  }
}
