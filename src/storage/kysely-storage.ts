/** Implements all functions of the storage with Kysely, for every dialect. Differences between databases are options. */
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { apiKeyReads, apiKeyWrites, touchApiKey } from './api-key-verbs.ts'
import { auditChainReads, borrowAuditChain, putAuditVerification } from './audit-chain-verbs.ts'
import type { PlanLock, TurnRunner } from './compiled-plan.ts'
import { connectionPeopleReads, connectionPeopleWrites } from './connection-people-verbs.ts'
import { connectionUseReads, connectionUseWrites } from './connection-use-verbs.ts'
import { domainReads, domainWrites } from './domain-verbs.ts'
import { addConnectionResults, healthReads } from './health-verbs.ts'
import { readMark } from './mark.ts'
import { membershipReads } from './membership-reads.ts'
import { knownSchemaVersion } from './migrations/migrations.ts'
import { createNestingGuard } from './nesting-guard.ts'
import { organizationReads, organizationWrites } from './organization-verbs.ts'
import { peopleReads } from './people-reads.ts'
import { membershipWrites, userWrites } from './people-writes.ts'
import { compilePlan, planWrites } from './plan-statements.ts'
import { countUses } from './rate-limit-counts.ts'
import { removalWrites } from './removal-verbs.ts'
import type { Database } from './schema.ts'
import { fillSearchKeys } from './search-filling.ts'
import { leaseSessionGrants, sessionGrantReads, sessionGrantWrites } from './session-grant-verbs.ts'
import { sessionLookUp, sessionReads, sessionWrites, touchSession } from './session-verbs.ts'
import { setupReads, setupWrites } from './setup-verbs.ts'
import { signInReads } from './sign-in-verbs.ts'
import type { Storage, StorageReader, StorageTransaction } from './storage.ts'
import { sweep } from './sweep-verbs.ts'
import { trailReads, trailWrites } from './trail-verbs.ts'
import { WORK_TIME_LIMIT_MS, withinTime } from './transaction-limit.ts'
import { locksOf } from './transaction-locks.ts'
import { usernameReads, usernameWrites } from './username-verbs.ts'
import { deliveryWork, webhookReads, webhookWrites } from './webhook-verbs.ts'

