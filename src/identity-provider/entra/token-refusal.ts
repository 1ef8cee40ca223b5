import { EntradaError } from '../../errors/errors.ts'
import type { EntraError } from './protocol/explain-entra-error.ts'

/**
 * Creates the refusal for an error of the token endpoint, by `error` and `suberror`, never by number (design rule 16).
 *
 * @see RFC 6749 §5.2
 */
export function tokenRefusal(
  entra: EntraError,
  evidence: { readonly status: number; readonly credential: string },
): EntradaError {
  const detail = { endpoint: 'token', ...evidence, entra }
  if (entra.error === 'invalid_client' || entra.error === 'unauthorized_client') {
    return new EntradaError('client_credentials_refused', detail)
  }
  if (isInteractionNeeded(entra)) return new EntradaError('interaction_required', detail)
  if (entra.error === 'invalid_grant') return new EntradaError('code_refused', detail)
  if (entra.error === 'temporarily_unavailable' || entra.error === 'server_error') {
    return new EntradaError('provider_unreachable', detail)
  }
  return new EntradaError('token_request_refused', detail)
}

/** Returns whether another credential could succeed: `unauthorized_client` is about the application, whatever its credential. */
export function isCredentialRefusal(error: unknown): error is EntradaError {
  if (!(error instanceof EntradaError)) return false
  const { entra } = error.detail as { readonly entra?: EntraError } // tokenRefusal put it there
  return error.code === 'client_credential_unreadable' || entra?.error === 'invalid_client'
}

/** With `invalid_grant`, the `suberror` names what only the person can do. */
const suberrorsForThePerson: ReadonlySet<string> = new Set([
  'additional_action',
  'basic_action',
  'consent_required',
  'interaction_required',
  'interrupted_user',
  'login_required',
  'message_only',
  'ui_not_allowed',
  'user_password_expired',
])

function isInteractionNeeded({ error, suberror }: EntraError): boolean {
  if (['interaction_required', 'consent_required', 'login_required'].includes(error)) return true
  return error === 'invalid_grant' && suberrorsForThePerson.has(suberror ?? '')
}
