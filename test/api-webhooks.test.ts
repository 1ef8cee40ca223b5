import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, items } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { startReceiver } from './support/receiver.ts'
import { openRig } from './support/steps.ts'

const elsewhere = 'https://receiver.example/hook'

describe('/api/v1/webhooks', () => {
  it('makes one, shows its secret once and never again, changes and removes it', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    const made = await ask(rig, '/webhooks', {
      method: 'POST',
      body: { url: elsewhere, eventTypes: ['user.created'] },
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    assert.match(String(made.body.secret), /^whsec_[A-Za-z0-9+/]{43}=$/)
    const path = `/webhooks/${made.body.id}`
    const read = await ask(rig, path)
    assert.equal(read.body.secret, undefined)

    const changed = await ask(rig, path, { method: 'PATCH', body: { status: 'off' } })
    assert.deepEqual([changed.body.status, changed.body.offBecause], ['off', 'operator'])
    const stale = await ask(rig, path, {
      method: 'PATCH',
      body: { status: 'on' },
      headers: { 'if-match': read.headers.get('etag') ?? '' },
    })
    assert.deepEqual([stale.status, stale.body.code], [412, 'record_changed'])

    const rotated = await ask(rig, `${path}/rotate-secret`, { method: 'POST' })
    assert.notEqual(rotated.body.secret, made.body.secret)
    assert.equal((await ask(rig, path, { method: 'DELETE' })).status, 204)
    assert.equal((await ask(rig, path)).status, 404)
    assert.deepEqual(await items(rig, '/webhooks'), [])
  })

  it('refuses addresses of our own network, unknown types and unknown organizations (I16)', async (t) => {
    const rig = await openRig(t)
    const codeFor = async (body: object) => {
      const answer = await ask(rig, '/webhooks', { method: 'POST', body })
      return [answer.status, answer.body.code]
    }
    assert.deepEqual(await codeFor({ url: 'https://169.254.169.254/' }), [400, 'url_not_allowed'])
    assert.deepEqual(await codeFor({ url: 'http://receiver.example/' }), [400, 'url_not_allowed'])
    assert.deepEqual(await codeFor({ url: elsewhere, eventTypes: ['x'] }), [400, 'request_invalid'])
    assert.deepEqual(await codeFor({ url: elsewhere, organizationId: 'org_absent' }), [
      404,
      'record_not_found',
    ])
  })

  it('lists what was told and what is still to be told', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true, webhooksToPrivateAddresses: true })
    const receiver = await startReceiver(t)
    const { organization } = await createCustomer(rig)
    const made = await ask(rig, '/webhooks', {
      method: 'POST',
      body: { url: receiver.url, organizationId: organization.id },
    })
    const { body } = await ask(rig, `/webhooks/${made.body.id}/deliveries`)
    const [delivery] = body.items as readonly { readonly outcome: string }[]
    assert.equal(delivery?.outcome, 'waiting')
    assert.equal((await items(rig, `/webhooks?organization=${organization.id}`)).length, 1)
    assert.equal((await items(rig, '/webhooks?organization=default')).length, 0)
  })
})
