/** What is said of a refusal: Entra's part of it explained, and the words of the tables as a page shows them. */
import { html } from 'hono/html'
import type { EntradaError } from './errors/errors.ts'
import type { Html } from './http/responses.ts'
import type {
  EntraErrorEntry,
  WhoCanFix,
} from './identity-provider/entra/protocol/entra-error-table.ts'
import {
  type EntraError,
  explainEntraError,
  explainOAuthError,
} from './identity-provider/entra/protocol/explain-entra-error.ts'

/** What Entra itself said, explained; numbers are for people, no logic hangs on them. */
export type EntraExplanation = {
  readonly code?: number
  readonly entry?: EntraErrorEntry
  readonly traceId?: string
  readonly correlationId?: string
}

/** The explanation of an error's Entra part, if it has one. */
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

/** Who can put it right, in words. */
export const whoWords: Readonly<Record<WhoCanFix, string>> = {
  person: 'you',
  application_administrator: 'who administers the application registration in Entra',
  directory_administrator: 'an administrator of the directory',
  operator: 'who runs this server',
  nobody_needed: 'nobody; it passes',
}

/** The tables mark names and values with backticks. */
export function withCode(text: string): Html {
  const parts = text.split('`')
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
