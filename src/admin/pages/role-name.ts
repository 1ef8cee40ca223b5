import { EntradaError } from '../../errors.ts'

/** As in the rules file. @throws {EntradaError} `request_invalid` */
export function checkRoleName(role: string, parameter: string): string {
  if (!/^[A-Za-z0-9._:-]{1,64}$/.test(role))
    throw new EntradaError('request_invalid', { parameter })
  return role
}
