/** GET and POST /admin/connections/ID/policies. */
import { html } from 'hono/html'
import { changeConnection } from '../../connections/change-connection.ts'
import type { ConnectionFields } from '../../connections/connection-field.ts'
import { connectionFields } from '../../connections/connection-fields.ts'
import { type FieldRow, rowsOf } from '../../connections/field-values.ts'
import { patchedConnection } from '../../connections/patched-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import { isSameJson } from '../../protocol/merge-patch.ts'
import type { Services } from '../../services.ts'
import type { Connection } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { openConnectionForm, openConnectionPage } from './connection-access.ts'
import type { ShownConnection } from './connection-page.ts'
import { fieldInput, namingFields, readFields } from './field-form.ts'
import { done } from './flash.ts'
import {
  answerForm,
  type FormPlace,
  postForm,
  problemBox,
  selectField,
  textField,
  versionField,
  versionOf,
} from './form-parts.ts'
import { checkRoleName } from './role-name.ts'

/** Answers GET …/policies with the form. */
export async function showPolicies(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, connection } = await openConnectionPage(services, exchange)
  return policiesPage(services, exchange, { viewer, connection })
}

/** Answers POST …/policies: changes the policies. */
export async function savePolicies(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read, connection } = await openConnectionForm(services, exchange)
  const isOperator = viewer.organizationId === undefined
  return answerForm(form, {
    async carryOut() {
      const patch = readPolicies(form, read)
      const change = (before: Connection): Connection => {
        const after = namingFields(() => patchedConnection(services, before, { patch, isOperator }))
        // A resubmitted form that changes nothing succeeds.
        if (isSameJson(after, before)) return before
        if (versionOf(services, before.policies) !== read('version')) {
          throw new EntradaError('record_changed')
        }
        return after
      }
      await changeConnection(services, by, { id: connection.id, change })
      const to = `/admin/connections/${connection.id}`
      return done(services, exchange, { flash: 'policies_saved', to })
    },
    again: (leftover, status) =>
      policiesPage(services, exchange, { viewer, connection, leftover, status }),
  })
}

/** Returns the rows of the page. The role of people whom no rule matches has two inputs of its own. */
export function policyRows(fields: ConnectionFields = connectionFields): readonly FieldRow[] {
  const { defaultRole: _, ...policies } = fields.policies
  return rowsOf({ connection: {}, policies, settings: {} })
}

/** Reads the policies of the form. @throws {EntradaError} `request_invalid` */
function readPolicies(form: URLSearchParams, read: (name: string) => string): object {
  const isRefused = read('unmatched') === 'refuse'
  const defaultRole = isRefused ? null : checkRoleName(read('defaultRole'), 'defaultRole')
  const { policies } = readFields(policyRows(), form)
  return { policies: { ...policies, defaultRole } }
}

function policiesPage(
  services: Services,
  exchange: Exchange,
  { viewer, connection, leftover, status }: ShownConnection,
): Promise<Response> {
  const { policies, id, name } = connection
  const { unmatched } = policies
  const place: FormPlace = { services, viewer, leftover }
  const fields = html`${versionField(services, policies)}
${policyRows().map((row) => fieldInput(place, row, connection))}
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
})}
<button class="button">Save the policies</button>`
  return adminPage(services, exchange, viewer, {
    title: 'Policies',
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      { to: `/admin/connections/${id}`, words: name },
    ],
    ...(status ? { status } : {}),
    body: html`<section class="panel">${problemBox(place)}${postForm(place, { action: `/admin/connections/${id}/policies`, fields })}</section>`,
  })
}
