import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createConnection } from '../src/connections/change-connection.ts'
import { Secret } from '../src/keys/secret.ts'
import { isApiKeyText } from '../src/protocol/api-key.ts'
import { type Answer, type Asked, ask, items } from './support/api-calls.ts'
import { createCustomer, NORTHWIND, operator, turnOnUntested } from './support/customers.ts'
import { CONTOSO, FABRIKAM, type Rig } from './support/rig.ts'
import { SHARED_CLIENT_ID } from './support/setup.ts'
import { auditEvents, openRig } from './support/steps.ts'

type Sent = Readonly<Record<string, unknown>>

function createKey(rig: Rig, sent: Sent = {}, asked: Asked = {}): Promise<Answer> {
  const body = { name: 'Deploy', scopes: ['users:read'], ...sent }
  return ask(rig, '/api-keys', { method: 'POST', body, ...asked })
}

const bearer = (value: unknown) => ({ authorization: `Bearer ${value}` })

async function keyWith(rig: Rig, ...scopes: readonly string[]): Promise<Record<string, string>> {
  const { body, status } = await createKey(rig, { scopes })
  assert.equal(status, 201, JSON.stringify(body))
  return bearer(body.value)
}

describe('POST /api/v1/api-keys', () => {
  it('shows the key once, and stores it nowhere', async (t) => {
    const rig = await openRig(t)
    const { status, body, headers } = await createKey(rig)
    assert.equal(status, 201)
    const { value, ...rest } = body
    assert.equal(isApiKeyText(String(value)), true)
    assert.equal(body.hint, String(value).slice(0, 10))
    assert.equal(headers.get('location'), `/api/v1/api-keys/${body.id}`)
    assert.deepEqual((await ask(rig, `/api-keys/${body.id}`)).body, rest)
    assert.deepEqual(await items(rig, '/api-keys'), [rest])
    const stored = await rig.services.storage.findApiKey(body.id as `key_${string}`)
    const everything = JSON.stringify([stored, await auditEvents(rig), rig.logLines])
    assert.ok(!everything.includes(String(value)))
  })

  it('is audited, and so is all that the key does', async (t) => {
    const rig = await openRig(t)
    const { body } = await createKey(rig, { scopes: ['users:write'] })
    const as = bearer(body.value)
    await ask(rig, '/users', { method: 'POST', body: { username: 'a' }, as })
    const [created] = await auditEvents(rig, { type: 'api_key.created' })
    assert.deepEqual(created?.detail, { keyId: body.id, name: 'Deploy', scopes: ['users:write'] })
    const [user] = await auditEvents(rig, { type: 'user.created' })
    assert.deepEqual(user?.actor, { kind: 'api_key', id: body.id })
  })

  const wrong: Readonly<Record<string, readonly [Sent, string]>> = {
    'without scopes': [{ scopes: [] }, 'scopes'],
    'with a scope that is not known': [{ scopes: ['users:read', 'all'] }, 'scopes.1'],
    'without a name': [{ name: '' }, 'name'],
    'that is over already': [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    'with a value of its own': [{ value: 'x' }, 'value'],
    'of one organization with a right over all': [
      { organizationId: 'default', scopes: ['audit:read', 'users:read'] },
      'scopes.1',
    ],
  }
  for (const [what, [sent, parameter]] of Object.entries(wrong)) {
    it(`refuses a key ${what}`, async (t) => {
      const rig = await openRig(t)
      const { status, body } = await createKey(rig, sent)
      assert.deepEqual([status, body.parameter], [400, parameter], JSON.stringify(body))
      assert.deepEqual(await items(rig, '/api-keys'), [])
    })
  }

  it('refuses a key of an organization that is not there', async (t) => {
    const rig = await openRig(t)
    const sent = { organizationId: 'org_absent', scopes: ['audit:read'] }
    assert.equal((await createKey(rig, sent)).status, 404)
  })

  it('makes no key that may do more than the key that makes it', async (t) => {
    const rig = await openRig(t)
    const as = await keyWith(rig, 'api-keys:write', 'users:read')
    const more = await createKey(rig, { scopes: ['users:read', 'users:write'] }, { as })
    assert.deepEqual([more.status, more.body.code], [403, 'access_not_granted'])
    assert.equal((await createKey(rig, { scopes: ['users:read'] }, { as })).status, 201)
  })
})

describe('an API key', () => {
  it('may do what its scopes say, and nothing else', async (t) => {
    const rig = await openRig(t)
    const as = await keyWith(rig, 'users:read')
    assert.equal((await ask(rig, '/users', { as })).status, 200)
    const created = await ask(rig, '/users', { method: 'POST', body: { username: 'a' }, as })
    assert.deepEqual([created.status, created.body.code], [403, 'access_not_granted'])
    assert.equal((await ask(rig, '/audit-events', { as })).status, 403)
    assert.equal((await ask(rig, '/api-keys', { as })).status, 403)
  })

  it('is told that it may not before it is told what is wrong', async (t) => {
    const rig = await openRig(t)
    const as = await keyWith(rig, 'audit:read')
    const request = { method: 'POST', body: 'no json', as }
    assert.equal((await ask(rig, '/users', request)).status, 403)
    assert.equal((await ask(rig, '/users/usr_x', { as })).status, 403)
  })

  it('opens no page that its scopes do not, and no metrics', async (t) => {
    const rig = await openRig(t)
    const headers = await keyWith(rig, 'users:read')
    const statusAt = async (path: string) =>
      (await rig.browser().request(`${rig.options.serverUrl.origin}${path}`, { headers })).status
    assert.equal(await statusAt('/admin'), 403)
    assert.equal(await statusAt('/metrics'), 401)
  })

  it('holds until it is revoked, and then no more', async (t) => {
    const rig = await openRig(t)
    const { body } = await createKey(rig)
    const as = bearer(body.value)
    assert.equal((await ask(rig, '/users', { as })).status, 200)
    const path = `/api-keys/${body.id}`
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204)
    const refused = await ask(rig, '/users', { as })
    assert.deepEqual([refused.status, refused.body.code], [401, 'api_key_invalid'])
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204, 'again changes nothing')
    assert.equal((await ask(rig, path)).body.status, 'revoked')
    assert.equal((await auditEvents(rig, { type: 'api_key.revoked' })).length, 1)
    assert.equal((await ask(rig, '/api-keys/key_x', { method: 'DELETE' })).status, 404)
  })

  it('holds until its end', async (t) => {
    const rig = await openRig(t)
    const expiresAt = new Date(rig.clock.now().getTime() + 60_000).toISOString()
    const { body } = await createKey(rig, { expiresAt })
    const as = bearer(body.value)
    rig.clock.advanceSeconds(59)
    assert.equal((await ask(rig, '/users', { as })).status, 200)
    rig.clock.advanceSeconds(1)
    assert.equal((await ask(rig, '/users', { as })).status, 401)
    assert.equal((await ask(rig, `/api-keys/${body.id}`)).body.status, 'expired')
  })

  it('can be exchanged for another without a gap', async (t) => {
    const rig = await openRig(t)
    const [old, fresh] = [await keyWith(rig, 'users:read'), await keyWith(rig, 'users:read')]
    for (const as of [old, fresh]) assert.equal((await ask(rig, '/users', { as })).status, 200)
  })

  it('is remembered to be in use, once a minute', async (t) => {
    const rig = await openRig(t)
    const { body } = await createKey(rig)
    const lastUse = async () => (await ask(rig, `/api-keys/${body.id}`)).body.lastUsedAt
    const use = async () => {
      await ask(rig, '/users', { as: bearer(body.value) })
      return lastUse()
    }
    assert.equal(await lastUse(), null)
    const first = await use()
    assert.equal(first, rig.clock.now().toISOString())
    rig.clock.advanceSeconds(59)
    assert.equal(await use(), first)
    rig.clock.advanceSeconds(1)
    assert.equal(await use(), rig.clock.now().toISOString())
  })

  it('of nobody is refused in one way, and after ten tries a minute not looked at', async (t) => {
    const rig = await openRig(t)
    const { body } = await createKey(rig)
    const mistyped = `${String(body.value).slice(0, -1)}_`
    const unknown = `${body.value}0`
    for (const value of [mistyped, unknown, 'ent_', `ent_${'0'.repeat(49)}`]) {
      const { status, body } = await ask(rig, '/users', { as: bearer(value) })
      assert.equal(status, 401, value)
      assert.match(String(body.code), /^(api_key|operator_token)_invalid$/)
    }
    for (let n = 0; n < 6; n += 1) await ask(rig, '/users', { as: bearer(unknown) })
    const { status, headers } = await ask(rig, '/users', { as: bearer(unknown) })
    assert.equal(status, 429)
    assert.match(headers.get('retry-after') ?? '', /^\d+$/)
    assert.equal((await ask(rig, '/users', { as: bearer(body.value) })).status, 200)
  })

  it('is counted by itself: one that is too busy is in no other one’s way', async (t) => {
    const rig = await openRig(t)
    const [busy, calm] = [await keyWith(rig, 'users:read'), await keyWith(rig, 'users:read')]
    const [{ id } = { id: '' }] = (await items(rig, '/api-keys')).slice(-1)
    for (let n = 0; n < 1200; n += 1) await rig.services.limits.allows('api_operator', id)
    assert.equal((await ask(rig, '/users', { as: busy })).status, 429)
    assert.equal((await ask(rig, '/users', { as: calm })).status, 200)
  })
})

