import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addClientSecret } from '../src/connections/credentials.ts'
import { Secret } from '../src/keys/secret.ts'
import { warnInTime } from '../src/webhooks/credential-warnings.ts'
import { createCustomer, operator } from './support/customers.ts'
import type { Rig } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const DAY_SECONDS = 86_400

const warningsOf = async ({ services }: Rig) => {
  const filter = { type: 'connection.credential_ends' }
  const { items } = await services.storage.listAuditEvents(filter, { limit: 50 })
  return items.map(({ detail }) => detail.daysLeft).reverse()
}

async function customerEndingIn(rig: Rig, days: number) {
  const { services } = rig
  const { connection } = await createCustomer(rig)
  const [first] = connection.credentials
  const expiresAt = new Date(services.now().getTime() + days * DAY_SECONDS * 1000)
  await services.storage.atomically((transaction) =>
    transaction.putConnection({
      ...connection,
      credentials: first ? [{ ...first, expiresAt }] : [],
    }),
  )
  return connection
}

describe('warnings before a customer’s last credential ends', () => {
  it('are given 60, 30, 14, 7 and 1 days before and at the end, each once', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    await customerEndingIn(rig, 70)
    for (let day = 0; day <= 72; day += 1) {
      await warnInTime(rig.services, 'a')
      await warnInTime(rig.services, 'a')
      rig.clock.advanceSeconds(DAY_SECONDS)
    }
    assert.deepEqual(await warningsOf(rig), [60, 30, 14, 7, 1, 0])
  })

  it('come from one replica at a time', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    await customerEndingIn(rig, 10)
    const given = await Promise.all(
      ['a', 'b', 'c'].map((holder) => warnInTime(rig.services, holder)),
    )
    assert.deepEqual(given.sort(), [0, 0, 1])
  })

  it('name only the nearest threshold when several were missed, and stop when a later credential is there', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    const { id } = await customerEndingIn(rig, 5)
    await warnInTime(rig.services, 'a')
    assert.deepEqual(await warningsOf(rig), [5])
    const expiresAt = new Date(rig.services.now().getTime() + 300 * DAY_SECONDS * 1000)
    const secret = { value: new Secret('another~secret.of-the-customer'), expiresAt }
    await addClientSecret(rig.services, operator, { connectionId: id, secret })
    rig.clock.advanceSeconds(5 * DAY_SECONDS)
    assert.equal(await warnInTime(rig.services, 'a'), 0)
  })
})
