/** All verbs over Kysely, for every dialect. What differs between databases comes in as options. */
import { EntradaError, isEntradaError } from '../errors.ts'
import { readMark } from './mark.ts'
import { knownSchemaVersion } from './migrations/migrations.ts'
import { createNestingGuard } from './nesting-guard.ts'
import { organizationReads, organizationWrites } from './organization-verbs.ts'
import { peopleReads } from './people-reads.ts'
import { membershipWrites, userWrites } from './people-writes.ts'
import type { Database } from './schema.ts'
import { sessionReads, sessionWrites, touchSession } from './session-verbs.ts'
import type { Storage, StorageReader, StorageTransaction } from './storage.ts'
import { trailReads, trailWrites } from './trail-verbs.ts'

export type KyselyStorageOptions = {
  readonly kind: Storage['kind']
  /** Sees only what is committed. */
  readonly reads: Database
  /** Where single statements are written. */
  readonly writes: Database
  /** Runs `work` as if alone. The dialect may run it again when another writer came between. */
  readonly runAlone: <T>(work: (transaction: Database) => Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

export function createKyselyStorage(options: KyselyStorageOptions): Storage {
  const { kind, reads, writes, runAlone, close } = options
  const { inside, outside, outsideAll } = createNestingGuard()
  return {
    kind,
    ...(reads === writes ? outsideAll(createReader(reads)) : createReader(reads)),
    claimAttempt: (id, until) => outside(() => claimAttempt(writes, id, until)),
    touchSession: (id, seen) => outside(() => touchSession(writes, id, seen)),
    atomically: (work) =>
      outside(() => runAlone((transaction) => inside(() => work(createTransaction(transaction))))),
    sweep: (now, { tracesBefore }) =>
      outside(() => runAlone((transaction) => sweep(transaction, now, tracesBefore))),
    readMark: () => readMark(reads),
    checkReady: () => checkReady(reads),
    close,
  }
}

function createReader(database: Database): StorageReader {
  return {
    ...organizationReads(database),
    ...peopleReads(database),
    ...sessionReads(database),
    ...trailReads(database),
  }
}

function createTransaction(database: Database): StorageTransaction {
  return {
    ...createReader(database),
    ...organizationWrites(database),
    ...userWrites(database),
    ...membershipWrites(database),
    ...sessionWrites(database),
    ...trailWrites(database),
  }
}

async function claimAttempt(database: Database, id: string, until: Date): Promise<void> {
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('attempt_claims')
    .values({ id, until: until.getTime() })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows === 0n) throw new EntradaError('attempt_already_used')
}

async function sweep(database: Database, now: Date, tracesBefore: Date): Promise<number> {
  const ended = now.getTime()
  const removed = [
    await database.deleteFrom('attempt_claims').where('until', '<=', ended).execute(),
    await database.deleteFrom('sessions').where('ends_at', '<=', ended).execute(),
    await database.deleteFrom('sign_in_traces').where('at', '<', tracesBefore.getTime()).execute(),
  ]
  return removed.flat().reduce((sum, result) => sum + Number(result.numDeletedRows), 0)
}

async function checkReady(database: Database): Promise<void> {
  try {
    const { oldestProgram } = await readMark(database)
    if (oldestProgram > knownSchemaVersion) {
      throw new EntradaError('storage_unavailable', { oldestProgram, program: knownSchemaVersion })
    }
  } catch (cause) {
    throw isEntradaError(cause) ? cause : new EntradaError('storage_unavailable', {}, { cause })
  }
}
