/** GET /setup: the page of a set-up link. It needs no account and no script; each step is a form of its own. */

import { html } from 'hono/html'
import { homeOrigin } from '../connections/connection-addresses.ts'
import { isTested } from '../connections/test-fingerprint.ts'
import { type EntradaError, errorEntry } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Html, pageResponse, redirect } from '../http/responses.ts'
import { originsOf } from '../identity-provider/entra/clouds.ts'
import type { Services } from '../services.ts'
import { applicationSection } from './entra/application-section.ts'
import { credentialChoices, nameOf } from './entra/credential-section.ts'
import { registerSection } from './entra/register-section.ts'
import { registrationOf } from './entra/registration.ts'
import { chooseSection, sharedBody } from './entra/shared-section.ts'
import { doButton, momentOf, problemNotice, setupForm, valueToCopy } from './page-parts.ts'
import { renewalBody } from './renewal-page.ts'
import { checkOpen, getSetup, type Setup } from './setup-session.ts'
import { trySection } from './try-section.ts'

/** The problem of a form that was not carried out, and its input (never a secret). */
export type FormLeftover = { readonly problem?: EntradaError; readonly typed: URLSearchParams }
const nothingLeft: FormLeftover = { typed: new URLSearchParams() }

/** Answers GET /setup. @throws {EntradaError} `setup_session_missing`, `setup_superseded`, `setup_link_ended` */
export async function showSetup(services: Services, exchange: Exchange): Promise<Response> {
  const setup = await getSetup(services, exchange)
  const home = homeOrigin(services, setup.connection)
  if (home !== exchange.here.origin) return redirect(home + exchange.url.pathname)
  return setupPage(services, setup)
}

/** Renders the page in the current state. @throws {EntradaError} `setup_link_ended` */
export async function setupPage(
  services: Services,
  setup: Setup,
  leftover: FormLeftover = nothingLeft,
): Promise<Response> {
  const { state, connection } = setup
  if (state === 'turned_on' || state === 'finished') return donePage(services, setup)
  checkOpen(setup)
  const { problem } = leftover
  const status = problem === undefined ? 200 : errorEntry(problem.code).status
  return pageResponse(services, {
    title: problem === undefined ? titleOf(setup) : `Problem: ${titleOf(setup)}`,
    wide: true,
    status,
    scripts: ['copy.js'],
    formTargets: originsOf(connection),
    body: html`<h1>${titleOf(setup)}</h1>
${introduction(services, setup)}
${problemNotice(problem)}
${bodyOf(services, setup, leftover)}`,
  })
}

function titleOf({ link, organization }: Setup): string {
  return link.kind === 'setup'
    ? `Connect ${organization.name} to Microsoft Entra ID`
    : `Renew the credential of ${organization.name}`
}

function introduction(services: Pick<Services, 'deployment'>, { link, connection }: Setup): Html {
  const { host } = new URL(homeOrigin(services, connection))
  return html`<p class="lead">for signing in at <strong>${host}</strong> (${connection.name}). You can leave this page and come back to it in this browser until ${momentOf(link.endsAt)}.</p>`
}

function bodyOf(services: Services, setup: Setup, leftover: FormLeftover): Html {
  if (setup.link.kind === 'renewal') return renewalBody(services, setup, leftover)
  return html`${chooseSection(services, setup)}
${setup.connection.application === 'shared' ? sharedBody(services, setup) : ownBody(services, setup, leftover)}
${trySection(services, setup, setup.connection.application === 'shared' ? 3 : 4)}
${turnOnSection(services, setup, setup.connection.application === 'shared' ? 4 : 5)}`
}

function ownBody(services: Services, setup: Setup, leftover: FormLeftover): Html {
  const { connection } = setup
  const [current] = connection.credentials
  return html`${registerSection(registrationOf(services, connection))}
${applicationSection(services, setup, { problem: leftover.problem, typed: leftover.typed })}
<h2>3. Let us prove that we are this application</h2>
<p>${current === undefined ? 'In one of these ways:' : html`Kept here: <strong>${nameOf(current)}</strong>. Another one takes its place.`}</p>
${credentialChoices(services, setup, { problem: leftover.problem, current })}`
}

/** The button appears when it would work; until then, a sentence names what is missing. */
function turnOnSection(
  services: Pick<Services, 'deployment' | 'keyRing' | 'sha256'>,
  setup: Setup,
  number: number,
): Html {
  return html`<h2>${number}. Turn it on</h2>
${
  isTested(services, setup.connection)
    ? html`<p>The test succeeded. With the connection on, people of your directory can sign in, and this page ends.</p>
${setupForm(services, setup, doButton('turn_on', 'Turn on'))}`
    : html`<p>Possible once a test sign-in succeeded with what is entered above.</p>`
}`
}

function donePage(services: Pick<Services, 'deployment'>, setup: Setup): Promise<Response> {
  const { homePageUrl } = registrationOf(services, setup.connection)
  const done = setup.state === 'finished'
  return pageResponse(services, {
    title: done ? 'Done' : 'The connection is on',
    scripts: ['copy.js'],
    body: done
      ? html`<h1>Done</h1><p>This link has ended. Nothing else is left to do.</p>`
      : html`<h1>The connection is on</h1>
<p>People of <strong>${setup.organization.name}</strong> sign in at this address, or with the tile in My Apps:</p>
${valueToCopy('sign-in', 'Sign-in address', homePageUrl)}
<p><a class="button" href="${homePageUrl}">Sign in</a></p>
<p>This page has ended. When a credential has to be renewed, ask for a new link.</p>`,
  })
}
