import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, type Asked, ask, type Item, items } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { CONTOSO, people, type Rig, SERVER_URL } from './support/rig.ts'
import { auditEvents, liveSessions, openRig } from './support/steps.ts'

function createUser(rig: Rig, user: Readonly<Record<string, unknown>>): Promise<Answer> {
  return ask(rig, '/users', { method: 'POST', body: user })
}

const NEW_OID = 'dddddddd-0000-4000-8000-000000000001'
const newKey = { space: 'entra:login.entra.localhost', directory: CONTOSO, subject: NEW_OID }

describe('POST /api/v1/users', () => {
  it('makes a user beforehand, whom the first sign-in of that person finds', async (t) => {
    const rig = await openRig(t, { entra: { policies: { provisioning: 'existing' } } })
    const oid = 'AAAAAAAA-0000-4000-8000-000000000001'
    const created = await createUser(rig, { username: 'ally', tid: CONTOSO, oid })
    assert.equal(created.status, 201)
    const { browser } = await rig.signIn(people.alice)
    const { user, membership } = await (
      await browser.request(`${SERVER_URL}/api/v1/session`)
    ).json()
    assert.equal(user.id, created.body.id)
    assert.equal(membership.username, 'ally')
  })

  it('refuses a person of a provider that no connection can be of', async (t) => {
    const rig = await openRig(t)
    for (const person of ['oidc/https:%2F%2Fid.example/kim', 'saml:con_1/urn:x/kim']) {
      const { status, body } = await createUser(rig, { username: 'kim', person })
      assert.equal(status, 400)
      assert.deepEqual([body.code, body.parameter], ['request_invalid', 'person'])
    }
  })

  it('takes the key of a person as text, whole or in its short form, and a search finds them by it', async (t) => {
    const rig = await openRig(t)
    const short = `${CONTOSO}/${NEW_OID.toUpperCase()}`
    const whole = `entra:china/${CONTOSO}/${NEW_OID}`
    const user = await createUser(rig, { username: 'one', person: short })
    const two = await createUser(rig, { username: 'two', person: whole })
    const spaces = [user, two].map(({ body }) => (body.identities as readonly Item[])[0]?.space)
    assert.deepEqual(spaces, [newKey.space, 'entra:china'])
    const find = async (search: string) =>
      (await items(rig, `/users?search=${encodeURIComponent(search)}`)).map(({ id }) => id)
    assert.deepEqual(await find(whole), [two.body.id])
    assert.deepEqual(await find(short), [two.body.id, user.body.id])
  })

  it('needs the whole key where connections of the organization are of several clouds', async (t) => {
    const rig = await openRig(t)
    const { organization } = await createCustomer(rig)
    const { storage } = rig.services
    const [first] = (
      await storage.listConnections({ organizationId: organization.id }, { limit: 1 })
    ).items
    assert.ok(first)
    const other = {
      ...first,
      id: 'con_china',
      slug: 'china',
      cloud: 'china',
      status: 'draft',
    } as const
    const put = (tenantIds: readonly string[]) =>
      storage.atomically((transaction) =>
        transaction.putConnection({ ...other, tenants: { kind: 'allow_list', tenantIds } }),
      )
    const person = `${CONTOSO}/${NEW_OID}`
    const organizationId = organization.id
    await put([CONTOSO])
    const refused = await createUser(rig, { username: 'one', person, organizationId })
    assert.deepEqual([refused.status, refused.body.parameter], [400, 'person'])
    await put([])
    const created = await createUser(rig, { username: 'one', person, organizationId })
    assert.equal((created.body.identities as readonly Item[])[0]?.space, `entra:${first.cloud}`)
  })

  it('answers with the user as it is read later', async (t) => {
    const rig = await openRig(t)
    const email = 'new@contoso.example'
    const input = { username: 'new', tid: CONTOSO, oid: NEW_OID, displayName: 'New', email }
    const { body } = await createUser(rig, input)
    assert.deepEqual((await ask(rig, `/users/${body.id}`)).body, body)
    assert.deepEqual(body.identities, [
      {
        id: (body.identities as readonly Item[])[0]?.id,
        cloud: 'login.entra.localhost',
        tid: CONTOSO,
        oid: NEW_OID,
        ...newKey,
        lastSignInAt: null,
      },
    ])
    assert.deepEqual((body.memberships as readonly Item[])[0]?.email, {
      address: email,
      source: 'operator',
      proven: false,
    })
  })

  it('makes a member of the organization asked for, whom a sign-in at its address finds', async (t) => {
    const rig = await openRig(t)
    const { organization, signIn } = await createCustomer(rig, {
      policies: { provisioning: 'existing' },
    })
    const oid = 'aaaaaaaa-0000-4000-8000-000000000001'
    const input = { username: 'ally', tid: CONTOSO, oid, organizationId: organization.id }
    const created = await createUser(rig, input)
    assert.equal(created.status, 201, JSON.stringify(created.body))
    const { browser } = await signIn(people.alice)
    const session = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    assert.equal(session.user.id, created.body.id)
    assert.equal(session.organization.id, organization.id)
    const absent = await createUser(rig, { username: 'x', organizationId: 'org_absent' })
    assert.deepEqual([absent.status, absent.body.code], [404, 'record_not_found'])
  })

  it('refuses a person who is linked to a user already, and makes nothing', async (t) => {
    const rig = await openRig(t)
    await createUser(rig, { username: 'first', tid: CONTOSO, oid: NEW_OID })
    const again = { username: 'second', tid: CONTOSO, oid: NEW_OID.toUpperCase() }
    const { status, body } = await createUser(rig, again)
    assert.deepEqual([status, body.code], [409, 'identity_in_use'])
    assert.equal((await items(rig, '/users')).length, 1)
  })

  it('refuses a username that is taken, in whatever letter case', async (t) => {
    const rig = await openRig(t)
    await createUser(rig, { username: 'Alice' })
    const { status, body } = await createUser(rig, { username: 'alice' })
    assert.deepEqual([status, body.code], [409, 'username_in_use'])
    assert.equal((await items(rig, '/users')).length, 1)
  })

  const wrong: Readonly<Record<string, readonly [unknown, string]>> = {
    'without a username': [{}, 'username'],
    'with an empty username': [{ username: '' }, 'username'],
    'with a username of 51 characters': [{ username: 'x'.repeat(51) }, 'username'],
    'with a username that is an address': [{ username: 'a@b.example' }, 'username'],
    'with a tenant but no object id': [{ username: 'a', tid: CONTOSO }, 'oid'],
    'with an object id but no tenant': [{ username: 'a', oid: NEW_OID }, 'tid'],
    'with an object id of wrong shape': [{ username: 'a', tid: CONTOSO, oid: 'x' }, 'oid'],
    'with a person that is no key': [{ username: 'a', person: 'kim' }, 'person'],
    'with a person and a tenant': [
      { username: 'a', person: `${CONTOSO}/${NEW_OID}`, tid: CONTOSO, oid: NEW_OID },
      'person',
    ],
    'with an email that is none': [{ username: 'a', email: 'x' }, 'email'],
    'with a member that is not known': [{ username: 'a', operator: true }, 'operator'],
    'with a prototype in it': ['{"username":"a","__proto__":{"x":1}}', '__proto__'],
    'that is a list': [[], 'username'],
    'that is null': ['null', '(body)'],
    'that is no JSON': ['{"username":', '(body)'],
    'with nothing in it': ['', '(body)'],
  }
  for (const [what, [body, parameter]] of Object.entries(wrong)) {
    it(`refuses a body ${what} and names the member`, async (t) => {
      const rig = await openRig(t)
      const answer = await ask(rig, '/users', { method: 'POST', body })
      assert.equal(answer.status, 400, JSON.stringify(answer.body))
      assert.deepEqual([answer.body.code, answer.body.parameter], ['request_invalid', parameter])
      assert.deepEqual(await items(rig, '/users'), [])
    })
  }

  it('takes JSON only', async (t) => {
    const rig = await openRig(t)
    const sent = { method: 'POST', body: '{"username":"a"}' }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      assert.equal((await ask(rig, '/users', { ...sent, type })).status, 415, type)
    }
    const type = 'Application/JSON; charset=utf-8'
    assert.equal((await ask(rig, '/users', { ...sent, type })).status, 201)
  })
})