describe('an API key of one organization', () => {
  it('sees that one, and of the others not that they are there (I14)', async (t) => {
    const rig = await openRig(t)
    const own = await createCustomer(rig, { name: 'Own' })
    const other = await createCustomer(rig, { name: 'Other' })
    const { body } = await createKey(rig, {
      organizationId: own.organization.id,
      scopes: ['organizations:read', 'connections:read', 'connections:write', 'audit:read'],
    })
    const as = bearer(body.value)
    const listed = async (path: string) => {
      const { body } = await ask(rig, path, { as })
      return (body.items as readonly Sent[]).map((item) => item.organizationId ?? item.id)
    }
    assert.deepEqual(await listed('/organizations'), [own.organization.id])
    assert.deepEqual(await listed('/connections'), [own.organization.id])
    const events = await listed('/audit-events')
    assert.deepEqual(new Set(events), new Set([own.organization.id]))
    const absent = await ask(rig, '/connections/con_absent', { as })
    for (const path of [
      `/organizations/${other.organization.id}`,
      `/connections/${other.connection.id}`,
      `/connections?organization=${other.organization.id}`,
      '/connections/default',
    ]) {
      const { status, body } = await ask(rig, path, { as })
      const { correlationId: _, ...seen } = body
      const { correlationId: __, ...expected } = absent.body
      assert.deepEqual([status, seen], [404, expected], path)
    }
    const sent = { organizationId: other.organization.id }
    const made = await ask(rig, '/connections', { method: 'POST', body: sent, as })
    assert.equal(made.status, 404)
    const elsewhere = { authority: 'https://metadata.internal.example' }
    const path = `/connections/${own.connection.id}`
    await ask(rig, `${path}/turn-off`, { method: 'POST' })
    const sneaky = await ask(rig, path, { method: 'PATCH', body: elsewhere, as })
    assert.equal(sneaky.status, 403, 'where this server goes is the operator’s business (I16)')
    const shared = { application: 'shared' }
    assert.equal((await ask(rig, path, { method: 'PATCH', body: shared, as })).status, 403)
    const renamed = await ask(rig, path, { method: 'PATCH', body: { name: 'Mine' }, as })
    assert.equal(renamed.status, 200)
  })

  it('gives a connection of the shared application no further directory, whose own people could not connect it then', async (t) => {
    const sharedApplication = { clientId: SHARED_CLIENT_ID, clientSecret: new Secret('s') }
    const rig = await openRig(t, { sharedApplication })
    const { id: organizationId } = (await createCustomer(rig)).organization
    const { id } = await createConnection(rig.services, operator, {
      organizationId,
      application: 'shared',
      tenants: { kind: 'allow_list', tenantIds: [FABRIKAM, NORTHWIND] },
    })
    const { body: key } = await createKey(rig, { scopes: ['connections:write'], organizationId })
    const put = async (body: Sent, as?: Readonly<Record<string, string>>) =>
      (await ask(rig, `/connections/${id}`, { method: 'PATCH', body, ...(as ? { as } : {}) }))
        .status
    for (const status of ['draft', 'on']) {
      if (status === 'on') await turnOnUntested(rig, id)
      const wider = { allowedTenantIds: [FABRIKAM, NORTHWIND, CONTOSO] }
      assert.equal(await put(wider, bearer(key.value)), 403, status)
      const other = { allowedTenantIds: null, tenant: CONTOSO }
      assert.equal(await put(other, bearer(key.value)), 403, status)
    }
    assert.equal(await put({ allowedTenantIds: [FABRIKAM] }, bearer(key.value)), 200, 'narrower')
    assert.equal(await put({ allowedTenantIds: [FABRIKAM, CONTOSO] }), 200, 'an operator may')
  })
})
