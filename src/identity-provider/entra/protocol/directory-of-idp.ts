import { isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../../../protocol/guid.ts'
import { isExternalId, issuerOrigin, namesDirectories } from './entra-hosts.ts'

const DIRECTORY_PATH = /^\/([^/]+)(?:\/v2\.0)?\/?$/i

/**
 * Returns the directory that a token's `idp` names, as a tenant id in lower case; `undefined` if it names none of Entra's, such as
 * `google.com`. The same directory has several spellings: `https://sts.windows.net/TID/`,
 * `https://login.microsoftonline.com/TID/v2.0`.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export function directoryOfIdp(idp: unknown, issuer: string): string | undefined {
  if (typeof idp !== 'string') return undefined
  const text = idp.trim()
  if (/^(?:https:\/\/)?(?:login\.)?live\.com\/?$/i.test(text)) return PERSONAL_ACCOUNTS_TENANT_ID
  return isGuid(text) ? text.toLowerCase() : directoryInAddress(text, issuer)
}

function directoryInAddress(text: string, issuer: string): string | undefined {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') return undefined
  const tenantId = DIRECTORY_PATH.exec(url.pathname)?.[1]
  return isGuid(tenantId) && isEntra(url, tenantId, issuer) ? tenantId.toLowerCase() : undefined
}

/**
 * Returns whether the host is Entra's, or that of the token's own issuer. Any other host may belong to an attacker, who could put
 * any tenant id into its address. External ID has a host for each directory.
 */
function isEntra(url: URL, tenantId: string, issuer: string): boolean {
  if (url.origin === URL.parse(issuer)?.origin) return true
  const isPlain = url.protocol === 'https:' && url.port === ''
  return (isPlain && namesDirectories(url.hostname)) || isOwnExternalHost(url, tenantId)
}

function isOwnExternalHost(url: URL, tenantId: string): boolean {
  return isExternalId(url) && url.origin === issuerOrigin(url, tenantId)
}
