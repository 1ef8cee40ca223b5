/** Entra over real sockets, when it does not answer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTestBrowser } from './support/browser.ts'
import { openFarRig } from './support/far-rig.ts'
import {
  assertRefusalPage,
  assertRefused,
  assertRefusedForGood,
  goToEntra,
  noRows,
  oneOfEach,
  rowCounts,
} from './support/refusals.ts'
import { newDatabaseFile, openReplica } from './support/replicas.ts'
import { people, requestsAt, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const timeout = { code: 'provider_timeout', status: 504 }
const unreachable = { code: 'provider_unreachable', status: 502 }
const LONGEST_WAIT_MS = 10_000

/** The result, and an error if a person would have had to wait too long for it. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  const result = await work()
  assert.equal(performance.now() - startedAt < LONGEST_WAIT_MS, true)
  return result
}

describe('a sign-in while Entra does not answer', { concurrency: true }, () => {
  it('ends with an error page when the token endpoint hangs, and nobody else waits (H03)', async (t) => {
    const rig = await openFarRig(t)
    const alice = await goToEntra(rig, people.alice)
    const bob = await goToEntra(rig, people.bob)
    rig.emulator.setFault({ kind: 'hang', on: 'token', forUser: people.alice })
    const [, signedIn] = await inTime(() =>
      Promise.all([assertRefused(rig, alice, timeout), bob.browser.visit(bob.callback)]),
    )
    assert.match(signedIn.text, /Hello, Bob Example/)
    assert.deepEqual(await rowCounts(rig), oneOfEach)
    assert.equal(requestsAt(rig, 'token'), 2)
  })

  it('ends with an error page when discovery hangs (H02)', async (t) => {
    const rig = await openFarRig(t)
    rig.emulator.setFault({ kind: 'hang', on: 'discovery' })
    const browser = rig.browser()
    const visit = await inTime(() => browser.visit(`${SERVER_URL}/auth/entra/login`))
    assertRefusalPage(visit, timeout)
    assert.match(visit.text, /You can start again/)

    const again = await goToEntra(rig, people.alice, { browser })
    assert.equal((await browser.visit(again.callback)).response.status, 200)
  })

  it('ends with an error page when the keys hang (H02)', async (t) => {
    const rig = await openFarRig(t)
    const at = await goToEntra(rig, people.alice)
    rig.emulator.setFault({ kind: 'hang', on: 'keys' })
    await inTime(() => assertRefusedForGood(rig, at, timeout))
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('ends in time also when everything is slow rather than hanging', async (t) => {
    const rig = await openFarRig(t)
    const at = await goToEntra(rig, people.alice)
    for (const on of ['token', 'keys'] as const) {
      rig.emulator.setFault({ kind: 'delay', on, milliseconds: 5500 })
    }
    await inTime(() => assertRefused(rig, at, timeout))
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('ends in time when the directory behind a domain has to be found as well', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openFarRig(t, { database, entra: { tenantId: 'contoso.example' } })
    const { browser, callback } = await goToEntra(rig, people.alice)
    const restarted = openReplica(t, rig)
    for (const on of ['discovery', 'token'] as const) {
      rig.emulator.setFault({ kind: 'delay', on, milliseconds: 5500 })
    }
    const host = new URL(SERVER_URL).host
    const other = createTestBrowser({ [host]: (request) => restarted.fetch(request) })
    for (const [name, value] of browser.cookies(host)) other.setCookie(host, name, value)
    await inTime(() => assertRefused(rig, { browser: other, callback }, timeout))
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('ends with an error page when nobody listens there', async (t) => {
    const rig = await openRig(t, { fetch, entra: { authority: new URL('http://127.0.0.1:9') } })
    const visit = await inTime(() => rig.browser().visit(`${SERVER_URL}/auth/entra/login`))
    assertRefusalPage(visit, unreachable)
  })
})
