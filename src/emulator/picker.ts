import { html } from 'hono/html'
import type { AuthorizationRequest } from './authorization-request.ts'
import type { Application, Directory, Tenant } from './directory.ts'
import {
  type Authority,
  assignmentsOf,
  findHintedTenant,
  findPersonAt,
  groupsOf,
  homeOf,
  type Person,
} from './find-in-directory.ts'
import { type Fragment, sendPage } from './pages.ts'

/** Sends the page on which the user chooses an account. Its form contains the authorization request as it was sent. */
export function sendPicker(options: {
  readonly directory: Directory
  readonly request: AuthorizationRequest
  readonly query: string
  readonly action: string
  readonly suggested: Person | undefined
}): Promise<Response> {
  const { directory, request, suggested } = options
  const { application, authority, domainHint } = request
  return sendPage({
    title: 'Pick an account',
    body: html`
      <p>to continue to <strong>${application.displayName}</strong></p>
      <form method="post" action="${options.action}">
        <input type="hidden" name="request" value="${options.query}">
        ${accountSections({ directory, authority, application, domainHint, suggested })}
        <p class="actions"><button name="cancel" value="yes">Cancel</button></p>
      </form>`,
  })
}

/** Renders the accounts that can be chosen at an authority: those of its directory first, all others after a click. */
export function accountSections(options: {
  readonly directory: Directory
  readonly authority: Authority
  readonly application: Application
  readonly domainHint?: string | undefined
  readonly suggested?: Person | undefined
}): Fragment {
  const { directory, authority, application, suggested } = options
  const hinted = findHintedTenant(directory, options.domainHint)
  const sections = directory.tenants.map((tenant) => ({
    id: tenant.id,
    name: tenant.displayName,
    isHere: isShownFirst(tenant, authority, hinted),
    people: tenant.users
      .map((user) => ({ tenant, user }))
      .filter((person) => isOffered(directory, authority, person)),
  }))
  const list = ({ people }: { readonly people: readonly Person[] }) =>
    listOfPeople(people, { directory, application, suggested })
  return html`${sections.filter(({ isHere }) => isHere).map((here) => html`<h2>${here.name}</h2>${list(here)}`)}
        ${sections.filter(({ isHere }) => !isHere).map((other) => html`<details><summary>People of ${other.name}${isElsewhere(authority, other.id) ? ', who are not in this directory' : ''}</summary>${list(other)}</details>`)}`
}

/** Renders a list of people, each as a button named `account`. */
export function listOfPeople(
  people: readonly Person[],
  context: {
    readonly directory: Directory
    readonly application?: Application
    readonly suggested?: Person | undefined
  },
): Fragment {
  return html`<ul>${people.map((person) => {
    const { user } = person
    const isSuggested = isSameAccount(context.directory, person, context.suggested)
    const special = whatIsSpecial(person, context).join(' · ')
    return html`<li><button name="account" value="${user.id}"${isSuggested ? html` data-suggested autofocus` : ''}>
      <span class="initials" aria-hidden="true">${initials(person)}</span>
      <span class="who"><span>${user.displayName ?? user.userPrincipalName}</span>
      <small>${user.userPrincipalName}</small>
      ${special === '' ? '' : html`<small class="special">${special}</small>`}</span></button></li>`
  })}</ul>`
}

/** A domain hint limits the list to one tenant's people; the others are shown after a click. */
function isShownFirst(tenant: Tenant, authority: Authority, hinted: Tenant | undefined): boolean {
  if (hinted !== undefined) return hinted.id === tenant.id
  return authority.kind === 'alias' || authority.tenant.id === tenant.id
}

function isElsewhere(authority: Authority, tenantId: string): boolean {
  return authority.kind === 'tenant' && authority.tenant.id !== tenantId
}

// A guest whose home tenant is in the directory signs in with the account at home; through an alias that is the only one.
function isOffered(directory: Directory, authority: Authority, person: Person): boolean {
  const isGuestHere = homeOf(directory, person).tenant.id !== person.tenant.id
  if (authority.kind === 'alias') return !isGuestHere
  return (
    person.tenant.id === authority.tenant.id ||
    findPersonAt(directory, authority, person) === undefined
  )
}

function isSameAccount(directory: Directory, person: Person, other: Person | undefined): boolean {
  return (
    other !== undefined && homeOf(directory, person).user.id === homeOf(directory, other).user.id
  )
}

function whatIsSpecial(
  person: Person,
  context: { readonly directory: Directory; readonly application?: Application },
): readonly string[] {
  const { user, tenant } = person
  const groupCount = groupsOf(person).length
  const domain = user.mail?.split('@').at(-1)?.toLowerCase() ?? ''
  const home = homeOf(context.directory, person).tenant
  const hasOtherMail = user.mail?.toLowerCase() !== user.userPrincipalName.toLowerCase()
  const facts: readonly (readonly [boolean, string])[] = [
    [user.kind === 'guest', home === tenant ? 'guest' : `guest from ${home.displayName}`],
    [!user.accountEnabled, 'disabled'],
    [user.isAdministrator, 'administrator'],
    [groupCount > 200, `${groupCount} groups`],
    [user.mail === undefined, 'no mail'],
    [user.displayName === undefined, 'no name'],
    [user.mail !== undefined && user.kind === 'member' && hasOtherMail, `mail: ${user.mail}`],
    [domain !== '' && !home.domains.includes(domain), 'mail not verified'],
    ...rolesOf(person, context.application).map((role) => [true, `role ${role}`] as const),
  ]
  return facts.filter(([holds]) => holds).map(([, fact]) => fact)
}

function rolesOf({ user }: Person, application: Application | undefined): readonly string[] {
  if (application === undefined) return []
  return assignmentsOf(application, user).flatMap(({ appRole }) => appRole ?? [])
}

function initials({ user }: Person): string {
  const words = (user.displayName ?? user.userPrincipalName).split(/[\s.@_-]+/)
  const letters = words.slice(0, 2).map((word) => word.charAt(0))
  return letters.join('').toUpperCase()
}
