import { EntradaError } from '../../errors/errors.ts'
import { ROLE_NAME } from '../../protocol/text-patterns.ts'

/** Checks the name of a role as the rules file does. @throws {EntradaError} `request_invalid` */
export function checkRoleName(role: string, parameter: string): string {
  if (!ROLE_NAME.test(role)) throw new EntradaError('request_invalid', { parameter })
  return role
}
