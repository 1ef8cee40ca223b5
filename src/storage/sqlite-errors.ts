/** Converts errors of SQLite to our codes. */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { isNotPermitted } from '../errors/file-failure.ts'

/** Primary result codes. @see https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_FULL = 13
/** Extended codes, whose lowest byte is the primary code. */
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067
const unavailable: ReadonlySet<number> = new Set([
  3, // PERM
  SQLITE_BUSY,
  SQLITE_LOCKED,
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  14, // CANTOPEN
  15, // PROTOCOL
  26, // NOTADB
])

/** Returns whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/** Returns whether a row with the same primary or unique key exists already. */
export function isRowTaken(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE_CONSTRAINT_PRIMARYKEY || code === SQLITE_CONSTRAINT_UNIQUE
}

/** Returns `storage_full`, `storage_unavailable`, or the same error if it is a defect of ours. */
export function toStorageError(error: unknown): unknown {
  const code = primaryCode(error)
  if (code === SQLITE_FULL || systemCode(error) === 'ENOSPC') {
    return new EntradaError('storage_full', {}, { cause: error })
  }
  if ((code !== undefined && unavailable.has(code)) || isClosed(error) || isFileError(error)) {
    return new EntradaError('storage_unavailable', {}, { cause: error })
  }
  return error
}

/** Converts an error while the database is opened: it will not pass by itself, except for the lock of another process. */
export function toOpenError(error: unknown, path: string): unknown {
  if (!isEntradaError(error) || error.code !== 'storage_unavailable') return error
  const { cause } = error
  if (cause === undefined || isBusy(cause)) return error
  const file = findNotPermitted(cause, path)
  if (file !== undefined) return new EntradaError('file_not_permitted', { file }, { cause })
  return new EntradaError('database_not_opened', { path }, { cause })
}

/**
 * Returns the file of the database that this user may not read and write, if there is one. SQLite reports only that it cannot open
 * the database. A command that ran as root can leave a `-wal` file that belongs to root.
 */
export function findNotPermitted(error: unknown, path: string): string | undefined {
  if (isNotPermitted(error)) return path
  return [dirname(path), path, `${path}-wal`, `${path}-shm`].find((file) => {
    try {
      accessSync(file, constants.R_OK | constants.W_OK)
      return false
    } catch (error) {
      return isNotPermitted(error)
    }
  })
}

function primaryCode(error: unknown): number | undefined {
  const code = resultCode(error)
  return code === undefined ? undefined : code & 0xff
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error && 'errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

function isClosed(error: unknown): boolean {
  return systemCode(error) === 'ERR_INVALID_STATE'
}

/** Returns whether a file or its folder could not be created or opened. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