describe('GET /api/v1/users', () => {
  it('finds people by a part of their name, or by a whole id', async (t) => {
    const rig = await openRig(t)
    for (const person of [people.alice, people.bob]) await rig.signIn(person)
    const [alice] = await items(rig, '/users?search=ALICE')
    assert.ok(alice)
    for (const search of ['Alice%20Ex', alice.id, 'aaaaaaaa-0000-4000-8000-000000000001']) {
      const found = await items(rig, `/users?search=${search}`)
      assert.deepEqual(
        found.map(({ id }) => id),
        [alice.id],
        search,
      )
    }
    assert.equal((await items(rig, `/users?search=${CONTOSO}`)).length, 2)
    assert.deepEqual(await items(rig, '/users?search=%25'), [], 'a sign is not a wildcard')
  })

  it('pages through everybody, newest first, though people come meanwhile', async (t) => {
    const rig = await openRig(t)
    const expected: unknown[] = []
    for (let number = 0; number < 7; number += 1) {
      rig.clock.advanceSeconds(number % 2)
      expected.push((await createUser(rig, { username: `user${number}` })).body.id)
    }
    const seen: string[] = []
    let next: unknown = ''
    for (let page = 0; next !== null && page < 9; page += 1) {
      const cursor = next === '' ? '' : `&cursor=${next}`
      const { body } = await ask(rig, `/users?limit=2${cursor}`)
      seen.push(...(body.items as readonly Item[]).map(({ id }) => id))
      next = body.next
      rig.clock.advanceSeconds(1)
      await createUser(rig, { username: `late${page}` })
    }
    assert.deepEqual([...seen].sort(), [...expected].sort())
    assert.equal(new Set(seen).size, 7)
  })

  it('says that a page is the last one, also when it is full', async (t) => {
    const rig = await openRig(t)
    for (const username of ['a', 'b']) await createUser(rig, { username })
    assert.equal((await ask(rig, '/users?limit=2')).body.next, null)
    assert.notEqual((await ask(rig, '/users?limit=1')).body.next, null)
  })
})

