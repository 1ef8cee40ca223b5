/** GET /setup: the page of a set-up link. It needs no account and no script; each step is a form of its own. */

import { html } from 'hono/html'
import { homeOrigin, startPath } from '../connections/connection-addresses.ts'
import { isTested } from '../connections/test-fingerprint.ts'
import { type EntradaError, errorEntry } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Html, pageResponse, redirect } from '../http/responses.ts'
import { kindOf } from '../identity-provider/provider-kinds.ts'
import type { Services } from '../services.ts'
import { doButton, momentOf, problemNotice, setupForm, valueToCopy } from './page-parts.ts'
import { renewalBody } from './renewal-page.ts'
import { setUpKindOf } from './set-up-kinds.ts'
import { checkOpen, getSetup, type Setup } from './setup-session.ts'
import { trySection } from './try-section.ts'

/** What a form that was not carried out leaves on the page: the error, and what was typed (never a secret). */
export type FormLeftover = { readonly problem?: EntradaError; readonly typed: URLSearchParams }
const nothingLeft: FormLeftover = { typed: new URLSearchParams() }

/** Shows the page of a set-up link. @throws {EntradaError} `setup_session_missing`, `setup_superseded`, `setup_link_ended` */
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
    formTargets: kindOf(connection).pageOrigins(connection),
    body: html`<h1>${titleOf(setup)}</h1>
${introduction(services, setup)}
${problemNotice(problem)}
${bodyOf(services, setup, leftover)}`,
  })
}

function titleOf({ link, organization, connection }: Setup): string {
  return link.kind === 'setup'
    ? `Connect ${organization.name} to ${kindOf(connection).name}`
    : `Renew the credential of ${organization.name}`
}

function introduction(services: Pick<Services, 'deployment'>, { link, connection }: Setup): Html {
  const { host } = new URL(homeOrigin(services, connection))
  return html`<p class="lead">for signing in at <strong>${host}</strong> (${connection.name}). You can leave this page and come back to it in this browser until ${momentOf(link.endsAt)}.</p>`
}

function bodyOf(services: Services, setup: Setup, leftover: FormLeftover): Html {
  if (setup.link.kind === 'renewal') return renewalBody(services, setup, leftover)
  const { body, count } = setUpKindOf(setup.connection).steps(services, setup, leftover)
  return html`${body}
${trySection(services, setup, count + 1)}
${turnOnSection(services, setup, count + 2)}`
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
  const { connection } = setup
  const signInAddress = homeOrigin(services, connection) + startPath(services, connection)
  const done = setup.state === 'finished'
  return pageResponse(services, {
    title: done ? 'Done' : 'The connection is on',
    scripts: ['copy.js'],
    body: done
      ? html`<h1>Done</h1><p>This link has ended. Nothing else is left to do.</p>`
      : html`<h1>The connection is on</h1>
<p>People of <strong>${setup.organization.name}</strong> sign in at this address, or with the tile in My Apps:</p>
${valueToCopy('sign-in', 'Sign-in address', signInAddress)}
<p><a class="button" href="${signInAddress}">Sign in</a></p>
<p>This page has ended. When a credential has to be renewed, ask for a new link.</p>`,
  })
}
