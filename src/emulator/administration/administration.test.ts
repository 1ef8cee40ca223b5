import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorize,
  contoso,
  getCode,
  newEmulator,
  origin,
  parseObject,
  redeem,
  returned,
  signIn,
  signInForClaims,
  singleTenant,
} from '../../../test/support/emulator-sign-in.ts'
import type { Emulator } from '../emulator.ts'

const alice = 'alice@contoso.example'
const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'

function ask(emulator: Emulator, path: string, init: RequestInit = {}): Promise<Response> {
  return emulator.fetch(new Request(`${origin}${path}`, init))
}

async function operate(emulator: Emulator, operation: string, input: unknown = {}) {
  const response = await ask(emulator, `/emulator/api/${operation}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  })
  const answer = parseObject(await response.json())
  return { status: response.status, answer, message: parseObject(answer.error ?? {}).message }
}

async function read(emulator: Emulator, resource: string) {
  return parseObject(await (await ask(emulator, `/emulator/api/${resource}`)).json())
}

function submit(emulator: Emulator, operation: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields)
  return ask(emulator, `/emulator/api/${operation}`, { method: 'POST', body })
}

describe('the administration by JSON', () => {
  it('adds a person who can sign in at once, renames, disables and removes them', async () => {
    const emulator = newEmulator()
    const userPrincipalName = 'zoe@contoso.example'
    const { answer } = await operate(emulator, 'add-user', {
      tenant: 'contoso.example',
      user: { userPrincipalName, displayName: 'Zoe', memberOf: ['Engineering'] },
    })
    const claims = await signInForClaims(emulator, userPrincipalName)
    assert.deepEqual([claims.oid, claims.name], [answer.id, 'Zoe'])
    assert.equal(Array.isArray(claims.groups) && claims.groups.length, 2)

    const user = String(answer.id)
    await operate(emulator, 'update-user', { user, changes: { displayName: null } })
    assert.equal((await signInForClaims(emulator, userPrincipalName)).name, undefined)
    await operate(emulator, 'set-user-groups', { user, groups: [] })
    assert.equal((await signInForClaims(emulator, userPrincipalName)).groups, undefined)
    await operate(emulator, 'update-user', { user, changes: { accountEnabled: false } })
    assert.match(await (await authorize(emulator)).text(), /AADSTS50057/)
    await operate(emulator, 'remove-user', { user })
    assert.throws(() => emulator.signInAutomaticallyAs(userPrincipalName), /no user/)
  })

  it('adds and removes groups; nobody stays a member of one that is gone', async () => {
    const emulator = newEmulator()
    const group = { displayName: 'Temporary', memberOf: ['All staff'] }
    const { answer } = await operate(emulator, 'add-group', { tenant: contoso, group })
    await operate(emulator, 'set-user-groups', { user: alice, groups: ['Temporary'] })
    const { groups } = await signInForClaims(emulator, alice)
    assert.deepEqual(groups, [answer.id, '1a000000-0000-4000-8000-000000000003'])
    await operate(emulator, 'remove-group', { group: answer.id })
    assert.equal((await signInForClaims(emulator, alice)).groups, undefined)
  })

  it('registers an application, with its redirect URI, secret and assignments', async () => {
    const emulator = newEmulator()
    const uri = 'http://localhost:8080/callback'
    const application = { displayName: 'New', homeTenantId: contoso, redirectUris: [uri] }
    const { answer } = await operate(emulator, 'add-application', { application })
    const clientId = String(answer.clientId)
    await operate(emulator, 'add-secret', { application: clientId, value: 'first' })
    await operate(emulator, 'update-application', {
      application: clientId,
      changes: { appRoles: ['Boss'] },
    })
    await operate(emulator, 'assign', { application: 'New', principal: alice, appRole: 'Boss' })
    const changes = { client_id: clientId, redirect_uri: uri }
    const form = { client_id: clientId, redirect_uri: uri, client_secret: 'first' }
    const claims = await signInForClaims(emulator, alice, { changes, form })
    assert.deepEqual([claims.aud, claims.roles], [clientId, ['Boss']])

    await operate(emulator, 'unassign', { application: clientId, principal: aliceId })
    assert.equal((await signInForClaims(emulator, alice, { changes, form })).roles, undefined)
    await operate(emulator, 'expire-secrets', { application: clientId })
    assert.deepEqual((await signIn(emulator, alice, { changes, form })).error_codes, [7000222])
    await operate(emulator, 'remove-redirect-uri', { application: clientId, uri })
    assert.match(await (await authorize(emulator, changes)).text(), /AADSTS50011/)
  })

  it('sets faults, tells which still wait, and clears them', async () => {
    const emulator = newEmulator()
    const fault = { kind: 'status', on: 'token', status: 503, times: 'always' }
    await operate(emulator, 'set-fault', { fault })
    assert.equal((await redeem(emulator, await getCode(emulator, alice))).status, 503)
    assert.deepEqual(await read(emulator, 'faults'), { faults: [{ ...fault, skip: 0 }] })
    await operate(emulator, 'clear-faults')
    assert.deepEqual(await read(emulator, 'faults'), { faults: [] })
    assert.equal((await redeem(emulator, await getCode(emulator, alice))).status, 200)
  })

  it('signs in automatically, moves the clock, changes keys and ends sessions', async () => {
    const emulator = newEmulator()
    await operate(emulator, 'sign-in-automatically-as', { user: alice })
    assert.notEqual(returned(await authorize(emulator)).code, undefined)
    await operate(emulator, 'set-clock-offset', { seconds: -60 })
    const settings = await read(emulator, 'settings')
    assert.deepEqual([settings.signInAutomaticallyAs, settings.clockOffsetSeconds], [alice, -60])
    assert.equal(typeof (await operate(emulator, 'add-key')).answer.kid, 'string')
    assert.equal((await operate(emulator, 'revoke-sessions', { user: alice })).status, 200)
  })

  it('shows the requests with their answers’ status', async () => {
    const emulator = newEmulator()
    await authorize(emulator, { client_id: contoso })
    const { requests } = await read(emulator, 'requests?limit=1')
    const [request] = Array.isArray(requests) ? requests : []
    assert.deepEqual([request.endpoint, request.method, request.status], ['authorize', 'GET', 400])
    await operate(emulator, 'clear-requests')
    assert.equal(emulator.requests.length, 0)
  })

  it('resets everything, and takes another directory', async () => {
    const emulator = newEmulator()
    const before = emulator.directory
    const tenant = { id: contoso, displayName: 'Only', domains: ['only.example'] }
    await operate(emulator, 'replace-directory', { directory: { tenants: [tenant] } })
    assert.deepEqual(
      emulator.directory.tenants.map(({ displayName }) => displayName),
      ['Only'],
    )
    await operate(emulator, 'reset')
    assert.equal(emulator.directory, before)
    assert.equal(emulator.requests.length, 0)
  })

  const refused: readonly (readonly [string, string, unknown, RegExp])[] = [
    ['an unknown operation', 'explode', {}, /no operation explode/],
    ['a word that only JavaScript knows', 'constructor', {}, /no operation/],
    ['an unknown member', 'clear-faults', { all: true }, /all/],
    ['a fault that is none', 'set-fault', { fault: { kind: 'flood', on: 'token' } }, /kind/],
    ['a person nobody knows', 'remove-user', { user: 'x@y' }, /no user/],
    [
      'a name that is taken',
      'add-user',
      { tenant: contoso, user: { userPrincipalName: alice } },
      /twice/,
    ],
    ['a change that is not valid', 'update-user', { user: alice, changes: { shoe: 1 } }, /shoe/],
  ]
  for (const [name, operation, input, message] of refused) {
    it(`refuses ${name}, says why and changes nothing`, async () => {
      const emulator = newEmulator()
      const before = emulator.directory
      const answer = await operate(emulator, operation, input)
      assert.equal(answer.status, 400)
      assert.match(String(answer.message), message)
      assert.equal(emulator.directory, before)
    })
  }

  it('refuses a body that is not JSON, and one that is too large', async () => {
    const emulator = newEmulator()
    const send = (body: string) =>
      ask(emulator, '/emulator/api/reset', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      })
    assert.equal((await send('{')).status, 400)
    assert.equal((await send(' '.repeat(9 * 1024 * 1024))).status, 413)
  })
})

describe('who may administer', () => {
  const reset = (headers: Record<string, string>, at = origin) =>
    newEmulator().fetch(
      new Request(`${at}/emulator/api/reset`, { method: 'POST', headers, body: '{}' }),
    )

  it('is a program on this machine, and the emulator’s own page', async () => {
    assert.equal((await reset({})).status, 200)
    assert.equal((await reset({ 'Sec-Fetch-Site': 'same-origin', Origin: origin })).status, 200)
  })

  const strangers: readonly (readonly [string, Record<string, string>])[] = [
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['another port of this machine', { 'Sec-Fetch-Site': 'same-site' }],
    ['an old browser elsewhere', { Origin: 'https://evil.example' }],
    ['a sandboxed frame', { Origin: 'null' }],
  ]
  for (const [name, headers] of strangers) {
    it(`is not a page of ${name}`, async () => {
      assert.equal((await reset(headers)).status, 403)
    })
  }

  it('is nobody who came by a name that only points here', async () => {
    assert.equal((await reset({}, 'http://evil.example:3001')).status, 403)
    const page = newEmulator().fetch(new Request('http://evil.example:3001/emulator'))
    assert.equal((await page).status, 403)
  })

  it('cannot read by script from elsewhere, while a link may open the page', async () => {
    const emulator = newEmulator()
    const elsewhere = { 'Sec-Fetch-Site': 'cross-site' }
    const read = await ask(emulator, '/emulator/api/requests', { headers: elsewhere })
    assert.equal(read.status, 403)
    const link = { ...elsewhere, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
    assert.equal((await ask(emulator, '/emulator', { headers: link })).status, 200)
  })
})

describe('the administration page', () => {
  it('shows people, applications, faults and requests, and loads no script', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'hang', on: 'keys', times: 2, forUser: '<b>' })
    await authorize(emulator, { state: '<script>alert(1)</script>' })
    const page = await (await ask(emulator, '/emulator')).text()
    assert.match(page, /Alice Example/)
    assert.match(page, /development~only\.Contoso-secret/)
    assert.match(page, /hang at keys · 2 more · for &lt;b&gt;/)
    assert.match(page, /<b>authorize<\/b> GET/)
    assert.doesNotMatch(page, /<script/)
    assert.doesNotMatch(page, /http-equiv="refresh"/)
    const watching = await (await ask(emulator, '/emulator?watch')).text()
    assert.match(watching, /http-equiv="refresh" content="3;/)
  })

  it('does what its forms say and comes back', async () => {
    const emulator = newEmulator()
    const disabled = await submit(emulator, 'update-user', {
      user: aliceId,
      'changes.accountEnabled:boolean': 'false',
      'changes.mail': '',
    })
    assert.deepEqual([disabled.status, disabled.headers.get('location')], [303, '/emulator'])
    assert.equal(emulator.directory.tenants[0]?.users[0]?.accountEnabled, false)
    assert.equal(emulator.directory.tenants[0]?.users[0]?.mail, alice)
    await submit(emulator, 'set-fault', {
      'fault.kind': 'status',
      'fault.on': 'graph',
      'fault.status:number': '429',
      'fault.retryAfterSeconds:number': '30',
      'fault.forUser': '',
    })
    assert.deepEqual(emulator.faults, [
      { kind: 'status', on: 'graph', status: 429, retryAfterSeconds: 30, times: 1, skip: 0 },
    ])
    await submit(emulator, 'set-user-groups', { user: aliceId, 'groups:list': 'Sales, All staff' })
    assert.equal(emulator.directory.tenants[0]?.users[0]?.memberOf.length, 2)
    await submit(emulator, 'sign-in-automatically-as', { user: '' })
    await submit(emulator, 'add-secret', {
      application: singleTenant.clientId,
      value: 'second',
    })
    assert.equal(emulator.directory.applications[0]?.secrets.length, 2)
  })

  it('says on a page what did not work', async () => {
    const response = await submit(newEmulator(), 'remove-user', { user: '<b>' })
    assert.equal(response.status, 400)
    assert.match(await response.text(), /has no user &lt;b&gt;/)
  })
})
