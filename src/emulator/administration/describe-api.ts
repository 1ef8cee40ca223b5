import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type Operation, operations } from './operations.ts'

/** The resources that can be read, with their content. */
const resources = {
  directory: 'Tenants with their people and groups, applications, policies.',
  requests: 'The newest requests, newest last.',
  faults: 'The faults that still wait.',
  settings: 'Addresses, clock, and who is signed in without being asked.',
} as const

/**
 * Describes the administration's JSON as an OpenAPI document, from the schemas that check the calls.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export function describeApi(origin: string): Readonly<Record<string, unknown>> {
  const reads = Object.entries(resources).map(([name, holds]) => [
    `/emulator/api/${name}`,
    { get: readOf(name, holds) },
  ])
  const calls = Object.entries(operations).map(([name, operation]) => [
    `/emulator/api/${name}`,
    { post: callOf(name, operation) },
  ])
  return {
    openapi: '3.1.1',
    info: { title: 'Entra emulator', version: '1', description: DESCRIPTION },
    servers: [{ url: origin }],
    paths: Object.fromEntries([...reads, ...calls]),
    components: { schemas: { Problem: toSchema(problemSchema) } },
  }
}

const DESCRIPTION =
  'Moves the emulator, from this machine alone. Everywhere a user is named by object id or user principal name, a group by object id or display name, an application by client id or display name, a tenant by id, domain or display name; in any letter case.'

const problemSchema = v.object({
  error: v.object({ message: v.pipe(v.string(), v.description('What was not right.')) }),
})

function readOf(name: string, holds: string) {
  const limit = {
    name: 'limit',
    in: 'query',
    description: 'How many, 1 to 1000.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  }
  return {
    operationId: `read-${name}`,
    summary: holds,
    ...(name === 'requests' ? { parameters: [limit] } : {}),
    responses: { 200: jsonOf(holds, { type: 'object' }) },
  }
}

function callOf(name: string, { does, takes, answers }: Operation) {
  const input = toSchema(takes)
  const members = Object.entries(answers).map(([member, description]) => [
    member,
    { type: 'string', description },
  ])
  const answer = {
    type: 'object',
    properties: Object.fromEntries(members),
    required: Object.keys(answers),
  }
  const isRequired = Array.isArray(input.required) && input.required.length > 0
  return {
    operationId: name,
    summary: does,
    requestBody: { required: isRequired, content: { 'application/json': { schema: input } } },
    responses: {
      200: jsonOf('Done.', answer),
      400: jsonOf('Not done: the message is the reason.', { $ref: '#/components/schemas/Problem' }),
    },
  }
}

function jsonOf(description: string, schema: object) {
  return { description, content: { 'application/json': { schema } } }
}

/** Checks that are only described in words have no form in JSON Schema; times are text in JSON. */
const conversion: ConversionConfig = {
  target: 'draft-2020-12',
  typeMode: 'input',
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema }) =>
    valibotSchema.type === 'date' ? { type: 'string', format: 'date-time' } : undefined,
}

function toSchema(schema: v.GenericSchema): Readonly<Record<string, unknown>> {
  const { $schema: _, ...json } = toJsonSchema(schema, conversion)
  return json
}
