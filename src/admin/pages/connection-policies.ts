/** GET and POST /admin/connections/ID/policies. */
import { html } from 'hono/html'
import { changeConnection } from '../../connections/change-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Services } from '../../services.ts'
import type { Connection, ConnectionPolicies, UnmatchedPolicy } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { checkMayChange, getConnection } from './connection-access.ts'
import type { ShownConnection } from './connection-page.ts'
import { type PolicyRow, policyRows } from './connection-words.ts'
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
import { openForm, openPage } from './page-access.ts'
import { checkRoleName } from './role-name.ts'

export async function showPolicies(services: Services, exchange: Exchange): Promise<Response> {
  const viewer = await openPage(services, exchange, 'connections:read')
  const connection = await getConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  return policiesPage(services, exchange, { viewer, connection })
}

export async function savePolicies(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read } = await openForm(services, exchange)
  const connection = await getConnection(services, exchange, viewer)
  checkMayChange(viewer, connection)
  return answerForm(form, {
    async carryOut() {
      const policies = readPolicies(read)
      const change = (before: Connection): Connection => {
        const after = { ...before, policies: { ...before.policies, ...policies } }
        // Sent twice, it has been done.
        if (JSON.stringify(after) === JSON.stringify(before)) return before
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

/** @throws {EntradaError} `request_invalid` */
function readPolicies(read: (name: string) => string): Partial<ConnectionPolicies> {
  const chosen = policyRows.map((row) => [row.name, chosenOf(row, read(row.name))] as const)
  const policies = Object.fromEntries(chosen) as Partial<ConnectionPolicies> // each among the choices of its row
  return { ...policies, unmatched: readUnmatched(read) }
}

function chosenOf({ name, choices }: PolicyRow, value: string): string | boolean {
  if (!choices.some(([choice]) => choice === value)) {
    throw new EntradaError('request_invalid', { parameter: name })
  }
  return name === 'signOutOfMicrosoft' ? value === 'true' : value
}

function readUnmatched(read: (name: string) => string): UnmatchedPolicy {
  if (read('unmatched') === 'refuse') return { kind: 'refuse' }
  return { kind: 'default_role', role: checkRoleName(read('defaultRole'), 'defaultRole') }
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
${policyRows.map((row) => selectField(place, { ...row, value: String(policies[row.name]) }))}
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
