/** Opens whichever database was named. Each driver is loaded only when it is needed. */
import { Secret } from '../secret.ts'
import type { DatabaseMark, Storage } from './storage.ts'

/** A `postgres://` URL; else a file of the embedded database, or `:memory:`. */
export type DatabaseAddress = string | Secret

/**
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`, `storage_unavailable`, `storage_full`
 */
export async function openStorage(
  address: DatabaseAddress,
  options: {
    readonly mode: DatabaseMark['mode']
    readonly now: () => Date
    /** With PostgreSQL: how many connections at most. */
    readonly connections?: number
  },
): Promise<Storage> {
  const text = address instanceof Secret ? address.reveal() : address
  if (isPostgresUrl(text)) {
    const { openPostgres } = await import('./postgres.ts')
    return openPostgres({ ...options, url: new Secret(text) })
  }
  const { openSqlite } = await import('./sqlite.ts')
  return openSqlite({ ...options, path: text })
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text)
}
