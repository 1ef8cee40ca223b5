import { entraErrors, idTokenErrors } from '../errors/error-table-sign-in.ts'
import type { EntradaError, ErrorCode } from '../errors/errors.ts'

/** What the person has to do, or did: Entra's answer to them says nothing of the connection. */
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
 * Whether a refused sign-in means that nobody would get in through its connection: Entra or its network is away, our credential is
 * refused, its tokens do not verify. What came in the browser's address (`endpoint: authorize`) counts for nothing: anybody can write it.
 */
export function isFailureOfConnection({ code, detail }: EntradaError): boolean {
  if (detail.endpoint === 'authorize' || ofThePerson.has(code)) return false
  return (
    Object.hasOwn(entraErrors, code) ||
    Object.hasOwn(idTokenErrors, code) ||
    ofTheConnection.has(code)
  )
}
