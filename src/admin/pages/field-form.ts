/** Facts and forms of a connection's fields, from their rows. */
import type { ConnectionField } from '../../connections/connection-field.ts'
import {
  type FieldPatch,
  type FieldRow,
  fromText,
  inWords,
  OTHER,
  patchOf,
  toText,
} from '../../connections/field-values.ts'
import { hasField } from '../../connections/fields-of-kind.ts'
import { patchedConnection } from '../../connections/patched-connection.ts'
import type { Deployment } from '../../deployment.ts'
import { EntradaError, isEntradaError } from '../../errors/errors.ts'
import type { Html } from '../../http/responses.ts'
import type { Connection } from '../../storage/records.ts'
import { type FormPlace, selectField, textField } from './form-parts.ts'
import { type Choice, copyable, type Facts } from './page-parts.ts'

/** Returns label and words of each row that applies to the connection. */
export function fieldFacts(
  deployment: Deployment,
  rows: readonly FieldRow[],
  connection: Connection,
): Facts {
  return rows
    .filter((row) => applies(deployment, row, connection))
    .map(({ field, toJson }) => [field.label, factOf(field, toJson(connection))])
}

/** An address or id of Entra can be copied with one click. */
function factOf(field: ConnectionField, value: unknown): Html | string {
  const isId = field.identifies && field.input?.kind === 'text' && value !== null
  return isId ? copyable(String(value)) : inWords(field, value)
}

/** One of the offered values needs no place on a page where there is nothing to choose. */
function applies(
  deployment: Deployment,
  { field, toJson }: FieldRow,
  connection: Connection,
): boolean {
  const hasChoice = !field.offeredOnly || (field.offered?.(deployment).length ?? 0) > 1
  const isShown = hasChoice || toJson(connection) !== null
  return isShown && hasField(connection, field) && (field.appliesTo?.(connection) ?? true)
}

/** Returns the rows whose values the viewer may enter in a form. */
export function rowsInForm(
  { services, viewer }: FormPlace,
  rows: readonly FieldRow[],
  connection: Connection,
): readonly FieldRow[] {
  const isOperator = viewer.organizationId === undefined
  return rows.filter(
    (row) =>
      row.field.input !== undefined &&
      applies(services.deployment, row, connection) &&
      (isOperator || row.field.may === 'organization' || row.field.offered !== undefined),
  )
}

/** Renders the input of a field. */
export function fieldInput(place: FormPlace, row: FieldRow, connection: Connection): Html {
  const { field } = row
  const { label, hint = field.help, input } = field
  const value = toText(field, row.toJson(connection))
  const shared = { name: nameOf(row), label, hint, value }
  const choices = choicesOf(place, field, value)
  if (choices !== undefined) return selectField(place, { ...shared, choices })
  const isNumber = input?.kind === 'number'
  return textField(place, {
    ...shared,
    type: isNumber ? 'number' : 'text',
    maxLength: input?.kind === 'list' ? 40_000 : 512,
  })
}

/** The name of a field in a form is that of its member in JSON. */
function nameOf({ path }: FieldRow): string {
  return path.slice(path.indexOf('.') + 1)
}

/** Returns the values among which a form lets choose, each once. `undefined`: any text may be entered. */
function choicesOf(
  { services, viewer }: FormPlace,
  { input, offered, offeredOnly, unset = 'none' }: ConnectionField,
  value: string,
): readonly Choice[] | undefined {
  if (input?.kind === 'choice') {
    const choices = new Map(input.choices.map(({ text, words }) => [text, words]))
    return [...choices, ...(value === OTHER ? [[OTHER, 'as it is now'] as const] : [])]
  }
  const isOperator = viewer.organizationId === undefined
  if (offered === undefined || (isOperator && !offeredOnly)) return undefined
  const values = new Set([value, ...offered(services.deployment)].filter((choice) => choice !== ''))
  return [
    ...(offeredOnly ? [['', unset] as const] : []),
    ...[...values].map((choice) => [choice, choice] as const),
  ]
}

/**
 * Returns the merge patch of a connection's JSON for a form. A text field that the form does not have is left unchanged.
 *
 * @throws {EntradaError} `request_invalid` when a value is not among the choices of its field
 */
export function readFields(rows: readonly FieldRow[], form: URLSearchParams): FieldPatch {
  const values = new Map<string, unknown>()
  for (const row of rows) {
    const typed = form.get(nameOf(row))?.trim()
    if (row.field.input?.kind === 'choice') checkChosen(row, typed)
    if (typed !== undefined && typed !== OTHER) values.set(row.path, fromText(row.field, typed))
  }
  return patchOf(values)
}

function checkChosen(row: FieldRow, typed: string | undefined): void {
  const { input } = row.field
  const texts = input?.kind === 'choice' ? input.choices.map(({ text }) => text) : []
  if (typed === undefined || ![...texts, OTHER].includes(typed)) {
    throw new EntradaError('request_invalid', { parameter: nameOf(row) })
  }
}

/** Returns a function that applies a merge patch to a connection with the rights of the viewer. */
export function patching(
  { services, viewer }: FormPlace,
  patch: FieldPatch,
): (before: Connection) => Connection {
  const isOperator = viewer.organizationId === undefined
  return (before) => namingFields(() => patchedConnection(services, before, { patch, isOperator }))
}

/** Runs `change`; an error that names a member of JSON, such as `settings.contact.email`, then names the field of the form. */
function namingFields<T>(change: () => T): T {
  try {
    return change()
  } catch (error) {
    if (!isEntradaError(error) || typeof error.detail.parameter !== 'string') throw error
    const [, name] = /^(?:(?:policies|settings)\.)?([^.]+)/.exec(error.detail.parameter) ?? []
    throw new EntradaError(error.code, { ...error.detail, parameter: name }, { cause: error })
  }
}
