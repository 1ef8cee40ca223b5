/** A copy of the embedded database while it is in use, and the way back. */
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
 * Copies the database as it is at one moment, while others read and write it. A copy that is not whole never has the name `to`.
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
    // Made by us and for its owner alone before anything is in it: a link that somebody left there is not followed.
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

/** @throws {EntradaError} `file_not_permitted` when this user may not write into the folder */
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
  /** Where the database that was there before is kept. */
  readonly replaced?: string
}

/**
 * Puts a backup in the place of a database that is not in use. The database that was there before is kept as `….before-restore`,
 * `….before-restore-2` and so on. Sessions end in the copy, before it can be served: a session that ended since must not live again.
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
 * Whether a file is a whole backup that this program can restore, as what {@link restoreSqlite} would check.
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

/** Reads all of it: half a file, or a file of something else, must not be taken for a backup. */
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

/** An open connection holds a lock for as long as it lives, even when it does nothing. A broken file is in nobody's use. */
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

/** Root restores for the user that the server runs as; anybody else owns what they make. */
async function giveToOwnerOf(folder: string, file: string): Promise<void> {
  const { uid, gid } = await stat(folder)
  const own = await stat(file)
  if (own.uid !== uid) await chown(file, uid, gid)
}

/** What an earlier restore put aside is never written over: it may be the only good one. */
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
