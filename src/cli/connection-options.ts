/** What the command line takes and prints of a connection's fields, from their rows. */
import type { ConnectionField, ConnectionFields } from '../connections/connection-field.ts'
import { connectionFields } from '../connections/connection-fields.ts'
import type { ConnectionJson } from '../connections/connection-schema.ts'
import { type FieldRow, fromText, rowsOf, toText } from '../connections/field-values.ts'
import type { CommandOption } from './command.ts'

/** Returns the options of `connection create` and `connection change`. Fields without one are changed through the API and `entrada apply`. */
export function connectionOptions(
  fields: ConnectionFields = connectionFields,
): Readonly<Record<string, CommandOption>> {
  return Object.fromEntries(
    rowsOf(fields).flatMap(({ path, field }) =>
      field.option === undefined ? [] : [[field.option, optionOf(path, field)]],
    ),
  )
}

/** An empty text is sent as it is, so that a script with an unset variable changes nothing. */
function optionOf(path: string, field: ConnectionField): CommandOption {
  return {
    sentAs: path,
    read: (text) => (text === '' ? text : fromText(field, text)),
    help: helpOf(field),
  }
}

function helpOf({ help, input, unset }: ConnectionField): string {
  const texts = input?.kind === 'choice' ? [...new Set(input.choices.map(({ text }) => text))] : []
  const list = input?.kind === 'list' ? ['separated by commas'] : []
  const none = unset === undefined ? [] : ['`none` removes it']
  const values = [...(texts.length > 0 ? [texts.join(', ')] : []), ...list, ...none]
  return values.length === 0 ? help : `${help} (${values.join('; ')})`
}

/** Returns a label and the text of each field that has an option, besides the name and the directory. */
export function fieldLines(
  connection: ConnectionJson,
  fields: ConnectionFields = connectionFields,
): readonly (readonly [label: string, text: string])[] {
  return rowsOf(fields).flatMap((row) => {
    const { option } = row.field
    if (option === undefined || row.path === 'name' || row.part === 'tenants') return []
    return [[option.replaceAll('-', ' '), toText(row.field, memberAt(connection, row)) || 'none']]
  })
}

function memberAt(connection: ConnectionJson, { path }: FieldRow): unknown {
  const names = path.split('.')
  return names.reduce<unknown>(
    (value, name) => new Map(Object.entries(Object(value))).get(name),
    connection,
  )
}