describe('a list of the API', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['/users?limit=0', 'limit'],
    ['/users?limit=201', 'limit'],
    ['/users?limit=-1', 'limit'],
    ['/users?limit=1e2', 'limit'],
    ['/users?limit=', 'limit'],
    ['/users?limit=2&limit=3', 'limit'],
    ['/users?cursor=', 'cursor'],
    ['/users?cursor=xyz', 'cursor'],
    [`/users?cursor=${encodeURIComponent("1.' or 1=1")}`, 'cursor'],
    ['/users?offset=3', 'offset'],
    ['/sign-in-traces/trc_1?verbose=1', 'verbose'],
    ['/users?search=', 'search'],
    ['/sessions?user=alice', 'user'],
    ['/sessions?user=usr_1&user=usr_2', 'user'],
    ['/audit-events?type=nothing', 'type'],
    ['/audit-events?type=constructor', 'type'],
    ['/audit-events?since=yesterday', 'since'],
    ['/audit-events?until=2026-99-99T00:00:00Z', 'until'],
    ['/sign-in-traces?outcome=good', 'outcome'],
    ['/sign-in-traces?correlation=x', 'correlation'],
  ]
  for (const [path, parameter] of wrong) {
    it(`refuses ${path} and names the parameter`, async (t) => {
      const rig = await openRig(t)
      const { status, body, headers } = await ask(rig, path)
      assert.equal(status, 400, JSON.stringify(body))
      assert.equal(headers.get('content-type'), 'application/problem+json')
      assert.deepEqual([body.code, body.parameter], ['request_invalid', parameter])
      assert.match(String(body.correlationId), /^[0-9a-f-]{36}$/)
    })
  }

  it('takes limits from 1 to 200, fifty when nothing is said', async (t) => {
    const rig = await openRig(t)
    for (let number = 0; number < 51; number += 1) await createUser(rig, { username: `u${number}` })
    assert.equal((await items(rig, '/users')).length, 50)
    assert.equal((await items(rig, '/users?limit=1')).length, 1)
    assert.equal((await items(rig, '/users?limit=200')).length, 51)
  })
})

