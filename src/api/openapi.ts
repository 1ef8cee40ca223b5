/** The OpenAPI 3.1 document, created from the same tables and schemas that check the calls. */
import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { scopeTable } from '../access/scope-table.ts'
import { type ErrorCode, errorEntry } from '../errors/errors.ts'
import { version } from '../http/version.ts'
import { IDEMPOTENCY_KEY, IF_MATCH } from '../protocol/text-patterns.ts'
import { exampleOf } from './openapi-examples.ts'
import type { Operation, Schema } from './operation.ts'

export type JsonObject = { readonly [member: string]: unknown }

/** Returns the OpenAPI document of the API. @see https://spec.openapis.org/oas/v3.1.1 */
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
  const components = Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, toReferring(schema, named, name)]),
  )
  const describe: Describe = (schema, names) => {
    const json = toReferring(schema, named)
    return { schema: json, example: exampleOf(json, names, components) }
  }
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
    paths: pathsOf(operations, describe),
    components: {
      schemas: components,
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
            'The session of this browser. Changes also need `X-Form-Token` and a same-origin request.',
        },
      },
    },
  }
}

const problemSchema = v.object({
  type: v.string(),
  title: v.pipe(v.string(), v.description('A sentence that can be shown to a user.')),
  status: v.pipe(v.number(), v.integer()),
  code: v.pipe(
    v.string(),
    v.description('The error code, for programs; see docs/reference/errors.md.'),
  ),
  correlationId: v.pipe(
    v.string(),
    v.description('Identifies the request in the log and the audit trail.'),
  ),
  parameter: v.optional(v.pipe(v.string(), v.description('The first member that is wrong.'))),
  errors: v.optional(
    v.pipe(
      v.array(v.object({ parameter: v.string(), problem: v.string() })),
      v.description('Every member that is wrong.'),
    ),
  ),
})

/** JSON Schema has the version that OpenAPI 3.1 uses. Checks that are only described in words have no other form there. */
const conversion: ConversionConfig = {
  target: 'draft-2020-12',
  typeMode: 'input',
  ignoreActions: ['check', 'transform', 'raw_transform', 'to_lower_case'],
  // JSON Schema counts code points.
  overrideAction({ valibotAction, jsonSchema }) {
    if (!isMaxCodePoints(valibotAction)) return undefined
    return { ...jsonSchema, maxLength: valibotAction.requirement }
  },
}

function isMaxCodePoints(action: { readonly type: string }): action is MaxCodePoints {
  return action.type === 'max_code_points'
}
type MaxCodePoints = v.MaxCodePointsAction<string, number, undefined>

/** Returns the schema with references to the schemas that have a name. `itself` is the one whose full text is needed. */
function toReferring(
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  itself?: string,
): JsonObject {
  const { $schema, ...json } = toJsonSchema(schema, {
    ...conversion,
    overrideSchema({ valibotSchema }) {
      const [name] = Object.entries(named).find(([, schema]) => isSame(schema, valibotSchema)) ?? []
      return name === undefined || name === itself
        ? undefined
        : { $ref: `#/components/schemas/${name}` }
    },
  })
  return json
}

/** A schema with metadata is a pipe whose first part is converted as a schema of its own. */
function isSame(named: Schema, schema: unknown): boolean {
  return (
    named === schema || ('pipe' in named && Array.isArray(named.pipe) && named.pipe[0] === schema)
  )
}

/** `names` are the parts of the path, and the parameter's name. */
type Describe = (
  schema: Schema,
  names: readonly string[],
) => { readonly schema: JsonObject; readonly example: unknown }

function pathsOf(
  operations: readonly (readonly [string, Operation])[],
  describe: Describe,
): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [id, operation] of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    const described = { [operation.method.toLowerCase()]: operationObject(id, operation, describe) }
    paths[path] = { ...paths[path], ...described }
  }
  return paths
}

function operationObject(id: string, operation: Operation, describe: Describe): JsonObject {
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
    parameters: parametersOf(operation, describe),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              (method === 'PATCH' ? [MERGE_PATCH, JSON_TYPE] : [JSON_TYPE]).map((type) => [
                type,
                describe(body, placeOf(operation.path)),
              ]),
            ),
          },
        }
      : {}),
    responses: responsesOf(operation, describe),
  }
}

const JSON_TYPE = 'application/json'
const MERGE_PATCH = 'application/merge-patch+json'

