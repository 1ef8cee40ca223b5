/** The OpenAPI document as a client reads it: its operations, what each takes, and values that its schemas allow. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import { openApiDocument } from '../../src/api/openapi.ts'
import { namedSchemas, operationList } from '../../src/api/operations.ts'

export type Json = { readonly [member: string]: unknown }
export type Described = {
  readonly example?: unknown
  readonly schema: Json
}
export type Parameter = Described & {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
}
export type DescribedOperation = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Described | undefined
  /** Status, and what is answered with it. */
  readonly answers: readonly (readonly [string, Described])[]
}

export const document = openApiDocument(
  { operations: operationList, schemas: namedSchemas },
  'https://sso.example.com/api/v1',
) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
} // as openapi.ts makes it, and the test of the document checks

type Content = Readonly<Record<string, Described>>
type OperationObject = {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

export const describedOperations: readonly DescribedOperation[] = Object.entries(
  document.paths,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({
    id: one.operationId,
    method: method.toUpperCase(),
    path,
    parameters: one.parameters,
    body: one.requestBody?.content['application/json'],
    answers: Object.entries(one.responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).map((described) => [status, described] as const),
    ),
  })),
)

const ajv = new Ajv2020({ strict: false, allErrors: true })
ajvFormats.default(ajv)
ajv.addSchema({ $id: 'openapi', components: document.components })

const validators = new WeakMap<Json, ValidateFunction>()

/** Whether a value is what the schema describes. */
export function isDescribed(schema: Json, value: unknown): boolean {
  const validate = validators.get(schema) ?? ajv.compile(absolute(schema))
  validators.set(schema, validate)
  return validate(value) === true
}

/** References of the document, as a schema outside of it has to spell them. */
function absolute(schema: Json): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/'))
}

/** A member of a body that is text, a number or a word, and how the body looks that holds a value there and which other members it needs. */
export type Leaf = {
  readonly path: readonly string[]
  readonly schema: Json
  readonly bodyWith: (value: unknown) => unknown
}

export function leavesOf(schema: Json, example: unknown = {}): readonly Leaf[] {
  const { $ref, type, properties, items, anyOf, oneOf } = schema as Known
  if ($ref) return leavesOf(resolve($ref), example)
  const options = [...(anyOf ?? []), ...(oneOf ?? [])]
  if (type === undefined && options.length > 0) {
    return options
      .filter((option) => option.type !== 'null')
      .flatMap((one) => leavesOf(one, example))
  }
  if (properties) {
    return Object.entries(properties).flatMap(([name, one]) => {
      const others = besides(schema, name, example)
      return within(leavesOf(one), name, (value) => ({ ...others, [name]: value }))
    })
  }
  if (type === 'array' && items) return within(leavesOf(items), '0', (value) => [value])
  return [{ path: [], schema, bodyWith: (value) => value }]
}

function within(
  leaves: readonly Leaf[],
  name: string,
  wrap: (value: unknown) => unknown,
): readonly Leaf[] {
  return leaves.map(({ path, schema, bodyWith }) => ({
    path: [name, ...path],
    schema,
    bodyWith: (value) => wrap(bodyWith(value)),
  }))
}

/** The other members that have to be there with this one: those of the example, or any that are allowed. */
function besides(schema: Json, name: string, example: unknown): Json {
  const { properties = {}, required = [], dependentRequired = {} } = schema as Known
  const needed = [...required, ...(dependentRequired[name] ?? [])]
  const values = needed.map((one): [string, unknown] => {
    const itsSchema = properties[one] ?? {}
    const shown = (example as Json)[one]
    const [any] = fc.sample(allowedBy(itsSchema.items ? { const: [] } : itsSchema), 1)
    return [one, isDescribed(itsSchema, shown) ? shown : any]
  })
  return Object.fromEntries(values)
}

function resolve($ref: string): Json {
  const found = document.components.schemas[$ref.split('/').at(-1) ?? '']
  if (found === undefined) throw new Error(`${$ref} is not in the document`)
  return found
}

/** Values that a generator of clients would make of the schema. */
export function allowedBy(schema: Json): fc.Arbitrary<unknown> {
  const { type, enum: words, minLength = 0, maxLength = 200, minimum, maximum } = schema as Known
  if (words) return fc.constantFrom(...words)
  if ('const' in schema) return fc.constant(schema.const)
  if (type === 'boolean') return fc.boolean()
  if (type !== 'string') return fc.integer({ min: minimum ?? 0, max: maximum ?? 1000 })
  const size = { minLength, maxLength: Math.min(maxLength, 600), size: 'max' as const }
  const texts = patternsOf(schema).map((pattern) => fc.stringMatching(pattern))
  const any = [fc.string(size), fc.string({ ...size, unit: 'grapheme' }), longest(maxLength)]
  return fc.oneof(...(texts.length > 0 ? texts : any)).filter((text) => isDescribed(schema, text))
}

type Known = {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  readonly items?: Json
  readonly anyOf?: readonly Json[]
  readonly oneOf?: readonly Json[]
  readonly type?: string
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
}

/** A character outside of the Basic Multilingual Plane is one character in JSON Schema, and two units of JavaScript. */
const longest = (length: number) => fc.constant('𝛼'.repeat(length))

/** Uses the first alternative: another one is text of any script, for which no pattern describes what a domain may contain. */
function patternsOf({ pattern, anyOf = [] }: Known): readonly RegExp[] {
  const source = pattern ?? anyOf[0]?.pattern
  return typeof source === 'string' ? [new RegExp(source)] : []
}

/** Values near those that are allowed, and any others, that the schema does not allow. */
export function refusedBy(schema: Json): fc.Arbitrary<unknown> {
  const { type, minimum = 0, maximum = 1 } = schema as Known
  if (type === 'boolean') return fc.constantFrom('true', 0, 1)
  const near =
    type === 'integer' || type === 'number'
      ? [
          fc.constantFrom(minimum - 1, maximum + 1),
          fc.double({ min: minimum, max: maximum, noNaN: true }),
        ]
      : [
          allowedBy(schema).chain((allowed) =>
            fc.constantFrom(
              `${allowed}\n`,
              `${allowed} x`,
              ` ${allowed}`,
              `${allowed}\u0000`,
              `${allowed}`.repeat(20),
            ),
          ),
          fc.string({ unit: 'binary' }),
          fc.constantFrom('', ' ', 'x'.repeat(3000), 0, false),
        ]
  return fc.oneof(...near).filter((value) => !isDescribed(schema, value))
}
