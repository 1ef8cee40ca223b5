/**
 * The locks of transactions that run at the same time. A statement sees what was committed before it started, so a transaction that
 * holds the lock of its scope decides on what the one before it has written.
 */
import { createHash } from 'node:crypto'
import type { PlanLock } from './compiled-plan.ts'
import type { OrganizationId, UserId } from './records.ts'

/**
 * What a transaction may take away or decides about. Transactions of the same scope, and sign-ins within it, run one after another;
 * others do not wait.
 *
 * - `deployment`: everything.
 * - `nothing`: it only adds rows, or writes single ones, and unique keys decide.
 * - `organizationId` alone: the organization, its connections and the access of its members.
 * - `userId`: one user. With an `organizationId`, it also relies on what that organization is.
 * - `call`: a call of the API that may come again. The work of the call locks its own scope after it.
 * - `record`: a record that no sign-in reads, such as a webhook. With an `organizationId`, as for a user.
 */
export type TransactionScope =
  | 'deployment'
  | 'nothing'
  | { readonly organizationId: OrganizationId }
  | { readonly userId: UserId; readonly organizationId?: OrganizationId | undefined }
  | { readonly call: string }
  | { readonly record: string; readonly organizationId?: OrganizationId | undefined }

export type ScopeLocks = {
  /**
   * Extends the scope of a transaction that learns only from a read what it is about: what it reads after this is current until it
   * ends. It belongs before the first write.
   */
  lockScope(scope: TransactionScope): Promise<void>
}

const DEPLOYMENT = 'deployment'

/** Returns the locks of a scope, in the order in which every transaction takes them. */
export function locksOf(scope: TransactionScope): readonly PlanLock[] {
  if (scope === 'nothing') return []
  if (scope === 'deployment') return [{ key: DEPLOYMENT, alone: true }]
  // It is the first lock of its transaction, and no other transaction takes it, so it comes before the deployment's.
  if ('call' in scope) return [{ key: `call ${scope.call}`, alone: true }]
  const shared = { key: DEPLOYMENT, alone: false }
  const within = (id: OrganizationId | undefined) => (id ? [{ key: id, alone: false }] : [])
  if ('userId' in scope) {
    return [shared, ...within(scope.organizationId), { key: scope.userId, alone: true }]
  }
  if ('record' in scope) {
    return [shared, ...within(scope.organizationId), { key: `record ${scope.record}`, alone: true }]
  }
  return [shared, { key: scope.organizationId, alone: true }]
}

/**
 * Returns the locks of a sign-in, which takes nothing away: everything in the same scopes waits for it, and it for them. It holds the
 * user's lock alone if another sign-in of the user has to wait too.
 */
export function locksOfSignIn(
  organizationId: OrganizationId,
  user?: { readonly id: UserId; readonly alone: boolean },
): readonly PlanLock[] {
  const shared = [DEPLOYMENT, organizationId].map((key) => ({ key, alone: false }))
  return user === undefined ? shared : [...shared, { key: user.id, alone: user.alone }]
}

/**
 * Returns the number of a lock in PostgreSQL, 64 bits of a hash. Two keys with the same number only wait for each other once in a
 * while; the prefix keeps them apart from locks of an application in the same database.
 */
export function lockNumber(key: string): bigint {
  return createHash('sha256').update(`entrada ${key}`).digest().readBigInt64BE()
}
