import { isGuid } from '../../../protocol/guid.ts'
import type { Connection } from '../../../storage/records.ts'
import type { Issuer } from '../../provider-kind.ts'
import { issuerOrigin } from './entra-hosts.ts'

const MAX_ISSUER_LENGTH = 512

/**
 * Returns the tenant of an issuer, or `undefined` if it is spelled differently than Entra's: it is compared, not interpreted.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
 */
export function parseIssuer(text: string): Issuer | undefined {
  if (text.length > MAX_ISSUER_LENGTH) return undefined
  const url = URL.parse(text)
  const [, tenantId, version, ...more] = url?.pathname.split('/') ?? []
  if (url === null || version !== 'v2.0' || more.length > 0 || !isGuid(tenantId)) return undefined
  const authority = url.origin
  return text === `${authority}/${tenantId}/v2.0` && tenantId === tenantId.toLowerCase()
    ? { authority, tenantId }
    : undefined
}

/** Returns whether tokens of this tenant come from the authority of a connection. In External ID their host is the tenant id. */
export function isIssuerAt(authority: string, { authority: origin, tenantId }: Issuer): boolean {
  return origin === authority || origin === issuerOrigin(new URL(authority), tenantId)
}

/**
 * Returns whether an issuer is that of a connection. Of several tenants, or of one that is not known yet, any may be meant: who the user
 * is, is decided later.
 */
export function isIssuerOf(
  { authority, tenants }: Pick<Connection, 'authority' | 'tenants'>,
  text: string,
): boolean {
  const issuer = parseIssuer(text)
  const tenantId = tenants.kind === 'pinned' ? tenants.tenantId : undefined
  if (issuer === undefined || !isIssuerAt(authority, issuer)) return false
  return tenantId === undefined || tenantId === issuer.tenantId
}
