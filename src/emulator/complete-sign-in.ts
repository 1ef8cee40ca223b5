import { randomBytes } from 'node:crypto'
import type { AuthorizationRequest } from './authorization-request.ts'
import { sendAuthorizationResponse } from './authorization-response.ts'
import { toClientInfo } from './client-info.ts'
import { decideConsent, recordConsent } from './consent.ts'
import { sendConsentPage } from './consent-page.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import {
  assignmentsOf,
  authoritySegment,
  findPersonAt,
  homeOf,
  isAvailableIn,
  isEnabled,
  type Person,
} from './find-in-directory.ts'
import { type Refusal, refusal } from './refusals.ts'
import { consentableScopes } from './scopes.ts'
import { refusalOfFault, sendAccountRefusal, sendRefusal } from './send-refusal.ts'
import {
  findSsoAccount,
  rememberApplication,
  type SsoAccount,
  type SsoSession,
  signInToSession,
  ssoCookie,
} from './sso-sessions.ts'
import type { EmulatorState } from './state.ts'
import { findStepUpRefusal } from './step-up.ts'
import { answerDespiteFault } from './transport-faults.ts'

/** A person who is about to sign in; `isFresh` if the account was chosen just now. */
export type SignIn = {
  readonly request: AuthorizationRequest
  readonly session: SsoSession | undefined
  readonly account: Person
  readonly isFresh?: true
  /** The user pressed "Accept" on the page that lists what the application asks for. */
  readonly hasConsented?: boolean
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
  if (!isEnabled(state.directory, person)) {
    return sendAccountRefusal(state, exchange, { request, refused: refusal(50057) })
  }

  const names = [person.user.userPrincipalName, account.user.userPrincipalName]
  const hit = { on: 'authorize', names, phase: 'person_known' } as const
  return answerDespiteFault(state, { hit, request: exchange.request }, () => {
    const fault = state.faults.take(['oauth_error'], hit)
    const refused = fault
      ? refusalOfFault(fault)
      : findEntitlementRefusal(request.application, person)
    if (refused !== undefined)
      return sendRefusal(state, exchange, { refused, to: request.returnAddress })
    return sendConsentedCode(state, exchange, { signIn, person })
  })
}

/** The last two conditions for a code: what the person consented to, and how the person signed in. */
function sendConsentedCode(
  state: EmulatorState,
  exchange: AddressedExchange,
  { signIn, person }: { readonly signIn: SignIn; readonly person: Person },
): Promise<Response> {
  const { request } = signIn
  const { application, returnAddress, scopes, prompt } = request
  const consent = decideConsent(application, person, scopes)
  const isAccepted = signIn.hasConsented === true || state.automaticUser !== undefined
  if (consent.kind === 'administrator_must') {
    return sendRefusal(state, exchange, { refused: refusal(90094), to: returnAddress })
  }
  if (consent.kind === 'person_may' && prompt === 'none') {
    return sendRefusal(state, exchange, { refused: refusal(65001), to: returnAddress })
  }
  if (!isAccepted && (consent.kind === 'person_may' || prompt === 'consent')) {
    return sendConsentPage({ request, person, exchange })
  }

  if (consent.kind === 'person_may') {
    const { clientId } = application
    const userConsent = { clientId, tenantId: person.tenant.id, userId: person.user.id }
    recordConsent(state, { ...userConsent, scopes: consentableScopes(scopes), appRoles: [] })
  }
  const refused = prompt === 'none' ? findSilentRefusal(state, signIn, person) : undefined
  if (refused) return sendRefusal(state, exchange, { refused, to: returnAddress })
  return sendCode(state, signIn, person)
}

/** Without a page, the user cannot do what a policy requires. With one, the token endpoint refuses instead. */
function findSilentRefusal(state: EmulatorState, signIn: SignIn, person: Person) {
  const stepUps = findSsoAccount(state, signIn.session, person)?.stepUps ?? []
  const { clientId } = signIn.request.application
  return findStepUpRefusal(state, { clientId, person, stepUps })
}

/** Refuses a person whose tenant does not have the application, or who is not assigned to it. */
export function findEntitlementRefusal(
  application: Application,
  { tenant, user }: Person,
): Refusal | undefined {
  if (!isAvailableIn(application, tenant)) return refusal(90094)
  const isAssigned = assignmentsOf(application, user).length > 0
  return application.assignmentRequired && !isAssigned ? refusal(50105) : undefined
}

function sendCode(state: EmulatorState, signIn: SignIn, person: Person): Promise<Response> {
  const { request } = signIn
  const { session, account } = signedInSession(state, signIn, person)
  const code = issueCode(state, request, { account, person })
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
  const accountBefore = findSsoAccount(state, signIn.session, person)
  const isAskedAnew = signIn.isFresh === true || signIn.request.prompt === 'login'
  const isSilent = accountBefore !== undefined && !isAskedAnew
  const stepUps = signIn.request.prompt === 'none' ? [] : signIn.request.stepUps
  const isEnough = isSilent && stepUps.every((stepUp) => accountBefore.stepUps.includes(stepUp))
  const signedIn =
    isEnough && signIn.session
      ? signIn.session
      : signInToSession(state, signIn.session, { person, stepUps })
  const account = findSsoAccount(state, signedIn, person)
  if (account === undefined) throw new Error('the session lost the account it was just given')
  return { session: rememberApplication(state, signedIn, { account, clientId }), account }
}

function issueCode(
  state: EmulatorState,
  request: AuthorizationRequest,
  { account, person }: { readonly account: SsoAccount; readonly person: Person },
): string {
  const code = `1.${randomBytes(48).toString('base64url')}`
  state.codes.set(code, {
    authoritySegment: authoritySegment(request.authority),
    clientId: request.application.clientId,
    platform: request.platform,
    redirectUri: request.returnAddress.redirectUri,
    codeChallenge: request.codeChallenge,
    userId: person.user.id,
    askedScopes: request.askedScopes,
    requestedClaims: request.requestedClaims,
    stepUps: account.stepUps,
    nonce: request.nonce,
    sid: account.sid,
    authenticatedAt: account.authenticatedAt,
    revocations: account.revocations,
    expiresAt: new Date(state.now().getTime() + CODE_LIFETIME_SECONDS * 1000),
    spent: false,
  })
  return code
}

const CODE_LIFETIME_SECONDS = 600
