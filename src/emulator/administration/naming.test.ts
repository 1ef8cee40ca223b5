import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import {
  newEmulator,
  origin,
  parseObject,
  signInForClaims,
} from '../../../test/support/emulator-sign-in.ts'
import type { Emulator } from '../emulator.ts'
import { operations } from './operations.ts'

const alice = { id: 'aaaaaaaa-0000-4000-8000-000000000001', name: 'Alice@Contoso.example' }
const sales = { id: '1a000000-0000-4000-8000-000000000002', name: 'sales' }
const contoso = { id: '11111111-1111-4111-8111-111111111111', name: 'contoso' }
const application = {
  id: '33333333-3333-4333-8333-333333333333',
  name: 'Entrada (Development)',
}

async function operate(emulator: Emulator, operation: string, input: unknown) {
  const response = await emulator.fetch(
    new Request(`${origin}/emulator/api/${operation}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(input),
    }),
  )
  const { error = {} } = parseObject(await response.json())
  return { status: response.status, message: String(parseObject(error).message ?? '') }
}

async function document(emulator: Emulator) {
  return parseObject(await (await emulator.fetch(new Request(`${origin}/emulator/api`))).json())
}

describe('every operation of the emulator', () => {
  const certificate = { certificate: 'not one' }
  const inputs: Readonly<Record<string, (by: 'id' | 'name') => unknown>> = {
    'add-user': (by) => ({
      tenant: contoso[by],
      user: { userPrincipalName: 'zoe@contoso.example', memberOf: [sales[by]] },
    }),
    'update-user': (by) => ({ user: alice[by], changes: { memberOf: [sales[by]] } }),
    'remove-user': (by) => ({ user: alice[by] }),
    'set-user-groups': (by) => ({ user: alice[by], groups: [sales[by]] }),
    'revoke-sessions': (by) => ({ user: alice[by] }),
    'add-group': (by) => ({
      tenant: contoso[by],
      group: { displayName: 'Squad', memberOf: [sales[by]] },
    }),
    'remove-group': (by) => ({ group: sales[by] }),
    'sign-in-automatically-as': (by) => ({ user: alice[by] }),
    'add-application': (by) => ({
      application: {
        displayName: 'Other',
        homeTenantId: contoso[by],
        availableIn: [contoso[by]],
        assignments: [{ principalId: alice[by] }, { principalId: sales[by] }],
      },
    }),
    'update-application': (by) => ({
      application: application[by],
      changes: { assignments: [{ principalId: sales[by] }] },
    }),
    'add-redirect-uri': (by) => ({ application: application[by], uri: 'http://localhost/a' }),
    'remove-redirect-uri': (by) => ({ application: application[by], uri: 'http://localhost/a' }),
    assign: (by) => ({ application: application[by], principal: alice[by] }),
    unassign: (by) => ({ application: application[by], principal: sales[by] }),
    'add-secret': (by) => ({ application: application[by], value: 'one more' }),
    'set-secret': (by) => ({ application: application[by], value: 'the only one' }),
    'expire-secrets': (by) => ({ application: application[by] }),
    'add-federated-credential': (by) => ({
      application: application[by],
      credential: { issuer: 'https://issuer.example', subject: 'me' },
    }),
    'grant-admin-consent': (by) => ({ application: application[by], tenant: contoso[by] }),
    'revoke-consent': (by) => ({ application: application[by], tenant: contoso[by] }),
    'add-policy': (by) => ({
      policy: { require: 'mfa', clientId: application[by], userId: alice[by] },
    }),
    'set-fault': (by) => ({ fault: { kind: 'hang', on: 'token', forUser: alice[by] } }),
  }
  for (const [name, inputBy] of Object.entries(inputs)) {
    it(`${name} takes ids and names alike, and both do the same (M10)`, async () => {
      const [byId, byName] = [newEmulator(), newEmulator()]
      assert.deepEqual(await operate(byId, name, inputBy('id')), { status: 200, message: '' })
      assert.deepEqual(await operate(byName, name, inputBy('name')), { status: 200, message: '' })
      assert.deepEqual(withoutNewIds(byName), withoutNewIds(byId))
    })
  }

  it('that names something is in the list above (M10)', () => {
    const triedElsewhere = [
      'approve-device-code',
      'decline-device-code',
      'add-certificate',
      'issue-federated-token',
      'clear-policies',
      'clear-faults',
      'rotate-keys',
      'add-key',
      'set-clock-offset',
      'replace-directory',
      'clear-requests',
      'reset',
    ]
    const listed = [...Object.keys(inputs), ...triedElsewhere]
    assert.deepEqual(Object.keys(operations).toSorted(), listed.toSorted())
  })

  it('finds the application of a certificate by its name, too (M10)', async () => {
    const { message } = await operate(newEmulator(), 'add-certificate', {
      application: application.name,
      ...certificate,
    })
    assert.match(message, /certificates\.0: must be a certificate/)
  })

  it('refuses a name that two have, and says their ids (M10)', async () => {
    const emulator = newEmulator()
    const second = emulator.addGroup('Fabrikam', { displayName: 'Sales' })
    const { status, message } = await operate(emulator, 'remove-group', { group: 'Sales' })
    assert.equal(status, 400)
    assert.match(message, new RegExp(`${sales.id}.*${second}`))
    assert.equal((await operate(emulator, 'remove-group', { group: second })).status, 200)
    // Within a tenant the name is clear.
    emulator.addGroup('Fabrikam', { displayName: 'Engineering' })
    emulator.setUserGroups(alice.id, ['Engineering'])
    const { groups } = await signInForClaims(emulator, alice.name)
    assert.ok(Array.isArray(groups) && groups.includes('1a000000-0000-4000-8000-000000000001'))
  })

  it('answers a wrong parameter with the right ones, and where they are described (M10)', async () => {
    const { status, message } = await operate(newEmulator(), 'assign', { clientId: application.id })
    assert.equal(status, 400)
    assert.match(message, /clientId: there is no such member/)
    assert.match(message, /application: is missing/)
    assert.match(message, /takes application, principal, appRole/)
    assert.match(message, /GET \/emulator\/api/)
  })
})

describe('GET /emulator/api', () => {
  it('is an OpenAPI document of every operation and resource (M10)', async () => {
    const emulator = newEmulator()
    const described = await document(emulator)
    const { valid, errors } = await new Validator().validate(described)
    assert.ok(valid, JSON.stringify(errors))
    const paths = Object.keys(parseObject(described.paths))
    const expected = ['directory', 'requests', 'faults', 'settings', ...Object.keys(operations)]
    assert.deepEqual(
      paths,
      expected.map((name) => `/emulator/api/${name}`),
    )
  })

  it('names every member of a new person, and how people are named (M10)', async () => {
    const { paths } = await document(newEmulator())
    const text = JSON.stringify(parseObject(paths)['/emulator/api/add-user'])
    for (const member of ['userPrincipalName', 'memberOf', 'accountEnabled', 'jobTitle']) {
      assert.ok(text.includes(`"${member}"`), member)
    }
    const assign = JSON.stringify(parseObject(paths)['/emulator/api/assign'])
    assert.match(assign, /user principal name/)
    assert.match(assign, /"required":\["application","principal"\]/)
  })
})

function withoutNewIds({ directory, faults }: Emulator): unknown {
  const known = JSON.stringify(newEmulator().directory)
  return JSON.parse(
    JSON.stringify({ directory, faults }).replaceAll(
      /"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g,
      (id) => (known.includes(id) ? id : '"new"'),
    ),
  )
}
