// answerTokenRequest   POST /{tenant}/oauth2/v2.0/token
//   answerHonestly          the client, then the grant, then the tokens
//     answerForUser           redeem-code.ts, refresh-tokens.ts, redeem-device-code.ts, on-behalf-of.ts; then choose-scopes.ts
//     answer-client-credentials.ts: an application for itself
import { answerClientCredentials } from './answer-client-credentials.ts'
import type { ClientProof } from './api-token-claims.ts'
import { chooseScopes } from './choose-scopes.ts'
import { clientProofOf, findClientRefusal, readClientCredentials } from './client-authentication.ts'
import { decidePlatform, grantTypeOf, grantTypes } from './client-kind.ts'
import { allowSinglePages } from './cross-origin.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { findApplication, findPersonById, homeOf } from './find-in-directory.ts'
import { withMembersFault } from './members-fault.ts'
import { useAssertion } from './on-behalf-of.ts'
import { type RedeemedGrant, redeemCode } from './redeem-code.ts'
import { approvedGrant, redeemDeviceCode } from './redeem-device-code.ts'
import { useRefreshToken } from './refresh-tokens.ts'
import { type Refusal, refusal, refusalResponse } from './refusals.ts'
import { findRepeated } from './repeated-parameter.ts'
import { refusalOfFault } from './send-refusal.ts'
import type { EmulatorState } from './state.ts'
import { findStepUpRefusal } from './step-up.ts'
import { newTokenAnswer, type TokenAnswer } from './token-answer.ts'
import { answerDespiteFault } from './transport-faults.ts'

/** Answers a token request: every grant that Entra has, with a secret, an assertion or, for public clients, neither. */
export async function answerTokenRequest(
  state: EmulatorState,
  exchange: AddressedExchange,
): Promise<Response> {
  const hit = { on: 'token', names: namesOf(state, exchange) } as const
  return answerDespiteFault(state, { hit, request: exchange.request }, async () => {
    const fault = state.faults.take(['oauth_error'], hit)
    const answer = fault ? refusalOfFault(fault) : await answerHonestly(state, exchange, hit.names)
    const response = isRefusal(answer)
      ? refusalResponse(answer, state.origin, exchange.trace)
      : Response.json(withMembersFault(state, hit, answer), { headers: tokenHeaders })
    const { clientId = '' } = readClientCredentials(exchange.request, exchange.form)
    const application = findApplication(state.directory, exchange.authority, clientId)
    allowSinglePages(exchange.request, response, application === undefined ? [] : [application])
    return response
  })
}

const tokenHeaders = { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' }

function isRefusal(answer: TokenAnswer | Refusal): answer is Refusal {
  return !('token_type' in answer)
}

/** Returns the names of the person that a grant is about, so that a fault can be limited to one person. */
function namesOf(state: EmulatorState, { form }: AddressedExchange): readonly string[] {
  const grant =
    state.codes.find(form.get('code') ?? '') ??
    state.refreshTokens.find(form.get('refresh_token') ?? '') ??
    approvedGrant(state, form.get('device_code') ?? '') ??
    state.apiTokens.find(form.get('assertion') ?? '')?.grant
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
  const grantType = grantTypeOf(form)
  if (!grantType) return refusal(900144, 'The parameter "grant_type" is missing.')
  if (!isGrantType(grantType)) return refusal(70003)

  const credentials = readClientCredentials(request, form)
  if (!credentials.clientId) return refusal(900144, 'The parameter "client_id" is missing.')
  const application = findApplication(state.directory, authority, credentials.clientId)
  if (application === undefined) return refusal(700016)
  const clientProof = clientProofOf(credentials)
  const hasCredential = clientProof !== '0'
  const platform = decidePlatform(state, exchange, { application, hasCredential })
  const refused = await findClientRefusal(state, exchange, { application, credentials, platform })
  if (refused !== undefined) return refused

  const client = { application, clientProof, secret: credentials.secret ?? '', names }
  return grantType === grantTypes.client
    ? answerClientCredentials(state, exchange, client)
    : answerForUser(state, exchange, { ...client, redeem: redeemers[grantType] })
}

type Client = {
  readonly application: Application
  readonly clientProof: ClientProof
  readonly secret: string
  readonly names: readonly string[]
}

type Redeemer = (
  state: EmulatorState,
  exchange: AddressedExchange,
  application: Application,
) => RedeemedGrant | Refusal

const redeemers = {
  [grantTypes.code]: redeemCode,
  [grantTypes.refresh]: useRefreshToken,
  [grantTypes.device]: redeemDeviceCode,
  [grantTypes.onBehalfOf]: useAssertion,
} as const satisfies Readonly<Record<string, Redeemer>>

function isGrantType(value: string): value is keyof typeof redeemers | typeof grantTypes.client {
  return value === grantTypes.client || Object.hasOwn(redeemers, value)
}

function answerForUser(
  state: EmulatorState,
  exchange: AddressedExchange,
  client: Client & { readonly redeem: Redeemer },
): Promise<TokenAnswer> | Refusal {
  const { form, authority } = exchange
  const { application, redeem } = client
  const redeemed = redeem(state, exchange, application)
  if ('error' in redeemed) return redeemed
  const { grant, person } = redeemed
  const refused = findStepUpRefusal(state, { ...grant, person })
  if (refused !== undefined) return refused
  const scopeRequest = { scope: form.get('scope'), grantedWords: grant.askedScopes }
  const chosen = chooseScopes(state, scopeRequest, { authority, application, person })
  return 'error' in chosen
    ? chosen
    : newTokenAnswer(state, exchange, { ...client, ...redeemed, chosen })
}

const protocolParameters = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'code',
  'code_verifier',
  'device_code',
  'redirect_uri',
  'refresh_token',
  'assertion',
  'requested_token_use',
  'scope',
]
