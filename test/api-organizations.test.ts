import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, ask, items } from './support/api-calls.ts'
import type { Rig } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

function create(rig: Rig, organization: Readonly<Record<string, unknown>>): Promise<Answer> {
  return ask(rig, '/organizations', { method: 'POST', body: organization })
}

describe('POST /api/v1/organizations', () => {
  it('makes one, with a slug of its name, and says where it is', async (t) => {
    const rig = await openRig(t)
    const { status, body, headers } = await create(rig, { name: 'Contoso Ltd.' })
    assert.equal(status, 201, JSON.stringify(body))
    assert.deepEqual([body.name, body.slug], ['Contoso Ltd.', 'contoso-ltd'])
    assert.equal(headers.get('location'), `/api/v1/organizations/${body.id}`)
    const read = await ask(rig, `/organizations/${body.id}`)
    assert.deepEqual(read.body, body)
    assert.equal(read.headers.get('etag'), headers.get('etag'))
  })

  it('keeps an id and a slug that are brought along, and takes neither twice (B28)', async (t) => {
    const rig = await openRig(t)
    const { body } = await create(rig, { name: 'A', id: 'acme-1', slug: 'Acme' })
    assert.deepEqual([body.id, body.slug], ['acme-1', 'acme'])
    const sameId = await create(rig, { name: 'B', id: 'acme-1' })
    assert.deepEqual([sameId.status, sameId.body.code], [409, 'record_in_use'])
    const sameSlug = await create(rig, { name: 'B', slug: 'ACME' })
    assert.deepEqual([sameSlug.status, sameSlug.body.code], [409, 'slug_in_use'])
  })

  it('names every member that is wrong, and repeats none of what was sent', async (t) => {
    const rig = await openRig(t)
    const sent = {
      name: '',
      slug: 'a b',
      settings: { emailDiscovery: 'secret-text', colour: 1 },
      owner: 'secret-text',
    }
    const { status, body } = await create(rig, sent)
    assert.equal(status, 400)
    assert.deepEqual(body.errors, [
      { parameter: 'name', problem: 'must be not empty' },
      { parameter: 'slug', problem: 'must be 1 to 64 letters, digits, `-` and `_`' },
      { parameter: 'settings.emailDiscovery', problem: 'must be boolean' },
      { parameter: 'settings.colour', problem: 'is not known here' },
      { parameter: 'owner', problem: 'is not known here' },
    ])
    assert.doesNotMatch(JSON.stringify(body), /secret-text/)
  })

  for (const [what, name] of Object.entries({
    'of nothing but spaces': '   ',
    'that turns the direction of writing': 'Contoso\u202eetis',
    'of 129 characters': 'x'.repeat(129),
  })) {
    it(`refuses a name ${what}`, async (t) => {
      const rig = await openRig(t)
      const { status, body } = await create(rig, { name })
      assert.deepEqual([status, body.parameter], [400, 'name'])
    })
  }
})

describe('PATCH /api/v1/organizations/{id}', () => {
  it('changes what is given, goes back to the default for null, and is audited', async (t) => {
    const rig = await openRig(t)
    const { body: created } = await create(rig, { name: 'A', settings: { emailDiscovery: false } })
    const path = `/organizations/${created.id}`
    rig.clock.advanceSeconds(1)
    const renamed = await ask(rig, path, { method: 'PATCH', body: { name: 'B' } })
    assert.deepEqual([renamed.body.name, renamed.body.settings], ['B', { emailDiscovery: false }])
    const type = 'application/merge-patch+json'
    const body = { settings: { emailDiscovery: null } }
    const { body: after } = await ask(rig, path, { method: 'PATCH', body, type })
    assert.deepEqual([after.name, after.slug, after.settings], ['B', 'a', { emailDiscovery: true }])
    const events = await auditEvents(rig, { type: 'organization.changed' })
    assert.deepEqual(
      events.map(({ detail }) => detail.members),
      [['settings'], ['name']],
    )
  })

  it('refuses a change of what somebody else has changed, when asked to look', async (t) => {
    const rig = await openRig(t)
    const { body, headers } = await create(rig, { name: 'A' })
    const path = `/organizations/${body.id}`
    const tag = headers.get('etag') ?? ''
    const change = (name: string, tag?: string) =>
      ask(rig, path, {
        method: 'PATCH',
        body: { name },
        ...(tag ? { headers: { 'if-match': tag } } : {}),
      })
    rig.clock.advanceSeconds(1)
    const first = await change('B', `"another", ${tag}`)
    assert.equal(first.status, 200)
    const late = await change('C', tag)
    assert.deepEqual([late.status, late.body.code], [412, 'record_changed'])
    assert.equal((await change('C', first.headers.get('etag') ?? '')).status, 200)
    assert.equal((await change('D', '*')).status, 200)
    assert.equal((await change('E')).status, 200, 'without the header nobody looks')
  })

  it('lets one of two changes at once through that saw the same', async (t) => {
    const rig = await openRig(t)
    const { body, headers } = await create(rig, { name: 'A' })
    rig.clock.advanceSeconds(1)
    const changes = ['B', 'C', 'D'].map((name) =>
      ask(rig, `/organizations/${body.id}`, {
        method: 'PATCH',
        body: { name },
        headers: { 'if-match': headers.get('etag') ?? '' },
      }),
    )
    const statuses = (await Promise.all(changes)).map(({ status }) => status)
    assert.deepEqual(statuses.sort(), [200, 412, 412])
  })

  it('changes neither id nor slug', async (t) => {
    const rig = await openRig(t)
    const { body } = await create(rig, { name: 'A' })
    for (const member of ['id', 'slug', 'createdAt', '__proto__']) {
      const sent = `{"${member}":"x"}`
      const refused = await ask(rig, `/organizations/${body.id}`, { method: 'PATCH', body: sent })
      assert.deepEqual([refused.status, refused.body.parameter], [400, member])
    }
  })
})

describe('GET /api/v1/organizations', () => {
  it('lists and searches them', async (t) => {
    const rig = await openRig(t)
    for (const name of ['Contoso', 'Fabrikam']) {
      rig.clock.advanceSeconds(1)
      await create(rig, { name })
    }
    const names = async (query = '') =>
      (await items(rig, `/organizations${query}`)).map(({ slug }) => slug)
    assert.deepEqual(await names(), ['fabrikam', 'contoso', 'default'])
    assert.deepEqual(await names('?search=TOSO'), ['contoso'])
    assert.deepEqual(await names('?limit=1'), ['fabrikam'])
    assert.equal((await ask(rig, '/organizations/org_absent')).status, 404)
  })
})