export type KyselyStorageOptions = {
  readonly kind: Storage['kind']
  readonly migrated: readonly string[]
  /** Sees only what is committed. */
  readonly reads: Database
  /** For single statements, none of which has to survive a power cut. */
  readonly writes: Database
  /** How this database runs the statements of a sign-in. */
  readonly turns: TurnRunner
  /** Reads take turns with transactions, so inside one they would wait for ever. */
  readonly readsTakeTurns?: boolean
  /**
   * Runs `work` in a transaction that holds these locks; a database with one writer needs none. The dialect may run it again if
   * another writer interfered.
   */
  readonly runAlone: <T>(
    work: (transaction: Database) => Promise<T>,
    locks: readonly PlanLock[],
  ) => Promise<T>
  /** Takes more locks inside a transaction. */
  readonly takeLocks?: (transaction: Database, locks: readonly PlanLock[]) => Promise<void>
  /** Time limit for the work of a transaction. */
  readonly workTimeLimitMs?: number
  /** Rejects if nothing can be written, in the way of this database. */
  readonly checkWritable: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Two replicas that add to the health of one connection read it before they write it. */
const healthLocks = [{ key: 'connection_health', alone: true }]

/** Creates a storage from the connections and the options of one database. */
export function createKyselyStorage(options: KyselyStorageOptions): Storage {
  const { kind, migrated, reads, writes, turns, runAlone, close } = options
  const { workTimeLimitMs = WORK_TIME_LIMIT_MS } = options
  const { inside, outside, outsideAll } = createNestingGuard()
  const deliveries = deliveryWork(writes, kind)
  const signIns = signInReads(reads, turns)
  const sessions = sessionLookUp(reads, turns)
  return {
    kind,
    migrated,
    ...(options.readsTakeTurns ? outsideAll(createReader(reads)) : createReader(reads)),
    findSession: (tokenHash, now) => outside(() => sessions.findSession(tokenHash, now)),
    findStart: (id) => outside(() => signIns.findStart(id)),
    findStartBySlug: (slug) => outside(() => signIns.findStartBySlug(slug)),
    claimAttemptOf: (connectionId, claim) =>
      outside(() => signIns.claimAttemptOf(connectionId, claim)),
    readSignIn: (question) => outside(() => signIns.readSignIn(question)),
    writePlan: (plan) => outside(() => turns.writePlan(compilePlan(reads, plan))),
    claimAttempt: (id, until) => outside(() => claimAttempt(writes, id, until)),
    countUses: (key, added) => outside(() => countUses(writes, key, added)),
    addConnectionResults: (results) =>
      outside(() =>
        runAlone((transaction) => addConnectionResults(transaction, results), healthLocks),
      ),
    leaseSessionGrants: (lease) => outside(() => leaseSessionGrants(writes, lease)),
    touchApiKey: (id, usedAt) => outside(() => touchApiKey(writes, id, usedAt)),
    touchSession: (id, seen) => outside(() => touchSession(writes, id, seen)),
    claimDeliveries: (claim) => outside(() => deliveries.claimDeliveries(claim)),
    settleDelivery: (id, settled) => outside(() => deliveries.settleDelivery(id, settled)),
    takeLease: (name, lease) => outside(() => deliveries.takeLease(name, lease)),
    putAuditVerification: (stored) => outside(() => putAuditVerification(writes, stored)),
    atomically: (work, { scope = 'deployment' } = {}) =>
      outside(() =>
        runAlone(
          (transaction) =>
            inside(() =>
              withinTime(transaction, workTimeLimitMs, (limited) =>
                work(createTransaction(limited, options)),
              ),
            ),
          locksOf(scope),
        ),
      ),
    withAuditChain: (work) =>
      outside(() =>
        runAlone(
          (transaction) =>
            inside(() =>
              withinTime(transaction, workTimeLimitMs, async (limited) => {
                const chain = await borrowAuditChain(
                  limited,
                  kind === 'postgres' ? 'row' : 'database',
                )
                return chain === undefined ? 'busy' : work(chain)
              }),
            ),
          [],
        ),
      ),
    fillSearchKeys: (limit) =>
      outside(() =>
        // Where other transactions run at the same time, each row is locked for its own statement alone.
        kind === 'postgres'
          ? fillSearchKeys(writes, limit)
          : runAlone((transaction) => fillSearchKeys(transaction, limit), []),
      ),
    sweep: (now, { tracesBefore }) => outside(() => sweep(writes, { kind, now, tracesBefore })),
    readMark: () => readMark(reads),
    checkReady: () => checkReady(options),
    close,
  }
}

function createReader(database: Database): StorageReader {
  return {
    ...organizationReads(database),
    ...setupReads(database),
    ...healthReads(database),
    ...domainReads(database),
    ...peopleReads(database),
    ...membershipReads(database),
    ...usernameReads(database),
    ...apiKeyReads(database),
    ...sessionReads(database),
    ...sessionGrantReads(database),
    ...connectionUseReads(database),
    ...connectionPeopleReads(database),
    ...trailReads(database),
    ...auditChainReads(database),
    ...webhookReads(database),
  }
}

function createTransaction(
  database: Database,
  { takeLocks = async () => {} }: KyselyStorageOptions,
): StorageTransaction {
  return {
    ...createReader(database),
    lockScope: (scope) => takeLocks(database, locksOf(scope)),
    ...organizationWrites(database),
    ...setupWrites(database),
    ...domainWrites(database),
    ...userWrites(database),
    ...membershipWrites(database),
    ...usernameWrites(database),
    ...sessionWrites(database),
    ...sessionGrantWrites(database),
    ...connectionUseWrites(database),
    ...connectionPeopleWrites(database),
    ...apiKeyWrites(database),
    ...trailWrites(database),
    ...webhookWrites(database),
    ...removalWrites(database),
    ...planWrites(database),
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

async function checkReady({ reads, checkWritable }: KyselyStorageOptions): Promise<void> {
  try {
    const { oldestProgram } = await readMark(reads)
    await checkWritable()
    if (oldestProgram > knownSchemaVersion) {
      throw new EntradaError('storage_unavailable', { oldestProgram, program: knownSchemaVersion })
    }
  } catch (cause) {
    throw isEntradaError(cause) ? cause : new EntradaError('storage_unavailable', {}, { cause })
  }
}
