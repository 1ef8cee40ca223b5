// authorize            GET|POST /{tenant}/oauth2/v2.0/authorize
//   decideAuthorization     may the request be answered at all? (pure)
//   decidePerson            who signs in: silently, automatically, or chosen with the picker
// choosePerson         POST /{tenant}/oauth2/v2.0/authorize/choose, from the picker
//   completeSignIn          in complete-sign-in.ts: may this person use the application? Then a code
import { type AuthorizationRequest, decideAuthorization } from './authorization-request.ts'
import { completeSignIn } from './complete-sign-in.ts'
import type { Tenant } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import { findHintedTenant, findPersonById, type Person } from './find-in-directory.ts'
import { findAccountByHint } from './login-hint.ts'
import { sendRefusalPage } from './pages.ts'
import { sendPicker } from './picker.ts'
import { type Refusal, refusal } from './refusals.ts'
import { authorizePath, refusalOfFault, sendRefusal } from './send-refusal.ts'
import { findSsoSession, peopleOf, type SsoSession } from './sso-sessions.ts'
import type { EmulatorState } from './state.ts'

/** Answers an authorization request: with a code, an error, or the page that asks who is signing in. */
export async function authorize(
  state: EmulatorState,
  exchange: AddressedExchange,
): Promise<Response> {
  const { parameters, authority } = exchange
  const decision = decideAuthorization(state, authority, parameters)
  if (decision.kind === 'shown') return sendRefusalPage(decision.refusal, exchange.trace)
  if (decision.kind === 'returned') {
    return sendRefusal(state, exchange, { refused: decision.refusal, to: decision.to })
  }
  const { request } = decision
  const fault = state.faults.take(['oauth_error'], { on: 'authorize', names: [] })
  if (fault)
    return sendRefusal(state, exchange, {
      refused: refusalOfFault(fault),
      to: request.returnAddress,
    })

  const session = findSsoSession(state, exchange.request)
  const choice = decidePerson(state, request, session)
  switch (choice.kind) {
    case 'ask':
      return askWho(state, exchange, { request, suggested: choice.suggested })
    case 'refused':
      return sendRefusal(state, exchange, { refused: choice.refusal, to: request.returnAddress })
    case 'known':
      return completeSignIn(state, exchange, { request, session, account: choice.account })
  }
}

/**
 * Answers the picker. The form contains the authorization request, which is checked again, so nothing in the form has to be
 * trusted.
 */
export async function choosePerson(
  state: EmulatorState,
  exchange: AddressedExchange,
): Promise<Response> {
  const { parameters, authority, trace } = exchange
  const authorizationQuery = new URLSearchParams(parameters.get('request') ?? '')
  const decision = decideAuthorization(state, authority, authorizationQuery)
  if (decision.kind !== 'valid') return sendRefusalPage(decision.refusal, trace)
  const { request } = decision
  const asAsked = { ...exchange, parameters: authorizationQuery }
  if (parameters.has('cancel')) {
    const refused = { ...refusal(65004), errorSubcode: 'cancel' }
    return sendRefusal(state, asAsked, { refused, to: request.returnAddress })
  }

  const account = findPersonById(state.directory, parameters.get('account') ?? '')
  if (account === undefined) return askWho(state, asAsked, { request, suggested: undefined })
  const session = findSsoSession(state, exchange.request)
  const hasConsented = parameters.has('accept')
  return completeSignIn(state, asAsked, { request, session, account, isFresh: true, hasConsented })
}

type PersonChoice =
  | { readonly kind: 'known'; readonly account: Person }
  | { readonly kind: 'ask'; readonly suggested: Person | undefined }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Decides who signs in. As in Entra, the picker is not shown if exactly one account is signed in already. */
function decidePerson(
  state: EmulatorState,
  request: AuthorizationRequest,
  session: SsoSession | undefined,
): PersonChoice {
  const { directory, automaticUser } = state
  const { prompt, loginHint } = request
  if (automaticUser !== undefined && prompt !== 'none') {
    const account = findAccountByHint(directory, automaticUser)
    if (account !== undefined) return { kind: 'known', account }
  }

  // With `select_account` a hint has no effect: Entra's documentation does not allow both together.
  const hinted = prompt === 'select_account' ? undefined : findAccountByHint(directory, loginHint)
  const isAskedAnew = prompt === 'login' || prompt === 'select_account'
  if (isAskedAnew) return { kind: 'ask', suggested: hinted }
  const tenant = findHintedTenant(directory, request.domainHint)
  const account = findSignedIn(peopleOf(state, session), { hinted, tenant })
  if (account !== undefined) return { kind: 'known', account }
  return prompt === 'none'
    ? { kind: 'refused', refusal: refusal(50058) }
    : { kind: 'ask', suggested: hinted }
}

function findSignedIn(
  signedIn: readonly Person[],
  hints: { readonly hinted: Person | undefined; readonly tenant: Tenant | undefined },
): Person | undefined {
  const { hinted, tenant } = hints
  const people = signedIn.filter((person) => tenant === undefined || person.tenant.id === tenant.id)
  if (hinted !== undefined) return people.find((person) => person.user.id === hinted.user.id)
  return people.length === 1 ? people[0] : undefined
}

function askWho(
  state: EmulatorState,
  exchange: AddressedExchange,
  ask: { readonly request: AuthorizationRequest; readonly suggested: Person | undefined },
): Promise<Response> {
  return sendPicker({
    directory: state.directory,
    ...ask,
    query: exchange.parameters.toString(),
    action: `${authorizePath(exchange)}/choose`,
  })
}
