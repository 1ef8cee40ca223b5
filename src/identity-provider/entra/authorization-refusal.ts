import { EntradaError } from '../../errors/errors.ts'
import type { AuthorizationResponse } from '../../protocol/authorization-response.ts'
import { parseEntraError } from './protocol/explain-entra-error.ts'

/** Creates the error for a refusal of the authorization endpoint, by `error` alone (design rule 16). @see RFC 6749 §4.1.2.1 */
export function authorizationRefusal(
  response: Extract<AuthorizationResponse, { kind: 'refused' }>,
): EntradaError {
  const entra = parseEntraError({
    error: response.error,
    error_description: response.description,
    error_codes: response.errorCodes,
  })
  const detail = { endpoint: 'authorize', entra }
  if (['temporarily_unavailable', 'server_error'].includes(response.error)) {
    return new EntradaError('provider_unreachable', detail)
  }
  return new EntradaError('authorization_refused', detail)
}
