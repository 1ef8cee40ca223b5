import { EntradaError } from '../../../errors/errors.ts'
import { isDomainName, isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'

/** One directory, as its administrator names it. */
export type DirectoryName =
  | { readonly kind: 'tenant_id'; readonly value: string }
  | { readonly kind: 'domain'; readonly value: string }

const aliases: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers'])

/**
 * Parses a tenant id or a domain, in lower case; never an address, because the text decides where this server sends a request
 * (I16).
 *
 * @throws {EntradaError} `directory_invalid`, `directory_is_alias`, `directory_is_personal`
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
 */
export function parseDirectoryName(text: string): DirectoryName {
  const value = text.trim().toLowerCase()
  if (aliases.has(value)) throw new EntradaError('directory_is_alias')
  if (value === PERSONAL_ACCOUNTS_TENANT_ID) throw new EntradaError('directory_is_personal')
  if (isGuid(value)) return { kind: 'tenant_id', value }
  if (isDomainName(value)) return { kind: 'domain', value }
  throw new EntradaError('directory_invalid')
}
