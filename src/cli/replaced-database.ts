/** Reads the database that a restored one replaces, without changing it. */
import { type ComparedUsers, findTakenAway, type TakenAway } from '../admin/taken-away.ts'
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import { type DatabaseInspection, inspectDatabase } from '../storage/inspect-database.ts'
import type { StorageReader } from '../storage/storage.ts'

export type ReplacedDatabase = {
  /** The path of a file, or with PostgreSQL the name of a database on the same server. */
  readonly replaced: string
  readonly databaseUrl: Secret | undefined
}

/**
 * Returns the access that was removed since the backup.
 *
 * @throws {EntradaError} `replaced_database_unusable` if there is nothing to compare with
 */
export async function lookAtReplaced(
  restored: StorageReader,
  { replaced, databaseUrl }: ReplacedDatabase,
): Promise<TakenAway> {
  const address = databaseUrl === undefined ? replaced : besideOf(databaseUrl, replaced)
  const inspected = await inspectDatabase(address, (reader) =>
    findTakenAway({ restored, replaced: reader }),
  )
  if (inspected.kind !== 'found' || inspected.seen === undefined) {
    throw unusable(replaced, whyUnreadable(inspected))
  }
  if (isOfAnotherDeployment(inspected.seen.comparedUsers)) throw unusable(replaced, 'unrelated')
  return inspected.seen
}

function besideOf(databaseUrl: Secret, name: string): Secret {
  const url = new URL(databaseUrl.reveal())
  url.pathname = `/${encodeURIComponent(name)}`
  return new Secret(url.href)
}

/** If no user is in both databases, the operator probably named the wrong one; every user of the backup would be disabled. */
function isOfAnotherDeployment({ total, common }: ComparedUsers): boolean {
  return total > 1 && common === 0
}

function whyUnreadable(inspected: DatabaseInspection<unknown>): string {
  if (inspected.kind === 'unreachable') return inspected.reason
  return inspected.kind === 'found' ? 'other_schema' : inspected.kind
}

function unusable(database: string, reason: string): EntradaError {
  return new EntradaError('replaced_database_unusable', { database, reason })
}
