// answerTokenRequest   POST /{tenant}/oauth2/v2.0/token
//   answerHonestly          the client, then the grant, then the tokens
//     answerCode              redeem-code.ts: everything a code is bound to; marks it spent
//     answerRefreshToken      refresh-tokens.ts
//     answerClientCredentials an application for itself
import { ACCESS_TOKEN_SECONDS, issueAccessToken } from './access-tokens.ts'
import { findCredentialRefusal, readClientCredentials } from './client-authentication.ts'
import { consentedAppRoles } from './consent.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { findApplication, findPersonById, homeOf } from './find-in-directory.ts'
import { withMembersFault } from './members-fault.ts'
import { redeemCode } from './redeem-code.ts'
import { refreshedScopes, useRefreshToken } from './refresh-tokens.ts'
import { type Refusal, refusal, refusalResponse } from './refusals.ts'
import { findRepeated } from './repeated-parameter.ts'
import { isGraphDefault, parseScopes, splitScope } from './scopes.ts'
import { refusalOf } from './send-refusal.ts'
import type { EmulatorState } from './state.ts'
import { findStepUpRefusal } from './step-up.ts'
import { newTokenAnswer, type TokenAnswer } from './token-answer.ts'
import { answerDespiteFault } from './transport-faults.ts'

/** Answers a token request: code, refresh token and client credentials, with a secret or an assertion. */
export async function answerTokenRequest(
  state: EmulatorState,
  exchange: AddressedExchange,
): Promise<Response> {
  const hit = { on: 'token', names: namesOf(state, exchange) } as const
  return answerDespiteFault(state, { hit, request: exchange.request }, async () => {
    const fault = state.faults.take(['oauth_error'], hit)
    const answer = fault ? refusalOf(fault) : await answerHonestly(state, exchange, hit.names)
    return isRefusal(answer)
      ? refusalResponse(answer, state.origin, exchange.trace)
      : Response.json(withMembersFault(state, hit, answer), { headers: tokenHeaders })
  })
}

const tokenHeaders = { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' }

function isRefusal(answer: TokenAnswer | Refusal): answer is Refusal {
  return !('token_type' in answer)
}

/** The person a grant is about, so that a fault can be meant for one person alone. */
function namesOf(state: EmulatorState, { form }: AddressedExchange): readonly string[] {
  const grant =
    state.codes.find(form.get('code') ?? '') ??
    state.refreshTokens.find(form.get('refresh_token') ?? '')
  const person = grant && findPersonById(state.directory, grant.userId)
  if (person === undefined) return []
  return [person.user.userPrincipalName, homeOf(state.directory, person).user.userPrincipalName]
}

async function answerHonestly(
  state: EmulatorState,
  exchange: AddressedExchange,
  names: readonly string[],
): Promise<TokenAnswer | Refusal> {
  const { request, form, authority } = exchange
  if (request.method !== 'POST') return refusal(900561)
  const repeated = findRepeated(form, protocolParameters)
  if (repeated !== undefined) return repeated
  const grantType = form.get('grant_type')
  if (!grantType) return refusal(900144, 'The parameter "grant_type" is missing.')
  if (!grantTypes.includes(grantType)) return refusal(70003)

  const credentials = readClientCredentials(request, form)
  if (!credentials.clientId) return refusal(900144, 'The parameter "client_id" is missing.')
  const application = findApplication(state.directory, authority, credentials.clientId)
  if (application === undefined) return refusal(700016)
  if (request.headers.has('origin')) return refusal(9002326)
  const refused = await findCredentialRefusal(state, exchange, { application, credentials })
  if (refused !== undefined) return refused

  const client = { application, secret: credentials.secret ?? '', names }
  if (grantType === 'client_credentials') return answerClientCredentials(state, exchange, client)
  return grantType === 'refresh_token'
    ? answerRefreshToken(state, exchange, client)
    : answerCode(state, exchange, client)
}

type Client = {
  readonly application: Application
  readonly secret: string
  readonly names: readonly string[]
}

function answerCode(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: Client,
): Promise<TokenAnswer> | Refusal {
  const redeemed = redeemCode(state, exchange, client.application)
  if ('error' in redeemed) return redeemed
  const { issued, person } = redeemed
  const refused = findStepUpRefusal(state, { ...issued, person })
  if (refused !== undefined) return refused
  return newTokenAnswer(state, exchange, { ...client, grant: issued, person, nonce: issued.nonce })
}

function answerRefreshToken(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: Client,
): Promise<TokenAnswer> | Refusal {
  const { form, authority } = exchange
  const { application } = client
  const used = useRefreshToken(state, form.get('refresh_token'), { application, authority })
  if ('error' in used) return used
  const refused = findStepUpRefusal(state, { ...used.grant, person: used.person })
  if (refused !== undefined) return refused
  const asked = parseScopes(splitScope(form.get('scope')), application, state.graphUrl)
  if ('error' in asked) return asked
  const scopes = refreshedScopes(asked, { ...used, application })
  if ('error' in scopes) return scopes
  const grant = { ...used.grant, scopes }
  return newTokenAnswer(state, exchange, { ...client, ...used, grant, isRefresh: true })
}

/** @see RFC 6749 §4.4 */
function answerClientCredentials(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  { application }: Client,
): TokenAnswer | Refusal {
  if (authority.kind === 'alias') return refusal(50059)
  const { tenant } = authority
  const scopes = splitScope(form.get('scope'))
  const [scope] = scopes
  if (scope === undefined) return refusal(900144, 'The parameter "scope" is missing.')
  if (scopes.length > 1 || !isGraphDefault(scope, state.graphUrl)) {
    return refusal(70011, 'An application for itself asks for "/.default" of a resource.')
  }
  const access_token = issueAccessToken(state, {
    clientId: application.clientId,
    tenantId: tenant.id,
    userId: undefined,
    scopes: [],
    appRoles: consentedAppRoles(application, tenant),
  })
  const life = { expires_in: ACCESS_TOKEN_SECONDS, ext_expires_in: ACCESS_TOKEN_SECONDS }
  return { token_type: 'Bearer', ...life, access_token }
}

const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials']
const protocolParameters = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'code',
  'code_verifier',
  'redirect_uri',
  'refresh_token',
  'scope',
]
