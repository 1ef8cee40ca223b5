import type { Application, Directory } from './directory.ts'
import type { Authority } from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { findResource, GRAPH, identifierOf, type Resource, splitResource } from './resources.ts'

/**
 * A parsed `scope` parameter. OpenID scopes and those of Microsoft Graph are bare names, those of another API begin with its
 * identifier. `resources` are in the order of the request, without duplicates.
 */
export type ScopeRequest = {
  readonly scopes: readonly string[]
  readonly resources: readonly Resource[]
}

/** The context in which scopes are looked up: the directory as one authority sees it, for one client. */
export type ScopeContext = {
  readonly directory: Directory
  readonly graphUrl: string
  readonly authority: Authority
  readonly application: Application
}

/** The scopes that are about the sign-in itself and not about a resource. */
const signInScopes: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** Permissions of Microsoft Graph that only an administrator may consent to. */
const needAdministrator = /^(?!User\.ReadBasic\.All$)[^/]*\.All$/i

/** Returns the parts of a `scope` parameter. */
export function splitScope(scope: string | null): readonly string[] {
  return [...new Set((scope ?? '').split(' ').filter((part) => part !== ''))]
}

/**
 * Parses the parts of a `scope` parameter. `.default` becomes what the application lists for that resource. Several resources are
 * allowed, since an authorization request may ask for consent to more than one.
 */
export function parseScopes(
  words: readonly string[],
  context: ScopeContext,
): ScopeRequest | Refusal {
  if (isDefaultMixed(words)) {
    return refusal(
      70011,
      'The scope ".default" cannot be combined with other scopes of a resource.',
    )
  }
  const scopes: string[] = []
  const resources: Resource[] = []
  for (const word of words) {
    const parsed = parseScope(word, context)
    if ('error' in parsed) return parsed
    scopes.push(...parsed.scopes)
    resources.push(...parsed.resources)
  }
  return { scopes: [...new Set(scopes)], resources: withoutDuplicates(resources) }
}

/** Returns whether a scope belongs to a resource, or is one of OpenID Connect, which belong to every resource. */
export function isScopeOf(scope: string, resource: Resource): boolean {
  if (isSignInScope(scope)) return true
  return resource === GRAPH ? !scope.includes('/') : scope.startsWith(`${identifierOf(resource)}/`)
}

/** Returns whether a scope is one of OpenID Connect, which have no resource. */
export function isSignInScope(scope: string): boolean {
  return signInScopes.includes(scope.toLowerCase())
}

/** Returns whether a scope means everything that the application lists for a resource. */
export function isDefaultScope(word: string): boolean {
  return splitResource(word)?.name === '.default'
}

/** Returns the scopes that need consent, of the user or of an administrator. */
export function consentableScopes(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !isSignInScope(scope))
}

/** Returns whether users cannot consent to a scope themselves. */
export function needsAdministrator(scope: string): boolean {
  return needAdministrator.test(scope)
}

/** Returns whether a list of scopes contains one of these, in any letter case. */
export function hasScope(scopes: readonly string[], ...candidates: readonly string[]): boolean {
  const names = candidates.map((name) => name.toLowerCase())
  return scopes.some((scope) => names.includes(scope.toLowerCase()))
}

function parseScope(word: string, context: ScopeContext): ScopeRequest | Refusal {
  if (isSignInScope(word)) return { scopes: [word], resources: [] }
  const parts = splitResource(word)
  if (parts === undefined) return refusal(70011, 'A scope of the request is malformed.')
  const resource = findResource(context, parts.resource)
  if (resource === undefined) return refusal(500011)
  if (parts.name === '.default') {
    return { scopes: listedScopes(context, resource), resources: [resource] }
  }
  if (resource === GRAPH) return { scopes: [parts.name], resources: [resource] }
  const name = resource.exposedScopes.find(
    (exposed) => exposed.toLowerCase() === parts.name.toLowerCase(),
  )
  if (name === undefined) return refusal(650053)
  return { scopes: [`${identifierOf(resource)}/${name}`], resources: [resource] }
}

/**
 * Returns the meaning of `.default`: the delegated permissions that the application lists for the resource. An application whose
 * consent is assumed and that lists nothing for an API gets everything that the API exposes.
 */
function listedScopes(context: ScopeContext, resource: Resource): readonly string[] {
  const { application } = context
  const listed = application.delegatedPermissions.flatMap((permission) => {
    const parts = splitResource(permission)
    if (parts === undefined || findResource(context, parts.resource) !== resource) return []
    return [resource === GRAPH ? parts.name : `${identifierOf(resource)}/${parts.name}`]
  })
  if (resource === GRAPH || listed.length > 0 || application.consent === 'required') return listed
  return resource.exposedScopes.map((name) => `${identifierOf(resource)}/${name}`)
}

function isDefaultMixed(words: readonly string[]): boolean {
  const ofResources = words.filter((word) => !isSignInScope(word))
  return ofResources.some(isDefaultScope) && !ofResources.every(isDefaultScope)
}

function withoutDuplicates(resources: readonly Resource[]): readonly Resource[] {
  return resources.filter((resource, index) => resources.indexOf(resource) === index)
}
