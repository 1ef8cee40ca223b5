/** Compares responses of the API with its OpenAPI document, using a validator that does not know the schemas the document is made from. */
import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { openApiDocument } from '../../src/api/openapi.ts'
import { namedSchemas, operationList } from '../../src/api/operations.ts'

type Answered = {
  readonly method: string
  /** Below `/api/v1`, without the query. */
  readonly path: string
  readonly status: number
  readonly contentType: string | null
  readonly body: unknown
}

const documentOfApi = openApiDocument(
  { operations: operationList, schemas: namedSchemas },
  'https://sso.example.com/api/v1',
)
const ajv = new Ajv2020({ strict: false, allErrors: true })
ajvFormats.default(ajv)
ajv.addSchema(documentOfApi, 'openapi')
const validators = new Map<string, ValidateFunction>()

/** That this answer is one that the document describes. Addresses that no operation has are not its business. */
export function assertAsDocumented({ method, path, status, contentType, body }: Answered): void {
  const [, operation] =
    operationList.find(([, one]) => one.method === method && isPathOf(one.path, path)) ?? []
  if (operation === undefined) return
  const responses = responsesOf(operation.path, method)
  const place = status in responses ? String(status) : 'default'
  assert.ok(place !== 'default' || status >= 400, `${method} ${path} answers ${status}`)
  const [type] = Object.keys(responses[place]?.content ?? {})
  if (type === undefined) {
    assert.deepEqual(body, {}, `${method} ${path} has no body`)
    return
  }
  assert.equal(contentType?.split(';')[0], type, `${method} ${path}`)
  const pointer = ['paths', pathOf(operation.path), method.toLowerCase(), 'responses', place]
  const validate = validatorAt([...pointer, 'content', type, 'schema'])
  const problems = validate(body) ? [] : validate.errors
  assert.deepEqual(problems, [], `${method} ${path} ${status}: ${JSON.stringify(body)}`)
}

function isPathOf(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(path)
}

type Responses = Readonly<Record<string, { readonly content?: object }>>

function responsesOf(path: string, method: string): Responses {
  const paths = documentOfApi.paths as Record<string, Record<string, { responses: Responses }>> // as openapi.ts makes it
  const described = paths[pathOf(path)]?.[method.toLowerCase()]
  assert.ok(described)
  return described.responses
}

function pathOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

function validatorAt(pointer: readonly string[]): ValidateFunction {
  const escaped = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
  const $ref = `openapi#/${escaped.map(encodeURIComponent).join('/')}`
  const known = validators.get($ref)
  const validate = known ?? ajv.compile({ $ref })
  validators.set($ref, validate)
  return validate
}
