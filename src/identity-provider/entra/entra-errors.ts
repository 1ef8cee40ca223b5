/** What the errors of Entra mean, for the table of kinds. */
import type { EntradaError } from '../../errors/errors.ts'
import type { CopiedError, ProviderErrors, ProviderExplanation } from '../provider-errors.ts'
import {
  type EntraError,
  explainEntraError,
  explainOAuthError,
  nearestEntraErrorCodes,
  parseEntraErrorCode,
} from './protocol/explain-entra-error.ts'

const SENDER = 'Microsoft'

export const entraErrorTables: ProviderErrors = {
  explain,
  find(number) {
    const entry = explainEntraError(number)
    return entry && { label: labelOf(number), entry }
  },
  read,
  neverSent: [50011, 700016, 90002, 50020, 50105, 90094],
}

/** Returns the name of a number, as Entra writes it. */
function labelOf(code: number): string {
  return `AADSTS${code}`
}

function explain({ detail }: Pick<EntradaError, 'detail'>): ProviderExplanation | undefined {
  const { entra } = detail as { readonly entra?: EntraError } // put there by entra-oidc and sign-in
  if (entra === undefined) return undefined
  const code =
    entra.codes.find((number) => explainEntraError(number) !== undefined) ?? entra.codes[0]
  const entry =
    (code === undefined ? undefined : explainEntraError(code)) ?? explainOAuthError(entra.error)
  return {
    sender: SENDER,
    ...(code === undefined ? {} : { label: labelOf(code) }),
    ...(entry === undefined ? {} : { entry }),
    ...(entra.traceId ? { traceId: entra.traceId } : {}),
    ...(entra.correlationId ? { correlationId: entra.correlationId } : {}),
  }
}

function read(text: string): CopiedError | undefined {
  const code = parseEntraErrorCode(text)
  if (code !== undefined) {
    return {
      code,
      label: labelOf(code),
      entry: explainEntraError(code),
      near: nearestEntraErrorCodes(code).map(labelOf),
      address: `https://login.microsoftonline.com/error?code=${code}`,
    }
  }
  const label = text.trim()
  const entry = explainOAuthError(label)
  return entry && { code, label, entry, near: [] }
}
