import { EntradaError } from '../../errors/errors.ts'
import { findOwn } from '../../protocol/find-own.ts'
import type { Connection } from '../../storage/records.ts'
import {
  EXTERNAL_CLOUD,
  entraClouds,
  findEntraCloud,
  isExternalId,
  issuerOrigin,
} from './protocol/entra-hosts.ts'

/** The default authority: Microsoft's worldwide cloud. */
export const DEFAULT_AUTHORITY = new URL('https://login.microsoftonline.com')

/**
 * Returns the cloud of an authority, which is part of a person's key, since ids are unique in one cloud only: its name, or the host
 * of another Entra-compatible authority.
 */
export function cloudOf(authority: URL): string {
  if (isExternalId(authority)) return EXTERNAL_CLOUD
  return findEntraCloud(authority.hostname)?.name ?? authority.hostname
}

/** Authorities of Microsoft's own clouds. Those of External ID are one for each directory, and not listed. */
export const cloudAuthorities: readonly string[] = entraClouds.map(({ host }) => `https://${host}`)

const cloudNames: Readonly<Record<string, string>> = {
  global: 'Microsoft Azure and Microsoft 365 (worldwide)',
  us_government: 'US Government',
  china: 'China, operated by 21Vianet',
  [EXTERNAL_CLOUD]: 'Entra External ID (customers)',
}

/** Returns the name of a cloud for display, which for External ID is the kind of directory. */
export function cloudWords(cloud: string): string {
  return findOwn(cloudNames, cloud) ?? cloud
}

/** Returns the origins of the sign-in and sign-out pages of a connection. */
export function originsOf({ authority, tenants }: Pick<Connection, 'authority' | 'tenants'>) {
  const tenantId = tenants.kind === 'pinned' ? (tenants.tenantId ?? '') : ''
  return [...new Set([authority, issuerOrigin(new URL(authority), tenantId)])]
}

/**
 * Checks that a connection to External ID is for one directory, with an application of its own: there is no address at which people
 * of several directories, or of a shared application, could sign in.
 *
 * @throws {EntradaError} `request_invalid`
 */
export function checkOneDirectory(
  authority: URL,
  asked: {
    readonly allowedTenantIds?: readonly string[] | null | undefined
    readonly application: Connection['application']
  },
): void {
  if (!isExternalId(authority)) return
  const parameter = asked.application === 'shared' ? 'application' : 'allowedTenantIds'
  if (parameter === 'application' || asked.allowedTenantIds?.length) {
    throw new EntradaError('request_invalid', { parameter })
  }
}
