import type { Application } from './directory.ts'
import { type Refusal, refusal } from './refusals.ts'

/** The scopes that are about the sign-in itself and not about a resource. */
const signInScopes: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

const graphHosts: readonly string[] = [
  'graph.microsoft.com',
  'graph.microsoft.us',
  'dod-graph.microsoft.us',
  'microsoftgraph.chinacloudapi.cn',
  'graph.windows.net',
]

/** What of Microsoft Graph only an administrator may consent to. */
const needAdministrator = /^(?!User\.ReadBasic\.All$).*\.All$/i

/** The parts of a `scope` parameter. */
export function splitScope(scope: string | null): readonly string[] {
  return [...new Set((scope ?? '').split(' ').filter((part) => part !== ''))]
}

/**
 * The scopes with the names of Microsoft Graph taken off; `.default` becomes what the application lists.
 * A scope of any other resource is refused: the emulator has none.
 */
export function parseScopes(
  asked: readonly string[],
  application: Application,
  graphUrl: string,
): readonly string[] | Refusal {
  const scopes: string[] = []
  const resources = new Set<string>()
  for (const scope of asked) {
    const { resource, name } = splitResource(scope)
    if (resource !== undefined && !isGraph(resource, graphUrl)) return refusal(500011)
    if (name === '.default') scopes.push(...application.delegatedPermissions)
    else scopes.push(name)
    if (resource !== undefined) resources.add(resource)
  }
  if (resources.size > 1) return refusal(700022)
  return [...new Set(scopes)]
}

/** Says whether a scope asks for Graph's `.default`: everything the application lists. */
export function isGraphDefault(scope: string, graphUrl: string): boolean {
  const { resource, name } = splitResource(scope)
  return name === '.default' && (resource === undefined || isGraph(resource, graphUrl))
}

/** The scopes that somebody has to consent to. */
export function consentableScopes(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !signInScopes.includes(scope.toLowerCase()))
}

/** Says whether people cannot consent to a scope for themselves. */
export function needsAdministrator(scope: string): boolean {
  return needAdministrator.test(scope)
}

/** Says whether a list of scopes has one of these, whatever the letter case. */
export function hasScope(scopes: readonly string[], ...wanted: readonly string[]): boolean {
  const names = wanted.map((name) => name.toLowerCase())
  return scopes.some((scope) => names.includes(scope.toLowerCase()))
}

function splitResource(scope: string) {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/.+)\/([^/]+)$/i.exec(scope)
  return parts?.[1] === undefined
    ? { resource: undefined, name: scope }
    : { resource: parts[1].replace(/\/+$/, ''), name: parts[2] ?? '' }
}

function isGraph(resource: string, graphUrl: string): boolean {
  const url = URL.parse(resource)
  if (url === null) return false
  return graphHosts.includes(url.hostname) || url.origin === new URL(graphUrl).origin
}
