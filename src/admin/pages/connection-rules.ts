/** GET and POST /admin/connections/ID/rules: the groups and app roles that give roles. */
import { html } from 'hono/html'
import { changeConnection } from '../../connections/change-connection.ts'
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Html } from '../../http/responses.ts'
import { newId } from '../../keys/ids.ts'
import { isGuid } from '../../protocol/guid.ts'
import type { Services } from '../../services.ts'
import type { Connection, RoleRule } from '../../storage/records.ts'
import { adminPage } from './admin-page.ts'
import { openConnectionForm, openConnectionPage } from './connection-access.ts'
import type { ShownConnection } from './connection-page.ts'
import { done } from './flash.ts'
import {
  answerForm,
  type FormPlace,
  postForm,
  problemBox,
  versionField,
  versionOf,
} from './form-parts.ts'
import { options } from './page-parts.ts'
import { checkRoleName } from './role-name.ts'

const EMPTY_ROWS = 3
const MOST_RULES = 1_000

/** Answers GET …/rules with the form. */
export async function showRules(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, connection } = await openConnectionPage(services, exchange)
  return rulesPage(services, exchange, { viewer, connection })
}

/** Answers POST …/rules: changes the rules. */
export async function saveRules(services: Services, exchange: Exchange): Promise<Response> {
  const { viewer, by, form, read, connection } = await openConnectionForm(services, exchange)
  return answerForm(form, {
    async carryOut() {
      const rows = readRows(form)
      const change = (before: Connection): Connection => {
        const roleRules = toRules(services, rows, before.roleRules)
        if (isSame(roleRules, before.roleRules)) return before
        if (versionOf(services, before.roleRules) !== read('version')) {
          throw new EntradaError('record_changed')
        }
        return { ...before, roleRules }
      }
      await changeConnection(services, by, { id: connection.id, change })
      const to = `/admin/connections/${connection.id}`
      return done(services, exchange, { flash: 'rules_saved', to })
    },
    again: (leftover, status) =>
      rulesPage(services, exchange, { viewer, connection, leftover, status }),
  })
}

type Row = {
  readonly id: string
  readonly match: string
  readonly value: string
  readonly role: string
}

/** A row without value and role is not a rule, so emptied rows are removed. */
function readRows(form: URLSearchParams): readonly Row[] {
  return rowsOf(form).filter(({ value, role }) => value !== '' || role !== '')
}

/**
 * Reads the rows of the form.
 *
 * @throws {EntradaError} `request_invalid` when a column is longer than another: its fields would belong to other rows
 */
function rowsOf(form: URLSearchParams): readonly Row[] {
  const columns = ['id', 'match', 'value', 'role'].map((name) =>
    form.getAll(name).map((text) => text.trim()),
  )
  const [ids, matches, values, roles] = columns
  if (columns.some(({ length }) => length !== values?.length)) {
    throw new EntradaError('request_invalid', { parameter: 'rules' })
  }
  return (values ?? []).map((value, index) => ({
    id: ids?.[index] ?? '',
    match: matches?.[index] ?? '',
    value,
    role: roles?.[index] ?? '',
  }))
}

/** Converts the rows to rules. @throws {EntradaError} `request_invalid`, with the place of the row */
function toRules(
  services: Pick<Services, 'now' | 'randomBytes'>,
  rows: readonly Row[],
  before: readonly RoleRule[],
): readonly RoleRule[] {
  if (rows.length > MOST_RULES) throw new EntradaError('request_invalid', { parameter: 'rules' })
  const rules = rows.map(({ id, match, value, role }, index): RoleRule => {
    const parameter = `rule ${index + 1}`
    if (match !== 'group' && match !== 'app_role') {
      throw new EntradaError('request_invalid', { parameter })
    }
    if (match === 'group' && !isGuid(value))
      throw new EntradaError('request_invalid', { parameter })
    if (value === '' || value.length > 256) throw new EntradaError('request_invalid', { parameter })
    return {
      id: before.some((rule) => rule.id === id) ? id : newId(services, 'rul'),
      match,
      value: match === 'group' ? value.toLowerCase() : value,
      role: checkRoleName(role, parameter),
    }
  })
  const ids = new Set(rules.map(({ id }) => id))
  if (ids.size < rules.length) throw new EntradaError('request_invalid', { parameter: 'rules' })
  return rules
}

/** The ids of new rules are not compared. */
function isSame(rules: readonly RoleRule[], others: readonly RoleRule[]): boolean {
  const text = (list: readonly RoleRule[]) =>
    JSON.stringify(list.map(({ match, value, role }) => [match, value, role]))
  return text(rules) === text(others)
}

function rulesPage(
  services: Services,
  exchange: Exchange,
  { viewer, connection, leftover, status }: ShownConnection,
): Promise<Response> {
  const { id, name, roleRules } = connection
  const place: FormPlace = { services, viewer, leftover }
  const rows: readonly Row[] = leftover ? readRows(leftover.typed) : roleRules
  const empty = Array.from({ length: EMPTY_ROWS }, () => ({
    id: '',
    match: 'group',
    value: '',
    role: '',
  }))
  const fields = html`${versionField(services, roleRules)}
<div class="rules">${[...rows, ...empty].map(ruleRow)}</div>
<button class="button">Save the rules</button>`
  return adminPage(services, exchange, viewer, {
    title: 'Role rules',
    section: 'connections',
    above: [
      { to: '/admin/connections', words: 'Connections' },
      { to: `/admin/connections/${id}`, words: name },
    ],
    lead: html`<p class="lead">Rules go by the object id of a group, or the value of an app role; names change, ids do not. Empty a row to remove its rule:
its role is then taken back from everybody at once. After saving there are empty rows again.</p>`,
    ...(status ? { status } : {}),
    body: html`<section class="panel">${problemBox(place)}${postForm(place, { action: `/admin/connections/${id}/rules`, fields })}</section>`,
  })
}

function ruleRow(row: Row, index: number): Html {
  const { id, match, value, role } = row
  const at = index + 1
  return html`<fieldset><legend>Rule ${at}</legend><input type="hidden" name="id" value="${id}">
<div><label for="match-${at}">Who</label><select id="match-${at}" name="match">${options(
    [
      ['group', 'Group'],
      ['app_role', 'App role'],
    ],
    match,
  )}</select></div>
<div class="long"><label for="value-${at}">Object id or value</label><input id="value-${at}" name="value" value="${value}" maxlength="256" autocomplete="off"></div>
<div><label for="role-${at}">Role</label><input id="role-${at}" name="role" value="${role}" maxlength="64" autocomplete="off"></div></fieldset>`
}
