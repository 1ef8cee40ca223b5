/** The credentials of a connection, and their forms. A value is never shown again. */
import { html } from 'hono/html'
import { isOfEnvironment } from '../../connections/environment-connection-id.ts'
import type { Html } from '../../http/responses.ts'
import type { Connection, ConnectionCredential } from '../../storage/records.ts'
import { credentialSection } from '../credential-section.ts'
import { credentialKinds, credentialStates, expiryBadge } from './connection-words.ts'
import { confirmed, type FormPlace, postForm, selectField, textField } from './form-parts.ts'
import { badge, dataTable, dayTag, panel } from './page-parts.ts'

/** Renders the credentials of a connection, with forms for viewers who may change them. */
export function credentialPanel(
  place: FormPlace,
  connection: Connection,
  mayChange: boolean,
): Html {
  if (isOfEnvironment(connection)) {
    return panel('Credentials', credentialSection(place.services))
  }
  if (connection.application === 'shared') {
    return panel('Credentials', html`<p>Those of the shared application.</p>`)
  }
  return panel(
    'Credentials',
    html`${dataTable({
      label: 'Credentials',
      head: ['Credential', 'State', 'Ends', 'Added', ...(mayChange ? ['Change'] : [])],
      rows: connection.credentials.map((credential) => [
        html`${credentialKinds[credential.kind]}<br><code>${credential.id}</code>`,
        badge(...credentialStates[credential.state]),
        expiryBadge(credential.expiresAt, place.services.now()),
        dayTag(credential.createdAt),
        ...(mayChange ? [credentialActions(place, connection, credential)] : []),
      ]),
      empty: html`<p>No credential yet.</p>`,
    })}${mayChange ? secretForm(place, connection) : ''}`,
  )
}

function credentialActions(
  place: FormPlace,
  { id: connectionId }: Connection,
  { id, state }: ConnectionCredential,
): Html {
  const action = `/admin/connections/${connectionId}/credentials/${id}`
  const step = (doing: string, words: string) =>
    postForm(place, {
      action,
      className: 'inline',
      fields: html`<input type="hidden" name="do" value="${doing}"><button class="link">${words}</button>`,
    })
  const mayTest = place.viewer.organizationId === undefined && state !== 'active'
  const test = () =>
    postForm(place, {
      action: `/admin/connections/${connectionId}/test`,
      className: 'inline',
      fields: html`<input type="hidden" name="credential" value="${id}"><button class="link">Test it</button>`,
    })
  return html`<div class="steps">${mayTest ? test() : ''}${state === 'active' ? step('retire', 'Retire') : step('use', 'Use')}
${confirmed(place, {
  action,
  words: 'Remove…',
  what: html`The value is gone for good; Entra shows it to nobody a second time.`,
  fields: html`<input type="hidden" name="do" value="remove">`,
  confirm: 'Remove for good',
})}</div>`
}

function secretForm(place: FormPlace, { id, credentials }: Connection): Html {
  const wasTyped = place.leftover?.typed.has('clientSecret') ?? false
  const isFirst = !credentials.some(({ state }) => state === 'active')
  const fields = html`${textField(place, {
    name: 'clientSecret',
    label: 'Client secret value',
    type: 'password',
    secret: true,
    required: true,
    hint: 'Certificates & secrets > Value, not the Secret ID beside it.',
  })}
${textField(place, { name: 'expires', label: 'Ends on', type: 'date', hint: 'As Entra shows it. Warnings come before.' })}
${selectField(place, {
  name: 'state',
  label: 'When',
  value: isFirst ? 'active' : 'pending',
  choices: [
    ['pending', 'wait for a test beside the others'],
    ['active', 'use it at once'],
  ],
})}
<button class="button plain">Add the secret</button>`
  return html`<details class="more"${wasTyped ? html` open` : ''}><summary>Add a client secret</summary>
${postForm(place, { action: `/admin/connections/${id}/credentials`, fields })}</details>`
}
