/** The type of a row of connection-fields.ts, and the kinds of values that fields have. */
import * as v from 'valibot'
import type { Deployment } from '../deployment.ts'
import type { ProviderKindName } from '../identity-provider/provider-kinds.ts'
import type { Connection } from '../storage/records.ts'

/** One of several values: the text that the command line, the environment and forms have for it, and the words that pages show. */
export type FieldChoice = { readonly text: string; readonly words: string; readonly value: unknown }

/** How a value is written as text. A list is separated by commas. */
export type FieldInput =
  | { readonly kind: 'text' | 'list' }
  | { readonly kind: 'number'; readonly from: number; readonly to: number; readonly unit: string }
  | { readonly kind: 'choice'; readonly choices: readonly FieldChoice[] }

/** Members of a connection that are no fields: ids, times, what is derived, and what has operations of its own. */
export type NoField =
  | 'id'
  | 'organizationId'
  | 'slug'
  | 'protocol'
  | 'cloud'
  | 'credentials'
  | 'status'
  | 'managedBy'
  | 'createdAt'
  | 'updatedAt'
/** The members of a connection's record that hold its fields. */
export type FieldRecord = Omit<Connection, NoField>

/** One row. `Value` is what the record stores, and what may be sent. */
export type ConnectionField<Value = unknown> = {
  /** Checks what is sent, wherever it comes from. No other place knows the limits. `null` and an absent member mean the default. */
  readonly schema: v.GenericSchema<unknown, Value>
  /** What the API shows. */
  readonly shown: v.GenericSchema
  /** The value of a connection for which none was sent; without it such a connection has no value, which JSON shows as `null`. */
  readonly default?: Value
  /** The default of the connection that the environment describes, where that is another one. */
  readonly environmentDefault?: Value
  /** Its name on pages and in the reference. */
  readonly label: string
  /** What it means: in the OpenAPI document, the reference, the help of the command line, and of the environment. */
  readonly help: string
  /** A shorter text for the forms under /admin; `help` by default. */
  readonly hint?: string
  /** How it is entered as text. A field without it is changed through the API and `entrada apply` alone, or has a page of its own. */
  readonly input?: FieldInput
  /** What pages show where there is no value; "none" by default. */
  readonly unset?: string
  /** What pages show for the text of a value; the text itself by default. */
  readonly words?: (text: string) => string
  /** The variable that sets it for the environment's connection. It needs a `libraryOption`, by which both are read. */
  readonly env?: string
  /** Texts of the environment, where they differ from those of `input`. */
  readonly envWords?: Readonly<Record<string, Value | undefined>>
  /** The help of the variable, where it differs. */
  readonly envHelp?: string
  /** Its path among the options of the library, below `entra`. Their types are in `settings/options.ts`. */
  readonly libraryOption?: string
  /** The kinds of identity provider whose connections have it; by default every kind. */
  readonly kinds?: readonly ProviderKindName[]
  /** Whether pages show it for a connection; by default for every one. */
  readonly appliesTo?: (connection: FieldRecord) => boolean
  /** The option of `entrada connection create` and `connection change`. */
  readonly option?: string
  /** Who may change it. An organization may also choose among the `offered` values of an operator's field. */
  readonly may: 'organization' | 'operator'
  /** The values that this deployment offers. */
  readonly offered?: (deployment: Deployment) => readonly string[]
  /** Whether a value that is not offered is refused for operators as well. */
  readonly offeredOnly?: true
  /** Whether a change needs another identity provider, instead of the one that is kept for the connection. */
  readonly makesNewProvider?: true
  /** Whether a change makes it another directory or application: the connection has to be tested again, and may have users who stop it. */
  readonly identifies?: true
  /** Whether an answer of the provider is verified with it: after a change another sign-in is needed. */
  readonly verifiesAnswers?: true
  /** Whether a change may refuse users who are signed in: their sessions are then decided again. */
  readonly decidesAdmission?: true
  /** The name of its field in the form of the set-up page, where that asks for it. */
  readonly askedAtSetUpAs?: string
  /** Both ways between the record and JSON, where they differ. `member` is the name in the record. */
  readonly stored?: {
    readonly member?: string
    toJson(stored: unknown): unknown
    toStored(sent: unknown): unknown
  }
  /** Both ways between JSON and text, where `input` does not say enough. */
  readonly text?: { fromJson(value: unknown): string; toJson(text: string): unknown }
}

/** A row of the connection itself. Its record has other members than its JSON, so that the row names both. */
export type HeadField = ConnectionField & {
  /** The member of the record that holds it. */
  readonly part: keyof FieldRecord
  toJson(connection: FieldRecord): unknown
}

/** Rows by where their members are in JSON: in the connection itself, in its `policies`, in its `settings`. */
export type ConnectionFields = {
  readonly connection: Readonly<Record<string, HeadField>>
  readonly policies: Readonly<Record<string, ConnectionField>>
  readonly settings: Readonly<Record<string, ConnectionField>>
}

/** One of several words. The keys are what is sent, the values what pages show. */
export function choiceOf<const Words extends Readonly<Record<string, string>>>(words: Words) {
  const values = Object.keys(words) as (keyof Words & string)[] // the keys of the literal
  const schema = v.picklist(values)
  const choices = values.map((value) => ({ text: value, words: words[value] ?? value, value }))
  return { schema, shown: schema, input: { kind: 'choice', choices } } as const
}

/** Yes or no, with the words that pages show for both. */
export function switchOf(words: { readonly off: string; readonly on: string }) {
  const choices = [
    { text: 'false', words: words.off, value: false },
    { text: 'true', words: words.on, value: true },
  ]
  return { schema: v.boolean(), shown: v.boolean(), input: { kind: 'choice', choices } } as const
}

/** A whole number within bounds. `unit` completes "a whole number", such as "of minutes". */
export function wholeNumberOf(bounds: {
  readonly from: number
  readonly to: number
  readonly unit: string
}) {
  const { from, to } = bounds
  return {
    schema: v.pipe(v.number(), v.integer(), v.minValue(from), v.maxValue(to)),
    shown: v.nullable(v.number()),
    input: { kind: 'number', ...bounds },
  } as const
}

/** Text that the schema checks. */
export function textOf<const Schema extends v.GenericSchema<string, string>>(schema: Schema) {
  return { schema, shown: v.nullable(v.string()), input: { kind: 'text' } } as const
}

/** Marks rows as fields of one kind of identity provider. */
export function ofKind<const Rows extends Readonly<Record<string, object>>>(
  kind: ProviderKindName,
  rows: Rows,
) {
  const marked = Object.entries(rows).map(([name, row]) => [name, { ...row, kinds: [kind] }])
  return Object.fromEntries(marked) as {
    readonly [Name in keyof Rows]: Rows[Name] & { readonly kinds: readonly ProviderKindName[] }
  } // the same rows
}
