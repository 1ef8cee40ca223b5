import type { Connection } from '../../storage/records.ts'
import { keepRecent } from '../keep-recent.ts'
import type { MakeProvider, ProviderParts } from '../provider-kind.ts'
import { createEntraAuthority, type EntraAuthority } from './entra-authority.ts'
import { permissionsOf } from './entra-permissions.ts'
import { createEntraProvider } from './entra-provider.ts'

/** The number of authorities that are kept. What a directory publishes is some kilobytes. */
const MOST_KEPT = 2_000

/** Returns the function that makes providers for Entra. What an authority publishes is fetched once for all connections that use it. */
export function openEntra({ http, now, randomBytes }: ProviderParts): MakeProvider {
  const authorities = keepRecent<EntraAuthority>(MOST_KEPT)
  return (connection, credentials) => {
    const { cloud, clientId } = connection
    const tenant = tenantOfAuthority(connection)
    const address = new URL(connection.authority)
    const authority = authorities(`${connection.authority} ${tenant}`, () =>
      createEntraAuthority({ authority: address, tenant, http, now }),
    )
    const permissions = permissionsOf(connection)
    return createEntraProvider({
      cloud,
      clientId,
      credentials,
      authority,
      http,
      now,
      randomBytes,
      permissions,
    })
  }
}

/**
 * Returns the tenant of the address that users are sent to: one directory, or the address for all work accounts, whose issuer is a
 * template. A guest has to be sent to the directory that invited them.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
 */
function tenantOfAuthority({ tenants, policies }: Connection): string {
  if (tenants.kind === 'pinned') return tenants.tenantId ?? tenants.tenant
  return policies.personalAccounts === 'allow' ? 'common' : 'organizations'
}
