import type { Application } from './directory.ts'
import { type Authority, findApplication } from './find-in-directory.ts'
import { findPlatform, type Platform } from './redirect-uri.ts'
import { type Refusal, refusal } from './refusals.ts'
import { findRepeated } from './repeated-parameter.ts'
import { parseScopes, splitScope } from './scopes.ts'
import type { EmulatorState } from './state.ts'
import { requestedStepUps } from './step-up.ts'

export type ResponseMode = 'query' | 'fragment' | 'form_post'

/** Where a response is sent. It is created only after the redirect URI was found to be registered. */
export type ReturnAddress = {
  readonly redirectUri: string
  readonly state: string | undefined
  readonly responseMode: ResponseMode
}

export type CodeChallenge = { readonly method: 'S256' | 'plain'; readonly value: string }

export type AuthorizationRequest = {
  readonly authority: Authority
  readonly application: Application
  readonly platform: Platform
  readonly returnAddress: ReturnAddress
  /** The parts of the `scope` parameter as they were spelled, and their meaning. */
  readonly askedScopes: readonly string[]
  readonly scopes: readonly string[]
  readonly nonce: string | undefined
  readonly codeChallenge: CodeChallenge | undefined
  readonly prompt: string | undefined
  readonly loginHint: string | undefined
  readonly domainHint: string | undefined
  readonly requestedClaims: readonly string[]
  readonly stepUps: readonly string[]
  readonly wantsClientInfo: boolean
}

/** Some refusals are shown on our own page, the others are returned (RFC 6749 §4.1.2.1). */
export type AuthorizationDecision =
  | { readonly kind: 'shown'; readonly refusal: Refusal }
  | { readonly kind: 'returned'; readonly refusal: Refusal; readonly to: ReturnAddress }
  | { readonly kind: 'valid'; readonly request: AuthorizationRequest }

/**
 * Decides what happens with an authorization request, before the user has to choose an account.
 *
 * As in Entra, unknown parameters are tolerated: MSAL sends a dozen of its own.
 */
export function decideAuthorization(
  { directory, graphUrl }: Pick<EmulatorState, 'directory' | 'graphUrl'>,
  authority: Authority,
  parameters: URLSearchParams,
): AuthorizationDecision {
  const repeated = findRepeated(parameters, ['client_id', 'redirect_uri'])
  if (repeated !== undefined) return shown(repeated)
  const clientId = parameters.get('client_id')
  if (!clientId) return shown(refusal(900144, 'The parameter "client_id" is missing.'))
  const application = findApplication(directory, authority, clientId)
  if (application === undefined) return shown(refusal(700016))
  if (authority.kind === 'alias' && application.audience === 'single_tenant') {
    return shown(refusal(50194))
  }

  const redirectUri = parameters.get('redirect_uri')
  if (!redirectUri) return shown(refusal(900971))
  const platform = findPlatform(application, redirectUri)
  if (platform === undefined) return shown(refusal(50011))

  const to = returnAddress(redirectUri, parameters)
  const refused = findRefusal(parameters)
  if (refused !== undefined) return { kind: 'returned', refusal: refused, to }
  const askedScopes = splitScope(parameters.get('scope'))
  const parsed = parseScopes(askedScopes, { directory, graphUrl, authority, application })
  if ('error' in parsed) return { kind: 'returned', refusal: parsed, to }
  const request = { askedScopes, scopes: parsed.scopes, ...details(parameters) }
  return {
    kind: 'valid',
    request: { authority, application, platform, returnAddress: to, ...request },
  }
}

/** Returns the names of the ID token claims in a `claims` request (OpenID Connect Core §5.5); none if it is not JSON. */
export function requestedIdTokenClaims(claims: string | null | undefined): readonly string[] {
  const request = parseJsonObject(claims ?? '{}')
  const idToken = request?.id_token
  return typeof idToken === 'object' && idToken !== null ? Object.keys(idToken) : []
}

function shown(refused: Refusal): AuthorizationDecision {
  return { kind: 'shown', refusal: refused }
}

function returnAddress(redirectUri: string, parameters: URLSearchParams): ReturnAddress {
  const parameter = parameters.get('response_mode')
  const responseMode = parameter === 'fragment' || parameter === 'form_post' ? parameter : 'query'
  return { redirectUri, responseMode, state: parameters.get('state') ?? undefined }
}

function findRefusal(parameters: URLSearchParams): Refusal | undefined {
  const repeated = findRepeated(parameters, protocolParameters)
  if (repeated !== undefined) return repeated
  if (parameters.has('resource')) return refusal(901002)
  const responseType = parameters.get('response_type')
  if (!responseType) return refusal(900144, 'The parameter "response_type" is missing.')
  if (responseType !== 'code') return refusal(700054)
  if (!isOneOf(responseModes, parameters.get('response_mode'))) return refusal(70007)
  if (!parameters.get('scope')) return refusal(900144, 'The parameter "scope" is missing.')
  if (!isOneOf(prompts, parameters.get('prompt'))) return refusal(90023)
  if (parseJsonObject(parameters.get('claims') || '{}') === undefined) {
    return refusal(9002313, 'The parameter "claims" is not a JSON object.')
  }
  return findChallengeRefusal(parameters)
}

/** @see RFC 7636 §4.2 and §4.4.1 */
function findChallengeRefusal(parameters: URLSearchParams): Refusal | undefined {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (!isOneOf(['S256', 'plain'], method)) {
    return refusal(9002313, 'The code challenge method is not supported.')
  }
  const isValid = challenge === null || /^[A-Za-z0-9._~-]{43,128}$/.test(challenge)
  return isValid ? undefined : refusal(50147)
}

function details(parameters: URLSearchParams) {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method') === 'S256' ? 'S256' : 'plain'
  return {
    nonce: parameters.get('nonce') || undefined,
    codeChallenge: value === null ? undefined : ({ method, value } as const),
    prompt: parameters.get('prompt') || undefined,
    loginHint: parameters.get('login_hint') || undefined,
    domainHint: parameters.get('domain_hint') || undefined,
    requestedClaims: requestedIdTokenClaims(parameters.get('claims')),
    stepUps: requestedStepUps(parameters.get('claims')),
    wantsClientInfo: parameters.get('client_info') === '1',
  }
}

function isOneOf(allowed: readonly string[], value: string | null): boolean {
  return !value || allowed.includes(value)
}

function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const protocolParameters = [
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'prompt',
  'login_hint',
  'domain_hint',
  'claims',
  'code_challenge',
  'code_challenge_method',
]
const prompts = ['none', 'login', 'consent', 'select_account']
const responseModes = ['query', 'fragment', 'form_post']
