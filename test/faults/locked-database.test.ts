/** Another program holds the write lock of the database file for too long. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqliteConnection } from '../../src/storage/sqlite.ts'
import { assertRefusalPage, goToEntra, hasSessionCookie, rowCounts } from '../support/refusals.ts'
import { newDatabaseFile } from '../support/replicas.ts'
import { people, SERVER_URL } from '../support/rig.ts'
import { openRig } from '../support/steps.ts'

const LOCKED_MS = 3_000
const LONGEST_WAIT_MS = 10_000

describe('people who sign in while another program holds the write lock for three seconds', () => {
  it('are let in or told to come again, within ten seconds, and sessions are read meanwhile (H18)', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, { database })
    const { browser: alice } = await rig.signIn(people.alice)
    const away = await Promise.all(Array.from({ length: 8 }, () => goToEntra(rig, people.bob)))
    const sessions = (await rowCounts(rig)).sessions

    const other = openSqliteConnection(database)
    t.after(() => other.handle.close())
    other.handle.exec('begin immediate')
    let isLocked = true
    const released = sleep(LOCKED_MS).then(() => {
      other.handle.exec('rollback')
      isLocked = false
    })

    const startedAt = performance.now()
    const visits = Promise.all(
      away.map(async ({ browser, callback }) => ({
        browser,
        visit: await browser.visit(callback),
      })),
    )
    const during = await alice.request(`${SERVER_URL}/api/v1/session`)
    assert.equal(during.status, 200)
    assert.equal(isLocked, true, 'reads wait for the lock')
    const done = await visits
    assert.ok(performance.now() - startedAt < LONGEST_WAIT_MS)

    const letIn = done.filter(({ visit }) => visit.response.status === 200)
    for (const { browser, visit } of done) {
      if (visit.response.status === 200) continue
      assertRefusalPage(visit, { code: 'storage_unavailable', status: 503 })
      assert.equal(hasSessionCookie(browser), false)
    }
    assert.equal((await rowCounts(rig)).sessions, sessions + letIn.length)
    await released
    assert.equal((await rig.signIn(people.bob)).response.status, 200)
  })
})
