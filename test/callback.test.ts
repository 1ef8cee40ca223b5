import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assertRefusalPage,
  assertRefused,
  assertRefusedForGood,
  goToEntra,
  hasSessionCookie,
  noRows,
  oneOfEach,
  rowCounts,
} from './support/refusals.ts'
import { people, requestsAt, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const CALLBACK = `${SERVER_URL}/auth/entra/callback`
const notYours = { code: 'sign_in_attempt_not_yours', status: 400 }
const unreadable = { code: 'authorization_response_invalid', status: 400 }

describe('a callback with a wrong state', () => {
  const wrong: readonly (readonly [string, (callback: URL) => void, typeof notYours])[] = [
    ['none at all', ({ searchParams }) => searchParams.delete('state'), unreadable],
    ['an empty one', ({ searchParams }) => searchParams.set('state', ''), unreadable],
    ['a made-up one', ({ searchParams }) => searchParams.set('state', 'made-up'), notYours],
    ["another attempt's", ({ searchParams }) => searchParams.set('state', OTHER_STATE), notYours],
    [
      'the right id with another secret',
      ({ searchParams }) =>
        searchParams.set(
          'state',
          `${searchParams.get('state')?.split('.')[0]}.AAAAAAAAAAAAAAAAAAAAAA`,
        ),
      notYours,
    ],
    [
      'the right one with something behind it',
      ({ searchParams }) => searchParams.set('state', `${searchParams.get('state')}.x`),
      notYours,
    ],
    [
      'the right one in capitals',
      ({ searchParams }) =>
        searchParams.set('state', searchParams.get('state')?.toUpperCase() ?? ''),
      notYours,
    ],
  ]
  for (const [what, spoil, refused] of wrong) {
    it(`is refused before any call to Entra, and spends nothing: ${what} (A33)`, async (t) => {
      const rig = await openRig(t)
      const { browser, callback } = await goToEntra(rig, people.alice)
      const spoilt = new URL(callback)
      spoil(spoilt)
      await assertRefused(rig, { browser, callback: spoilt }, refused)
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.deepEqual(await rowCounts(rig), noRows)
      assert.deepEqual(await auditEvents(rig, { type: 'sign_in.refused' }), [])

      assert.equal((await browser.visit(callback)).response.status, 200)
    })
  }
})

describe("a callback in another browser than the attempt's", () => {
  it('is refused in a clean browser: nobody is signed in as somebody else (A33, C01)', async (t) => {
    const rig = await openRig(t)
    const attacker = await goToEntra(rig, people.bob)
    const victim = rig.browser()
    const visit = await assertRefused(rig, { ...attacker, browser: victim }, notYours)
    assert.deepEqual(visit.response.headers.getSetCookie(), [])
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.deepEqual(await rowCounts(rig), noRows)

    assert.equal((await attacker.browser.visit(attacker.callback)).response.status, 200)
  })

  it('leaves a browser that is signed in as it is (C01)', async (t) => {
    const rig = await openRig(t)
    const attacker = await goToEntra(rig, people.bob)
    const { browser: victim } = await rig.signIn(people.alice)
    const before = new Map(victim.cookies(new URL(SERVER_URL).host))

    const visit = await victim.visit(attacker.callback)
    assertRefusalPage(visit, notYours)
    assert.match(visit.text, /You are signed in all the same/)
    assert.deepEqual(new Map(victim.cookies(new URL(SERVER_URL).host)), before)
    assert.match((await victim.visit(`${SERVER_URL}/`)).text, /Hello, Alice Example/)
    assert.equal(requestsAt(rig, 'token'), 1)
  })

  it('is refused also when that browser has an attempt of its own (A33)', async (t) => {
    const rig = await openRig(t)
    const attacker = await goToEntra(rig, people.bob)
    const victim = await goToEntra(rig, people.alice)
    await assertRefused(rig, { ...attacker, browser: victim.browser }, notYours)
    assert.equal(requestsAt(rig, 'token'), 0)
  })
})

describe('a callback with an error of Entra', () => {
  it('shows nothing of its text, and spends the attempt (A34)', async (t) => {
    const rig = await openRig(t)
    const at = await goToEntra(rig, people.alice)
    const { searchParams } = at.callback
    searchParams.delete('code')
    searchParams.set('error', 'access_denied')
    searchParams.set('error_description', '<script>alert(1)</script> evil words')
    const { text } = await assertRefusedForGood(rig, at, {
      code: 'authorization_refused',
      status: 403,
    })
    assert.doesNotMatch(text, /alert|evil words/)
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.deepEqual(await rowCounts(rig), noRows)
    const events = await auditEvents(rig, { type: 'sign_in.refused' })
    assert.deepEqual(
      new Set(events.map(({ detail }) => JSON.stringify(detail.entra))),
      new Set(['{"error":"access_denied","codes":[]}', undefined]),
    )
  })

  it('shows nothing of an error that is a script itself (A34)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.delete('code')
    callback.searchParams.set('error', '<script>alert(1)</script>')
    callback.searchParams.set('error_uri', 'javascript:alert(1)//?code=50011')
    const { text } = await assertRefused(
      rig,
      { browser, callback },
      { code: 'authorization_refused', status: 403 },
    )
    assert.doesNotMatch(text, /alert/)
  })
})

