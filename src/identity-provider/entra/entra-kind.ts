/** Microsoft Entra ID as a row of the table of kinds: everything that the rest of the house asks about it. */
import { EntradaError } from '../../errors/errors.ts'
import { PERSONAL_ACCOUNTS_TENANT_ID } from '../../protocol/guid.ts'
import { acceptedTenants } from '../../storage/accepted-tenants.ts'
import type { Connection, PersonKey, Space } from '../../storage/records.ts'
import type { Place, ProviderKind } from '../provider-kind.ts'
import { cloudAuthorities, cloudOf, cloudWords } from './clouds.ts'
import { entraErrorTables } from './entra-errors.ts'
import { canonicalAuthority, isExternalId, issuerOrigin } from './protocol/entra-hosts.ts'
import { isIssuerOf, parseIssuer } from './protocol/issuer.ts'
import { entraIdsOf, entraSpace } from './protocol/person-key.ts'

export const entraKind = {
  name: 'Microsoft Entra ID',
  protocol: 'oidc',
  load: async () => (await import('./open-entra.ts')).openEntra,
  authorities: cloudAuthorities,
  placeOf,
  cloudWords,
  checkConnection,
  spaceOf,
  vouchesFor,
  acceptsDirectory,
  isPersonalAccount,
  pageOrigins,
  parseIssuer,
  isIssuerOf,
  errors: entraErrorTables,
} as const satisfies ProviderKind

/** Returns the authority under the name that its tokens have, and its cloud. */
function placeOf(address: URL): Place {
  const authority = canonicalAuthority(address)
  return { authority: authority.origin, cloud: cloudOf(authority) }
}

/** Returns the space of the people of a cloud. */
function spaceOf({ cloud }: Pick<Connection, 'cloud'>): Space {
  return entraSpace(cloud)
}

/** Returns whether Entra vouches for the person of a key. */
function vouchesFor(key: PersonKey): boolean {
  return entraIdsOf(key) !== undefined
}

/** Returns whether the directory of a person is one of the tenants that the connection accepts. */
function acceptsDirectory(
  { tenants }: Pick<Connection, 'tenants'>,
  { directory }: PersonKey,
): boolean {
  return acceptedTenants(tenants).includes(directory)
}

/** Returns whether the account is one without an organization: those are all in one directory of Microsoft's. */
function isPersonalAccount(key: PersonKey): boolean {
  return vouchesFor(key) && key.directory === PERSONAL_ACCOUNTS_TENANT_ID
}

/**
 * Checks that a connection to External ID is for one directory, with an application of its own: there is no address at which people
 * of several directories, or of a shared application, could sign in.
 *
 * @throws {EntradaError} `request_invalid`
 */
function checkConnection({
  authority,
  application,
  tenants,
}: Pick<Connection, 'authority' | 'application' | 'tenants'>): void {
  if (!isExternalId(new URL(authority))) return
  const parameter = application === 'shared' ? 'application' : 'allowedTenantIds'
  const isList = tenants.kind === 'allow_list' && tenants.tenantIds.length > 0
  if (parameter === 'application' || isList) {
    throw new EntradaError('request_invalid', { parameter })
  }
}

/** Returns the origins of the sign-in and sign-out pages of a connection. */
function pageOrigins({ authority, tenants }: Pick<Connection, 'authority' | 'tenants'>) {
  const tenantId = tenants.kind === 'pinned' ? (tenants.tenantId ?? '') : ''
  return [...new Set([authority, issuerOrigin(new URL(authority), tenantId)])]
}
