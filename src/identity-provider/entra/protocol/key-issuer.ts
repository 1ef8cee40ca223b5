import type { SigningKey } from '../../../protocol/signing-keys.ts'
import { issuerForTenant } from './discovery.ts'

/**
 * Returns whether the key may sign for this issuer: its `issuer`, with the tenant filled in, is exactly that.
 * A key without the member may not be refused for it: not every cloud publishes it.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
 */
export function mayKeySignFor(key: SigningKey, issuer: string, tenantId: string): boolean {
  return key.issuer === undefined || issuerForTenant(key.issuer, tenantId) === issuer
}
