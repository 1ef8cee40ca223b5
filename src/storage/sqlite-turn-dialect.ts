import type { CompiledQuery, Dialect, Driver, QueryResult } from 'kysely'
import type { TurnRunner } from './compiled-plan.ts'
import { createDialectOf } from './sqlite-driver.ts'

/** Creates Kysely's dialect for single statements that run in turns: each by itself, and none of them has to survive a power cut. */
export function createTurnDialect(turns: Pick<TurnRunner, 'runTogether'>): Dialect {
  return createDialectOf(() => createTurnDriver(turns))
}

function createTurnDriver({ runTogether }: Pick<TurnRunner, 'runTogether'>): Driver {
  const connection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const [result = { rows: [], changedRows: 0 }] = await runTogether([{ sql, parameters }])
      const rows = result.rows as R[] // R is Kysely's own inference
      return { rows, numAffectedRows: BigInt(result.changedRows) }
    },
    streamQuery() {
      throw new Error('turns have nothing to stream')
    },
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: noTransaction,
    commitTransaction: noTransaction,
    rollbackTransaction: noTransaction,
    releaseConnection: async () => {},
    destroy: async () => {},
  }
}

async function noTransaction(): Promise<never> {
  throw new Error('single statements have no transaction')
}
