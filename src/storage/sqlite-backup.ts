/** Copies the embedded database while it is in use, and restores a copy. */
import { randomUUID } from 'node:crypto'
import { chmod, chown, constants, copyFile, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { isAbsent, isNotPermitted } from '../errors/file-failure.ts'
import { readMark } from './mark.ts'
import { knownSchemaVersion } from './migrations/migrations.ts'
import { sessionWrites } from './session-verbs.ts'
import { copySqlite, openSqliteConnection } from './sqlite.ts'
import { isBusy, toStorageError } from './sqlite-errors.ts'
import type { DatabaseMark } from './storage.ts'

type Overwriting = { readonly force: boolean }

/**
 * Copies the database as it is at one moment, while others read and write it. An incomplete copy never has the name `to`.
 *
 * @throws {EntradaError} `file_exists`, `file_not_permitted`, `backup_invalid`, `storage_unavailable`, `storage_full`
 */
export async function backUpSqlite(
  { from, to }: { readonly from: string; readonly to: string },
  { force }: Overwriting,
): Promise<DatabaseMark> {
  if (!(await exists(from))) throw new EntradaError('database_not_found', { path: from })
  if (!force && (await exists(to))) throw new EntradaError('file_exists', { file: to })
  const partial = partialName(to)
  try {
    // The file is created for its owner only before it has any content, and an existing link at its place is not followed.
    await createPartial(partial)
    await copySqlite(from, partial)
    const mark = await checkBackup(partial)
    await rename(partial, to)
    return mark
  } catch (error) {
    throw toStorageError(error)
  } finally {
    await removeDatabase(partial)
  }
}

/** Creates an empty file. @throws {EntradaError} `file_not_permitted` when this user may not write into the folder */
async function createPartial(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    if (!isNotPermitted(cause)) throw cause
    throw new EntradaError('file_not_permitted', { folder: dirname(path) }, { cause })
  }
}

function partialName(to: string): string {
  return `${to}.${randomUUID()}.partial`
}

export type RestoredSqlite = {
  readonly mark: DatabaseMark
  readonly sessionsEnded: number
  /** Where the previous database is kept. */
  readonly replaced?: string
}

/**
 * Replaces a database that is not in use by a backup. The previous database is kept as `….before-restore`, `….before-restore-2` and
 * so on. Sessions are ended in the copy before it can be served, because a session that ended since must not become valid again.
 *
 * @throws {EntradaError} `backup_invalid`, `file_not_permitted`, `database_mode_mismatch`, `database_too_new`, `database_in_use`
 */
export async function restoreSqlite(
  {
    from,
    to,
    mode,
  }: { readonly from: string; readonly to: string; readonly mode: DatabaseMark['mode'] },
  { keepSessions }: { readonly keepSessions: boolean },
): Promise<RestoredSqlite> {
  if (!(await exists(from))) throw new EntradaError('backup_invalid', { missing: from })
  const partial = partialName(to)
  try {
    const mark = await copyChecked({ from, partial, mode })
    const sessionsEnded = keepSessions ? 0 : await endSessions(partial)
    const replaced = await putAside(to)
    await giveToOwnerOf(dirname(to), partial)
    await rename(partial, to)
    return { mark, sessionsEnded, ...(replaced ? { replaced } : {}) }
  } catch (error) {
    throw toStorageError(error)
  } finally {
    await removeDatabase(partial)
  }
}

async function copyChecked({
  from,
  partial,
  mode,
}: {
  readonly from: string
  readonly partial: string
  readonly mode: DatabaseMark['mode']
}): Promise<DatabaseMark> {
  await copyFile(from, partial, constants.COPYFILE_EXCL)
  await chmod(partial, 0o600)
  const mark = await checkBackup(partial)
  checkAdmits(mark, mode)
  return mark
}

async function endSessions(path: string): Promise<number> {
  const { handle, database } = openSqliteConnection(path)
  try {
    await sql`pragma foreign_keys = on`.execute(database)
    return await sessionWrites(database).endSessionsIn({ of: 'deployment' })
  } finally {
    handle.close()
  }
}

async function putAside(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined
  checkNotInUse(path)
  const aside = await freeName(`${path}.before-restore`)
  await moveDatabase(path, aside)
  return aside
}

/**
 * Checks that a file is a complete backup that this program can restore, as {@link restoreSqlite} does.
 *
 * @throws {EntradaError} `backup_invalid`, `database_mode_mismatch`, `database_too_new`
 */
export async function checkSqliteBackup(
  from: string,
  mode: DatabaseMark['mode'],
): Promise<DatabaseMark> {
  if (!(await exists(from))) throw new EntradaError('backup_invalid', { missing: from })
  const partial = partialName(from)
  try {
    return await copyChecked({ from, partial, mode })
  } catch (error) {
    throw toStorageError(error)
  } finally {
    await removeDatabase(partial)
  }
}

/** Reads the whole file, because a part of a file, or another file, must not pass as a backup. */
async function checkBackup(path: string): Promise<DatabaseMark> {
  const { handle, database } = openSqliteConnection(path)
  try {
    const found = handle.prepare('pragma integrity_check').get()?.integrity_check
    if (found !== 'ok') throw new EntradaError('backup_invalid', { found })
    return await readMark(database)
  } catch (cause) {
    if (isEntradaError(cause) && cause.code === 'backup_invalid') throw cause
    throw new EntradaError('backup_invalid', {}, { cause })
  } finally {
    handle.close()
  }
}

function checkAdmits(mark: DatabaseMark, program: DatabaseMark['mode']): void {
  if (mark.mode !== program) {
    throw new EntradaError('database_mode_mismatch', { database: mark.mode, program })
  }
  if (mark.oldestProgram > knownSchemaVersion) {
    const { oldestProgram } = mark
    throw new EntradaError('database_too_new', { oldestProgram, program: knownSchemaVersion })
  }
}

/** An open connection holds a lock as long as it exists, even if it is idle. A broken file is not in use. */
function checkNotInUse(path: string): void {
  const { handle } = openSqliteConnection(path)
  try {
    handle.exec('pragma locking_mode = exclusive; begin exclusive; commit')
  } catch (error) {
    if (isBusy(error)) throw new EntradaError('database_in_use', { file: path })
  } finally {
    handle.close()
  }
}

const parts = ['', '-wal', '-shm'] as const

/** Root restores for the user of the server; every other user owns the files that they create. */
async function giveToOwnerOf(folder: string, file: string): Promise<void> {
  const { uid, gid } = await stat(folder)
  const own = await stat(file)
  if (own.uid !== uid) await chown(file, uid, gid)
}

/** A file that an earlier restore kept is never overwritten, because it may be the only good one. */
async function freeName(wanted: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`
    if (!(await exists(name))) return name
  }
}

async function moveDatabase(from: string, to: string): Promise<void> {
  for (const part of parts) {
    if (await exists(`${from}${part}`)) await rename(`${from}${part}`, `${to}${part}`)
  }
}

async function removeDatabase(path: string): Promise<void> {
  for (const part of parts) await rm(`${path}${part}`, { force: true })
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close()
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    if (isNotPermitted(error)) {
      throw new EntradaError('file_not_permitted', { file: path }, { cause: error })
    }
    throw toStorageError(error)
  }
}
