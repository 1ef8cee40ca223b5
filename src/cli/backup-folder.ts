/** A folder of backups: each gets a name with its time, and the oldest go once there are more than wanted. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EntradaError } from '../errors/errors.ts'

/** Sorting by name is sorting by time. Files of other names are never removed. */
const NAME = /^entrada-\d{4}-\d{2}-\d{2}T\d{6}Z\.db$/

/** The name of a backup that is made now, such as `entrada-2026-11-29T031500Z.db`. */
export function backupNameAt(now: Date): string {
  return `entrada-${now.toISOString().slice(0, 19).replaceAll(':', '')}Z.db`
}

/**
 * Removes all but the newest `keep` backups of a folder, and returns the names that are gone.
 *
 * @throws {EntradaError} `file_not_written`
 */
export async function removeOldBackups(folder: string, keep: number): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort()
    const old = names.slice(0, Math.max(0, names.length - keep))
    for (const name of old) await rm(join(folder, name))
    return old
  } catch (cause) {
    throw new EntradaError('file_not_written', { folder }, { cause })
  }
}
