/** GET and POST /admin/connections/ID/policies. */
import { html } from 'hono/html'
import type { ConnectionFields } from '../../connections/connection-field.ts'
import { connectionFields } from '../../connections/connection-fields.ts'
import { type FieldPatch, type FieldRow, rowsOf } from '../../connections/field-values.ts'
import type { Html } from '../../http/responses.ts'
import type { Connection } from '../../storage/records.ts'
import { connectionFormPages } from './connection-form.ts'
import { fieldInput, patching, readFields } from './field-form.ts'
import { type FormPlace, selectField, textField } from './form-parts.ts'
import type { SentForm } from './page-access.ts'
import { checkRoleName } from './role-name.ts'

export const policiesPages = connectionFormPages({
  path: 'policies',
  title: 'Policies',
  button: 'Save the policies',
  flash: 'policies_saved',
  partOf: ({ policies }) => policies,
  inputs: policyInputs,
  read: (services, sent) => patching({ services, viewer: sent.viewer }, readPolicies(sent)),
})

/** Returns the rows of the page. The role of people whom no rule matches has two inputs of its own. */
export function policyRows(fields: ConnectionFields = connectionFields): readonly FieldRow[] {
  const { defaultRole: _, ...policies } = fields.policies
  return rowsOf({ connection: {}, policies, settings: {} })
}

/** Reads the policies of the form. @throws {EntradaError} `request_invalid` */
function readPolicies({ form, read }: SentForm): FieldPatch {
  const isRefused = read('unmatched') === 'refuse'
  const defaultRole = isRefused ? null : checkRoleName(read('defaultRole'), 'defaultRole')
  const patch = readFields(policyRows(), form)
  return { ...patch, policies: { ...patch.policies, defaultRole } }
}

function policyInputs(place: FormPlace, connection: Connection): Html {
  const { unmatched } = connection.policies
  return html`${policyRows().map((row) => fieldInput(place, row, connection))}
${selectField(place, {
  name: 'unmatched',
  label: 'People whom no rule matches',
  value: unmatched.kind,
  choices: [
    ['refuse', 'are refused'],
    ['default_role', 'get the default role'],
  ],
})}
${textField(place, {
  name: 'defaultRole',
  label: 'Default role',
  value: unmatched.kind === 'default_role' ? unmatched.role : '',
  maxLength: 64,
  hint: 'Needed only for people whom no rule matches.',
})}`
}
