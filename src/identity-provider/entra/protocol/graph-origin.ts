import { graphHostsOf } from './entra-hosts.ts'

/**
 * Where the Graph of an authority is. Where a cloud has several, its discovery document says which one serves the tenant; it may only
 * choose among those that `entra-hosts.ts` lists. Of another authority than Microsoft's own clouds: what its discovery document names, in plain
 * text only on the authority's own host. `undefined`: it has none that could be asked. An address in a token is never looked at.
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
