/** GET and POST /admin/connections/ID/settings: every field of a connection that is no policy and no role rule. */
import { html } from 'hono/html'
import type { ConnectionFields } from '../../connections/connection-field.ts'
import { connectionFields } from '../../connections/connection-fields.ts'
import { type FieldRow, rowsOf } from '../../connections/field-values.ts'
import type { Html } from '../../http/responses.ts'
import type { Connection } from '../../storage/records.ts'
import { connectionFormPages } from './connection-form.ts'
import { fieldInput, patching, readFields, rowsInForm } from './field-form.ts'
import type { FormPlace } from './form-parts.ts'

export const settingsPages = connectionFormPages({
  path: 'settings',
  title: 'Settings',
  button: 'Save the settings',
  flash: 'connection_saved',
  partOf: (connection) => settingRows().map(({ toJson }) => toJson(connection)),
  inputs: settingInputs,
  read(services, { viewer, form }, shown) {
    const rows = rowsInForm({ services, viewer }, settingRows(), shown)
    return patching({ services, viewer }, readFields(rows, form))
  },
})

/** Returns the rows of the page: those of the connection itself and of its settings. */
export function settingRows(fields: ConnectionFields = connectionFields): readonly FieldRow[] {
  return rowsOf({ ...fields, policies: {} })
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
