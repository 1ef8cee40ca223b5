import type * as v from 'valibot'

/** The record that JSON is made from: a text may be a time, and a member that is `null` in JSON may be absent. */
export type RecordFor<Json> = {
  readonly [Name in keyof Json as null extends Json[Name] ? never : Name]: ValueFor<Json[Name]>
} & {
  readonly [Name in keyof Json as null extends Json[Name] ? Name : never]?: ValueFor<Json[Name]>
}
type ValueFor<Json> =
  | (string extends Json ? Date : never)
  | (null extends Json ? undefined : never)
  | (Json extends readonly (infer Item)[] ? readonly Item[] : Json)

/** Returns the members of a record that the schema names, as JSON. A member of the schema that the record has not does not compile. */
export function recordJson<const Schema extends v.StrictObjectSchema<v.ObjectEntries, undefined>>(
  { entries }: Schema,
  record: RecordFor<v.InferOutput<Schema>>,
): v.InferOutput<Schema> {
  const values = new Map<string, unknown>(Object.entries(record))
  const members = Object.keys(entries).map((name) => [name, valueJson(values.get(name))])
  return Object.fromEntries(members) as v.InferOutput<Schema> // one member for each of the schema
}

function valueJson(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : (value ?? null)
}
