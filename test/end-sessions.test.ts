import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from './support/api-calls.ts'
import type { TestBrowser } from './support/browser.ts'
import { createCustomer } from './support/customers.ts'
import { FABRIKAM, people, type Rig, SERVER_URL, stoppedClock } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

const isSignedIn = async (browser: TestBrowser) =>
  (await browser.request(`${SERVER_URL}/api/v1/session`)).status === 200

describe('POST /api/v1/sessions/end', () => {
  it('ends every session of the deployment, operators included, and leaves one audit event (O23)', async (t) => {
    const { rig, alice, frank } = await openSignedIn(t)
    const { status, body } = await end(rig, { of: 'deployment' })
    assert.deepEqual([status, body.sessionsEnded], [200, 2])
    assert.deepEqual([await isSignedIn(alice), await isSignedIn(frank)], [false, false])
    assert.deepEqual(await lastEvent(rig), { of: 'deployment', sessionsEnded: 2 })
  })

  for (const scope of ['organization', 'connection', 'user'] as const) {
    it(`ends the sessions of one ${scope} and nobody else's (O23)`, async (t) => {
      const { rig, alice, frank, ids } = await openSignedIn(t)
      const { body } = await end(rig, { of: scope, id: ids[scope] })
      assert.equal(body.sessionsEnded, 1)
      assert.deepEqual([await isSignedIn(alice), await isSignedIn(frank)], [true, false])
      assert.deepEqual(await lastEvent(rig), { of: scope, sessionsEnded: 1 })
    })

    it(`ends nothing for an unknown ${scope} (O23)`, async (t) => {
      const { rig, alice, frank } = await openSignedIn(t)
      assert.equal((await end(rig, { of: scope, id: 'unknown' })).status, 404)
      assert.deepEqual([await isSignedIn(alice), await isSignedIn(frank)], [true, true])
    })
  }

  it('reaches no session outside the organization of a confined key (O23)', async (t) => {
    const { rig, alice, frank, ids, own } = await openSignedIn(t)
    const { body: key } = await ask(rig, '/api-keys', {
      method: 'POST',
      body: { name: 'confined', scopes: ['sessions:write'], organizationId: own },
    })
    const as = { authorization: `Bearer ${key.value}` }
    for (const scope of ['organization', 'connection', 'user'] as const) {
      assert.equal((await end(rig, { of: scope, id: ids[scope] }, as)).status, 404, scope)
    }
    assert.equal((await end(rig, { of: 'deployment' }, as)).status, 404)
    assert.deepEqual([await isSignedIn(alice), await isSignedIn(frank)], [true, true])
    assert.equal((await end(rig, { of: 'organization', id: own }, as)).body.sessionsEnded, 1)
    assert.deepEqual([await isSignedIn(alice), await isSignedIn(frank)], [false, true])
  })

  it('refuses a scope that names nothing, two things or something unknown (O23)', async (t) => {
    const { rig, alice } = await openSignedIn(t)
    for (const body of [{}, { of: 'all' }, { of: 'user' }, { of: 'deployment', id: 'x' }, []]) {
      assert.equal((await end(rig, body)).status, 400, JSON.stringify(body))
    }
    assert.equal(await isSignedIn(alice), true)
  })
})

describe('entrada session end-all', () => {
  it('ends nothing before --yes, and says what it would end (O23)', async (t) => {
    const folder = await temporaryFolder(t)
    // The command goes by the real clock.
    const clock = stoppedClock(new Date(Date.now() - 60_000).toISOString())
    const rig = await openRig(t, { database: `${folder}/entrada.db`, clock })
    const { browser } = await rig.signIn(people.alice)
    const command = (...options: readonly string[]) =>
      run(['session', 'end-all', ...options], { ENTRADA_DATA_DIR: folder })
    const count = async (...options: readonly string[]) =>
      (await command(...options)).printedErrors[0]
    assert.match((await count()) ?? '', /every session of the deployment, 1 now; --yes does it/)
    assert.match((await count('--connection', 'default')) ?? '', /connection default, 1 now/)
    assert.match((await count('--organization', 'default')) ?? '', /organization default, 1 now/)
    assert.match((await count('--user', 'usr_1')) ?? '', /user usr_1, 0 now/)
    assert.equal((await command('--user', 'usr_1', '--connection', 'default')).exitCode, 2)
    assert.equal(await isSignedIn(browser), true)
    const { exitCode, printed } = await command('--connection', 'default', '--yes')
    assert.deepEqual([exitCode, printed], [0, ['ended 1 sessions of connection default']])
    assert.equal(await isSignedIn(browser), false)
  })
})

/** Alice and Frank are signed in at two customers; the ids are those of Frank. */
async function openSignedIn(t: Parameters<typeof openRig>[0]) {
  const rig = await openRig(t)
  const own = await createCustomer(rig, { name: 'Own' })
  const other = await createCustomer(rig, { name: 'Other', tenantId: FABRIKAM })
  const { browser: alice } = await own.signIn(people.alice)
  const { browser: frank } = await other.signIn(people.frank)
  const { user } = await (await frank.request(`${SERVER_URL}/api/v1/session`)).json()
  const ids = {
    organization: other.organization.id,
    connection: other.connection.id,
    user: user.id,
  }
  return { rig, alice, frank, ids, own: own.organization.id }
}

const end = (rig: Rig, body: unknown, as?: Readonly<Record<string, string>>) =>
  ask(rig, '/sessions/end', { method: 'POST', body, ...(as ? { as } : {}) })

async function lastEvent({ services }: Rig): Promise<unknown> {
  const { items } = await services.storage.listAuditEvents({ type: 'sessions.ended' }, { limit: 2 })
  assert.equal(items.length, 1)
  return items[0]?.detail
}
