/** GET and POST /admin/connections/ID/settings: every field of a connection that is no policy and no role rule. */
import { html } from 'hono/html'
import { changeConnection } from '../../connections/change-connection.ts'
import type { ConnectionFields } from '../../connections/connection-field.ts'
import { connectionFields } from '../../connections/connection-fields.ts'
import { type FieldRow, rowsOf } from '../../connections/field-values.ts'
import { patchedConnection } from '../../connections/patched-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { isSameJson } from '../../protocol/merge-patch.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { openConnectionForm, openConnectionPage } from './connection-access.ts'
import type { ShownConnection } from './connection-page.ts'
import { fieldInput, namingFields, readFields, rowsInForm } from './field-form.ts'
import { done } from './flash.ts'
import {
  answerForm,
  type FormPlace,
  postForm,
  problemBox,
  versionField,
  versionOf,
} from './form-parts.ts'

/** Shows the form. */
export async function showSettings(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, connection } = await openConnectionPage(services, exchange)
  return settingsPage(services, exchange, { viewer, connection })
}

/** Changes the fields of the form. A resubmitted form that changes nothing succeeds. */
export async function saveSettings(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read, connection } = await openConnectionForm(services, exchange)
  const isOperator = viewer.organizationId === undefined
  return answerForm(form, {
    async carryOut() {
      const rows = rowsInForm({ services, viewer }, settingRows(), connection)
      const patch = readFields(rows, form)
      const change = (before: Connection): Connection => {
        const after = namingFields(() => patchedConnection(services, before, { patch, isOperator }))
        if (isSameJson(after, before)) return before
        if (versionOf(services, stateOf(before)) !== read('version')) {
          throw new EntradaError('record_changed')
        }
        return after
      }
      await changeConnection(services, by, { id: connection.id, change })
      const to = `/admin/connections/${connection.id}`
      return done(services, exchange, { flash: 'connection_saved', to })
    },
    again: (leftover, status) =>
      settingsPage(services, exchange, { viewer, connection, leftover, status }),
  })
}

/** Returns the rows of the page: those of the connection itself and of its settings. */
export function settingRows(fields: ConnectionFields = connectionFields): readonly FieldRow[] {
  return rowsOf({ ...fields, policies: {} })
}

function stateOf(connection: Connection): readonly unknown[] {
  return settingRows().map(({ toJson }) => toJson(connection))
}

/** Renders the inputs of the form. */
export function settingInputs(
  place: FormPlace,
  connection: Connection,
  fields: ConnectionFields = connectionFields,
): Html {
  const rows = rowsInForm(place, settingRows(fields), connection)
  return html`${rows.map((row) => fieldInput(place, row, connection))}`
}

function settingsPage(
  services: Services,
  exchange: Exchange,
  { viewer, connection, leftover, status }: ShownConnection,
): Promise<Response> {
  const place: FormPlace = { services, viewer, leftover }
  const { id, name } = connection
  const fields = html`${versionField(services, stateOf(connection))}
${settingInputs(place, connection)}
<button class="button">Save the settings</button>`
  return adminPage(services, exchange, viewer, {
    title: 'Settings',
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      { to: `/admin/connections/${id}`, words: name },
    ],
    ...(status ? { status } : {}),
    body: html`<section class="panel">${problemBox(place)}${postForm(place, { action: `/admin/connections/${id}/settings`, fields })}</section>`,
  })
}
