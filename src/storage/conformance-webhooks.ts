import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import { at, newAuditEvent, newOrganization } from './conformance-samples.ts'
import type { AuditEventRecord } from './records.ts'
import type { Storage } from './storage.ts'
import type { Webhook } from './webhook-records.ts'

/** Tests webhooks, their deliveries and leases. */
export function describeWebhooks(subject: Subject): void {
  describe('webhooks', () => {
    it('come back exactly as they were put, and go with their deliveries', async () => {
      const { storage } = subject
      const webhook = newWebhook('whk_1', {
        eventTypes: ['user.created'],
        secrets: [
          { id: 'sec_2', sealed: 'v1.key-c.n.t', createdAt: at(2) },
          { id: 'sec_1', sealed: 'v1.key-b.n.t', createdAt: at(1), endsAt: at(3) },
        ],
      })
      await put(storage, [webhook])
      assert.deepEqual(await storage.findWebhook('whk_1'), webhook)
      assert.deepEqual(await storage.listWebhookIds(), ['whk_1'])
      assert.equal((await storage.countSealedValues())['key-c'], 1)
      await append(storage, [newAuditEvent(1, { type: 'user.created' })])
      assert.equal((await storage.listDeliveries('whk_1', 9)).length, 1)
      const remove = () => storage.atomically((transaction) => transaction.removeWebhook('whk_1'))
      assert.equal(await remove(), true)
      assert.equal(await remove(), false)
      assert.deepEqual(await storage.listDeliveries('whk_1', 9), [])
    })

    it('forget deliveries that are old and settled, at a sweep', async () => {
      const { storage } = subject
      await put(storage, [newWebhook('whk_1')])
      await append(
        storage,
        [1, 2, 3].map((n) => newAuditEvent(n)),
      )
      const [third, second, first] = await storage.listDeliveries('whk_1', 9)
      const settled = { outcome: 'delivered', at: at(3), answer: '200' } as const
      for (const delivery of [third, first])
        await storage.settleDelivery(delivery?.id ?? '', settled)
      await storage.sweep(at(3), { tracesBefore: third?.createdAt ?? at(0) })
      const left = await storage.listDeliveries('whk_1', 9)
      assert.deepEqual(
        left.map(({ id }) => id),
        [third?.id, second?.id],
      )
    })

    it('receive only events of their types, and of their own organization', async () => {
      const { storage } = subject
      await storage.atomically((transaction) =>
        transaction.putOrganization(newOrganization('org_2')),
      )
      await put(storage, [
        newWebhook('whk_all'),
        newWebhook('whk_type', { eventTypes: ['user.disabled', 'user.created'] }),
        newWebhook('whk_org', { organizationId: 'org_2' }),
        newWebhook('whk_off', { status: 'off', offBecause: 'gone' }),
      ])
      const created = newAuditEvent(1, { type: 'user.created', organizationId: 'org_2' })
      const other = newAuditEvent(2, { type: 'user.created_elsewhere', organizationId: 'default' })
      const ofNobody = newAuditEvent(3, { type: 'operator.signed_in' })
      await append(storage, [created, other, ofNobody])
      const deliveredTo = async (id: Webhook['id']) =>
        (await storage.listDeliveries(id, 9)).map(({ eventId }) => eventId).reverse()
      assert.deepEqual(await deliveredTo('whk_all'), [created.id, other.id, ofNobody.id])
      assert.deepEqual(await deliveredTo('whk_type'), [created.id])
      assert.deepEqual(await deliveredTo('whk_org'), [created.id])
      assert.deepEqual(await deliveredTo('whk_off'), [])
    })

    it('are counted, and due, each with its organization', async () => {
      const { storage } = subject
      await storage.atomically((transaction) =>
        transaction.putOrganization(newOrganization('org_2')),
      )
      await put(storage, [
        newWebhook('whk_all'),
        newWebhook('whk_1', { organizationId: 'org_2' }),
        newWebhook('whk_2', { organizationId: 'org_2', eventTypes: ['user.disabled'] }),
      ])
      assert.equal(await storage.countWebhooks('org_2'), 2)
      assert.equal(await storage.countWebhooks(undefined), 1)
      await append(storage, [newAuditEvent(1, { organizationId: 'org_2' })])
      const due = async () =>
        [...(await storage.listDueWebhooks(at(1000)))].sort((a, b) => a.id.localeCompare(b.id))
      assert.deepEqual(await due(), [{ id: 'whk_1', organizationId: 'org_2' }, { id: 'whk_all' }])
      const claim = { webhookId: 'whk_1', now: at(1000), until: at(2000), limit: 9 } as const
      for (const { delivery } of await storage.claimDeliveries(claim)) {
        const settled = { outcome: 'delivered', at: at(1000), answer: '200' } as const
        await storage.settleDelivery(delivery.id, settled)
      }
      assert.deepEqual(await due(), [{ id: 'whk_all' }])
    })

    it('are notified once of changes of one webhook that come while the first notice waits (A3)', async () => {
      const { storage } = subject
      await put(storage, [newWebhook('whk_1')])
      const changed = (n: number, webhookId: string) =>
        newAuditEvent(n, { type: 'webhook.changed', detail: { webhookId, members: ['url'] } })
      await append(storage, [changed(1, 'whk_a'), changed(2, 'whk_a'), changed(3, 'whk_b')])
      const events = async () =>
        (await storage.listDeliveries('whk_1', 9)).map(({ eventId }) => eventId).reverse()
      assert.deepEqual(await events(), [changed(1, '').id, changed(3, '').id])
      // After the first delivery has started, another change is scheduled again.
      await storage.claimDeliveries({
        webhookId: 'whk_1',
        now: at(1000),
        until: at(2000),
        limit: 9,
      })
      await append(storage, [changed(4, 'whk_a')])
      assert.equal((await events()).at(-1), changed(4, '').id)
    })

    it('hand out each due delivery once, however many ask at once', async () => {
      const { storage } = subject
      const another = await subject.openAnother()
      await put(storage, [newWebhook('whk_1')])
      await append(
        storage,
        Array.from({ length: 30 }, (_, n) => newAuditEvent(n + 1)),
      )
      const claim = { webhookId: 'whk_1', now: at(1000), until: at(2000), limit: 7 } as const
      assert.deepEqual(await storage.listDueWebhooks(at(1000)), [{ id: 'whk_1' }])
      assert.deepEqual(await storage.listDueWebhooks(at(-1)), [])
      const rounds = await Promise.all(
        Array.from({ length: 10 }, (_, n) => (n % 2 ? storage : another).claimDeliveries(claim)),
      )
      const ids = rounds.flat().map(({ delivery }) => delivery.id)
      assert.equal(new Set(ids).size, ids.length)
      while ((await storage.claimDeliveries(claim)).length > 0);
      const deliveries = await storage.listDeliveries('whk_1', 50)
      assert.ok(deliveries.every(({ attempts }) => attempts === 1))
    })

    it('hand out those that were tried most often first, where that is asked for (A3)', async () => {
      const { storage } = subject
      await put(storage, [newWebhook('whk_1')])
      await append(storage, [newAuditEvent(1), newAuditEvent(2), newAuditEvent(3)])
      const claim = { webhookId: 'whk_1', now: at(10), until: at(20) } as const
      const [tried] = await storage.claimDeliveries({ ...claim, limit: 1 })
      const again = { webhookId: 'whk_1', now: at(30), until: at(40), limit: 1 } as const
      const [mostTried] = await storage.claimDeliveries({ ...again, first: 'tried' })
      assert.equal(mostTried?.delivery.id, tried?.delivery.id)
      const [longestDue] = await storage.claimDeliveries(again)
      assert.equal(longestDue?.event?.id, newAuditEvent(2).id)
    })

    it('hand out again what was not settled in time, and never what was', async () => {
      const { storage } = subject
      await put(storage, [newWebhook('whk_1')])
      await append(storage, [newAuditEvent(1), newAuditEvent(2)])
      const first = await storage.claimDeliveries({
        webhookId: 'whk_1',
        now: at(10),
        until: at(20),
        limit: 9,
      })
      assert.deepEqual(
        first.map(({ event }) => event?.id),
        [newAuditEvent(1).id, newAuditEvent(2).id],
      )
      assert.deepEqual(
        await storage.claimDeliveries({ webhookId: 'whk_1', now: at(19), until: at(30), limit: 9 }),
        [],
      )
      const [delivery] = first
      const settled = { outcome: 'delivered', at: at(15), answer: '204' } as const
      await storage.settleDelivery(delivery?.delivery.id ?? '', settled)
      const again = await storage.claimDeliveries({
        webhookId: 'whk_1',
        now: at(20),
        until: at(30),
        limit: 9,
      })
      assert.equal(again.length, 1)
      assert.equal(again[0]?.delivery.attempts, 2)
      const [, done] = await storage.listDeliveries('whk_1', 9)
      assert.deepEqual(
        [done?.outcome, done?.lastAnswer, done?.nextAt],
        ['delivered', '204', undefined],
      )
    })
  })

  describe('leases', () => {
    it('belong to one holder at a time, and to the next when they end', async () => {
      const { storage } = subject
      const another = await subject.openAnother()
      const take = (from: Storage, holder: string, now: number) =>
        from.takeLease('job', { holder, now: at(now), until: at(now + 100) })
      const raced = await Promise.all(
        Array.from({ length: 20 }, (_, n) => take(n % 2 ? storage : another, `h${n}`, 0)),
      )
      assert.equal(raced.filter(Boolean).length, 1)
      const winner = `h${raced.indexOf(true)}`
      assert.equal(await take(another, winner, 50), true)
      assert.equal(await take(storage, 'late', 149), false)
      assert.equal(await take(storage, 'late', 150), true)
      assert.equal(await take(another, winner, 151), false)
    })

    it('remember a warning once', async () => {
      const { storage } = subject
      const remember = () =>
        storage.atomically((transaction) => transaction.rememberWarning('end:1', at(0)))
      const raced = await Promise.all([remember(), remember(), remember()])
      assert.equal(raced.filter(Boolean).length, 1)
    })
  })
}

function newWebhook(id: Webhook['id'], overrides: Partial<Webhook> = {}): Webhook {
  return {
    id,
    url: 'https://receiver.example/hook',
    eventTypes: [],
    secrets: [{ id: 'sec_1', sealed: 'v1.key-b.n.t', createdAt: at(0) }],
    status: 'on',
    createdAt: at(0),
    updatedAt: at(1),
    ...overrides,
  }
}

async function put(storage: Storage, webhooks: readonly Webhook[]): Promise<void> {
  await storage.atomically(async (transaction) => {
    for (const webhook of webhooks) await transaction.putWebhook(webhook)
  })
}

async function append(storage: Storage, events: readonly AuditEventRecord[]): Promise<void> {
  for (const event of events) {
    await storage.atomically((transaction) =>
      transaction.appendAuditEvent(event, { toOutbox: false }),
    )
  }
}
