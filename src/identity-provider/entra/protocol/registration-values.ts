/** Parsers of the values of a registration in Entra. Their messages complete the sentence "NAME …", and never repeat the value. */
import { isDomainName, isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import { publicUrl } from '../../../protocol/public-url.ts'
import { canonicalAuthority } from './entra-hosts.ts'

/** Parses the address of a cloud, and returns the host that its tokens name: `login.windows.net` is the worldwide cloud. */
export function authority(value: string): URL {
  return canonicalAuthority(publicUrl(value))
}

/** Parses the one directory of a connection: its tenant id, or a domain of it. */
export function tenant(value: string): string {
  const folded = value.toLowerCase()
  if (['common', 'organizations', 'consumers', PERSONAL_ACCOUNTS_TENANT_ID].includes(folded)) {
    throw new Error(
      'must be one directory; common, organizations, consumers and the personal tenant are not',
    )
  }
  if (!isGuid(folded) && !isDomainName(folded)) {
    throw new Error('must be a tenant id (GUID) or a domain such as contoso.com, not an address')
  }
  return folded
}

/** Parses an application (client) id. */
export function clientId(value: string): string {
  if (!isGuid(value)) throw new Error('must be an application (client) id, which is a GUID')
  return value.toLowerCase()
}
