/**
 * Microsoft's own sign-in hosts: the cloud of each, its older names, and its hosts of Microsoft Graph.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
 */
import { isGuid } from '../../../protocol/guid.ts'

export type EntraCloud = {
  readonly name: 'global' | 'us_government' | 'china'
  readonly host: string
  /** Further names of the same service; tokens and discovery documents of all of them name {@link host}. */
  readonly aliases: readonly string[]
  /** Further hosts that issue tokens of version 1, and that the `idp` of a token may still name. */
  readonly tokenServices: readonly string[]
  readonly graphHosts: readonly [string, ...string[]]
}

/** The first is the worldwide cloud. */
export const entraClouds: readonly [EntraCloud, ...EntraCloud[]] = [
  {
    name: 'global',
    host: 'login.microsoftonline.com',
    aliases: ['login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
    tokenServices: [],
    graphHosts: ['graph.microsoft.com'],
  },
  {
    name: 'us_government',
    host: 'login.microsoftonline.us',
    aliases: ['login.usgovcloudapi.net'],
    tokenServices: [],
    graphHosts: ['graph.microsoft.us', 'dod-graph.microsoft.us'],
  },
  {
    name: 'china',
    host: 'login.partner.microsoftonline.cn',
    aliases: ['login.chinacloudapi.cn'],
    tokenServices: ['sts.chinacloudapi.cn'],
    graphHosts: ['microsoftgraph.chinacloudapi.cn'],
  },
]

/** Directories of Entra External ID, which contain an application's customers, are one cloud, whatever their hosts. */
export const EXTERNAL_CLOUD = 'external'
const externalGraphHosts: EntraCloud['graphHosts'] = ['graph.microsoft.com']
const EXTERNAL_HOST = /^[a-z0-9-]{1,63}\.ciamlogin\.com$/

/**
 * Whether this is a directory of Entra External ID. Each has two hosts, `NAME.ciamlogin.com` and `TENANTID.ciamlogin.com`.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud; https://learn.microsoft.com/entra/external-id/customers/
 */
export function isExternalId(authority: URL): boolean {
  return (
    authority.protocol === 'https:' &&
    authority.port === '' &&
    EXTERNAL_HOST.test(authority.hostname)
  )
}

/** Finds the cloud of a host, by any of its names. */
export function findEntraCloud(hostname: string): EntraCloud | undefined {
  return entraClouds.find(({ host, aliases }) => host === hostname || aliases.includes(hostname))
}

/** Returns the authority under the name that its tokens have. An older name would be taken for another cloud. */
export function canonicalAuthority(authority: URL): URL {
  const hostname = authority.hostname.replace(/\.$/, '')
  const host = findEntraCloud(hostname)?.host ?? hostname
  if (host === authority.hostname) return authority
  const canonical = new URL(authority)
  canonical.hostname = host
  return canonical
}

/** Returns the hosts of Microsoft Graph for an authority of Microsoft; `undefined` for another authority. */
export function graphHostsOf(authority: URL): EntraCloud['graphHosts'] | undefined {
  if (isExternalId(authority)) return externalGraphHosts
  return findEntraCloud(authority.hostname)?.graphHosts
}

/** Returns the origin of the issuer of this tenant's tokens: the authority's own, but in External ID that of the tenant id. */
export function issuerOrigin(authority: URL, tenantId: string): string {
  if (!isExternalId(authority) || !isGuid(tenantId)) return authority.origin
  return `https://${tenantId.toLowerCase()}.ciamlogin.com`
}

/**
 * Returns whether Entra itself names directories under this host, in `idp`: only Entra chooses the tenant id in such an address.
 */
export function namesDirectories(hostname: string): boolean {
  const isTokenService = entraClouds.some(({ tokenServices }) => tokenServices.includes(hostname))
  return isTokenService || findEntraCloud(hostname) !== undefined
}
