import { entraErrors, idTokenErrors } from '../errors/error-table-sign-in.ts'
import type { EntradaError, ErrorCode } from '../errors/errors.ts'

/** Codes that depend on the person who signs in. Such an answer from Entra reveals nothing about the connection. */
const ofThePerson: ReadonlySet<string> = new Set<ErrorCode>([
  'authorization_refused',
  'interaction_required',
  'code_refused',
])

const ofTheConnection: ReadonlySet<string> = new Set<ErrorCode>([
  'entra_not_configured',
  'tenant_changed',
  'sealed_value_invalid',
])

/**
 * Returns whether a refused sign-in means that no user could sign in through the connection: Entra or the network is unavailable,
 * our credential is refused, or tokens do not verify. Errors from the browser's address (`endpoint: authorize`) do not count,
 * because anyone can write them.
 */
export function isFailureOfConnection({ code, detail }: EntradaError): boolean {
  if (detail.endpoint === 'authorize' || ofThePerson.has(code)) return false
  return (
    Object.hasOwn(entraErrors, code) ||
    Object.hasOwn(idTokenErrors, code) ||
    ofTheConnection.has(code)
  )
}
