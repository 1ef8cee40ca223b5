/** Very many concurrent requests of every expensive kind; other clients must not notice. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openFarRig } from '../support/far-rig.ts'
import { signInOverSockets, startEntra } from '../support/fault-servers.ts'
import { assertRefused, goToEntra, rowCounts } from '../support/refusals.ts'
import { people, requestsAt } from '../support/rig.ts'
import { freePort, startServer } from '../support/server-process.ts'
import { openRig } from '../support/steps.ts'

const LONGEST_WAIT_MS = 10_000

describe('two hundred callbacks at once whose tokens name unknown keys', () => {
  it('make us ask for the keys once, and somebody among them is let in (H08)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    for (let n = 0; n < 200; n += 1) {
      const setHeader = { kid: `unknown-${n}` }
      rig.emulator.setFault({ kind: 'id_token', setHeader, forUser: people.bob })
    }
    const forged = await Promise.all(Array.from({ length: 200 }, () => goToEntra(rig, people.bob)))
    const honest = await goToEntra(rig, people.erin)
    // Between two look-ups it is not known yet that the key does not exist, and the page asks the user to try again in a moment.
    const refusals = forged.map(async (at) => {
      const { response, text } = await at.browser.visit(at.callback)
      assert.ok([401, 503].includes(response.status), String(response.status))
      assert.match(text, /id_token_key_unknown|signing_key_awaited/)
    })
    const [visit] = await Promise.all([honest.browser.visit(honest.callback), ...refusals])
    assert.equal(visit.response.status, 200, visit.text)
    assert.equal(requestsAt(rig, 'keys'), 2)
    assert.equal((await rowCounts(rig)).users, 2)
  })
})

describe('fifty sign-ins for which the token endpoint hangs', () => {
  it('keep nobody else waiting, and end within ten seconds (H03)', async (t) => {
    const rig = await openFarRig(t)
    const hung = await Promise.all(Array.from({ length: 50 }, () => goToEntra(rig, people.alice)))
    const bob = await goToEntra(rig, people.bob)
    rig.emulator.setFault({ kind: 'hang', on: 'token', forUser: people.alice, times: 50 })
    const startedAt = performance.now()
    let ended = 0
    const refusals = Promise.all(
      hung.map(async (at) => {
        await assertRefused(rig, at, { code: 'provider_timeout', status: 504 })
        ended += 1
      }),
    )
    const { response } = await bob.browser.visit(bob.callback)
    assert.deepEqual([response.status, ended], [200, 0], 'while all of them still wait')
    await refusals
    assert.ok(performance.now() - startedAt < LONGEST_WAIT_MS)
    assert.equal((await rowCounts(rig)).users, 1)
  })
})

describe('tokens of a hundred kilobytes', () => {
  it('are read, keep nobody out, and are not kept (H26)', async (t) => {
    const rig = await openRig(t)
    const padding = Array.from(
      { length: 2_500 },
      (_, n) => `${n}-padding-of-forty-characters-in-all`,
    )
    const setClaims = { padding, nested: { padding: padding.join().slice(0, 10_000) } }
    rig.emulator.setFault({ kind: 'id_token', setClaims, forUser: people.alice, times: 20 })
    const large = await Promise.all(Array.from({ length: 20 }, () => goToEntra(rig, people.alice)))
    const bob = await goToEntra(rig, people.bob)
    const visits = await Promise.all(
      [...large, bob].map(({ browser, callback }) => browser.visit(callback)),
    )
    assert.deepEqual(new Set(visits.map(({ response }) => response.status)), new Set([200]))
    assert.deepEqual(rig.emulator.faults, [], 'all of them were large')
    const kept = JSON.stringify([
      await rig.services.storage.listUsers({ limit: 9 }),
      await rig.services.storage.listSignInTraces({}, { limit: 99 }),
    ])
    assert.doesNotMatch(kept, /padding-of-forty/)
  })

  // Lateness itself is the machine's as much as ours, and this one does other things; CPU time is ours alone.
  it('cost so little CPU that no look of the event loop is 200 ms late because of one (H26)', async (t) => {
    const metricsPort = await freePort()
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const { emulator, environment } = await startEntra(t, origin)
    const metrics = { ENTRADA_METRICS_LISTEN: `127.0.0.1:${metricsPort}` }
    const options = { port, environment: { ...environment, ...metrics } }
    const server = await startServer(t, 'serve', options)
    await server.printed(/"event":"started"/)
    const cpuSeconds = async () => {
      const scraped = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
      const text = await scraped.text()
      return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1])
    }
    const costOf = async (count: number) => {
      const before = await cpuSeconds()
      const outcomes = await Promise.all(
        Array.from({ length: count }, () => signInOverSockets(origin)),
      )
      assert.ok(outcomes.every(({ kind }) => kind === 'signed_in'))
      return ((await cpuSeconds()) - before) / count
    }
    await costOf(20)
    const small = await costOf(40)
    const padding = Array.from({ length: 2_500 }, (_, n) => `${n}-padding-of-forty-characters`)
    emulator.setFault({ kind: 'id_token', setClaims: { padding }, times: 40 })
    const large = await costOf(40)
    assert.deepEqual(emulator.faults, [], 'all of them were large')
    t.diagnostic(
      `CPU of a sign-in: ${(small * 1000).toFixed(1)} ms, with 100 KB ${(large * 1000).toFixed(1)} ms`,
    )
    assert.ok(small > 0 && large < 0.1, `${large} s`)
  })
})