describe('an id that names nothing', () => {
  const ids = ['usr_00000000-0000-7000-8000-000000000000', 'x', '%27%20or%201', 'x'.repeat(5000)]
  const verbs = [
    ['GET', '/users/ID'],
    ['POST', '/users/ID/disable'],
    ['POST', '/users/ID/enable'],
    ['DELETE', '/sessions/ID'],
    ['GET', '/sign-in-traces/ID'],
  ] as const
  for (const [method, path] of verbs) {
    it(`is not found: ${method} ${path}`, async (t) => {
      const rig = await openRig(t)
      await rig.signIn(people.alice)
      for (const id of ids) {
        const { status, body } = await ask(rig, path.replace('ID', id), { method })
        assert.deepEqual([status, body.code], [404, 'record_not_found'], id.slice(0, 40))
      }
      assert.equal((await liveSessions(rig)).length, 1)
    })
  }
})

describe('changes by an operator', () => {
  it('disabling a user ends their sessions and keeps them out; enabling lets them in', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.alice)
    const [user] = await items(rig, '/users')
    const disabled = await ask(rig, `/users/${user?.id}/disable`, { method: 'POST' })
    assert.equal(disabled.body.status, 'disabled')
    assert.deepEqual(await liveSessions(rig), [])
    const refused = await rig.signIn(people.alice, { browser })
    assert.equal(refused.response.status, 403)
    assert.match(refused.text, /user_disabled/)

    const enabled = await ask(rig, `/users/${user?.id}/enable`, { method: 'POST' })
    assert.equal(enabled.body.status, 'active')
    assert.equal((await rig.signIn(people.alice, { browser })).response.status, 200)
    const [event] = await auditEvents(rig, { type: 'user.disabled' })
    assert.deepEqual(event?.detail, { sessionsEnded: 2 })
  })

  it('ending a session ends that one', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const { browser: other } = await rig.signIn(people.bob)
    const { session } = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    const path = `/sessions/${session.id}`
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204)
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 404)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    assert.equal((await other.request(`${SERVER_URL}/api/v1/session`)).status, 200)
  })

  it('each leave one audit event: who, from where, and by which request (I11)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.bob)
    const [session] = await liveSessions(rig)
    const { body: user } = await createUser(rig, { username: 'new', tid: CONTOSO, oid: NEW_OID })
    const changes: readonly (readonly [string, Asked, Readonly<Record<string, unknown>>])[] = [
      [`/users/${user.id}/disable`, { method: 'POST' }, { type: 'user.disabled', userId: user.id }],
      [`/users/${user.id}/enable`, { method: 'POST' }, { type: 'user.enabled', userId: user.id }],
      [
        `/sessions/${session?.id}`,
        { method: 'DELETE' },
        { type: 'session.ended', sessionId: session?.id, detail: { reason: 'operator' } },
      ],
    ]
    for (const [path, asked, expected] of changes) {
      rig.clock.advanceSeconds(1)
      const before = (await auditEvents(rig)).length
      await ask(rig, path, asked)
      assert.equal((await auditEvents(rig)).length, before + 1, path)
      const [event] = await items(rig, '/audit-events?limit=1')
      assert.ok(event)
      const { correlationId, ...rest } = event
      assert.match(String(correlationId), /^[0-9a-f-]{36}$/)
      assert.deepEqual({ ...rest, ...expected }, rest)
      assert.deepEqual(event.actor, { kind: 'operator', id: 'operator_token' })
      assert.equal(event.ip, '127.0.0.1')
    }
    const [created] = await items(rig, '/audit-events?type=user.created&limit=1')
    assert.deepEqual(created?.detail, {
      username: 'new',
      how: 'beforehand',
      tid: CONTOSO,
      oid: NEW_OID,
      ...newKey,
    })
  })

  it('that are refused leave none', async (t) => {
    const rig = await openRig(t)
    const before = (await auditEvents(rig)).length
    await createUser(rig, { username: '' })
    await ask(rig, '/users/usr_x/disable', { method: 'POST' })
    await ask(rig, '/sessions/ses_x', { method: 'DELETE' })
    assert.equal((await auditEvents(rig)).length, before)
  })
})
