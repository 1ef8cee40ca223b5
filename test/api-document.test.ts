/** The OpenAPI document, and that what it says is so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { routes } from '../src/http/routes.ts'
import { ask } from './support/api-calls.ts'
import { openRig } from './support/steps.ts'

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>

describe('GET /api/v1/openapi.json', () => {
  it('is an OpenAPI 3.1 document', async (t) => {
    const { body } = await ask(await openRig(t), '/openapi.json')
    const validator = new Validator()
    const { valid, errors } = await validator.validate(structuredClone(body))
    assert.deepEqual({ valid, errors }, { valid: true, errors: undefined })
    assert.equal(validator.version, '3.1')
  })

  it('has every address of the API, each under a name of its own', async (t) => {
    const { body } = await ask(await openRig(t), '/openapi.json')
    const described = Object.entries(body.paths as Paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} /api/v1${path}`),
    )
    const served = routes
      .filter(({ path }) => path.startsWith('/api/v1/') && !path.endsWith('/openapi.json'))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    assert.deepEqual(described.sort(), served.sort())
    const ids = Object.values(body.paths as Paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    assert.equal(new Set(ids).size, ids.length)
  })
})
