/** What one organization's webhooks can take from the others: places, never their events. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { audit } from '../src/audit/audit.ts'
import { createOrganization } from '../src/organizations/organizations.ts'
import type { OrganizationId } from '../src/storage/records.ts'
import type { Webhook, WebhookId } from '../src/storage/webhook-records.ts'
import { createDeliveries, startDeliveries } from '../src/webhooks/deliver.ts'
import { shares } from '../src/webhooks/delivery-shares.ts'
import { createWebhookSender, type SendWebhook } from '../src/webhooks/send-webhook.ts'
import { changeWebhook, createWebhook, MOST_OF_ORGANIZATION } from '../src/webhooks/webhooks.ts'
import { ask } from './support/api-calls.ts'
import { operator } from './support/customers.ts'
import { startReceiver } from './support/receiver.ts'
import type { Rig } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const withWebhooks = { webhooksToPrivateAddresses: true, withoutBackgroundWork: true }
const HANGING = 60
const EVENTS = 87
/** Deliveries of one webhook. */
const MOST_AT_ONCE = 10

type Neighbours = {
  readonly rig: Rig
  readonly hanging: OrganizationId
  readonly other: OrganizationId
}

async function openNeighbours(t: TestContext): Promise<Neighbours> {
  const rig = await openRig(t, withWebhooks)
  const [hanging, other] = await Promise.all(
    ['Hanging', 'Other'].map((name) => createOrganization(rig.services, operator, { name })),
  )
  return { rig, hanging: hanging?.id ?? 'default', other: other?.id ?? 'default' }
}

/** More than may be created: as made by a release that had no bound. */
async function putHanging({ rig, hanging }: Neighbours, url: string): Promise<void> {
  const { webhook } = await createWebhook(rig.services, operator, { url, organizationId: hanging })
  await rig.services.storage.atomically(async (transaction) => {
    for (let n = 1; n < HANGING; n += 1) {
      const id: WebhookId = `whk_hanging_${n}`
      await transaction.putWebhook({ ...webhook, id, secrets: [] } satisfies Webhook)
    }
  })
}

async function happen({ services }: Rig, organizationId: OrganizationId, times: number) {
  await services.storage.atomically(async (transaction) => {
    for (let n = 0; n < times; n += 1) {
      const event = { type: 'user.enabled', detail: {} } as const
      const caller = { actor: { kind: 'system' } } as const
      await audit(services, transaction, { caller, event, organizationId })
    }
  })
}

describe('sixty webhooks of one organization that hang', () => {
  it('take none of the events of another organization (A3)', { timeout: 120_000 }, async (t) => {
    const neighbours = await openNeighbours(t)
    const { rig, hanging, other } = neighbours
    const silent = await startReceiver(t)
    silent.status = undefined
    const receiver = await startReceiver(t)
    await putHanging(neighbours, silent.url)
    const eventTypes = ['user.enabled']
    const made = { url: receiver.url, organizationId: other, eventTypes }
    await createWebhook(rig.services, operator, made)
    await happen(rig, hanging, 12)
    await happen(rig, other, EVENTS)
    const send = createWebhookSender({ privateAllowed: true })
    const stop = startDeliveries(rig.services, send)
    await until(() => receiver.received.length >= EVENTS)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    assert.equal(new Set(ids).size, EVENTS)
    const webhooks = silent.received.length / MOST_AT_ONCE
    assert.ok(webhooks <= shares.ofOrganization, `${silent.received.length} requests hang`)
    await stop()
  })

  it('have five places at first, and two once all of them have hung (A3)', async (t) => {
    const neighbours = await openNeighbours(t)
    const { rig, hanging, other } = neighbours
    const { services, clock } = rig
    await putHanging(neighbours, 'http://127.0.0.1:9/hangs')
    const answering = { url: 'http://127.0.0.1:9/answers', organizationId: other }
    await createWebhook(services, operator, { ...answering, eventTypes: ['user.enabled'] })
    const { send, answered, hanging: underWay, giveUp } = createSend()
    const deliveries = createDeliveries(services, send)
    await happen(rig, hanging, 1)
    await deliveries.startRounds()
    await settled()
    // The first one has a notice of its own creation too.
    assert.equal(underWay(), shares.ofOrganization + 1)

    for (let round = 1; round <= 40; round += 1) {
      giveUp()
      await settled()
      clock.advanceSeconds(600)
      await happen(rig, other, 1)
      await deliveries.startRounds()
      await until(() => answered.length === round)
    }
    await settled()
    assert.equal(underWay(), shares.troubledOfOrganization, 'one delivery of each')
    giveUp()
    await deliveries.stop()
  })
})

