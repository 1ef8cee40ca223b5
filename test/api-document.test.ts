/** The OpenAPI document, and that it describes what the API does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { routes } from '../src/routes.ts'
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

describe('what the document allows', () => {
  it('is an id of a rule as long as its role and its group make it (O10)', async (t) => {
    const rig = await openRig(t)
    const role = 'a-role-of-a-good-length-in-the-application'
    const value = '7d444840-9dc0-41d1-b245-5ffdce74fad2'
    const created = await ask(rig, '/connections', {
      method: 'POST',
      body: { organizationId: 'default', roleRules: [{ match: 'group', value, role }] },
    })
    const path = `/connections/${created.body.id}`
    const changed = await ask(rig, path, { method: 'PATCH', body: { name: 'Another' } })
    assert.equal(changed.status, 200, JSON.stringify(changed.body))
    assert.deepEqual(changed.body.roleRules, created.body.roleRules)
  })

  const members: readonly (readonly [string, string, unknown])[] = [
    ['an apostrophe in an address', 'email', "pat.o'brien@contoso.com"],
    ['128 characters outside of the basic plane', 'name', '𝛼'.repeat(128)],
    ['a family that is joined', 'name', '👩‍👩‍👧'],
  ]
  for (const [what, member, value] of members) {
    it(`is ${what} (O10)`, async (t) => {
      const body = member === 'name' ? { name: value } : { settings: { contact: { email: value } } }
      const rig = await openRig(t)
      const connection = { method: 'POST', body: { organizationId: 'default', ...body } }
      assert.equal((await ask(rig, '/connections', connection)).status, 201)
    })
  }

  const times = [
    '2027-02-30T00:00:00Z',
    '2027-01-01T00:00:00+01',
    '2027-01-01 00:00:00Z',
    '+010000-01-01T00:00:00Z',
  ]
  for (const expiresAt of times) {
    it(`is no time such as ${expiresAt}, which is refused by name (O10)`, async (t) => {
      const body = { name: 'Key', scopes: ['users:read'], expiresAt }
      const refused = await ask(await openRig(t), '/api-keys', { method: 'POST', body })
      assert.deepEqual([refused.status, refused.body.parameter], [400, 'expiresAt'])
    })
  }

  it('is no name with a sign that is not seen; one that only spells flags is made visible (O10)', async (t) => {
    const rig = await openRig(t)
    const create = (name: string) => ask(rig, '/organizations', { method: 'POST', body: { name } })
    assert.equal((await create('Con\u200btoso')).status, 400)
    assert.equal((await create('Contoso\u202e')).status, 400)
    assert.equal((await create('Contoso\u{e0041}')).body.name, 'Contoso\ufffd')
    const scotland = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'
    assert.equal((await create(scotland)).body.name, scotland)
  })
})
