/** The OpenAPI 3.1 document, from the same tables and schemas that check the calls. */
import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type ErrorCode, errorEntry } from '../errors.ts'
import { version } from '../version.ts'
import type { Operation, Schema } from './operation.ts'
import { scopeTable } from './scope-table.ts'

export type JsonObject = { readonly [member: string]: unknown }

/** @see https://spec.openapis.org/oas/v3.1.1 */
export function openApiDocument(
  {
    operations,
    schemas,
  }: {
    readonly operations: readonly (readonly [string, Operation])[]
    readonly schemas: Readonly<Record<string, Schema>>
  },
  serverUrl: string,
): JsonObject {
  const named = { ...schemas, Problem: problemSchema }
  const convert = (schema: Schema) => toReferring(schema, named)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Entrada',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Administers sign-in with Microsoft Entra ID. Refusals are problem+json (RFC 9457) with a `code`; docs/api.md is the guide.',
    },
    servers: [{ url: serverUrl }],
    security: [{ bearer: [] }],
    tags: tagsOf(operations),
    paths: pathsOf(operations, convert),
    components: {
      schemas: Object.fromEntries(
        Object.entries(named).map(([name, schema]) => [name, toReferring(schema, named, name)]),
      ),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or an operator token.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-entrada-session',
          description:
            'The session of this browser. Changes also need `X-Form-Token` and our own origin.',
        },
      },
    },
  }
}

const problemSchema = v.object({
  type: v.string(),
  title: v.pipe(v.string(), v.description('A sentence for a person.')),
  status: v.pipe(v.number(), v.integer()),
  code: v.pipe(v.string(), v.description('What to branch on; see docs/reference/errors.md.')),
  correlationId: v.pipe(
    v.string(),
    v.description('Finds the request in the log and the audit trail.'),
  ),
  parameter: v.optional(v.pipe(v.string(), v.description('The first member that is wrong.'))),
  errors: v.optional(
    v.pipe(
      v.array(v.object({ parameter: v.string(), problem: v.string() })),
      v.description('Every member that is wrong.'),
    ),
  ),
})

/** Types of JSON Schema go by the draft that OpenAPI 3.1 has. What a check in words demands has no other form. */
const conversion: ConversionConfig = {
  target: 'draft-2020-12',
  typeMode: 'input',
  ignoreActions: ['check', 'transform', 'raw_transform', 'trim', 'to_lower_case'],
}

/** The schema, with those that have a name as references. `itself`: the one whose own text is wanted. */
function toReferring(
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  itself?: string,
): JsonObject {
  const { $schema, ...json } = toJsonSchema(schema, {
    ...conversion,
    overrideSchema({ valibotSchema }) {
      const [name] = Object.entries(named).find(([, one]) => one === valibotSchema) ?? []
      return name === undefined || name === itself
        ? undefined
        : { $ref: `#/components/schemas/${name}` }
    },
  })
  return json
}

type Convert = (schema: Schema) => JsonObject

function pathsOf(
  operations: readonly (readonly [string, Operation])[],
  convert: Convert,
): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [id, operation] of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    const described = { [operation.method.toLowerCase()]: operationObject(id, operation, convert) }
    paths[path] = { ...paths[path], ...described }
  }
  return paths
}

function operationObject(id: string, operation: Operation, convert: Convert): JsonObject {
  const { does, access, body, method } = operation
  const right = typeof access === 'string' ? undefined : access.scope
  return {
    operationId: id,
    summary: does,
    tags: [tagOf(operation)],
    ...(right
      ? { description: `Needs \`${right}\`: ${scopeTable[right].means}`, 'x-scope': right }
      : {}),
    ...(access === 'public' ? { security: [] } : {}),
    ...(access === 'own_session' ? { security: [{ session: [] }] } : {}),
    parameters: parametersOf(operation, convert),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              (method === 'PATCH' ? [MERGE_PATCH, JSON_TYPE] : [JSON_TYPE]).map((type) => [
                type,
                { schema: convert(body) },
              ]),
            ),
          },
        }
      : {}),
    responses: responsesOf(operation, convert),
  }
}

const JSON_TYPE = 'application/json'
const MERGE_PATCH = 'application/merge-patch+json'

function parametersOf(
  { path, query = {}, method, versioned, creates }: Operation,
  convert: Convert,
): readonly JsonObject[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query).map(([name, schema]) => {
    const { description, ...json } = convert(schema)
    const required = schema.type !== 'optional'
    return { name, in: 'query', required, ...(description ? { description } : {}), schema: json }
  })
  return [
    ...inPath,
    ...inQuery,
    ...(creates ? [idempotencyKey] : []),
    ...(versioned && method !== 'GET' ? [ifMatch] : []),
  ]
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A call repeated with the same key within 24 hours makes nothing new and gets the first answer.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of the record as it was read; 412 when it has changed since.',
  schema: { type: 'string' },
}
const entityTagHeader = { ETag: { description: 'For `If-Match`.', schema: { type: 'string' } } }
const locationHeader = { Location: { description: 'Its address.', schema: { type: 'string' } } }

function responsesOf(operation: Operation, convert: Convert): JsonObject {
  const { answer, versioned, creates } = operation
  const headers = { ...(versioned ? entityTagHeader : {}), ...(creates ? locationHeader : {}) }
  const done = answer
    ? {
        description: creates ? 'Created.' : 'Done.',
        ...(Object.keys(headers).length > 0 ? { headers } : {}),
        content: { [JSON_TYPE]: { schema: convert(answer) } },
      }
    : { description: 'Done; no body.' }
  const status = answer === undefined ? 204 : creates ? 201 : 200
  return { [status]: done, ...refusalsOf(operation) }
}

/** Codes by their status, and `default` for what can happen to any request. */
function refusalsOf(operation: Operation): JsonObject {
  const { access, body, query, path, versioned, method, refusals = [] } = operation
  const codes = new Set<ErrorCode>([
    ...(body || query ? (['request_invalid'] as const) : []),
    ...(typeof access === 'string'
      ? []
      : (['sign_in_required', 'operator_token_invalid', 'access_not_granted'] as const)),
    ...(path.includes(':') ? (['record_not_found'] as const) : []),
    ...(versioned && method !== 'GET' ? (['record_changed'] as const) : []),
    ...refusals,
  ])
  const byStatus = Map.groupBy(codes, (code) => String(errorEntry(code).status))
  const rows = [...byStatus].map(([status, group]) => [
    status,
    problem(group.map((code) => `\`${code}\``).join(', ')),
  ])
  return { ...Object.fromEntries(rows), default: problem('Refused or failed; `code` says why.') }
}

function problem(description: string): JsonObject {
  const schema = { $ref: '#/components/schemas/Problem' }
  return { description, content: { 'application/problem+json': { schema } } }
}

function tagsOf(operations: readonly (readonly [string, Operation])[]): readonly JsonObject[] {
  const names = new Set(operations.map(([, operation]) => tagOf(operation)))
  return [...names].map((name) => ({ name }))
}

/** The first word of the path. */
function tagOf({ path }: Operation): string {
  return path.split('/')[1] ?? 'api'
}
