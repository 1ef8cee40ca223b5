/**
 * Every refusal of Entrada, in one table: its status, the sentence for the person, the remedy for the administrator.
 * Throw `new EntradaError('code', { evidence })`; pages, problem+json, the command line and the reference are made from here.
 */

import { findOwn } from '../protocol/find-own.ts'
import { type ErrorEntry, errorTable } from './error-table.ts'

export type { ErrorEntry, StartAgain } from './error-table.ts'
export { errorTable }

export type ErrorCode = keyof typeof errorTable
export type ErrorDetail = Readonly<Record<string, unknown>>

/** A refusal with a code of the table. `detail` is evidence for the log, never shown on a page. */
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

/** With the problems, if it is about several: a developer sees the message before anything else. They never repeat a value. */
function messageOf(code: ErrorCode, { problems }: ErrorDetail): string {
  const { shown } = errorTable[code]
  return Array.isArray(problems) ? [shown, ...problems].join('\n  ') : shown
}

export function isEntradaError(error: unknown): error is EntradaError {
  return error instanceof EntradaError
}

/** The table's row for a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorTable[code]
}

/** The remedy for the administrator, by the reason where there is one of its own. */
export function remedyOf({ code, detail }: EntradaError): string {
  const { fix, fixByReason = {} } = errorEntry(code)
  const { reason } = detail
  return (typeof reason === 'string' ? findOwn(fixByReason, reason) : undefined) ?? fix
}

/** Whatever else was thrown is a defect. */
export function asEntradaError(error: unknown): EntradaError {
  return isEntradaError(error) ? error : new EntradaError('internal_error', {}, { cause: error })
}
