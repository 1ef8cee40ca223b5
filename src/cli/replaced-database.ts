/** The database that a restored one replaces, looked at without changing it. */
import { type ComparedUsers, findTakenAway, type TakenAway } from '../admin/taken-away.ts'
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import { type DatabaseInspection, inspectDatabase } from '../storage/inspect-database.ts'
import type { StorageReader } from '../storage/storage.ts'

export type ReplacedDatabase = {
  /** A file, or with PostgreSQL the name of a database on the same server. */
  readonly replaced: string
  readonly databaseUrl: Secret | undefined
}

/**
 * What was taken away since the backup.
 *
 * @throws {EntradaError} `replaced_database_unusable` when there is nothing to compare with
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

/** Every user of the backup would be disabled: that is rather a wrong name than what happened since. */
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
