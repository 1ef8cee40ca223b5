import type { Application, Directory } from './directory.ts'
import { type Authority, isAvailableIn } from './find-in-directory.ts'

/** The resource of an access token: Microsoft Graph, or an application that exposes an API. */
export type Resource = typeof GRAPH | Application

export const GRAPH = 'graph'

const graphHosts: readonly string[] = [
  'graph.microsoft.com',
  'graph.microsoft.us',
  'dod-graph.microsoft.us',
  'microsoftgraph.chinacloudapi.cn',
  'graph.windows.net',
]

/** The application id of Microsoft Graph in every cloud. */
const GRAPH_CLIENT_ID = '00000003-0000-0000-c000-000000000000'

/**
 * Splits a scope into its resource and its name: `api://tasks/read`, `<client id>/read`, or `User.Read` without a resource. The
 * resource keeps its spelling. Returns `undefined` for an address that has no name at its end.
 */
export function splitResource(
  word: string,
): { readonly resource: string | undefined; readonly name: string } | undefined {
  const slash = word.lastIndexOf('/')
  const resource = word.slice(0, Math.max(slash, 0))
  if (resource === '') return slash < 0 ? { resource: undefined, name: word } : undefined
  const name = word.slice(slash + 1)
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(resource)
  return name !== '' && (isAddress || guid.test(resource)) ? { resource, name } : undefined
}

/** Finds the resource of a scope at an authority; a scope without one belongs to Microsoft Graph. */
export function findResource(
  {
    directory,
    graphUrl,
    authority,
  }: {
    readonly directory: Directory
    readonly graphUrl: string
    readonly authority: Authority
  },
  resource: string | undefined,
): Resource | undefined {
  if (resource === undefined) return GRAPH
  const name = withoutSlash(resource)
  if (isGraph(name, graphUrl)) return GRAPH
  return directory.applications.find(
    (application) =>
      identifiersOf(application).some((identifier) => isSameIdentifier(identifier, name)) &&
      (authority.kind === 'alias' || isAvailableIn(application, authority.tenant)),
  )
}

/** Returns the identifier with which the scopes of an API begin in consents and responses. */
export function identifierOf({ identifierUris, clientId }: Application): string {
  return withoutSlash(identifierUris[0] ?? clientId)
}

/** Returns every name under which an API can be requested: the identifier URIs that it registered, and its client id. */
export function identifiersOf({ identifierUris, clientId }: Application): readonly string[] {
  return [...identifierUris, clientId]
}

function isSameIdentifier(identifier: string, name: string): boolean {
  return withoutSlash(identifier).toLowerCase() === name.toLowerCase()
}

function withoutSlash(name: string): string {
  return name.replace(/\/+$/, '')
}

function isGraph(name: string, graphUrl: string): boolean {
  if (name.toLowerCase() === GRAPH_CLIENT_ID) return true
  const url = URL.parse(name)
  if (url === null || !url.protocol.startsWith('http')) return false
  return graphHosts.includes(url.hostname) || url.origin === new URL(graphUrl).origin
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