describe('a callback that cannot be understood', () => {
  it('is refused with code and error together (A35)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.set('error', 'access_denied')
    await assertRefused(rig, { browser, callback }, unreadable)
    assert.equal(requestsAt(rig, 'token'), 0)
  })

  it('is refused with neither (A35)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.delete('code')
    await assertRefused(rig, { browser, callback }, unreadable)
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  for (const name of ['state', 'code', 'error', 'error_description', 'connection']) {
    it(`is refused with a repeated ${name} (RFC 6749 §3.1)`, async (t) => {
      const rig = await openRig(t)
      const { browser, callback } = await goToEntra(rig, people.alice)
      const value = callback.searchParams.get(name) ?? 'x'
      const repeated = new URL(callback)
      repeated.searchParams.delete(name)
      repeated.searchParams.append(name, value)
      repeated.searchParams.append(name, value)
      await assertRefused(rig, { browser, callback: repeated }, unreadable)
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.equal((await browser.visit(callback)).response.status, 200)
    })
  }

  const huge: readonly (readonly [string, number, typeof notYours])[] = [
    ['state', 100_000, unreadable],
    ['state', 2000, notYours],
    ['code', 100_000, unreadable],
  ]
  for (const [name, length, refused] of huge) {
    it(`is refused with ${length} letters of ${name}`, async (t) => {
      const rig = await openRig(t)
      const { browser, callback } = await goToEntra(rig, people.alice)
      callback.searchParams.set(name, 'x'.repeat(length))
      await assertRefused(rig, { browser, callback }, refused)
      assert.equal(requestsAt(rig, 'token'), 0)
    })
  }

  it('keeps little of an endless error text', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.delete('code')
    callback.searchParams.set('error', 'x'.repeat(100_000))
    callback.searchParams.set('error_description', 'AADSTS50105: '.padEnd(200_000, 'y'))
    const { text } = await assertRefused(
      rig,
      { browser, callback },
      { code: 'authorization_refused', status: 403 },
    )
    assert.match(text, /AADSTS50105/)
    assert.equal(text.length < 10_000 && rig.logLines.join('').length < 20_000, true)
  })

  it('takes a code of Entra that is long', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.set('code', `1.${'x'.repeat(4000)}`)
    await assertRefused(rig, { browser, callback }, { code: 'code_refused', status: 400 })
    assert.equal(requestsAt(rig, 'token'), 1)
  })
})

describe('a callback without anything', () => {
  it('says that you are signed in where you are, and does nothing', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const visit = await browser.visit(CALLBACK)
    assert.equal(visit.response.status, 200)
    assert.match(visit.text, /You are signed in/)
    assert.deepEqual(visit.response.headers.getSetCookie(), [])
    assert.deepEqual(await rowCounts(rig), oneOfEach)
    assert.match((await browser.visit(`${SERVER_URL}/`)).text, /Hello, Alice Example/)
  })
})

describe('a callback by another method than GET', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
    it(`${method} is refused and spends nothing`, async (t) => {
      const rig = await openRig(t)
      const { browser, callback } = await goToEntra(rig, people.alice)
      const response = await browser.request(callback, { method })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow')?.startsWith('GET'), true)
      assert.equal(hasSessionCookie(browser), false)
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.equal((await browser.visit(callback)).response.status, 200)
    })
  }

  it('does not take what a form posts (response_mode=form_post)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    const body = new URLSearchParams(callback.searchParams)
    const response = await browser.request(CALLBACK, { method: 'POST', body })
    assert.equal(response.status, 405)
    assert.equal(requestsAt(rig, 'token'), 0)
  })
})

const OTHER_STATE = '0192f0c0a1b27c3d8e4f5a6b7c8d9e0f.AAAAAAAAAAAAAAAAAAAAAA'
