/** Webhooks: events are delivered to receivers, signed, at least once, even if they or we are unavailable for a while. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Webhook as Verifier } from 'standardwebhooks'
import { rotateKeys } from '../src/admin/rotate-keys.ts'
import { deliverDue, retryWaitsMs } from '../src/webhooks/deliver.ts'
import { createWebhookSender } from '../src/webhooks/send-webhook.ts'
import {
  changeWebhook,
  createWebhook,
  openSecrets,
  removeWebhook,
  rotateWebhookSecret,
} from '../src/webhooks/webhooks.ts'
import { createCustomer, operator } from './support/customers.ts'
import { startReceiver } from './support/receiver.ts'
import { FABRIKAM, people, type Rig, stoppedClock } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'

const send = createWebhookSender({ privateAllowed: true })
const deliver = ({ services }: Rig) => deliverDue(services, send)
/** Rounds are made by the test, not by a timer. */
const withWebhooks = { webhooksToPrivateAddresses: true, withoutBackgroundWork: true }

describe('a webhook', () => {
  it('is told of a first sign-in, so that an independent library takes the signature', async (t) => {
    // The library checks the time against the real clock.
    const rig = await openRig(t, { ...withWebhooks, clock: stoppedClock(new Date().toISOString()) })
    const receiver = await startReceiver(t)
    const { secret } = await createWebhook(rig.services, operator, { url: receiver.url })
    await rig.signIn(people.alice)
    await deliver(rig)
    const types = receiver.received.map(({ headers, body }) => {
      const event = new Verifier(secret).verify(body, headers) as {
        type: string
        data: { id: string }
      }
      assert.equal(event.data.id, headers['webhook-id'])
      return event.type
    })
    assert.deepEqual(types.sort(), [
      'identity.linked',
      'membership.created',
      'membership.roles_changed',
      'sign_in.succeeded',
      'user.created',
      'webhook.created',
    ])
    const [first] = receiver.received
    const forged = new Verifier(`whsec_${Buffer.alloc(32).toString('base64')}`)
    assert.throws(() => forged.verify(first?.body ?? '', first?.headers ?? {}))
    assert.doesNotMatch(
      JSON.stringify(rig.logLines),
      new RegExp(secret.slice(6, 30).replaceAll('+', '.')),
    )
  })

  it('tries again for three days, keeps what Retry-After asks, and loses nothing', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const receiver = await startReceiver(t)
    const url = receiver.url
    const { webhook } = await createWebhook(rig.services, operator, {
      url,
      eventTypes: ['user.created'],
    })
    await rig.signIn(people.alice)
    receiver.status = 500
    assert.equal(await deliver(rig), 1)
    assert.equal(await deliver(rig), 0)
    rig.clock.advanceSeconds((retryWaitsMs[0] ?? 0) / 1000)
    receiver.status = 429
    receiver.headers = { 'retry-after': '900' }
    assert.equal(await deliver(rig), 1)
    rig.clock.advanceSeconds(899)
    assert.equal(await deliver(rig), 0)
    rig.clock.advanceSeconds(1)
    receiver.status = 302
    receiver.headers = { location: 'http://127.0.0.1:1/' }
    assert.equal(await deliver(rig), 1)
    rig.clock.advanceSeconds((retryWaitsMs[2] ?? 0) / 1000)
    receiver.status = 200
    assert.equal(await deliver(rig), 1)
    const [delivery] = await rig.services.storage.listDeliveries(webhook.id, 9)
    assert.deepEqual([delivery?.outcome, delivery?.attempts], ['delivered', 4])
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    assert.equal(new Set(ids).size, 1, 'the same id each time, so that a receiver can tell')
  })

  it('is turned off when its receiver is gone, or took nothing for all that time', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const receiver = await startReceiver(t)
    const made = await createWebhook(rig.services, operator, { url: receiver.url })
    receiver.status = 410
    await deliver(rig)
    const gone = await rig.services.storage.findWebhook(made.webhook.id)
    assert.deepEqual([gone?.status, gone?.offBecause], ['off', 'gone'])

    const types = ['user.created']
    const change = { status: 'on', eventTypes: types } as const
    await changeWebhook(rig.services, operator, { id: made.webhook.id, change })
    receiver.status = 503
    await rig.signIn(people.bob)
    for (const waitMs of [0, ...retryWaitsMs]) {
      rig.clock.advanceSeconds(waitMs / 1000)
      assert.equal(await deliver(rig), 1)
    }
    const failing = await rig.services.storage.findWebhook(made.webhook.id)
    assert.deepEqual([failing?.status, failing?.offBecause], ['off', 'failing'])
    const { items } = await rig.services.storage.listAuditEvents(
      { type: 'webhook.turned_off' },
      { limit: 9 },
    )
    assert.deepEqual(
      items.map(({ detail }) => detail.because),
      ['failing', 'gone'],
    )
  })

  it('of an organization hears nothing of another', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const receiver = await startReceiver(t)
    const organizationId = contoso.organization.id
    await createWebhook(rig.services, operator, { url: receiver.url, organizationId })
    await fabrikam.signIn(people.frank)
    await contoso.signIn(people.alice)
    await deliver(rig)
    const bodies = receiver.received.map(({ body }) => JSON.parse(body))
    assert.ok(bodies.some(({ type }) => type === 'sign_in.succeeded'))
    assert.ok(bodies.every(({ data }) => data.organizationId === organizationId))
  })

  it('signs with both secrets for a day after a rotation', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const { services, clock } = rig
    const receiver = await startReceiver(t)
    const made = await createWebhook(services, operator, { url: receiver.url })
    const rotated = await rotateWebhookSecret(services, operator, made.webhook.id)
    assert.deepEqual(openSecrets(services, rotated.webhook, services.now()), [
      rotated.secret,
      made.secret,
    ])
    await deliver(rig)
    assert.match(receiver.received[0]?.headers['webhook-signature'] ?? '', /^v1,\S+ v1,\S+$/)
    clock.advanceSeconds(86_400)
    assert.deepEqual(openSecrets(services, rotated.webhook, services.now()), [rotated.secret])
  })

  it('keeps its secret sealed, and a key rotation takes it along (I03)', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const made = await createWebhook(rig.services, operator, { url: 'http://127.0.0.1:9/' })
    assert.doesNotMatch(made.webhook.secrets[0]?.sealed ?? '', new RegExp(made.secret.slice(6, 20)))
    const { keys } = await rotateKeys(rig.services, operator.actor)
    assert.equal(keys[0]?.values, 1)
  })

  it('takes only addresses and types that can be, and says so', async (t) => {
    const rig = await openRig(t)
    const create = (input: Parameters<typeof createWebhook>[2]) =>
      createWebhook(rig.services, operator, input)
    await assert.rejects(create({ url: 'http://127.0.0.1/' }), { code: 'url_not_allowed' })
    await assert.rejects(create({ url: 'https://r.example/', eventTypes: ['no.such'] }), {
      code: 'request_invalid',
    })
    await assert.rejects(create({ url: 'https://r.example/', organizationId: 'org_absent' }), {
      code: 'record_not_found',
    })
    await assert.rejects(removeWebhook(rig.services, operator, 'whk_absent'), {
      code: 'record_not_found',
    })
    assert.deepEqual((await rig.services.storage.listWebhooks({}, { limit: 9 })).items, [])
  })

  it('gives up on a receiver that never answers, and holds up nobody else', async (t) => {
    const rig = await openRig(t, withWebhooks)
    const answered = await startReceiver(t)
    await createWebhook(rig.services, operator, { url: 'http://127.0.0.1:1/closed' })
    await createWebhook(rig.services, operator, { url: answered.url })
    await rig.signIn(people.alice)
    await deliver(rig)
    assert.ok(answered.received.length >= 6)
  })

  it('is told after a restart of what happened before it', async (t) => {
    const database = join(await temporaryFolder(t), 'entrada.db')
    const receiver = await startReceiver(t)
    const before = await openRig(t, { ...withWebhooks, database })
    await createWebhook(before.services, operator, { url: receiver.url })
    await before.signIn(people.alice)
    await before.entrada.close()
    const { secretKeys } = before.options
    const after = await openRig(t, { ...withWebhooks, database, secretKeys })
    await deliver(after)
    const types = receiver.received.map(({ body }) => JSON.parse(body).type)
    assert.ok(types.includes('sign_in.succeeded'))
  })
})
