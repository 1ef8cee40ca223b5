// answerTokenRequest   POST /{tenant}/oauth2/v2.0/token
//   answerHonestly          the client, then the code, then the tokens
//     redeemCode            everything a code is bound to; marks it spent
//   applyMembersFault       what a test wants to be wrong with the answer
import { createHash, randomBytes } from 'node:crypto'
import { requestedIdTokenClaims } from './authorization-request.ts'
import { findCredentialRefusal, readClientCredentials } from './client-authentication.ts'
import { toClientInfo } from './client-info.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import {
  authoritySegment,
  findApplication,
  findPersonById,
  homeOf,
  type Person,
} from './find-in-directory.ts'
import { newIdTokenClaims } from './id-token-claims.ts'
import { withMembersFault } from './members-fault.ts'
import { type Refusal, refusal, refusalResponse } from './refusals.ts'
import { refusalOf } from './send-refusal.ts'
import { signIdToken } from './sign-id-token.ts'
import type { EmulatorState, IssuedCode } from './state.ts'
import { answerDespiteFault } from './transport-faults.ts'

/** Answers a token request: the authorization code grant with a client secret. */
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

const TOKEN_SECONDS = 3599
const tokenHeaders = { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' }

type TokenAnswer = { readonly token_type: 'Bearer'; readonly [member: string]: unknown }

function isRefusal(answer: TokenAnswer | Refusal): answer is Refusal {
  return !('token_type' in answer)
}

/** The person a code is about, so that a fault can be meant for one person alone. */
function namesOf(state: EmulatorState, { form }: AddressedExchange): readonly string[] {
  const code = state.codes.find(form.get('code') ?? '')
  const person = code && findPersonById(state.directory, code.userId)
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
  const grantType = form.get('grant_type')
  if (!grantType) return refusal(900144, 'The parameter "grant_type" is missing.')
  if (grantType !== 'authorization_code') return refusal(70003)

  const credentials = readClientCredentials(request, form)
  if (!credentials.clientId) return refusal(900144, 'The parameter "client_id" is missing.')
  const application = findApplication(state.directory, authority, credentials.clientId)
  if (application === undefined) return refusal(700016)
  if (request.headers.has('origin')) return refusal(9002326)
  const refused = findCredentialRefusal(application, credentials, state.now())
  if (refused !== undefined) return refused

  const redeemed = redeemCode(state, exchange, application)
  if ('error' in redeemed) return redeemed
  const secret = credentials.secret ?? ''
  return newTokenAnswer(state, { ...redeemed, application, exchange, secret, names })
}

type Redeemed = { readonly issued: IssuedCode; readonly person: Person }

/**
 * Redeems a code once. There is no `await` in here: of any number of requests at once, one succeeds.
 *
 * @see RFC 6749 §4.1.3, RFC 7636 §4.6
 */
function redeemCode(
  state: EmulatorState,
  { form, authority }: AddressedExchange,
  application: Application,
): Redeemed | Refusal {
  const code = form.get('code')
  if (!code) return refusal(900144, 'The parameter "code" is missing.')
  if (!form.get('redirect_uri')) {
    return refusal(900144, 'The parameter "redirect_uri" is missing.')
  }
  const issued = state.codes.find(code)
  if (issued === undefined || issued.clientId !== application.clientId) return refusal(70000)
  if (issued.spent) return refusal(54005)
  if (issued.expiresAt <= state.now()) return refusal(70008)
  if (issued.authoritySegment !== authoritySegment(authority)) return refusal(700005)
  if (issued.redirectUri !== form.get('redirect_uri')) return refusal(500112)
  if (!isProven(issued.codeChallenge, form.get('code_verifier'))) return refusal(501481)

  const person = findPersonById(state.directory, issued.userId)
  if (!person?.user.accountEnabled) return { ...refusal(50057), error: 'invalid_grant' }
  state.codes.set(code, { ...issued, spent: true })
  return { issued, person }
}

function isProven(challenge: IssuedCode['codeChallenge'], verifier: string | null): boolean {
  if (challenge === undefined) return verifier === null
  if (verifier === null) return false
  if (challenge.method === 'plain') return challenge.value === verifier
  return challenge.value === createHash('sha256').update(verifier).digest('base64url')
}

async function newTokenAnswer(
  state: EmulatorState,
  grant: Redeemed & {
    readonly application: Application
    readonly exchange: AddressedExchange
    readonly secret: string
    readonly names: readonly string[]
  },
): Promise<TokenAnswer> {
  const { scopes } = grant.issued
  const account = homeOf(state.directory, grant.person)
  const wantsClientInfo = grant.exchange.form.get('client_info') === '1'
  return {
    token_type: 'Bearer',
    scope: scopes.filter((scope) => scope !== 'offline_access').join(' '),
    expires_in: TOKEN_SECONDS,
    ext_expires_in: TOKEN_SECONDS,
    access_token: opaqueToken('access'),
    ...(scopes.includes('offline_access') ? { refresh_token: opaqueToken('refresh') } : {}),
    ...(scopes.includes('openid') ? { id_token: await newIdToken(state, grant) } : {}),
    ...(wantsClientInfo ? { client_info: toClientInfo(account) } : {}),
  }
}

function newIdToken(
  state: EmulatorState,
  grant: Parameters<typeof newTokenAnswer>[1],
): Promise<string> {
  const { issued, person, application, exchange } = grant
  const claims = newIdTokenClaims({
    ...issued,
    origin: state.origin,
    directory: state.directory,
    application,
    person,
    requestedClaims: [
      ...issued.requestedClaims,
      ...requestedIdTokenClaims(exchange.form.get('claims')),
    ],
    now: state.now(),
  })
  const fault = state.faults.take(['id_token'], { on: 'token', names: grant.names })
  return signIdToken(claims, { keys: state.keys, clientSecret: grant.secret, fault })
}

/** Opaque to everybody but Microsoft Graph; long, like the real one. */
function opaqueToken(kind: string): string {
  return `emulator-${kind}.${randomBytes(kind === 'access' ? 900 : 600).toString('base64url')}`
}