function parametersOf(operation: Operation, describe: Describe): readonly JsonObject[] {
  const { path, params = {}, query = {}, access, method, creates } = operation
  const inPath = [...path.matchAll(/:(\w+)/g)].map(({ 1: name = '', index }) => {
    const described = describe(params[name] ?? v.string(), [...placeOf(path.slice(0, index)), name])
    return { name, in: 'path', required: true, ...described }
  })
  const inQuery = Object.entries(query).map(([name, valibotSchema]) => {
    const { schema, example } = describe(valibotSchema, [...placeOf(path), name])
    const { description, ...json } = schema
    const required = valibotSchema.type !== 'optional'
    return {
      name,
      in: 'query',
      required,
      ...(description ? { description } : {}),
      schema: json,
      example,
    }
  })
  return [
    ...inPath,
    ...inQuery,
    ...(creates ? [idempotencyKey] : []),
    ...(heedsIfMatch(operation) ? [ifMatch] : []),
    ...(typeof access === 'object' && method !== 'GET' ? [managedBy] : []),
  ]
}

/** A record that is being created has no version yet. */
function heedsIfMatch({ versioned, method, creates }: Operation): boolean {
  return versioned === true && method !== 'GET' && !creates
}

/** Returns the parts of a path without its parameters. */
function placeOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && !part.startsWith(':'))
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A call that is repeated with the same key within 24 hours creates nothing and returns the first response.',
  schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  example: '0b7f0c5e-5a0e-4c63-9d4b-6f6f2f0f7a11',
}
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The `ETag` of the record when it was read. If the record has changed since, the call fails with 412.',
  schema: { type: 'string', pattern: IF_MATCH.source },
  example: '"0f343b0931126a20f133d67c2b018a3b"',
}
const managedBy = {
  name: 'Entrada-Managed-By',
  in: 'header',
  required: false,
  description:
    '`file` from `entrada apply`, which may change what a file manages; see docs/apply.md.',
  schema: { type: 'string', enum: ['api', 'file'], default: 'api' },
  example: 'api',
}
const entityTagHeader = {
  ETag: { description: 'For `If-Match`.', schema: { type: 'string' }, example: ifMatch.example },
}
const locationHeader = {
  Location: {
    description: 'Its address.',
    schema: { type: 'string' },
    example: '/api/v1/organizations/contoso',
  },
}

function responsesOf(operation: Operation, describe: Describe): JsonObject {
  const { answer, versioned, creates } = operation
  const headers = { ...(versioned ? entityTagHeader : {}), ...(creates ? locationHeader : {}) }
  const done = answer
    ? {
        description: creates ? 'Created.' : 'Done.',
        ...(Object.keys(headers).length > 0 ? { headers } : {}),
        content: { [JSON_TYPE]: describe(answer, placeOf(operation.path)) },
      }
    : { description: 'Done; no body.' }
  const status = answer === undefined ? 204 : creates ? 201 : 200
  return { [status]: done, ...refusalsOf(operation) }
}

/** Groups the codes by their status, with `default` for those that any request can cause. */
function refusalsOf(operation: Operation): JsonObject {
  const { access, body, query, path, refusals = [] } = operation
  const codes = new Set<ErrorCode>([
    ...(body || query ? (['request_invalid'] as const) : []),
    ...(typeof access === 'string'
      ? []
      : (['sign_in_required', 'operator_token_invalid', 'access_not_granted'] as const)),
    ...(path.includes(':') ? (['record_not_found'] as const) : []),
    ...(heedsIfMatch(operation) ? (['record_changed'] as const) : []),
    ...refusals,
  ])
  const byStatus = Map.groupBy(codes, (code) => String(errorEntry(code).status))
  const rows = [...byStatus].map(([status, group]) => [
    status,
    problem(group.map((code) => `\`${code}\``).join(', '), group[0]),
  ])
  return {
    ...Object.fromEntries(rows),
    default: problem('Refused or failed; `code` is the reason.', 'storage_unavailable'),
  }
}

function problem(description: string, code: ErrorCode = 'request_invalid'): JsonObject {
  const schema = { $ref: '#/components/schemas/Problem' }
  const { status, shown: title } = errorEntry(code)
  const errors = [{ parameter: 'name', problem: 'must be at most 128 long' }]
  const example = {
    ...{ type: 'about:blank', title, status, code },
    correlationId: '0b7f0c5e-5a0e-4c63-9d4b-6f6f2f0f7a11',
    ...(code === 'request_invalid' ? { parameter: 'name', errors } : {}),
  }
  return { description, content: { 'application/problem+json': { schema, example } } }
}

function tagsOf(operations: readonly (readonly [string, Operation])[]): readonly JsonObject[] {
  const names = new Set(operations.map(([, operation]) => tagOf(operation)))
  return [...names].map((name) => ({ name }))
}

/** The tag is the first word of the path. */
function tagOf({ path }: Operation): string {
  return path.split('/')[1] ?? 'api'
}
