/** Opens the configured database. Each driver is loaded only when it is needed. */
import { EntradaError } from '../errors/errors.ts'
import { Secret } from '../keys/secret.ts'
import type { DatabaseMark, Storage } from './storage.ts'

/** A `postgres://` URL; else a file of the embedded database, or `:memory:`. */
export type DatabaseAddress = string | Secret

/**
 * Opens the database at an address.
 *
 * @throws {EntradaError} `database_mode_mismatch`, `database_too_new`, `database_not_ours`, `storage_unavailable`, `storage_full`
 */
export async function openStorage(
  /** Or a storage that the application created. */
  address: DatabaseAddress | Storage,
  options: {
    readonly mode: DatabaseMark['mode']
    readonly now: () => Date
    /** The maximum number of connections with PostgreSQL. */
    readonly connections?: number
  },
): Promise<Storage> {
  if (typeof address === 'object' && !(address instanceof Secret)) {
    return openOwn(address, options.mode)
  }
  const text = address instanceof Secret ? address.reveal() : address
  if (isPostgresUrl(text)) {
    const { openPostgres } = await import('./postgres.ts')
    return openPostgres({ ...options, url: new Secret(text) })
  }
  const { openSqlite } = await import('./sqlite.ts')
  return openSqlite({ ...options, path: text })
}

/**
 * The functions are copied, whether the storage is an object or has a class. The application migrates its own storage; Entrada only
 * checks its mode.
 */
async function openOwn(storage: Storage, mode: DatabaseMark['mode']): Promise<Storage> {
  const mark = await storage.readMark()
  if (mark.mode !== mode)
    throw new EntradaError('database_mode_mismatch', { database: mark.mode, program: mode })
  const verbs = new Map<string, unknown>()
  for (let part: object = storage; part !== Object.prototype; part = Object.getPrototypeOf(part)) {
    for (const name of Object.getOwnPropertyNames(part)) {
      if (!verbs.has(name)) verbs.set(name, Reflect.get(storage, name))
    }
  }
  const members = [...verbs].map(([name, member]) => [
    name,
    typeof member === 'function' ? member.bind(storage) : member,
  ])
  return Object.fromEntries(members)
}

/** Returns whether the text is the URL of a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text)
}
