import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, type Asked, ask, items } from './support/api-calls.ts'
import { createCustomer, registerApplication, turnOnUntested } from './support/customers.ts'
import { CONTOSO, ENTRA_URL, FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const CLIENT = '77777777-7777-4777-8777-777777777777'
const SECRET = 'a-client-secret~of.some-length'

type Sent = Readonly<Record<string, unknown>>

async function createOrganization(rig: Rig): Promise<string> {
  const { body } = await ask(rig, '/organizations', { method: 'POST', body: { name: 'Contoso' } })
  return String(body.id)
}

async function createConnection(rig: Rig, sent: Sent = {}): Promise<Answer> {
  const organizationId = await createOrganization(rig)
  return ask(rig, '/connections', { method: 'POST', body: { organizationId, ...sent } })
}

function change(rig: Rig, id: unknown, body: Sent, asked: Asked = {}): Promise<Answer> {
  return ask(rig, `/connections/${id}`, { method: 'PATCH', body, ...asked })
}

describe('POST /api/v1/connections', () => {
  it('makes a draft that lets nobody in, and says what to register in Entra', async (t) => {
    const rig = await openRig(t)
    const { status, body, headers } = await createConnection(rig, { id: 'abc123' })
    assert.equal(status, 201, JSON.stringify(body))
    assert.equal(headers.get('location'), '/api/v1/connections/abc123')
    assert.deepEqual(
      [body.status, body.managedBy, body.tenant, body.allowedTenantIds, body.clientId],
      ['draft', 'api', null, null, null],
    )
    assert.equal((body.policies as Sent).defaultRole, null)
    assert.deepEqual(body.addresses, {
      redirectUri: `${SERVER_URL}/login/callback?connection=abc123`,
      login: `${SERVER_URL}/enterprise-login/contoso`,
      frontChannelLogout: `${SERVER_URL}/auth/abc123/frontchannel-logout`,
    })
    assert.deepEqual((await ask(rig, '/connections/abc123')).body, body)
  })

  it('takes all that can be said of one at once', async (t) => {
    const rig = await openRig(t)
    const sent = {
      name: 'Contoso, staff',
      slug: 'Staff',
      tenant: 'Contoso.com',
      clientId: CLIENT.toUpperCase(),
      policies: { guests: 'allow', defaultRole: 'reader' },
      roleRules: [
        { match: 'group', value: FABRIKAM.toUpperCase(), role: 'admin' },
        { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' },
      ],
      settings: { contact: { email: 'it@contoso.com' }, groups: { from: 'graph' } },
    }
    const { status, body } = await createConnection(rig, sent)
    assert.equal(status, 201, JSON.stringify(body))
    const { name, slug, tenant, tenantId, clientId, policies, roleRules, settings } = body
    assert.deepEqual(
      { name, slug, tenant, tenantId, clientId },
      {
        name: 'Contoso, staff',
        slug: 'staff',
        tenant: 'contoso.com',
        tenantId: null,
        clientId: CLIENT,
      },
    )
    assert.deepEqual(policies, {
      provisioning: 'create',
      linking: 'never',
      guests: 'allow',
      personalAccounts: 'refuse',
      groupsOverage: 'graph',
      signOutOfMicrosoft: false,
      defaultRole: 'reader',
    })
    assert.deepEqual(roleRules, [
      { id: `group:${FABRIKAM}:admin`, match: 'group', value: FABRIKAM, role: 'admin' },
      { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' },
    ])
    assert.deepEqual(settings, {
      contact: { email: 'it@contoso.com' },
      groups: { from: 'graph', nested: true, names: false },
      emailDomains: null,
      recheckMinutes: null,
      redirectOrigin: null,
      tenantMayBeShared: false,
    })
  })

  const wrong: Readonly<Record<string, readonly [Sent, string]>> = {
    'a tenant for everybody': [{ tenant: 'common' }, 'tenant'],
    'a tenant that is an address': [{ tenant: 'https://contoso.com' }, 'tenant'],
    'two ways to say the tenant': [
      { tenant: CONTOSO, allowedTenantIds: [FABRIKAM] },
      'allowedTenantIds',
    ],
    'a tenant id that is none': [{ allowedTenantIds: ['contoso.com'] }, 'allowedTenantIds.0'],
    'a client id that is none': [{ clientId: 'my-app' }, 'clientId'],
    'an authority without https (I16)': [{ authority: 'http://169.254.169.254' }, 'authority'],
    'a policy that is not known': [{ policies: { guests: 'maybe' } }, 'policies.guests'],
    'a group by its name': [
      { roleRules: [{ match: 'group', value: 'Engineering', role: 'a' }] },
      'roleRules.0.value',
    ],
    'two rules of one id': [
      {
        roleRules: [
          { id: 'a', match: 'app_role', value: 'A', role: 'a' },
          { id: 'a', match: 'app_role', value: 'B', role: 'a' },
        ],
      },
      'roleRules.1.id',
    ],
    'an origin that is not ours': [
      { settings: { redirectOrigin: 'https://evil.example' } },
      'settings.redirectOrigin',
    ],
    'a secret in the wrong place': [{ clientSecret: SECRET }, 'clientSecret'],
    'a status': [{ status: 'on' }, 'status'],
    'a kind of provider that is not built': [{ provider: 'saml' }, 'provider'],
  }
  for (const [what, [sent, parameter]] of Object.entries(wrong)) {
    it(`refuses ${what}, and names the member`, async (t) => {
      const rig = await openRig(t)
      const { status, body } = await createConnection(rig, sent)
      assert.deepEqual([status, body.parameter], [400, parameter], JSON.stringify(body))
      assert.ok(!JSON.stringify(body).includes(SECRET))
      assert.equal((await items(rig, '/connections?status=draft')).length, 0)
    })
  }

  it('has a kind of provider, which is named or that of every release, and never changes', async (t) => {
    const rig = await openRig(t)
    const named = await createConnection(rig, { provider: 'entra', slug: 'named' })
    const unnamed = await createConnection(rig, { slug: 'unnamed' })
    for (const { body } of [named, unnamed]) {
      assert.deepEqual([body.provider, body.protocol], ['entra', 'oidc'])
    }
    const change = { method: 'PATCH', body: { provider: 'entra' } }
    const changed = await ask(rig, `/connections/${named.body.id}`, change)
    assert.deepEqual([changed.status, changed.body.parameter], [400, 'provider'])
  })

  it('needs an organization that is there', async (t) => {
    const rig = await openRig(t)
    const body = { organizationId: 'org_absent' }
    const { status } = await ask(rig, '/connections', { method: 'POST', body })
    assert.equal(status, 404)
  })
})

describe('the id of a removed connection', () => {
  it('is not given to another one, in any organization', async (t) => {
    const rig = await openRig(t)
    const { body } = await createConnection(rig, { id: 'abc123', slug: 'first' })
    await rig.services.storage.atomically(async (transaction) => {
      const draft = await transaction.findConnection('abc123')
      if (draft) await transaction.putConnection({ ...draft, status: 'off' })
    })
    assert.equal((await ask(rig, `/connections/${body.id}`, { method: 'DELETE' })).status, 204)
    const again = await createConnection(rig, { id: 'abc123', slug: 'second' })
    assert.deepEqual([again.status, again.body.code], [409, 'connection_id_given_before'])
    assert.equal((await createConnection(rig, { id: 'abc124', slug: 'second' })).status, 201)
  })

  it('is free again after a draft, through which no user can have signed in', async (t) => {
    const rig = await openRig(t)
    for (const slug of ['first', 'second']) {
      assert.equal((await createConnection(rig, { id: 'abc123', slug })).status, 201)
      assert.equal((await ask(rig, '/connections/abc123', { method: 'DELETE' })).status, 204)
    }
  })
})

describe('the organization of a new connection', () => {
  it('is named by its id or its slug', async (t) => {
    const rig = await openRig(t)
    const made = await ask(rig, '/organizations', { method: 'POST', body: { name: 'Contoso' } })
    for (const organizationId of [made.body.id, 'contoso', 'Contoso']) {
      const { status, body } = await ask(rig, '/connections', {
        method: 'POST',
        body: { organizationId },
      })
      assert.deepEqual([status, body.organizationId], [201, made.body.id])
    }
  })
})

describe('PATCH /api/v1/connections/{id}', () => {
  it('merges: what is not named stays, null goes back to the default', async (t) => {
    const rig = await openRig(t)
    const { body: created } = await createConnection(rig, {
      tenant: 'contoso.com',
      policies: { guests: 'allow', defaultRole: 'reader' },
      settings: { groups: { from: 'graph', names: true }, recheckMinutes: 30 },
    })
    const { body } = await change(rig, created.id, {
      tenant: null,
      allowedTenantIds: [CONTOSO, FABRIKAM],
      policies: { defaultRole: null },
      settings: { groups: { names: null }, recheckMinutes: null },
    })
    assert.deepEqual([body.tenant, body.allowedTenantIds], [null, [CONTOSO, FABRIKAM]])
    const policies = body.policies as Sent
    assert.deepEqual([policies.guests, policies.defaultRole], ['allow', null])
    const settings = body.settings as Sent
    assert.deepEqual(settings.groups, { from: 'graph', nested: true, names: false })
    assert.equal(settings.recheckMinutes, null)
  })

  it('writes and audits nothing when nothing differs', async (t) => {
    const rig = await openRig(t)
    const { body: created } = await createConnection(rig, { policies: { guests: 'allow' } })
    rig.clock.advanceSeconds(5)
    const { body } = await change(rig, created.id, { policies: { guests: 'allow' } })
    assert.deepEqual(body, created)
    assert.deepEqual(
      await auditEvents(rig, { type: 'connection.changed', connectionId: String(created.id) }),
      [],
    )
  })

  it('leaves people and directory alone while it is on (B27)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const refused = await change(rig, connection.id, { tenant: FABRIKAM })
    assert.deepEqual([refused.status, refused.body.code], [409, 'connection_is_on'])
    const { status, body } = await change(rig, connection.id, { policies: { guests: 'allow' } })
    assert.deepEqual([status, body.status, body.tested], [200, 'on', true])
  })

  it('does not touch what the environment manages', async (t) => {
    const rig = await openRig(t)
    const { status, body } = await change(rig, 'default', { name: 'Mine' })
    assert.deepEqual([status, body.code], [409, 'connection_read_only'])
    for (const verb of ['turn-on', 'turn-off']) {
      const { status } = await ask(rig, `/connections/default/${verb}`, { method: 'POST' })
      assert.equal(status, 409)
    }
  })

  it('takes the roles of a rule that is gone', async (t) => {
    const rig = await openRig(t)
    const rule = { id: 'r1', match: 'app_role', value: 'Admin', role: 'boss' } as const
    const { connection, signIn } = await createCustomer(rig, { roleRules: [rule] })
    await change(rig, connection.id, { roleRules: null })
    const { browser } = await signIn(people.alice)
    const session = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    assert.deepEqual(session.roles, ['member'])
  })
})

describe('credentials of a connection', () => {
  it('are added, put out of use and removed, and never shown', async (t) => {
    const rig = await openRig(t)
    const { body: connection } = await createConnection(rig)
    const path = `/connections/${connection.id}/credentials`
    const sent = { kind: 'client_secret', value: SECRET, expiresAt: '2027-11-22T00:00:00Z' }
    const { status, body: credential } = await ask(rig, path, { method: 'POST', body: sent })
    assert.equal(status, 201, JSON.stringify(credential))
    assert.equal(credential.expiresAt, '2027-11-22T00:00:00.000Z')
    const pending = { kind: 'client_secret', value: `${SECRET}2`, state: 'pending' }
    await ask(rig, path, { method: 'POST', body: pending })
    const retired = await ask(rig, `${path}/${credential.id}`, {
      method: 'PATCH',
      body: { state: 'retired' },
    })
    assert.equal(retired.body.state, 'retired')
    const read = await ask(rig, `/connections/${connection.id}`)
    const states = (read.body.credentials as readonly Sent[]).map(({ state }) => state)
    assert.deepEqual(states, ['retired', 'pending'])
    const all = JSON.stringify([credential, read.body, await items(rig, '/connections')])
    assert.ok(!all.includes(SECRET) && !all.includes('sealed'))
    assert.equal((await ask(rig, `${path}/${credential.id}`, { method: 'DELETE' })).status, 204)
    assert.equal((await ask(rig, `${path}/${credential.id}`, { method: 'DELETE' })).status, 404)
  })

  it('can be a certificate, whose key nobody sees', async (t) => {
    const rig = await openRig(t)
    const { body: connection } = await createConnection(rig)
    const path = `/connections/${connection.id}/credentials`
    const { status, body } = await ask(rig, path, {
      method: 'POST',
      body: { kind: 'certificate', state: 'pending' },
    })
    assert.deepEqual([status, body.state], [201, 'pending'])
    assert.match(String(body.certificate), /^-----BEGIN CERTIFICATE-----/)
    assert.doesNotMatch(JSON.stringify(body), /PRIVATE|sealed/)
    const expiresAt = new Date(String(body.expiresAt)).getTime()
    assert.ok(expiresAt > rig.clock.now().getTime() + 700 * 24 * 3_600_000)
  })

  it('refuse what is the id of a secret, or no secret at all, without repeating it', async (t) => {
    const rig = await openRig(t)
    const { body: connection } = await createConnection(rig)
    const path = `/connections/${connection.id}/credentials`
    const post = (body: Sent) => ask(rig, path, { method: 'POST', body })
    assert.equal(
      (await post({ kind: 'client_secret', value: CLIENT })).body.code,
      'client_secret_is_id',
    )
    for (const value of ['short', 'with space in it', '', 'x'.repeat(257)]) {
      const { status, body } = await post({ kind: 'client_secret', value })
      assert.equal(status, 400, value)
      assert.ok(value === '' || !JSON.stringify(body).includes(value))
    }
    assert.equal((await post({ kind: 'password', value: SECRET })).body.parameter, 'kind')
  })

  it('keep the last one that works, while people sign in with it', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const [credential] = connection.credentials
    const path = `/connections/${connection.id}/credentials/${credential?.id}`
    for (const request of [{ method: 'DELETE' }, { method: 'PATCH', body: { state: 'retired' } }]) {
      const { status, body } = await ask(rig, path, request)
      assert.deepEqual([status, body.code], [409, 'credential_in_use'], request.method)
    }
  })
})

describe('the slug of a connection', () => {
  it('is not the slug of another organization, whose people would be led there', async (t) => {
    const rig = await openRig(t)
    const make = async (name: string) =>
      (await ask(rig, '/organizations', { method: 'POST', body: { name } })).body
    const [contoso, fabrikam] = [await make('Contoso'), await make('Fabrikam')]
    const create = (organizationId: unknown) =>
      ask(rig, '/connections', { method: 'POST', body: { organizationId, slug: 'contoso' } })
    const other = await create(fabrikam.id)
    assert.deepEqual([other.status, other.body.code], [409, 'slug_in_use'])
    assert.equal((await create(contoso.id)).status, 201)

    assert.equal((await make('Contoso')).slug, 'contoso-2')
    const body = { organizationId: contoso.id }
    const next = await ask(rig, '/connections', { method: 'POST', body })
    assert.deepEqual([next.status, next.body.slug], [201, 'contoso-3'])
  })
})

describe('a connection made through the API alone', () => {
  it('is turned on once it was tested, and lets people in and out', async (t) => {
    const rig = await openRig(t)
    const secret = 'development~only.api-secret'
    const clientId = registerApplication(rig, { name: 'A', tenantId: CONTOSO, secret })
    const sent = { authority: ENTRA_URL, tenant: CONTOSO, clientId }
    const { body: created } = await createConnection(rig, {
      ...sent,
      policies: { defaultRole: 'member' },
    })
    const path = `/connections/${created.id}`
    await ask(rig, `${path}/credentials`, {
      method: 'POST',
      body: { kind: 'client_secret', value: secret },
    })
    const early = await ask(rig, `${path}/turn-on`, { method: 'POST' })
    assert.deepEqual([early.status, early.body.code], [409, 'connection_not_tested'])
    await turnOnUntested(rig, String(created.id))
    const { redirectUri, login } = created.addresses as Readonly<Record<string, string>>
    rig.emulator.addRedirectUri(clientId, redirectUri ?? '')
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { text } = await rig.browser().visit(login ?? '')
    assert.match(text, /Hello, Alice Example/)
    const { body: off } = await ask(rig, `${path}/turn-off`, { method: 'POST' })
    assert.equal(off.status, 'off')
    assert.equal((await rig.browser().visit(login ?? '')).response.status, 403)
  })

  it('is not the id of another connection, nor the id another one’s slug: a call takes either', async (t) => {
    const rig = await openRig(t)
    const contoso = await createConnection(rig, { slug: 'contoso', id: 'c-1' })
    const { body: evil } = await ask(rig, '/organizations', {
      method: 'POST',
      body: { name: 'Evil' },
    })
    const create = (names: Sent) =>
      ask(rig, '/connections', { method: 'POST', body: { organizationId: evil.id, ...names } })
    for (const [names, code] of [
      [{ id: 'contoso' }, 'record_in_use'],
      [{ id: 'CONTOSO', slug: 'evil' }, 'record_in_use'],
      [{ slug: 'c-1' }, 'slug_in_use'],
      [{ slug: 'C-1' }, 'slug_in_use'],
    ] as const) {
      const { status, body } = await create(names)
      assert.deepEqual([status, body.code], [409, code], JSON.stringify(names))
    }
    for (const name of ['contoso', 'c-1']) {
      assert.equal((await ask(rig, `/connections/${name}`)).body.id, contoso.body.id, name)
    }
    assert.equal((await create({ id: 'evil' })).body.slug, 'evil', 'its own slug is no other one’s')
    assert.equal((await create({})).body.slug, 'evil-2')
  })
})
