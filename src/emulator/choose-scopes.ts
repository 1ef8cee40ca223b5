import { consentedScopes, decideConsent } from './consent.ts'
import type { Application } from './directory.ts'
import { type Authority, isAvailableIn, type Person } from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { findResource, GRAPH, type Resource, splitResource } from './resources.ts'
import { isDefaultScope, isScopeOf, isSignInScope, parseScopes, splitScope } from './scopes.ts'
import type { EmulatorState } from './state.ts'

/** The scopes of one token response: one resource, its scopes and those of OpenID Connect. */
export type ChosenScopes = {
  readonly resource: Resource
  readonly scopes: readonly string[]
  /** The parts of the `scope` parameter that were decisive, spelled as in the request. */
  readonly words: readonly string[]
  /** The resource as the request spelled it; `undefined` when the request named none. */
  readonly spelledResource: string | undefined
  /** The `scope` member of the response. */
  readonly answeredScope: string
}

/**
 * Chooses what a token request is granted. Its own `scope` parameter names the resource, if the user consented to it, and adds
 * OpenID scopes. Those of the authorization request stay granted, since libraries name them only there. Without the parameter it is
 * what the authorization request asked for, with its first resource.
 */
export function chooseScopes(
  state: EmulatorState,
  requested: { readonly scope: string | null; readonly grantedWords: readonly string[] },
  to: {
    readonly authority: Authority
    readonly application: Application
    readonly person: Person
  },
): ChosenScopes | Refusal {
  const { directory, graphUrl } = state
  const { authority, application, person } = to
  const named = splitScope(requested.scope)
  const kept =
    named.length > 0 ? requested.grantedWords.filter(isSignInScope) : requested.grantedWords
  const words = [...new Set([...kept, ...named])]
  const context = { directory, graphUrl, authority, application }
  const parsed = parseScopes(words, context)
  if ('error' in parsed) return parsed
  if (named.length > 0 && parsed.resources.length > 1) return refusal(700022)

  const [resource = GRAPH] = parsed.resources
  if (resource !== GRAPH && !isAvailableIn(resource, person.tenant)) return refusal(500011)
  const resourceScopes = parsed.scopes.filter((scope) => isScopeOf(scope, resource))
  if (decideConsent(application, person, resourceScopes).kind !== 'given') return consentMissing()
  const scopes = consentedScopes(application, person, resourceScopes).filter((scope) =>
    isScopeOf(scope, resource),
  )
  const ofResource = words.filter((word) => {
    const name = splitResource(word)?.resource
    return name !== undefined && findResource(context, name) === resource
  })
  const spelledResource = ofResource.map((word) => splitResource(word)?.resource)[0]
  const answered = [...spell(scopes, spelledResource), ...ofResource.filter(isDefaultScope)]
  const answeredScope = [...new Set(answered)].join(' ')
  return { resource, scopes, words, spelledResource, answeredScope }
}

/**
 * Spells the scopes of a resource as the request did, because libraries compare both as text and take missing ones for declined.
 *
 * @see RFC 6749 §5.1
 */
function spell(scopes: readonly string[], spelledResource: string | undefined): readonly string[] {
  return scopes
    .filter((scope) => scope !== 'offline_access')
    .map((scope) => {
      if (isSignInScope(scope) || spelledResource === undefined) return scope
      return `${spelledResource}/${scope.slice(scope.lastIndexOf('/') + 1)}`
    })
}

function consentMissing(): Refusal {
  return { ...refusal(65001), error: 'invalid_grant', suberror: 'consent_required' }
}
