/**
 * Errors with a code. The table has the status, the sentence for the user and the remedy for the administrator; pages, problem+json, the
 * command line and the reference are made from it. Throw `new EntradaError('code', { evidence })`.
 */

import { findOwn } from '../protocol/find-own.ts'
import { type ErrorEntry, errorTable } from './error-table.ts'

export type { ErrorEntry, StartAgain } from './error-table.ts'
export { errorTable }

export type ErrorCode = keyof typeof errorTable
export type ErrorDetail = Readonly<Record<string, unknown>>

/** An error with a code of the table. `detail` is evidence for the log, and is never shown on a page. */
export class EntradaError extends Error {
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  constructor(code: ErrorCode, detail: ErrorDetail = {}, options: { cause?: unknown } = {}) {
    super(messageOf(code, detail), options)
    this.name = 'EntradaError'
    this.code = code
    this.detail = detail
  }
}

/** Appends the problems, which never repeat a value: a developer sees the message before anything else. */
function messageOf(code: ErrorCode, { problems }: ErrorDetail): string {
  const { shown } = errorTable[code]
  return Array.isArray(problems) ? [shown, ...problems].join('\n  ') : shown
}

/** Returns whether an error is one of ours, with a code. */
export function isEntradaError(error: unknown): error is EntradaError {
  return error instanceof EntradaError
}

/** Returns the row of the table for a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorTable[code]
}

/** Returns the remedy for the administrator: that of the reason, or else that of the code. */
export function remedyOf({ code, detail }: EntradaError): string {
  const { fix, fixByReason = {} } = errorEntry(code)
  const { reason } = detail
  return (typeof reason === 'string' ? findOwn(fixByReason, reason) : undefined) ?? fix
}

/** Returns the error itself, or `internal_error` with it as the cause: any other error is a defect. */
export function asEntradaError(error: unknown): EntradaError {
  return isEntradaError(error) ? error : new EntradaError('internal_error', {}, { cause: error })
}
