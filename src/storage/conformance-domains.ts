import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  newConnection,
  newDomain,
  newIdentity,
  newKey,
  newOrganization,
  newUser,
} from './conformance-samples.ts'
import type { Domain } from './records.ts'
import type { DomainFilter } from './storage.ts'

/** Tests domains, and how a connection is found. */
export function describeDomains(subject: Subject): void {
  describe('domains', () => describeOwnDomains(subject))
  describe('what leads to a connection', () => describeWays(subject))
}

function describeOwnDomains(subject: Subject): void {
  const put = (...domains: readonly Domain[]) =>
    subject.storage.atomically(async (transaction) => {
      for (const domain of domains) await transaction.putDomain(domain)
    })
  beforeEach(() =>
    subject.storage.atomically((transaction) =>
      transaction.putOrganization(newOrganization('org_2')),
    ),
  )

  it('come back exactly as they were put, and are replaced by id', async () => {
    await put(newDomain(1))
    assert.deepEqual(await subject.storage.findDomain('dom_0001'), newDomain(1))
    const full = newDomain(1, {
      status: 'proven',
      proof: 'dns',
      connectionId: 'default',
      provenAt: at(1),
      checkedAt: at(2),
      nextCheckAt: at(3),
    })
    await put(full)
    assert.deepEqual(await subject.storage.findDomain('dom_0001'), full)
    assert.equal(await subject.storage.findDomain('dom_absent'), undefined)
  })

  it('are found by name only when they are proven, or were', async () => {
    await put(newDomain(1), newDomain(2, { status: 'proven' }), newDomain(3, { status: 'lost' }))
    const found = async (name: string) => (await subject.storage.findOwnedDomain(name))?.id
    assert.equal(await found('domain-1.example'), undefined)
    assert.equal(await found('domain-2.example'), 'dom_0002')
    assert.equal(await found('domain-3.example'), 'dom_0003')
    assert.equal(await found('sub.domain-2.example'), undefined)
  })

  it('may be wanted by several organizations, and belong to one', async () => {
    const name = 'wanted.example'
    const first = newDomain(1, { name })
    const second = newDomain(2, { name, organizationId: 'org_2' })
    await put(first, second)
    await put({ ...first, status: 'proven' })
    for (const status of ['proven', 'lost'] as const) {
      await put({ ...first, status })
      await assert.rejects(put({ ...second, status: 'proven' }), { code: 'domain_in_use' })
      assert.equal((await subject.storage.findOwnedDomain(name))?.id, first.id)
    }
    await put(first, { ...second, status: 'proven' })
    assert.equal((await subject.storage.findOwnedDomain(name))?.id, second.id)
  })

  it('belong to one of two that prove it at once, on two replicas', async () => {
    const name = 'wanted.example'
    const first = newDomain(1, { name, status: 'proven' })
    const second = newDomain(2, { name, organizationId: 'org_2', status: 'proven' })
    const other = await subject.openAnother()
    const outcomes = await Promise.allSettled([
      put(first),
      other.atomically((transaction) => transaction.putDomain(second)),
    ])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const [refused] = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    )
    assert.equal(refused.code, 'domain_in_use')
  })

  it('are in an organization once', async () => {
    await put(newDomain(1))
    const again = newDomain(2, { name: 'domain-1.example' })
    await assert.rejects(put(again), { code: 'domain_named_already' })
  })

  it('come in pages, newest first, and by what is asked for', async () => {
    await put(
      newDomain(1),
      newDomain(2, { organizationId: 'org_2', status: 'proven' }),
      newDomain(3, { status: 'lost' }),
    )
    const idsOf = async (filter: DomainFilter) =>
      (await subject.storage.listDomains(filter, { limit: 10 })).items.map(({ id }) => id)
    assert.deepEqual(await idsOf({}), ['dom_0003', 'dom_0002', 'dom_0001'])
    assert.deepEqual(await idsOf({ organizationId: 'org_2' }), ['dom_0002'])
    assert.deepEqual(await idsOf({ name: 'domain-1.example' }), ['dom_0001'])
    assert.deepEqual(await idsOf({ status: 'lost' }), ['dom_0003'])
    const first = await subject.storage.listDomains({}, { limit: 2 })
    const rest = await subject.storage.listDomains({}, { limit: 2, after: first.next ?? '' })
    assert.deepEqual(
      rest.items.map(({ id }) => id),
      ['dom_0001'],
    )
    assert.deepEqual(await subject.storage.countDomains(), { pending: 1, proven: 1, lost: 1 })
  })

  it('are due when their time has come, the longest waiting first', async () => {
    await put(
      newDomain(1, { nextCheckAt: at(20) }),
      newDomain(2),
      newDomain(3, { nextCheckAt: at(10) }),
      newDomain(4, { nextCheckAt: at(30) }),
    )
    const due = async (now: number, limit = 10) =>
      (await subject.storage.listDomainsToCheck(at(now), limit)).map(({ id }) => id)
    assert.deepEqual(await due(9), [])
    assert.deepEqual(await due(20), ['dom_0003', 'dom_0001'])
    assert.deepEqual(await due(30, 1), ['dom_0003'])
  })

  it('are checked in turn, so that many of one organization hold up none of another (A2)', async () => {
    const { storage } = subject
    await storage.atomically((transaction) => transaction.putOrganization(newOrganization('org_2')))
    const many = Array.from({ length: 8 }, (_, n) => newDomain(n + 1, { nextCheckAt: at(n) }))
    await put(...many, newDomain(9, { organizationId: 'org_2', nextCheckAt: at(20) }))
    const due = await storage.listDomainsToCheck(at(30), 3)
    assert.deepEqual(
      due.map(({ id }) => id),
      ['dom_0001', 'dom_0009', 'dom_0002'],
    )
  })

  it('are gone once they are removed', async () => {
    await put(newDomain(1, { status: 'proven' }))
    const remove = () =>
      subject.storage.atomically((transaction) => transaction.removeDomain('dom_0001'))
    assert.deepEqual(await remove(), newDomain(1, { status: 'proven' }))
    assert.equal(await remove(), undefined)
    assert.equal(await subject.storage.findOwnedDomain('domain-1.example'), undefined)
  })
}

