import { html } from 'hono/html'
import type { AuthorizationRequest } from './authorization-request.ts'
import type { AddressedExchange } from './exchange.ts'
import type { Person } from './find-in-directory.ts'
import { type Fragment, sendPage } from './pages.ts'
import { consentableScopes } from './scopes.ts'
import { authorizePath } from './send-refusal.ts'

/** Sends the page on which a user accepts what an application asks for. The form is sent to the picker's address. */
export function sendConsentPage(options: {
  readonly request: AuthorizationRequest
  readonly person: Person
  readonly exchange: AddressedExchange
}): Promise<Response> {
  const { request, person, exchange } = options
  return sendPage({
    title: 'Permissions requested',
    body: html`
      <p><strong>${request.application.displayName}</strong> asks
        <strong>${person.user.displayName ?? person.user.userPrincipalName}</strong> for:</p>
      ${listOfPermissions(consentableScopes(request.scopes))}
      <form method="post" action="${authorizePath(exchange)}/choose">
        <input type="hidden" name="request" value="${exchange.parameters.toString()}">
        <input type="hidden" name="account" value="${person.user.id}">
        <p class="actions"><button name="cancel" value="yes">Cancel</button>
          <button class="main" name="accept" value="yes">Accept</button></p>
      </form>`,
  })
}

/** Renders the permissions that an application asks for, by their names. */
export function listOfPermissions(permissions: readonly string[]): Fragment {
  const lines = ['Sign you in and read your profile', ...permissions]
  return html`<ul class="facts">${lines.map((line) => html`<li>${line}</li>`)}</ul>`
}
