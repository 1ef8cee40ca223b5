/** Another library of the process has put something on `Object.prototype`: nothing here may see it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { operationList } from '../src/api/operations.ts'
import { parseConfiguration } from '../src/apply/configuration-file.ts'
import { toAccessRules } from '../src/forward-auth/access-rules-file.ts'
import { createKeyRing, newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { parseRoleRules } from '../src/provisioning/role-rules-file.ts'
import { openGrant, sealGrant } from '../src/session/session-grant.ts'
import { ask } from './support/api-calls.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { asOperator, openRig } from './support/steps.ts'

/** As polyfills and careless libraries leave them behind: text, a list, an object, a function. */
const hostile: Readonly<Record<string, unknown>> = {
  hostile: 'x',
  hostileList: ['admin'],
  hostileObject: { type: 'string', default: 'x' },
  hostileFunction: () => 'x',
}

/** Runs the work in a process whose objects have all inherited these. */
async function polluted<T>(work: () => Promise<T> | T): Promise<T> {
  for (const [name, value] of Object.entries(hostile)) {
    Object.defineProperty(Object.prototype, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  try {
    return await work()
  } finally {
    for (const name of Object.keys(hostile)) Reflect.deleteProperty(Object.prototype, name)
  }
}

describe('in a process where every object has inherited something', () => {
  it('every operation of the API answers as it did before (S13)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const statusOf = async (method: string, path: string) => {
      const init = { method, headers: { ...asOperator, 'content-type': 'application/json' } }
      const address = `${SERVER_URL}/api/v1${path.replaceAll(/:\w+/g, 'none')}`
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }
      const response = await rig.browser().request(address, { ...init, ...body })
      return response.status
    }
    for (const [name, { method, path }] of operationList) {
      const before = await statusOf(method, path)
      assert.equal(await polluted(() => statusOf(method, path)), before, name)
      assert.notEqual(before, 500, name)
    }
  })

  it('what is sent is what is taken (S13)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const send = async (method: string, path: string, body?: object) => {
      const response = await rig.browser().request(`${SERVER_URL}/api/v1${path}`, {
        method,
        headers: { ...asOperator, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      return { status: response.status, text: await response.text() }
    }
    const users = await polluted(() => send('GET', '/users'))
    assert.match(users.text, /"username":"alice"/)
    const made = await polluted(() => send('POST', '/organizations', { name: 'Contoso' }))
    assert.match(made.text, /"slug":"contoso"/)
    const changed = await polluted(() => send('PATCH', '/organizations/default', { name: 'New' }))
    assert.equal(changed.status, 200)
    assert.match(changed.text, /"slug":"default"/)
  })

  it('people sign in, are let through, and see their pages (S13)', async (t) => {
    const rig = await openRig(t)
    const { response, browser } = await polluted(() => rig.signIn(people.bob))
    assert.equal(response.status, 200)
    for (const [path, status] of [
      ['/auth/verify', 204],
      ['/account', 200],
      ['/auth/logout', 200],
    ] as const) {
      const answer = await polluted(() => browser.request(SERVER_URL + path))
      assert.equal(answer.status, status, path)
    }
  })

  it('files and sealed values are read as they were written (S13)', async () => {
    const rules =
      '{"rules":[{"group":"1a000000-0000-4000-8000-000000000001","role":"admin"}],"unmatched":"refuse"}'
    const yaml = 'organizations:\n  - id: contoso\n    name: Contoso\n'
    const ring = createKeyRing([new Secret(newSecretKey())])
    const grant = { grant: new Secret('r'), sub: 's' }
    await polluted(() => {
      assert.equal(parseRoleRules(rules).rules.length, 1)
      assert.equal(toAccessRules({ rules: [{ path: '/a/*', allow: 'signed_in' }] }).rules.length, 1)
      assert.equal(parseConfiguration(yaml).configuration.organizations.length, 1)
      const sealed = sealGrant(ring, 'ses_1', grant)
      assert.equal(openGrant(ring, { sessionId: 'ses_1', sealed }).sub, 's')
    })
  })
})

describe('names that every object has', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype']

  for (const name of names) {
    it(`are no member and no parameter of the API: ${name} (S13)`, async (t) => {
      const rig = await openRig(t)
      const query = await ask(rig, `/users?${name}=x`)
      assert.deepEqual([query.status, query.body.code], [400, 'request_invalid'])
      const body = `{"name":"Contoso","${name}":{"x":1}}`
      const made = await ask(rig, '/organizations', { method: 'POST', body })
      assert.deepEqual([made.status, made.body.code], [400, 'request_invalid'])
      const patched = await ask(rig, '/organizations/default', {
        method: 'PATCH',
        body: `{"settings":{"${name}":true}}`,
      })
      assert.deepEqual([patched.status, patched.body.code], [400, 'request_invalid'])
      assert.equal((await ask(rig, `/users/${name}`)).status, 404)
    })
  }

  it('are no action of a form, no cookie of ours, and roles like any other (S13)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    for (const name of names) {
      const response = await browser.request(`${SERVER_URL}/auth/verify`, {
        headers: { cookie: `${name}=x` },
      })
      assert.ok([204, 401].includes(response.status), name)
    }
    const file = JSON.stringify({
      rules: [{ group: '1a000000-0000-4000-8000-000000000001', role: 'constructor' }],
      unmatched: 'refuse',
    })
    assert.equal(parseRoleRules(file).rules[0]?.role, 'constructor')
    assert.throws(() => parseRoleRules('{"rules":[],"unmatched":"refuse","__proto__":{}}'))
  })
})
