/** How often a sign-in and the check of a session go to PostgreSQL and back: over a network, that is what they cost. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { TestBrowser } from './support/browser.ts'
import { type Counts, startCountingProxy } from './support/counting-proxy.ts'
import { createCustomer, loginAddress } from './support/customers.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { locationOf } from './support/refusals.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

async function openCounted(t: TestContext) {
  const proxy = await startCountingProxy(t, postgres.port)
  const database = proxy.through(await postgres.createDatabase())
  const rig = await openRig(t, { database, withoutBackgroundWork: true })
  const customer = await createCustomer(rig)
  const signIn = async (person: string): Promise<Counts & { readonly browser: TestBrowser }> => {
    rig.emulator.signInAutomaticallyAs(person)
    const browser = rig.browser()
    proxy.take()
    const started = await browser.request(loginAddress(customer.connection))
    const answered = await browser.request(locationOf(started))
    const { status } = await browser.request(locationOf(answered))
    assert.equal(status, 303)
    return { ...proxy.take(), browser }
  }
  // Connections are open and statements prepared after these.
  await signIn(people.bob)
  await signIn(people.bob)
  return { rig, proxy, signIn }
}

describe('the turns to PostgreSQL', () => {
  it('of a sign-in are four, of the start, the claim and the callback together', async (t) => {
    const { signIn } = await openCounted(t)
    const first = await signIn(people.alice)
    const known = await signIn(people.alice)
    assert.deepEqual([first.turns, known.turns], [4, 4])
    assert.ok(
      first.statements <= 16 && known.statements <= 12,
      `${first.statements}, ${known.statements}`,
    )
  })

  it('of the check of a session are one, with one statement', async (t) => {
    const { proxy, signIn } = await openCounted(t)
    const { browser } = await signIn(people.alice)
    for (const path of ['/api/v1/session', '/api/v1/session']) {
      proxy.take()
      assert.equal((await browser.request(SERVER_URL + path)).status, 200)
      assert.deepEqual(proxy.take(), { turns: 1, statements: 1 })
    }
  })
})
