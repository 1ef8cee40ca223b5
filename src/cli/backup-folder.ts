/** A folder of backups: each has a name with its time, and the oldest are removed when there are more than `--keep`. */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EntradaError } from '../errors/errors.ts'

/** The order of the names is the order of the backups. Files with other names are never removed. */
const NAME = /^entrada-\d{4}-\d{2}-\d{2}T\d{6}Z\.db$/

/** Returns the name of a backup that is made now, such as `entrada-2026-11-29T031500Z.db`. A name that exists is not used again. */
export function newBackupName(folder: string, now: Date): string {
  const name = `entrada-${now.toISOString().slice(0, 19).replaceAll(':', '')}Z.db`
  // A second backup within a second has the name of the next second, so that names stay in the order of the backups.
  const nextSecond = new Date(now.getTime() + 1_000)
  return existsSync(join(folder, name)) ? newBackupName(folder, nextSecond) : name
}

/**
 * Removes all but the newest `keep` backups of a folder, and returns the names of those that it removed.
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
