/** Converts errors of PostgreSQL to our codes. */
import { EntradaError } from '../errors/errors.ts'
import { isNotPermitted } from '../errors/file-failure.ts'

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const DIVISION_BY_ZERO = '22012'
const DISK_FULL = '53100'
const unavailable: ReadonlySet<string> = new Set([
  '0A000', // a plan from before a change of the schema
  '25006', // read-only: a standby, or a primary that stepped down
  '25P03', // idle in transaction for too long
  '25P04', // transaction for too long
  '3D000', // no such database
  '42501', // no right to do that
  '55P03', // lock not available in time
])
const unavailableClasses: ReadonlySet<string> = new Set([
  '08', // connection
  '28', // user or password
  '53', // memory, connections
  '57', // shut down, cancelled
  '58', // input and output
  'XX', // corrupted
])

type ServerError = Error & { readonly code: string; readonly severity: string }

/** Returns whether PostgreSQL itself reported the error. After any other error the outcome of the statement is unknown. */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string'
  )
}

/** Returns whether the server closes the connection after this error. */
export function endsConnection({ severity, code }: ServerError): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || code.startsWith('57P')
}

/** Returns whether another transaction interfered: the same work, run again, sees what that one did. */
export function isCollision(error: unknown): boolean {
  return isServerError(error) && [SERIALIZATION_FAILURE, DEADLOCK_DETECTED].includes(error.code)
}

/**
 * Returns whether a unique key exists already, or a record that another one refers to does not. Usually another transaction inserted
 * or removed it, but it may be the work itself, which would then fail each time.
 */
export function isOvertaken(error: unknown): boolean {
  return isServerError(error) && [UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION].includes(error.code)
}

/** Returns whether a condition of a plan raised the error: what the plan was decided on is no longer so. */
export function isRaisedByCondition(error: unknown): boolean {
  return isServerError(error) && error.code === DIVISION_BY_ZERO
}

/** Returns `storage_full`, `storage_unavailable`, or the same error if it is a collision or a defect of ours. */
export function toStorageError(error: unknown): unknown {
  if (!isServerError(error)) return unavailableBecause(error)
  const { code } = error
  if (code === DISK_FULL) return new EntradaError('storage_full', {}, { cause: error })
  return unavailable.has(code) || unavailableClasses.has(code.slice(0, 2))
    ? unavailableBecause(error)
    : error
}

/**
 * Returns the code of PostgreSQL or of the network, else what `pg` reports about the connection. A message of PostgreSQL may quote
 * data.
 */
export function unavailableBecause(cause: unknown): EntradaError {
  // `sslrootcert` and similar parameters name files, which `pg` reads when it connects.
  if (isNotPermitted(cause) && cause instanceof Error && 'path' in cause) {
    return new EntradaError('file_not_permitted', { file: cause.path }, { cause })
  }
  return new EntradaError('storage_unavailable', { reason: reasonOf(cause) }, { cause })
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
