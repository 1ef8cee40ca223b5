// endSession           GET|POST /{tenant}/oauth2/v2.0/logout
//   decideAccounts          whose session ends: the hint's account, the automatic person, or ask
//   applicationsToTell      front-channel addresses, one iframe each
import { html } from 'hono/html'
import { redirectTo, withQuery } from './authorization-response.ts'
import type { AddressedExchange } from './exchange.ts'
import { authoritySegment, type Person } from './find-in-directory.ts'
import { findAccountByHint } from './login-hint.ts'
import { sendPage } from './pages.ts'
import { listOfPeople } from './picker.ts'
import { findPlatform } from './redirect-uri.ts'
import { findSsoSession, peopleOf, type SsoSession, signOutOfSession } from './sso-sessions.ts'
import type { EmulatorState } from './state.ts'

/**
 * Ends a browser's session: asks for the account unless a `logout_hint` names it, notifies the applications in hidden frames that
 * contain only `sid`, and continues to the application.
 *
 * @see OpenID Connect RP-Initiated Logout §2, OpenID Connect Front-Channel Logout §2
 */
export function endSession(state: EmulatorState, exchange: AddressedExchange): Promise<Response> {
  const session = findSsoSession(state, exchange.request)
  const returnTo = findReturnAddress(state, exchange.parameters)
  const people = peopleOf(state, session)
  if (session === undefined || people.length === 0) return sendSignedOut([], returnTo)

  const chosen = decideAccounts(state, exchange.parameters, people)
  if (chosen === undefined) return askWhom(state, exchange, people)
  const logoutUrls = applicationsToTell(state, session, chosen)
  signOutOfSession(state, session, chosen)
  return sendSignedOut(logoutUrls, returnTo)
}

/** Returns the address to continue to: a registered redirect URI, with the state repeated. */
function findReturnAddress(state: EmulatorState, parameters: URLSearchParams): string | undefined {
  const uri = parameters.get('post_logout_redirect_uri')
  const { applications } = state.directory
  if (!uri || !applications.some((candidate) => findPlatform(candidate, uri) !== undefined)) {
    return undefined
  }
  const echoed = parameters.get('state')
  return echoed === null ? uri : withQuery(uri, new URLSearchParams({ state: echoed }).toString())
}

function decideAccounts(
  state: EmulatorState,
  parameters: URLSearchParams,
  people: readonly Person[],
): readonly string[] | undefined {
  const picked = parameters.get('account')
  if (picked !== null) return [picked]
  const hints = [parameters.get('logout_hint') || undefined, state.automaticUser]
  const hinted = hints.map((hint) => findAccountByHint(state.directory, hint)?.user.id)
  const hintedId = hinted.find((id) => people.some((person) => person.user.id === id))
  return hintedId === undefined ? undefined : [hintedId]
}

function askWhom(
  state: EmulatorState,
  { parameters, authority }: AddressedExchange,
  people: readonly Person[],
): Promise<Response> {
  const carried = ['post_logout_redirect_uri', 'state'].flatMap((name) => {
    const value = parameters.get(name)
    return value === null ? [] : [html`<input type="hidden" name="${name}" value="${value}">`]
  })
  return sendPage({
    title: 'Pick an account',
    body: html`
      <p>Which account do you want to sign out of?</p>
      <form method="post" action="/${authoritySegment(authority)}/oauth2/v2.0/logout">
        ${carried}
        ${listOfPeople(people, { directory: state.directory })}
      </form>`,
  })
}

function applicationsToTell(
  state: EmulatorState,
  session: SsoSession,
  userIds: readonly string[],
): readonly string[] {
  return session.accounts
    .filter(({ userId }) => userIds.includes(userId))
    .flatMap(({ clientIds, sid }) => clientIds.flatMap((id) => logoutUrlOf(state, id, sid) ?? []))
}

function logoutUrlOf(state: EmulatorState, clientId: string, sid: string): string | undefined {
  const application = state.directory.applications.find(
    (candidate) => candidate.clientId === clientId,
  )
  const url = application?.logoutUrl
  return url === undefined ? undefined : withQuery(url, new URLSearchParams({ sid }).toString())
}

async function sendSignedOut(
  logoutUrls: readonly string[],
  returnTo: string | undefined,
): Promise<Response> {
  if (logoutUrls.length === 0 && returnTo !== undefined) return redirectTo(returnTo)
  const frames = logoutUrls.map(
    (url) => html`<iframe src="${url}" title="Signing out" hidden></iframe>`,
  )
  return sendPage({
    title: 'You signed out of your account',
    refreshTo: returnTo,
    frameOrigins: [...new Set(logoutUrls.map((url) => new URL(url).origin))],
    body: html`
      <p>It’s a good idea to close all browser windows.</p>
      ${returnTo === undefined ? '' : html`<p><a class="button" href="${returnTo}">Continue</a></p>`}
      ${frames}`,
  })
}
