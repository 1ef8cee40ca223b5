import type { TenantPinning } from './records.ts'

/**
 * Returns the tenant ids that a connection accepts. There are none while it is pinned to a domain that Entra has not resolved yet.
 */
export function acceptedTenants(tenants: TenantPinning): readonly string[] {
  if (tenants.kind === 'allow_list') return tenants.tenantIds
  return tenants.tenantId === undefined ? [] : [tenants.tenantId]
}
