import { graphHostsOf } from './entra-hosts.ts'

/**
 * Returns the origin of Microsoft Graph for an authority, or `undefined` if there is none that may be called. If a cloud of Microsoft
 * has several, the discovery document of the tenant chooses one, but only among those that `entra-hosts.ts` lists. For any other
 * authority, it is the one in the discovery document, without TLS only on the host of the authority. An address in a token is never used.
 *
 * @see https://learn.microsoft.com/graph/deployments#microsoft-graph-and-graph-explorer-service-root-endpoints
 */
export function graphOrigin(authority: URL, msgraphHost?: string): string | undefined {
  const hosts = graphHostsOf(authority)
  if (hosts !== undefined) {
    return `https://${hosts.find((host) => host === msgraphHost) ?? hosts[0]}`
  }
  if (msgraphHost === undefined || !/^[a-z0-9.-]+(:\d{1,5})?$/i.test(msgraphHost)) return undefined
  if (authority.protocol === 'http:' && msgraphHost !== authority.host) return undefined
  return URL.parse(`${authority.protocol}//${msgraphHost}`)?.origin
}
