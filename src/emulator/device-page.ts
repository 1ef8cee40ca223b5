// The page on which a user lets a device sign in.
//   GET  /device     asks for the code; `?otc=` fills it in
//   POST /device     code, then account, then consent, one after the other
import { randomUUID } from 'node:crypto'
import { html } from 'hono/html'
import { decideConsent, recordConsent } from './consent.ts'
import { listOfPermissions } from './consent-page.ts'
import {
  approveDevice,
  declineDevice,
  findDeviceUser,
  findWaitingDevice,
} from './device-sign-ins.ts'
import type { Application } from './directory.ts'
import { type Exchange, withoutEmptyParameters } from './exchange.ts'
import { findAuthority, findPersonById, getApplication, type Person } from './find-in-directory.ts'
import { findAccountByHint } from './login-hint.ts'
import { sendPage, sendRefusalPage } from './pages.ts'
import { accountSections } from './picker.ts'
import { refusal } from './refusals.ts'
import { consentableScopes, parseScopes } from './scopes.ts'
import {
  findSsoAccount,
  findSsoSession,
  rememberApplication,
  signInToSession,
  ssoCookie,
} from './sso-sessions.ts'
import type { DeviceSignIn, EmulatorState } from './state.ts'

/** Sends the page that asks for the code which the device shows. */
export function sendDevicePage(code: string, problem?: 'not_recognized'): Promise<Response> {
  return sendPage({
    title: 'Enter code',
    ...(problem === undefined ? {} : { status: 400 }),
    body: html`
      <p>Enter the code displayed on your app or device.</p>
      ${problem === undefined ? '' : html`<p class="problem" role="alert">That code did not work. Check it and try again; it is good for 15 minutes.</p>`}
      <form method="post" action="/device">
        <label>Code <input name="otc" value="${code}" required autofocus autocomplete="off" maxlength="40"></label>
        <p class="actions"><button class="main">Next</button></p>
      </form>`,
  })
}

/** Takes the next step of letting a device sign in. */
export function answerDevicePage(state: EmulatorState, received: Exchange): Promise<Response> {
  const { form } = withoutEmptyParameters(received)
  const code = form.get('otc') ?? ''
  const waiting = findWaitingDevice(state, code)
  if (waiting === undefined) return sendDevicePage(code, 'not_recognized')
  const application = getApplication(state.directory, waiting.clientId)
  if (form.has('cancel')) {
    declineDevice(state, waiting)
    return sendOutcome(`You declined. ${application.displayName} on your device is not signed in.`)
  }
  const account =
    findPersonById(state.directory, form.get('account') ?? '') ??
    findAccountByHint(state.directory, state.automaticUser)
  if (account === undefined) return askWho(state, waiting, application)
  return letIn(state, received, { waiting, application, account })
}

function letIn(
  state: EmulatorState,
  { request, form, trace }: Exchange,
  { waiting, application, account }: Approval,
): Promise<Response> {
  const person = findDeviceUser(state, waiting, account)
  if ('error' in person) return sendRefusalPage(person, trace)
  const scopes = scopesOf(state, waiting, application)
  const consent = decideConsent(application, person, scopes)
  if (consent.kind === 'administrator_must') return sendRefusalPage(refusal(90094), trace)
  if (consent.kind === 'person_may') {
    const isAccepted = form.has('accept') || state.automaticUser !== undefined
    if (!isAccepted) return askConsent({ waiting, application, account: person }, scopes)
    const whose = { clientId: application.clientId, tenantId: person.tenant.id }
    const permissions = { scopes: consentableScopes(scopes), appRoles: [] }
    recordConsent(state, { ...whose, userId: person.user.id, ...permissions })
  }
  const { sid, cookie } = signInBrowser(state, request, { person, application })
  approveDevice(state, waiting, { person, sid })
  const text = `You have signed in to ${application.displayName} on your device. You may now close this window.`
  return sendOutcome(text, cookie)
}

type Approval = {
  readonly waiting: DeviceSignIn
  readonly application: Application
  readonly account: Person
}

function scopesOf(
  { directory, graphUrl }: EmulatorState,
  { askedScopes, authoritySegment }: DeviceSignIn,
  application: Application,
): readonly string[] {
  const authority = findAuthority(directory, authoritySegment)
  const context = authority && { directory, graphUrl, authority, application }
  const parsed = context && parseScopes(askedScopes, context)
  return parsed === undefined || 'error' in parsed ? [] : parsed.scopes
}

/** The browser is signed in afterwards, as after any other sign-in. */
function signInBrowser(
  state: EmulatorState,
  request: Request,
  { person, application }: { readonly person: Person; readonly application: Application },
): { readonly sid: string; readonly cookie: string } {
  const before = findSsoSession(state, request)
  const session = signInToSession(state, before, { person, stepUps: [] })
  const account = findSsoAccount(state, session, person)
  if (account !== undefined) {
    rememberApplication(state, session, { account, clientId: application.clientId })
  }
  return { sid: account?.sid ?? randomUUID(), cookie: ssoCookie(state, session) }
}

function askWho(
  { directory }: EmulatorState,
  { userCode, authoritySegment }: DeviceSignIn,
  application: Application,
): Promise<Response> {
  const authority = findAuthority(directory, authoritySegment)
  return sendPage({
    title: 'Pick an account',
    body: html`
      <p>to sign in to <strong>${application.displayName}</strong> on another device. Do so only if you started it
        yourself.</p>
      <form method="post" action="/device">
        <input type="hidden" name="otc" value="${userCode}">
        ${authority && accountSections({ directory, authority, application })}
        <p class="actions"><button name="cancel" value="yes">Cancel</button></p>
      </form>`,
  })
}

function askConsent(
  { waiting, application, account }: Approval,
  scopes: readonly string[],
): Promise<Response> {
  const { user } = account
  return sendPage({
    title: 'Permissions requested',
    body: html`
      <p><strong>${application.displayName}</strong> asks
        <strong>${user.displayName ?? user.userPrincipalName}</strong> for:</p>
      ${listOfPermissions(consentableScopes(scopes))}
      <form method="post" action="/device">
        <input type="hidden" name="otc" value="${waiting.userCode}">
        <input type="hidden" name="account" value="${user.id}">
        <p class="actions"><button name="cancel" value="yes">Cancel</button>
          <button class="main" name="accept" value="yes">Accept</button></p>
      </form>`,
  })
}

function sendOutcome(text: string, cookie?: string): Promise<Response> {
  return sendPage({
    title: 'Entra emulator',
    ...(cookie === undefined ? {} : { headers: { 'Set-Cookie': cookie } }),
    body: html`<p>${text}</p>`,
  })
}
