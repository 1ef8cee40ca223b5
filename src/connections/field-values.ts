/** Values of the fields of a connection, by the rows of connection-fields.ts: as JSON, as stored, and as text. */
import { isSameJson } from '../protocol/merge-patch.ts'
import type {
  ConnectionField,
  ConnectionFields,
  FieldChoice,
  FieldRecord,
} from './connection-field.ts'

/** One field, and where its member is in JSON, such as `policies.guests`. */
export type FieldRow = {
  readonly path: string
  readonly field: ConnectionField
  /** The member of the record that stores it, such as `policies.unmatched`. Two fields may be stored in one member. */
  readonly part: string
  toJson(connection: FieldRecord): unknown
  stored(connection: FieldRecord): unknown
}

/** Returns the rows of a table in one list: those of the connection itself, of its policies, of its settings. */
export function rowsOf({ connection, policies, settings }: ConnectionFields): readonly FieldRow[] {
  return [
    ...Object.entries(connection).map(([path, field]) => ({
      path,
      field,
      part: field.part,
      toJson: field.toJson,
      stored: (record: FieldRecord) => record[field.part],
    })),
    ...nestedRows('policies', policies),
    ...nestedRows('settings', settings),
  ]
}

function nestedRows(
  group: 'policies' | 'settings',
  fields: Readonly<Record<string, ConnectionField>>,
): readonly FieldRow[] {
  return Object.entries(fields).map(([name, field]) => {
    const stored = (connection: FieldRecord) => storedMember(connection[group], name, field)
    return {
      path: `${group}.${name}`,
      field,
      part: `${group}.${field.stored?.member ?? name}`,
      toJson: (connection) => toJsonValue(field, stored(connection)),
      stored,
    }
  })
}

function storedMember(record: object, name: string, { stored }: ConnectionField): unknown {
  const members: Readonly<Record<string, unknown>> = { ...record }
  return members[stored?.member ?? name]
}

/** Returns the stored values of the chosen fields, in the order of their rows. A value that two fields share occurs once. */
export function storedValues(
  fields: ConnectionFields,
  connection: FieldRecord,
  isChosen: (field: ConnectionField) => boolean | undefined,
): readonly unknown[] {
  const chosen = rowsOf(fields).filter(({ field }) => isChosen(field))
  const byPart = new Map(chosen.map((row) => [row.part, row.stored(connection)]))
  return [...byPart.values()]
}

/** Returns the JSON of a stored value; `null` means none. */
export function toJsonValue({ stored, default: byDefault }: ConnectionField, value: unknown) {
  return stored ? stored.toJson(value) : (value ?? byDefault ?? null)
}

/** Returns what is stored for a value that was sent. `undefined`: nothing is. */
export function toStoredValue({ stored, default: byDefault }: ConnectionField, sent: unknown) {
  const value = sent ?? byDefault
  return stored ? stored.toStored(value ?? null) : value
}

/** Returns the members to store for the values that were sent, each field's default included. */
export function toRecord(
  fields: Readonly<Record<string, ConnectionField>>,
  sent: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const members = Object.entries(fields).map(([name, field]) => [
    field.stored?.member ?? name,
    toStoredValue(field, sent[name]),
  ])
  return Object.fromEntries(members)
}

/** Returns the settings to store for the values that were sent. A setting that has its default is not stored. */
export function toStoredSettings(
  fields: ConnectionFields['settings'],
  sent: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const defaults = toRecord(fields, {})
  const differing = Object.entries(toRecord(fields, sent)).filter(
    ([name, value]) => value !== undefined && !isSameJson(value, defaults[name]),
  )
  return Object.fromEntries(differing)
}

/** The text of a value that no choice of its field has. */
export const OTHER = 'other'

/** Returns a value of JSON as the command line and forms write it; no value is empty text. */
export function toText({ input, text }: ConnectionField, value: unknown): string {
  const choice = input?.kind === 'choice' ? choiceFor(input.choices, value) : undefined
  if (choice) return choice.text
  if (value === null || value === undefined) return ''
  if (text) return text.fromJson(value)
  if (input?.kind === 'choice') return OTHER
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function choiceFor(choices: readonly FieldChoice[], value: unknown): FieldChoice | undefined {
  return choices.find((choice) => isSameJson(choice.value, value))
}

/**
 * Returns the value of JSON for a text. Empty text is `null`, and so is `none` for a field that may have no value. A text that cannot be
 * read is returned unchanged: the schema refuses it, and names the problem.
 */
export function fromText({ input, text, unset }: ConnectionField, typed: string): unknown {
  const trimmed = typed.trim()
  if (trimmed === '' || (trimmed === 'none' && unset !== undefined)) return null
  if (text) return text.toJson(trimmed)
  switch (input?.kind) {
    case 'choice': {
      const choice = input.choices.find((candidate) => candidate.text === trimmed)
      return choice ? choice.value : trimmed
    }
    case 'number':
      return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed
    case 'list':
      return trimmed
        .split(/[\s,]+/)
        .map((item) => item.trim())
        .filter((item) => item !== '')
    default:
      return trimmed
  }
}

/** Returns the words in which pages show a value of JSON. */
export function inWords(field: ConnectionField, value: unknown): string {
  const { input, unset = 'none', words } = field
  const text = toText(field, value)
  if (text === '') return unset
  if (input?.kind !== 'choice') return words?.(text) ?? text
  return choiceFor(input.choices, value)?.words ?? text
}

type Members = Readonly<Record<string, unknown>>
/** A merge patch of a connection's JSON. */
export type FieldPatch = Members & { readonly policies: Members; readonly settings: Members }

/** Returns the merge patch for values of JSON by the paths of their rows. */
export function patchOf(values: ReadonlyMap<string, unknown>): FieldPatch {
  const within = (group: string) =>
    Object.fromEntries(
      [...values]
        .filter(([path]) => path.startsWith(group))
        .map(([path, value]) => [path.slice(group.length), value]),
    )
  const head = [...values].filter(([path]) => !path.includes('.'))
  return {
    ...Object.fromEntries(head),
    policies: within('policies.'),
    settings: within('settings.'),
  }
}
