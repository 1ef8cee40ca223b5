/** The mark in which a database stores its mode and its schema number. */
import { EntradaError } from '../errors/errors.ts'
import type { Database } from './schema.ts'

export type DatabaseMark = {
  readonly mode: 'development' | 'production'
  readonly schemaVersion: number
  /** The lowest schema number that a program must support to use this database. */
  readonly oldestProgram: number
}

/** Reads the mark of a database. @throws {EntradaError} `storage_unavailable` when the database has lost its mark */
export async function readMark(database: Database): Promise<DatabaseMark> {
  const row = await database.selectFrom('database_mark').selectAll().executeTakeFirst()
  if (row === undefined) throw new EntradaError('storage_unavailable', { missing: 'database_mark' })
  return {
    mode: row.mode,
    schemaVersion: row.schema_version,
    oldestProgram: row.oldest_program,
  }
}
