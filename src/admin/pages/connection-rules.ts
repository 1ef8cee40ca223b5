/** GET and POST /admin/connections/ID/rules: the groups and app roles that give roles. */
import { html } from 'hono/html'
import { EntradaError } from '../../errors/errors.ts'
import type { Html } from '../../http/responses.ts'
import { newId } from '../../keys/ids.ts'
import { isGuid } from '../../protocol/guid.ts'
import type { Services } from '../../services.ts'
import type { Connection, RoleRule } from '../../storage/records.ts'
import { connectionFormPages } from './connection-form.ts'
import type { FormPlace } from './form-parts.ts'
import { options } from './page-parts.ts'
import { checkRoleName } from './role-name.ts'

const EMPTY_ROWS = 3
const MOST_RULES = 1_000

export const rulesPages = connectionFormPages({
  path: 'rules',
  title: 'Role rules',
  lead: html`<p class="lead">Rules go by the object id of a group, or the value of an app role; names change, ids do not. Empty a row to remove its rule:
its role is then taken back from everybody at once. After saving there are empty rows again.</p>`,
  button: 'Save the rules',
  flash: 'rules_saved',
  partOf: ({ roleRules }) => roleRules,
  inputs: ruleInputs,
  read(services, { form }) {
    const rows = readRows(form)
    return (before) => {
      const roleRules = toRules(services, rows, before.roleRules)
      return isSame(roleRules, before.roleRules) ? before : { ...before, roleRules }
    }
  },
})

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

function ruleInputs({ leftover }: FormPlace, { roleRules }: Connection): Html {
  const rows: readonly Row[] = leftover ? readRows(leftover.typed) : roleRules
  const emptyRow: Row = { id: '', match: 'group', value: '', role: '' }
  const empty = Array.from({ length: EMPTY_ROWS }, () => emptyRow)
  return html`<div class="rules">${[...rows, ...empty].map(ruleRow)}</div>`
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
