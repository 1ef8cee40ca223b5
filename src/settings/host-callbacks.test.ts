import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { people, SERVER_URL, stoppedClock } from '../../test/support/rig.ts'
import { liveSessions, openRig, sessionCookieOf } from '../../test/support/steps.ts'
import type { Log } from '../log/log.ts'
import { guardedCallbacks } from './host-callbacks.ts'

describe('the `log` option', () => {
  it('may throw or reject without changing what a request gets (A4)', async (t) => {
    const complaints = silenceConsole(t)
    const broken = () => {
      throw new Error('the disk is full')
    }
    const rejecting = async () => broken()
    for (const method of [broken, rejecting]) {
      const log: Log = { debug: method, info: method, warn: method, error: method }
      const rig = await openRig(t, { log })
      assert.equal((await rig.signIn(people.alice)).response.status, 200)
      const request = new Request(`${SERVER_URL}/no-such-page`)
      assert.equal((await rig.entrada.fetch(request)).status, 404)
    }
    assert.equal(complaints(), 2, 'each log is complained about once')
  })

  it('keeps the methods of a logger that needs its `this` (A4)', () => {
    class Collected {
      readonly events: string[] = []
      debug(event: string) {
        this.events.push(event)
      }
      info(event: string) {
        this.events.push(event)
      }
      warn(event: string) {
        this.events.push(event)
      }
      error(event: string) {
        this.events.push(event)
      }
    }
    const log = new Collected()
    const guarded = guardedCallbacks({ log }).log
    guarded?.info('one')
    guarded?.error('two')
    assert.deepEqual(log.events, ['one', 'two'])
  })
})

describe('the `now` option', () => {
  for (const [name, now] of [
    ['an invalid date', () => new Date(Number.NaN)],
    ['a number', () => Date.now()],
    ['a text', () => new Date().toISOString()],
    ['nothing', () => undefined],
  ] as const) {
    it(`ends nobody’s time limit when it returns ${name}: requests are refused (A4)`, async (t) => {
      const clock = stoppedClock()
      let returned: () => unknown = clock.now
      const rig = await openRig(t, { clock, now: () => returned() as Date }) // any value
      const { browser } = await rig.signIn(people.alice)
      assert.equal((await liveSessions(rig)).length, 1)
      const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
      const request = new Request(SERVER_URL, { headers: { host: 'sso.localhost:3000', cookie } })
      returned = now
      assert.equal((await rig.entrada.decideAccess(request)).kind, 'refused')
      await assert.rejects(rig.entrada.getSession(request), { code: 'clock_invalid' })
      assert.equal((await rig.entrada.fetch(request)).status, 503)
      returned = clock.now
      assert.equal((await rig.entrada.decideAccess(request)).kind, 'allowed')
    })
  }
})

describe('the `resolveTxt` option', () => {
  it('proves nothing with an answer that is no list of texts (A4)', async () => {
    for (const answer of ['a text', undefined, { length: 1 }, [['nested']], [1]]) {
      const { resolveTxt } = guardedCallbacks({ resolveTxt: async () => answer as string[] })
      await assert.rejects(async () => resolveTxt?.('contoso.example'), { code: 'dns_unavailable' })
    }
    const { resolveTxt } = guardedCallbacks({ resolveTxt: async () => ['one'] })
    assert.deepEqual(await resolveTxt?.('contoso.example'), ['one'])
  })

  it('that never answers is given up (A4)', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { resolveTxt } = guardedCallbacks({ resolveTxt: () => new Promise(() => {}) })
    const rejected = assert.rejects(async () => resolveTxt?.('contoso.example'), {
      code: 'dns_unavailable',
    })
    t.mock.timers.tick(60_000)
    await rejected
  })
})

/** Counts what is written to the console in its place. */
function silenceConsole(t: TestContext): () => number {
  const spied = t.mock.method(console, 'error', () => {})
  return () => spied.mock.callCount()
}
