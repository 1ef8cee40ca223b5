/** All data that is stored about a user can be exported, and can be removed permanently. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, items } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { ENGINEERING, FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

type Exported = { readonly kind: string; readonly record: Readonly<Record<string, unknown>> }

async function exportAll(rig: Rig, path: string): Promise<readonly Exported[]> {
  const all: Exported[] = []
  let cursor = ''
  for (let page = 0; page < 100; page += 1) {
    const { status, body } = await ask(rig, `${path}?limit=2${cursor && `&cursor=${cursor}`}`)
    assert.equal(status, 200, JSON.stringify(body))
    all.push(...(body.items as readonly Exported[]))
    if (body.next === null) return all
    cursor = String(body.next)
  }
  throw new Error('an export without end')
}

const kindsOf = (exported: readonly Exported[]) => [...new Set(exported.map(({ kind }) => kind))]

describe('an organization', () => {
  it('is exported whole, page by page, with nothing of another and no secret', async (t) => {
    const rig = await openRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    await fabrikam.signIn(people.frank)
    for (const person of [people.alice, people.bob, people.erin]) await contoso.signIn(person)
    for (const { organization } of [contoso, fabrikam]) {
      const domain = { organizationId: organization.id, name: `${organization.slug}.example` }
      await ask(rig, '/domains', { method: 'POST', body: domain })
    }

    const exported = await exportAll(rig, `/organizations/${contoso.organization.id}/export`)
    assert.deepEqual(kindsOf(exported), [
      'organization',
      'connection',
      'domain',
      'user',
      'session',
      'audit_event',
      'sign_in_trace',
    ])
    assert.equal(exported.filter(({ kind }) => kind === 'user').length, 3)
    const text = JSON.stringify(exported)
    assert.equal(exported.filter(({ kind }) => kind === 'domain').length, 1)
    assert.ok(!text.includes(fabrikam.organization.id) && !text.includes('Frank'))
    assert.ok(!text.includes(contoso.secret) && !text.includes('v1.'))
  })

  it('goes with its people, and takes nobody along who is in another one too', async (t) => {
    const rig = await openRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const second = await createCustomer(rig, { name: 'Second' })
    const { browser } = await contoso.signIn(people.alice)
    await contoso.signIn(people.bob)
    const kept = await second.signIn(people.alice)

    const path = `/organizations/${contoso.organization.id}`
    const wrongSlug = await ask(rig, `${path}?slug=second`, { method: 'DELETE' })
    assert.deepEqual([wrongSlug.status, wrongSlug.body.code], [400, 'request_invalid'])
    const slug = contoso.organization.slug
    assert.equal((await ask(rig, `${path}?slug=${slug}`, { method: 'DELETE' })).status, 204)

    assert.equal((await ask(rig, path)).status, 404)
    assert.equal((await items(rig, '/users')).length, 1)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    assert.equal((await kept.browser.request(`${SERVER_URL}/api/v1/session`)).status, 200)
    const login = await rig.browser().visit(`${SERVER_URL}/enterprise-login/${slug}`)
    assert.equal(login.response.status, 404)
    const [event] = await items(rig, '/audit-events?type=organization.removed')
    assert.equal(event?.organizationId, contoso.organization.id)
    assert.equal((await ask(rig, `${path}?slug=${slug}`, { method: 'DELETE' })).status, 404)
  })

  it('of the environment is not removed', async (t) => {
    const rig = await openRig(t)
    const answer = await ask(rig, '/organizations/default?slug=default', { method: 'DELETE' })
    assert.deepEqual([answer.status, answer.body.code], [409, 'connection_read_only'])
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })
})

describe('a connection', () => {
  it('is removed once it is off; its people stay, and come in through another one as themselves', async (t) => {
    const rig = await openRig(t)
    const { organization, connection, signIn } = await createCustomer(rig)
    await signIn(people.alice)
    const path = `/connections/${connection.id}`
    const stillOn = await ask(rig, path, { method: 'DELETE' })
    assert.deepEqual([stillOn.status, stillOn.body.code], [409, 'connection_is_on'])
    await ask(rig, `${path}/turn-off`, { method: 'POST' })
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204)
    const again = await createCustomer(rig, { organization })
    assert.equal((await again.signIn(people.alice)).response.status, 200)
    assert.equal((await items(rig, '/users')).length, 1)
  })
})

describe('a connection with role rules', () => {
  it('takes the roles of its rules along, and none that were given by hand', async (t) => {
    const rig = await openRig(t)
    const rule = { id: 'r1', match: 'group', value: ENGINEERING, role: 'engineer' } as const
    const { connection, signIn } = await createCustomer(rig, { roleRules: [rule] })
    await signIn(people.alice)
    const [member] = await items(rig, '/memberships')
    await ask(rig, `/memberships/${member?.id}/roles/auditor`, { method: 'PUT' })
    const roles = async () => (await items(rig, '/memberships'))[0]?.roles
    const byHand = { role: 'auditor', source: 'manual' }
    assert.deepEqual(await roles(), [byHand, { role: 'engineer', source: 'rule:r1' }])
    await ask(rig, `/connections/${connection.id}/turn-off`, { method: 'POST' })
    await ask(rig, `/connections/${connection.id}`, { method: 'DELETE' })
    assert.deepEqual(await roles(), [byHand])
  })
})

describe('a user', () => {
  it('is exported and removed for good; who signs in again is somebody new', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [user] = await items(rig, '/users')
    const path = `/users/${user?.id}`
    const exported = await exportAll(rig, `${path}/export`)
    assert.deepEqual(kindsOf(exported), ['user', 'session', 'audit_event', 'sign_in_trace'])

    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204)
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 404)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    await rig.signIn(people.alice)
    const [another, ...more] = await items(rig, '/users')
    assert.deepEqual(more, [])
    assert.notEqual(another?.id, user?.id)
  })

  it('has an export whose cursor is checked like any other input', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const [user] = await items(rig, '/users')
    const cursors = ['x', 'domain', 'session.x', 'e30']
    for (const cursor of cursors) {
      const answer = await ask(rig, `/users/${user?.id}/export?cursor=${cursor}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'request_invalid'], cursor)
    }
  })
})
