/**
 * Codes that an earlier release had under another name. Audit events, health rows and grants stored by that release keep the former
 * name, so pages and the API look codes up through {@link currentCode}. Log lines carry both names for one release.
 */
import { findOwn } from '../protocol/find-own.ts'
import type { ErrorCode } from './errors.ts'

/** The former name of each renamed code. */
export const formerCodes = {
  provider_unreachable: 'entra_unreachable',
  provider_timeout: 'entra_timeout',
  provider_answer_invalid: 'entra_answer_invalid',
} as const satisfies Partial<Record<ErrorCode, string>>

const currentCodes: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(formerCodes).map(([current, former]) => [former, current]),
)

/** Returns the present name of a stored code; a code that was never renamed is returned unchanged. */
export function currentCode(code: string): string {
  return findOwn(currentCodes, code) ?? code
}

/** Returns the log fields of a refusal's code: the code, and `formerCode` where an earlier release logged it under another name. */
export function codeFields(code: ErrorCode): {
  readonly code: ErrorCode
  readonly formerCode?: string
} {
  const table: Readonly<Record<string, string>> = formerCodes
  const formerCode = findOwn(table, code)
  return { code, ...(formerCode === undefined ? {} : { formerCode }) }
}
