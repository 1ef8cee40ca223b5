/**
 * The inputs of the set-up page for fields of a connection, from the rows that ask for one. Application, directory and cloud are looked up
 * in Entra before they are stored; their inputs are in `entra/application-section.ts`.
 */
import { html } from 'hono/html'
import type { ConnectionFields } from '../connections/connection-field.ts'
import { connectionFields } from '../connections/connection-fields.ts'
import {
  type FieldPatch,
  type FieldRow,
  fromText,
  patchOf,
  rowsOf,
  toText,
} from '../connections/field-values.ts'
import type { EntradaError } from '../errors/errors.ts'
import { single } from '../http/form.ts'
import type { Html } from '../http/responses.ts'
import type { Connection } from '../storage/records.ts'
import { fieldState } from './page-parts.ts'

const lookedUp: ReadonlySet<string> = new Set(['client_id', 'directory', 'cloud'])

function askedRows(fields: ConnectionFields): readonly (FieldRow & { readonly name: string })[] {
  return rowsOf(fields).flatMap((row) => {
    const { askedAtSetUpAs: name } = row.field
    return name === undefined || lookedUp.has(name) ? [] : [{ ...row, name }]
  })
}

/** Renders an input for each of these fields. */
export function askedInputs(
  connection: Connection,
  {
    problem,
    typed,
  }: { readonly problem?: EntradaError | undefined; readonly typed: URLSearchParams },
  fields: ConnectionFields = connectionFields,
): Html {
  return html`${askedRows(fields).map(({ name, path, field, toJson }) => {
    const value = typed.get(name) ?? toText(field, toJson(connection))
    const isNumber = field.input?.kind === 'number'
    return html`<label for="${name}">${field.label}</label>
<input id="${name}" name="${name}" type="${isNumber ? 'number' : 'text'}" value="${value}" maxlength="512" autocomplete="off"${fieldState(problem, path)}>
<small>${field.hint ?? field.help}</small>`
  })}`
}

/** Returns the merge patch for what was entered; `undefined` when the form has none of these fields. */
export function askedPatch(
  form: URLSearchParams,
  fields: ConnectionFields = connectionFields,
): FieldPatch | undefined {
  const values = askedRows(fields).flatMap(({ name, path, field }) => {
    const typed = single(form, name)
    return typed === undefined ? [] : [[path, fromText(field, typed)] as const]
  })
  return values.length === 0 ? undefined : patchOf(new Map(values))
}
