/** What sign-ins tell of their connections, and by whom their traces are found. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { nameKeysOf } from '../src/audit/traced-person.ts'
import type { ConnectionId } from '../src/storage/records.ts'
import { openOperator } from './support/admin-pages.ts'
import { ask } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const DAY = '2026-11-22'

async function healthOf({ services }: Rig, id: ConnectionId) {
  await services.signInNotes.store()
  return (await services.storage.findConnectionHealth([id])).get(id)
}

async function openCustomer(t: TestContext) {
  const rig = await openRig(t)
  return { rig, customer: await createCustomer(rig) }
}

describe('the health of a connection', () => {
  it('is good after a sign-in, and counts it for its day', async (t) => {
    const { rig, customer } = await openCustomer(t)
    await customer.signIn(people.alice)
    const health = await healthOf(rig, customer.connection.id)
    assert.deepEqual(health, { lastSuccessAt: rig.clock.now(), failuresInARow: 0 })
    assert.deepEqual(await rig.services.storage.listSignInCounts({ since: DAY, until: DAY }), [
      { day: DAY, outcome: 'signed_in', signIns: 1 },
    ])
  })

  it('is bad while Entra refuses our credential, and good again afterwards', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const { id } = customer.connection
    for (let n = 0; n < 3; n += 1) {
      rig.emulator.setFault({
        kind: 'oauth_error',
        on: 'token',
        error: 'invalid_client',
        code: 7000222,
      })
      await customer.signIn(people.alice)
      rig.clock.advanceSeconds(60)
    }
    const bad = await healthOf(rig, id)
    assert.equal(bad?.failuresInARow, 3)
    assert.equal(bad?.lastFailureCode, 'client_credentials_refused')
    assert.equal(bad?.failingSince?.toISOString(), '2026-11-22T12:00:00.000Z')
    const failing = await rig.services.storage.listConnections({ failing: true }, { limit: 5 })
    assert.deepEqual(
      failing.items.map((connection) => connection.id),
      [id],
    )
    await customer.signIn(people.alice)
    const good = await healthOf(rig, id)
    assert.equal(good?.failuresInARow, 0)
    assert.equal(good?.failingSince, undefined)
  })

  it('does not suffer from a person who may not come in, nor from what a browser brings', async (t) => {
    const { rig, customer } = await openCustomer(t)
    await customer.signIn(people.grace)
    // Any client can write the parameters of the callback's address.
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'authorize',
      error: 'server_error',
      code: 90033,
    })
    await customer.signIn(people.alice)
    const health = await healthOf(rig, customer.connection.id)
    assert.equal(health?.failuresInARow, 0)
    assert.equal(health?.lastFailureAt, undefined)
    const counts = await rig.services.storage.listSignInCounts({
      connectionIds: [customer.connection.id],
      since: DAY,
      until: DAY,
    })
    assert.deepEqual(counts, [
      { day: DAY, outcome: 'failed', signIns: 1 },
      { day: DAY, outcome: 'refused', signIns: 1 },
    ])
  })

  it('is told when the server stops', async (t) => {
    const { rig, customer } = await openCustomer(t)
    let writes = 0
    const { storage } = rig.services
    const add = storage.addConnectionResults
    t.mock.method(storage, 'addConnectionResults', (results: Parameters<typeof add>[0]) => {
      writes += results.length
      return add(results)
    })
    await customer.signIn(people.alice)
    assert.equal(writes, 0, 'a sign-in itself writes nothing of it')
    await rig.services.close()
    assert.equal(writes, 1)
  })
})

describe('the trace of a person who never became a user', () => {
  it('is found by sign-in name or email in any letter case, and holds neither', async (t) => {
    const { rig, customer } = await openCustomer(t)
    await customer.signIn(people.grace)
    const nameKeys = nameKeysOf(rig.services, ' Grace@Fabrikam.example')
    const person = { userIds: [], nameKeys }
    const { items } = await rig.services.storage.listSignInTraces({ person }, { limit: 5 })
    assert.deepEqual(
      items.map(({ code }) => code),
      ['guest_not_allowed'],
    )
    assert.doesNotMatch(JSON.stringify(items), /grace/i)
    const other = { userIds: [], nameKeys: nameKeysOf(rig.services, people.alice) }
    const none = await rig.services.storage.listSignInTraces({ person: other }, { limit: 5 })
    assert.deepEqual(none.items, [])
  })
})

it('is not disturbed by a request that belongs to no sign-in', async (t) => {
  const { rig } = await openCustomer(t)
  await rig.browser().visit(`${SERVER_URL}/login/callback?connection=x&state=y&code=z`)
  await rig.services.signInNotes.store()
  assert.deepEqual(await rig.services.storage.listSignInCounts({ since: DAY, until: DAY }), [])
})

describe('GET /api/v1/connections/:id/health', () => {
  it('tells how the sign-ins went', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const path = `/connections/${customer.connection.id}`
    const unused = await ask(rig, `${path}/health`)
    assert.deepEqual(unused.body, {
      lastSuccessAt: null,
      lastFailureAt: null,
      lastFailureCode: null,
      failuresInARow: 0,
      failingSince: null,
    })
    const { headers } = await ask(rig, path)
    await customer.signIn(people.alice)
    await rig.services.signInNotes.store()
    const { body } = await ask(rig, `${path}/health`)
    assert.equal(body.lastSuccessAt, '2026-11-22T12:00:00.000Z')
    assert.equal((await ask(rig, path)).headers.get('etag'), headers.get('etag'))
    assert.equal((await ask(rig, '/connections/absent/health')).status, 404)
  })

  it('reports a failure that a former release stored under its present code, and the page explains it', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const { id } = customer.connection
    const at = rig.clock.now()
    await rig.services.storage.addConnectionResults([
      {
        connectionId: id,
        counts: [],
        health: {
          lastFailureAt: at,
          lastFailureCode: 'entra_timeout',
          failuresInARow: 1,
          failingSince: at,
        },
      },
    ])
    const { body } = await ask(rig, `/connections/${id}/health`)
    assert.equal(body.lastFailureCode, 'provider_timeout')
    const operator = await openOperator(rig)
    const page = await operator.visit(`${SERVER_URL}/admin/connections/${id}`)
    assert.match(page.text, /did not answer within the time limit/)
  })
})
