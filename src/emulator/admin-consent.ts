// adminConsent         GET|POST /{tenant}/v2.0/adminconsent
//   decideConsentRequest    may the request be answered, and where does the answer go? (pure)
//   sendConsentForm         who consents: only an administrator of the tenant may
import { html } from 'hono/html'
import type { ReturnAddress } from './authorization-request.ts'
import { sendAuthorizationResponse } from './authorization-response.ts'
import { recordConsent } from './consent.ts'
import { listOfPermissions } from './consent-page.ts'
import type { Application } from './directory.ts'
import type { AddressedExchange } from './exchange.ts'
import {
  type Authority,
  authoritySegment,
  findPersonAt,
  findPersonById,
  type Person,
} from './find-in-directory.ts'
import { findAccountByHint } from './login-hint.ts'
import { sendPage, sendRefusalPage } from './pages.ts'
import { listOfPeople } from './picker.ts'
import { findPlatform } from './redirect-uri.ts'
import { type Refusal, refusal, refusalParameters } from './refusals.ts'
import { findRepeated } from './repeated-parameter.ts'
import { GRAPH } from './resources.ts'
import { consentableScopes, isDefaultScope, parseScopes, splitScope } from './scopes.ts'
import type { EmulatorState } from './state.ts'

/**
 * Lets an administrator consent for a whole tenant, which then has the application. Like Entra's, error responses contain
 * `admin_consent=True` too.
 */
export function adminConsent(state: EmulatorState, exchange: AddressedExchange): Promise<Response> {
  const { parameters, form, authority, trace } = exchange
  const decision = decideConsentRequest(state, authority, parameters)
  if (decision.kind === 'shown') return sendRefusalPage(decision.refusal, trace)
  if (decision.kind === 'returned') return sendBack(state, exchange, decision)
  const { request } = decision
  const { to } = request
  if (form.has('cancel')) return sendBack(state, exchange, { refusal: refusal(65004), to })

  const picked = findPersonById(state.directory, form.get('account') ?? '')
  const account = picked ?? findAccountByHint(state.directory, state.automaticUser)
  if (account === undefined) return sendConsentForm(state, exchange, request)
  const person = findPersonAt(state.directory, authority, account)
  if (person === undefined) return sendRefusalPage(refusal(50020), trace)
  if (!person.user.isAdministrator || !person.user.accountEnabled) {
    return sendBack(state, exchange, { refusal: refusal(90094), to })
  }
  return acceptFor(state, request, person)
}

type ConsentRequest = {
  readonly application: Application
  readonly scopes: readonly string[]
  readonly appRoles: readonly string[]
  readonly to: ReturnAddress
}

type ConsentDecision =
  | { readonly kind: 'shown'; readonly refusal: Refusal }
  | { readonly kind: 'returned'; readonly refusal: Refusal; readonly to: ReturnAddress }
  | { readonly kind: 'valid'; readonly request: ConsentRequest }

function decideConsentRequest(
  { directory, graphUrl }: EmulatorState,
  authority: Authority,
  parameters: URLSearchParams,
): ConsentDecision {
  const repeated = findRepeated(parameters, ['client_id', 'redirect_uri', 'scope', 'state'])
  if (repeated) return { kind: 'shown', refusal: repeated }
  const isCommon = authority.kind === 'alias' && authority.alias === 'common'
  if (isCommon) return { kind: 'shown', refusal: refusal(50059) }
  const clientId = parameters.get('client_id')
  if (!clientId) return { kind: 'shown', refusal: refusal(900144) }
  const application = directory.applications.find((candidate) => candidate.clientId === clientId)
  if (application === undefined || !isOpenTo(application, authority)) {
    return { kind: 'shown', refusal: refusal(700016) }
  }
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (findPlatform(application, redirectUri) === undefined) {
    return { kind: 'shown', refusal: refusal(50011) }
  }

  const state = parameters.get('state') ?? undefined
  const to = { redirectUri, responseMode: 'query', state } as const
  const words = splitScope(parameters.get('scope'))
  if (words.length === 0) return { kind: 'returned', to, refusal: refusal(900144) }
  const parsed = parseScopes(words, { directory, graphUrl, authority, application })
  if ('error' in parsed) return { kind: 'returned', to, refusal: parsed }
  const { scopes, resources } = parsed
  const isAll = resources.includes(GRAPH) && words.some(isDefaultScope)
  const appRoles = isAll ? application.applicationPermissions : []
  return { kind: 'valid', request: { application, scopes, appRoles, to } }
}

/** An application of one tenant cannot ask another tenant for consent. */
function isOpenTo({ audience, homeTenantId }: Application, authority: Authority): boolean {
  if (audience === 'multi_tenant') return true
  return authority.kind === 'tenant' && authority.tenant.id === homeTenantId
}

function acceptFor(
  state: EmulatorState,
  { application, scopes, appRoles, to }: ConsentRequest,
  { tenant }: Person,
): Promise<Response> {
  const { clientId } = application
  recordConsent(state, {
    clientId,
    tenantId: tenant.id,
    scopes: consentableScopes(scopes),
    appRoles,
  })
  const scope = scopes.join(' ')
  return sendAuthorizationResponse(to, { admin_consent: 'True', tenant: tenant.id, scope })
}

function sendBack(
  { origin }: EmulatorState,
  { trace }: AddressedExchange,
  { refusal: refused, to }: { readonly refusal: Refusal; readonly to: ReturnAddress },
): Promise<Response> {
  const error = refusalParameters(refused, origin, trace)
  return sendAuthorizationResponse(to, { admin_consent: 'True', ...error })
}

function sendConsentForm(
  { directory }: EmulatorState,
  { parameters, authority }: AddressedExchange,
  { application, scopes, appRoles }: ConsentRequest,
): Promise<Response> {
  const people = directory.tenants
    .filter(({ id }) => authority.kind === 'alias' || authority.tenant.id === id)
    .flatMap((tenant) => tenant.users.map((user) => ({ tenant, user })))
    .filter(({ user }) => user.accountEnabled)
  const byAdministrator = people.toSorted(
    (a, b) => Number(b.user.isAdministrator) - Number(a.user.isAdministrator),
  )
  const carried = ['client_id', 'redirect_uri', 'scope', 'state'].flatMap((name) => {
    const value = parameters.get(name)
    return value === null ? [] : [html`<input type="hidden" name="${name}" value="${value}">`]
  })
  return sendPage({
    title: 'Permissions requested for all users',
    body: html`
      <p><strong>${application.displayName}</strong> asks for your whole organization:</p>
      ${listOfPermissions([...consentableScopes(scopes), ...appRoles])}
      <form method="post" action="/${authoritySegment(authority)}/v2.0/adminconsent">
        ${carried}
        <h2>Accept as</h2>
        ${listOfPeople(byAdministrator, { directory })}
        <p class="actions"><button name="cancel" value="yes">Cancel</button></p>
      </form>`,
  })
}
