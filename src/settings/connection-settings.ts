/** The settings and options of the environment's connection, from the rows of its fields. */
import * as v from 'valibot'
import type { ConnectionField, ConnectionFields } from '../connections/connection-field.ts'
import { connectionFields } from '../connections/connection-fields.ts'
import { fromText, rowsOf, toText } from '../connections/field-values.ts'
import type { ConnectionPolicies } from '../storage/records.ts'
import { reader, type Setting, type ValueKind } from './setting-values.ts'

/** The settings that other parts read by name. Every field with a variable has its setting. */
type NamedSettings = {
  readonly entraLinking: Setting<ConnectionPolicies['linking']> & { readonly fallback: string }
  readonly entraRecheckMinutes: Setting<number>
}

/** Returns a setting for each field with a variable, named after the variable: `entraGuests` for `ENTRADA_ENTRA_GUESTS`. */
export function connectionSettings(fields: ConnectionFields = connectionFields): NamedSettings {
  const settings = rowsOf(fields).flatMap(({ field }) =>
    field.env === undefined ? [] : [[nameOf(field.env), settingOf(field, field.env)]],
  )
  return Object.fromEntries(settings) as NamedSettings // the table has a row for each of them
}

function nameOf(env: string): string {
  const [first = '', ...others] = env
    .replace(/^ENTRADA_/, '')
    .toLowerCase()
    .split('_')
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function settingOf(field: ConnectionField, env: string): Setting {
  const fallback = fallbackOf(field)
  return {
    env,
    ...(field.libraryOption ? { option: `entra.${field.libraryOption}` } : {}),
    value: valueOfField(field),
    ...(fallback === undefined ? {} : { fallback }),
    help: field.envHelp ?? field.help,
  }
}

/** The text of the default, as the reference shows it. */
function fallbackOf(field: ConnectionField): string | undefined {
  const value = field.environmentDefault ?? field.default
  const words = Object.entries(field.envWords ?? {}).find(([, meaning]) => meaning === value)
  return words?.[0] ?? (value === undefined ? undefined : toText(field, value))
}

/** Returns the readers of the library's options for fields that have no variable, by their path. */
export function connectionOptions(
  fields: ConnectionFields = connectionFields,
): Readonly<Record<string, { readonly read: ValueKind<unknown>['fromOption'] }>> {
  const options = rowsOf(fields).flatMap(({ field }) =>
    field.libraryOption === undefined || field.env !== undefined
      ? []
      : [[`entra.${field.libraryOption}`, { read: valueOfField(field).fromOption }]],
  )
  return Object.fromEntries(options)
}

/** Reads a field from the text of a variable and from an option of the library. Its schema checks both. */
function valueOfField(field: ConnectionField): ValueKind<unknown> {
  const check = (value: unknown, problem: string): unknown => {
    const result = v.safeParse(field.schema, value)
    if (!result.success) throw new Error(problem)
    return result.output
  }
  const { envWords } = field
  return {
    fromText: (text) => {
      if (envWords === undefined) return check(fromText(field, text), textProblem(field))
      if (Object.hasOwn(envWords, text)) return envWords[text]
      throw new Error(oneOfThese(Object.keys(envWords)))
    },
    fromOption: reader((value) => check(value, optionProblem(field))),
  }
}

function textProblem({ input, schema }: ConnectionField): string {
  if (input?.kind === 'choice') return oneOfThese(input.choices.map(({ text }) => text))
  if (input?.kind === 'number') {
    return `must be a whole number ${input.unit} from ${input.from} to ${input.to}`
  }
  return `must be ${schema.expects}`
}

function optionProblem(field: ConnectionField): string {
  const { input } = field
  if (input?.kind !== 'choice') return textProblem(field)
  const values = input.choices.map(({ value }) => value)
  if (values.every((value) => typeof value === 'boolean')) return 'must be true or false'
  if (values.every((value) => typeof value === 'string')) return oneOfThese(values)
  const example = values.find((value) => value !== null)
  const members = Object.keys(Object(example)).map((name) => `\`${name}\``)
  return `must be an object with ${members.join(', ')}`
}

function oneOfThese(texts: readonly string[]): string {
  return `must be one of ${texts.join(', ')}`
}