describe('a receiver that is gone', () => {
  it('is turned off after three days, however many events keep coming (A3)', {
    timeout: 120_000,
  }, async (t) => {
    const { rig, hanging } = await openNeighbours(t)
    const { services, clock } = rig
    const gone = { url: 'http://127.0.0.1:9/gone', organizationId: hanging }
    const { webhook } = await createWebhook(services, operator, gone)
    const deliveries = createDeliveries(services, async () => ({ answer: 'timeout' }))
    const status = async () => (await services.storage.findWebhook(webhook.id))?.offBecause
    let hours = 0
    for (; hours < 96 && (await status()) === undefined; hours += 0.25) {
      await happen(rig, hanging, 1)
      await deliveries.startRounds()
      await new Promise((resolve) => setImmediate(resolve))
      clock.advanceSeconds(900)
    }
    await deliveries.stop()
    assert.equal(await status(), 'failing')
    assert.ok(hours > 70 && hours < 90, `${hours} hours`)
  })
})

/** A way to send that is answered at once for `/answers`, and for everything else hangs until the test gives it up. */
function createSend() {
  const answered: string[] = []
  let waiting: (() => void)[] = []
  const send: SendWebhook = async ({ url }) => {
    if (url.endsWith('/answers')) {
      answered.push(url)
      return { status: 204, answer: '204' }
    }
    await new Promise<void>((end) => waiting.push(end))
    return { answer: 'timeout' }
  }
  const giveUp = () => {
    const before = waiting
    waiting = []
    for (const end of before) end()
  }
  return { send, answered, hanging: () => waiting.length, giveUp }
}

describe('webhooks of an organization', () => {
  it('are bounded, and those that are there stay (A3)', async (t) => {
    const { rig, hanging, other } = await openNeighbours(t)
    const create = (organizationId: string) =>
      ask(rig, '/webhooks', {
        method: 'POST',
        body: { url: 'https://receiver.example/hook', organizationId },
      })
    for (let n = 0; n < MOST_OF_ORGANIZATION; n += 1) {
      assert.equal((await create(hanging)).status, 201)
    }
    const refused = await create(hanging)
    assert.deepEqual([refused.status, refused.body.code], [409, 'too_many_webhooks'])
    assert.equal((await create(other)).status, 201)
  })

  it('that are changed again and again leave one notice that waits (A3)', async (t) => {
    const { rig, other } = await openNeighbours(t)
    const { services } = rig
    const url = 'http://127.0.0.1:9/hook'
    const { webhook } = await createWebhook(services, operator, { url, organizationId: other })
    for (let n = 0; n < 50; n += 1) {
      const change = { url: `${url}/${n}` }
      await changeWebhook(services, operator, { id: webhook.id, change })
    }
    const waiting = await services.storage.listDeliveries(webhook.id, 100)
    assert.equal(waiting.length, 2, 'one of its creation, one of its changes')
    const trail = await services.storage.listAuditEvents({ type: 'webhook.changed' }, { limit: 99 })
    assert.equal(trail.items.length, 50)
  })
})

const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; waits < 1_000 && !isSo(); waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(isSo())
}
