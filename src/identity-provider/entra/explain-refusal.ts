/** Explains the Entra part of a refusal, for the pages that show one. */
import type { EntradaError } from '../../errors/errors.ts'
import type { EntraErrorEntry, WhoCanFix } from './protocol/entra-error-table.ts'
import {
  type EntraError,
  explainEntraError,
  explainOAuthError,
} from './protocol/explain-entra-error.ts'

/** Entra's error with its entry in our tables. The numbers are only shown; no decision depends on them. */
export type EntraExplanation = {
  readonly code?: number
  readonly entry?: EntraErrorEntry
  readonly traceId?: string
  readonly correlationId?: string
}

/** Returns the explanation of an error that Entra sent; `undefined` for every other error. */
export function explainRefusal({
  detail,
}: Pick<EntradaError, 'detail'>): EntraExplanation | undefined {
  const { entra } = detail as { readonly entra?: EntraError } // put there by entra-oidc and sign-in
  if (entra === undefined) return undefined
  const code =
    entra.codes.find((number) => explainEntraError(number) !== undefined) ?? entra.codes[0]
  const entry =
    (code === undefined ? undefined : explainEntraError(code)) ?? explainOAuthError(entra.error)
  return {
    ...(code === undefined ? {} : { code }),
    ...(entry === undefined ? {} : { entry }),
    ...(entra.traceId ? { traceId: entra.traceId } : {}),
    ...(entra.correlationId ? { correlationId: entra.correlationId } : {}),
  }
}

/** Names, for a page, who can fix an error. */
export const whoWords: Readonly<Record<WhoCanFix, string>> = {
  person: 'you',
  application_administrator: 'who administers the application registration in Entra',
  directory_administrator: 'an administrator of the directory',
  operator: 'who runs this server',
  nobody_needed: 'nobody; it passes',
}
