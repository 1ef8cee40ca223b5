/**
 * The sentences of an error code for users and for operators. A code that this release does not know has none, unless it was only
 * renamed.
 */
import { type ErrorEntry, errorTable } from '../../errors/errors.ts'
import { currentCode } from '../../errors/former-codes.ts'
import { findOwn } from '../../protocol/find-own.ts'
import type { Connection } from '../../storage/records.ts'

/** Returns the row of the error table for a stored code, also under its former name. */
export function entryOf(code: string): ErrorEntry | undefined {
  const table: Readonly<Record<string, ErrorEntry>> = errorTable
  return findOwn(table, currentCode(code))
}

/** Returns the sentence that the user read, or the code itself where no row has it. */
export function sentenceOf(code: string | undefined): string {
  return code === undefined ? '' : (entryOf(code)?.shown ?? code)
}

/** Returns the remedy for a code: for a connection that is changed on its page, or for the connection of the environment. */
export function remedyFor(
  code: string,
  connection: Pick<Connection, 'managedBy'> | undefined,
): string {
  const entry = entryOf(code)
  const isCustomers = connection !== undefined && connection.managedBy !== 'environment'
  return (isCustomers ? entry?.fixAtConnection : undefined) ?? entry?.fix ?? ''
}

/** Returns the text up to its first full stop, for lists. */
export function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text
}
