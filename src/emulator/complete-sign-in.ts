import { randomBytes } from 'node:crypto'
import type { AuthorizationRequest } from './authorization-request.ts'
import { sendAuthorizationResponse } from './authorization-response.ts'
import { toClientInfo } from './client-info.ts'
import type { AddressedExchange } from './exchange.ts'
import {
  assignmentsOf,
  authoritySegment,
  findPersonAt,
  homeOf,
  isAvailableIn,
  type Person,
} from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { refusalOf, sendAccountRefusal, sendRefusal } from './send-refusal.ts'
import {
  findSsoAccount,
  rememberApplication,
  type SsoSession,
  signInToSession,
  ssoCookie,
} from './sso-sessions.ts'
import type { EmulatorState } from './state.ts'
import { answerDespiteFault } from './transport-faults.ts'

/** A person who is about to enter; `isFresh` when they said who they are just now. */
export type SignIn = {
  readonly request: AuthorizationRequest
  readonly session: SsoSession | undefined
  readonly account: Person
  readonly isFresh?: true
}

/** Decides whether the person may use the application here, and sends the code or the refusal. */
export async function completeSignIn(
  state: EmulatorState,
  exchange: AddressedExchange,
  signIn: SignIn,
): Promise<Response> {
  const { request, account } = signIn
  const person = findPersonAt(state.directory, request.authority, account)
  if (person === undefined)
    return sendAccountRefusal(state, exchange, { request, refused: refusal(50020) })
  if (!isEnabled(state, person)) {
    return sendAccountRefusal(state, exchange, { request, refused: refusal(50057) })
  }

  const names = [person.user.userPrincipalName, account.user.userPrincipalName]
  const hit = { on: 'authorize', names, phase: 'person_known' } as const
  return answerDespiteFault(state, { hit, request: exchange.request }, () => {
    const fault = state.faults.take(['oauth_error'], hit)
    const refused = fault ? refusalOf(fault) : findEntitlementRefusal(request, person)
    if (refused !== undefined)
      return sendRefusal(state, exchange, { refused, to: request.returnAddress })
    return sendCode(state, signIn, person)
  })
}

function isEnabled(state: EmulatorState, person: Person): boolean {
  return person.user.accountEnabled && homeOf(state.directory, person).user.accountEnabled
}

function findEntitlementRefusal(
  { application }: AuthorizationRequest,
  { tenant, user }: Person,
): Refusal | undefined {
  if (!isAvailableIn(application, tenant)) return refusal(90094)
  const isAssigned = assignmentsOf(application, user).length > 0
  return application.assignmentRequired && !isAssigned ? refusal(50105) : undefined
}

function sendCode(state: EmulatorState, signIn: SignIn, person: Person): Promise<Response> {
  const { request } = signIn
  const { session, account } = signedInSession(state, signIn, person)
  const code = issueCode(state, request, { ...account, userId: person.user.id })
  const clientInfo = toClientInfo(homeOf(state.directory, person))
  return sendAuthorizationResponse(
    request.returnAddress,
    {
      code,
      ...(request.wantsClientInfo ? { client_info: clientInfo } : {}),
      session_state: account.sid,
    },
    { cookie: ssoCookie(state, session) },
  )
}

function signedInSession(state: EmulatorState, signIn: SignIn, person: Person) {
  const { clientId } = signIn.request.application
  const known = findSsoAccount(state, signIn.session, person)
  const isAskedAnew = signIn.isFresh === true || signIn.request.prompt === 'login'
  const isSilent = known !== undefined && !isAskedAnew
  const signedIn =
    isSilent && signIn.session ? signIn.session : signInToSession(state, signIn.session, person)
  const account = findSsoAccount(state, signedIn, person)
  if (account === undefined) throw new Error('the session lost the account it was just given')
  return { session: rememberApplication(state, signedIn, { account, clientId }), account }
}

function issueCode(
  state: EmulatorState,
  request: AuthorizationRequest,
  person: { readonly userId: string; readonly sid: string; readonly authenticatedAt: Date },
): string {
  const code = `1.${randomBytes(48).toString('base64url')}`
  state.codes.set(code, {
    authoritySegment: authoritySegment(request.authority),
    clientId: request.application.clientId,
    redirectUri: request.returnAddress.redirectUri,
    codeChallenge: request.codeChallenge,
    userId: person.userId,
    scopes: request.scopes,
    requestedClaims: request.requestedClaims,
    nonce: request.nonce,
    sid: person.sid,
    authenticatedAt: person.authenticatedAt,
    expiresAt: new Date(state.now().getTime() + CODE_LIFETIME_SECONDS * 1000),
    spent: false,
  })
  return code
}

const CODE_LIFETIME_SECONDS = 600