function describeWays(subject: Subject): void {
  const authority = 'https://login.microsoftonline.com'
  const idsOf = async (tenantId: string, limit = 10, at = authority) => {
    const found = await subject.storage.listConnectionsOfTenant({ authority: at, tenantId }, limit)
    return found.map(({ id }) => id)
  }

  it('is the tenant, for those that are on, as the connection is now', async () => {
    const list = (...tenantIds: string[]) => ({ kind: 'allow_list', tenantIds }) as const
    const put = (id: string, overrides: Parameters<typeof newConnection>[0]) =>
      subject.storage.atomically((transaction) =>
        transaction.putConnection(newConnection({ id, slug: id, ...overrides })),
      )
    await put('con_1', { tenants: list('t-1', 'T-2', 't-2'), createdAt: at(1) })
    await put('con_2', { tenants: list('t-2'), status: 'off', createdAt: at(2) })
    await put('con_3', { tenants: { kind: 'pinned', tenant: 'not-known.example' } })
    assert.deepEqual(await idsOf('T-1'), ['default'])
    assert.deepEqual(await idsOf('t-2'), ['con_1'])
    assert.deepEqual(await idsOf('t-2', 10, 'https://login.microsoftonline.us'), [])
    assert.deepEqual(await idsOf(''), [])

    await put('con_1', { tenants: list('t-3'), createdAt: at(1) })
    await put('con_2', { tenants: list('t-2'), createdAt: at(2) })
    assert.deepEqual(await idsOf('t-2'), ['con_2'])
    assert.deepEqual(await idsOf('t-3'), ['con_1'])
  })

  it('is a tenant that is pinned or from which users came, before those that are only listed (S7)', async () => {
    const put = (id: string, n: number, tenantId = 't-9') =>
      subject.storage.atomically((transaction) =>
        transaction.putConnection(
          newConnection({
            ...{ id, slug: id, createdAt: at(n) },
            tenants: { kind: 'allow_list', tenantIds: [tenantId] },
          }),
        ),
      )
    const signedIn = (n: number, identity: Parameters<typeof newIdentity>[1]) =>
      subject.storage.atomically(async (transaction) => {
        await transaction.createUser(newUser(n))
        await transaction.linkIdentity(newIdentity(n, identity))
      })
    await put('con_1', 1)
    assert.deepEqual(await idsOf('t-9'), ['con_1'])
    await put('con_2', 2)
    assert.deepEqual(await idsOf('t-9'), ['con_1', 'con_2'])
    assert.deepEqual(await idsOf('t-9', 1), ['con_1'])
    await signedIn(1, { key: newKey(1, { directory: 't-other' }), connectionId: 'con_1' })
    assert.deepEqual(await idsOf('t-9'), ['con_1', 'con_2'])
    await signedIn(2, { key: newKey(2, { directory: 't-9' }), connectionId: 'con_2' })
    assert.deepEqual(await idsOf('T-9'), ['con_2'])
    await signedIn(3, { key: newKey(3, { directory: 't-9' }), connectionId: 'con_1' })
    assert.deepEqual(await idsOf('t-9'), ['con_1', 'con_2'])
  })

  it('is a customer’s, if any is on besides the default one', async () => {
    const has = () => subject.storage.hasConnectionsOfCustomers()
    const put = (status: 'draft' | 'on') =>
      subject.storage.atomically((transaction) =>
        transaction.putConnection(newConnection({ id: 'con_1', slug: 'con_1', status })),
      )
    assert.equal(await has(), false)
    await put('draft')
    assert.equal(await has(), false)
    await put('on')
    assert.equal(await has(), true)
  })
}
