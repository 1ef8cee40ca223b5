/** How often a sign-in and the check of a session turn to the database: each call of the storage is one turn of the network on PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { createEntrada } from '../src/entrada.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { locationOf } from './support/refusals.ts'
import { browserAcross } from './support/replicas.ts'
import { createRig, people, SERVER_URL } from './support/rig.ts'
import { touchedStorage } from './support/touched-storage.ts'

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

const databases: Readonly<Record<string, () => Promise<Parameters<typeof createRig>[0]>>> = {
  SQLite: async () => ({}),
  PostgreSQL: async () => ({ database: await postgres.createDatabase() }),
}

/** A browser at a rig whose calls of the storage are noted, but for counts of requests, which are added up in the background. */
async function openNoted(t: TestContext, options: Parameters<typeof createRig>[0]) {
  const rig = await createRig(options)
  t.after(() => rig.close())
  const calls: string[] = []
  const storage = touchedStorage(rig.services.storage, (verb, place) => {
    if (place === 'outside' && verb !== 'countUses') calls.push(verb)
  })
  const entrada = createEntrada(rig.options, { ...rig.services, storage })
  const openBrowser = () => browserAcross(rig, [entrada])
  rig.emulator.signInAutomaticallyAs(people.alice)
  const during = async (browser: ReturnType<typeof openBrowser>, url: string | URL) => {
    calls.length = 0
    const response = await browser.request(url)
    return { response, calls: [...calls] }
  }
  return { openBrowser, during }
}

for (const [name, optionsOf] of Object.entries(databases)) {
  describe(`a sign-in on ${name}`, () => {
    it('takes four turns: connection, claim, look-up, plan; a check of the session takes one', async (t) => {
      const { openBrowser, during } = await openNoted(t, await optionsOf())
      for (const status of ['new', 'known']) {
        const browser = openBrowser()
        const start = await during(browser, `${SERVER_URL}/auth/entra/login`)
        assert.deepEqual(start.calls, ['findStart'], status)
        const answer = await browser.request(locationOf(start.response))
        const finish = await during(browser, locationOf(answer))
        assert.equal(finish.response.status, 303)
        assert.deepEqual(finish.calls, ['claimAttemptOf', 'readSignIn', 'writePlan'], status)
        const check = await during(browser, `${SERVER_URL}/api/v1/session`)
        assert.equal(check.response.status, 200)
        assert.deepEqual(check.calls, ['findSession'])
      }
    })
  })
}
