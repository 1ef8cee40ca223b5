import { type RawBuilder, sql } from 'kysely'
import type { Database } from './schema.ts'
import type { Storage } from './storage.ts'

/** Counts uses in one statement, so that two replicas lose none. */
export async function countUses(
  database: Database,
  key: string,
  { uses, now, windowEndsAt }: Parameters<Storage['countUses']>[1],
): ReturnType<Storage['countUses']> {
  const isOver = sql`rate_limit_counts.until <= ${now.getTime()}`
  const row = await database
    .insertInto('rate_limit_counts')
    .values({ key, count: uses, until: windowEndsAt.getTime() })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({
        count: anew(isOver, sql`rate_limit_counts.count + excluded.count`, sql`excluded.count`),
        until: anew(isOver, sql`rate_limit_counts.until`, sql`excluded.until`),
      }),
    )
    .returning(['count', 'until'])
    .executeTakeFirstOrThrow()
  return { uses: row.count, windowEndsAt: new Date(row.until) }
}

function anew(isOver: RawBuilder<unknown>, kept: RawBuilder<unknown>, fresh: RawBuilder<unknown>) {
  return sql<number>`case when ${isOver} then ${fresh} else ${kept} end`
}
