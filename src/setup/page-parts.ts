/** Parts of the pages of a set-up link. */
import { html } from 'hono/html'
import { type EntradaError, errorEntry } from '../errors/errors.ts'
import { pathTo } from '../http/exchange.ts'
import type { Html } from '../http/responses.ts'
import { withCode } from '../http/with-code.ts'
import { findOwn } from '../protocol/find-own.ts'
import type { Services } from '../services.ts'
import { type Setup, setupFormToken } from './setup-session.ts'

/** Renders a form of `/setup`, whose buttons name the action. */
export function setupForm(
  services: Pick<Services, 'deployment' | 'keyRing'>,
  setup: Setup,
  fields: Html,
): Html {
  return html`<form class="stack" method="post" action="${pathTo(services, '/setup')}">
<input type="hidden" name="form_token" value="${setupFormToken(services, setup)}">
${fields}
</form>`
}

/** Renders a button of a form with its action. */
export function doButton(action: string, words: string, { plain = false } = {}): Html {
  return html`<button class="button${plain ? ' plain' : ''}" name="do" value="${action}">${words}</button>`
}

/** Renders a value to be copied to Entra. Without the script there is no button, and the field can be selected by hand. */
export function valueToCopy(id: string, label: string, value: string): Html {
  return html`<div class="value"><label for="${id}">${label}</label>
<div><input id="${id}" value="${value}" readonly>${copyButton(id, label)}</div></div>`
}

/** Renders a longer text to be copied. */
export function textToCopy(id: string, label: string, text: string): Html {
  return html`<div class="value"><label for="${id}">${label}</label>
<div><textarea id="${id}" readonly spellcheck="false">${text}</textarea>${copyButton(id, label)}</div></div>`
}

function copyButton(id: string, label: string): Html {
  return html`<button type="button" class="button plain" data-copy="${id}" hidden>Copy<span class="out-of-sight"> ${label}</span></button><span role="status"></span>`
}

/** Renders why a form was not carried out, and what to do. */
export function problemNotice(problem: EntradaError | undefined): Html {
  if (problem === undefined) return html``
  const { shown, fix } = errorEntry(problem.code)
  const words = findOwn(inWords, parameterOf(problem))
  return html`<div class="notice" role="alert" id="problem"><p><strong>${words ? 'Please check what was entered.' : shown}</strong></p>
<p>${withCode(words ?? fix)}</p><p><small><code>${problem.code}</code></small></p></div>`
}

const inWords: Readonly<Record<string, string>> = {
  clientSecret:
    'The value of a client secret has 8 to 256 characters, without white space. Copy the column Value.',
  expiresAt:
    'The end date has to be a day to come, such as 2028-05-31. Leave it empty if it is not known.',
  cloud: 'This cloud is not one of those to choose from.',
  credentials: 'There are too many credentials already. Remove one that is not needed any more.',
}

/** Returns the attributes that mark the field of a problem. */
export function fieldState(problem: EntradaError | undefined, ...parameters: string[]): Html {
  const about =
    problem === undefined ? '' : (findOwn(fieldOf, problem.code) ?? parameterOf(problem))
  return parameters.includes(about) ? html` aria-invalid="true" aria-describedby="problem"` : html``
}

const fieldOf: Readonly<Record<string, string>> = {
  client_id_invalid: 'clientId',
  directory_invalid: 'directory',
  directory_is_alias: 'directory',
  directory_is_personal: 'directory',
  directory_not_found: 'directory',
  client_secret_is_id: 'clientSecret',
}

function parameterOf({ detail: { parameter } }: EntradaError): string {
  return typeof parameter === 'string' ? parameter : ''
}

/** Renders a day. */
export function dayOf(at: Date): Html {
  const text = at.toISOString().slice(0, 10)
  return html`<time datetime="${text}">${text}</time>`
}

/** Renders a time in UTC. */
export function momentOf(at: Date): Html {
  const text = at.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`
}
