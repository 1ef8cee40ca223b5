import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MOST_SESSIONS } from '../src/session/end-sessions.ts'
import type { TestBrowser } from './support/browser.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  auditEvents,
  codeOf,
  formTokenOf,
  HTTPS_URL,
  liveSessions,
  openHttpsRig,
  openRig,
  postForm,
  SECOND_URL,
  sessionCookieOf,
} from './support/steps.ts'

const HOUR = 3600

async function isSignedIn(browser: TestBrowser, origin = SERVER_URL): Promise<boolean> {
  const { status } = await browser.request(`${origin}/api/v1/session`)
  assert.ok(status === 200 || status === 401, String(status))
  return status === 200
}

/** A request to the application that the library is embedded in, with the cookies of a browser. */
function applicationRequest(browser: TestBrowser, origin = SERVER_URL): Request {
  const [name, value] = sessionCookieOf(browser, origin)
  return new Request(`${origin}/orders/7`, { headers: { cookie: `${name}=${value}` } })
}

describe('a session', () => {
  it('lasts while it is used, and ends half a day after the last use (C33)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    rig.clock.advanceSeconds(11 * HOUR)
    assert.ok(await isSignedIn(browser))
    rig.clock.advanceSeconds(11 * HOUR)
    assert.ok(await isSignedIn(browser), 'use moved the idle end')

    const { browser: unused } = await rig.signIn(people.bob)
    rig.clock.advanceSeconds(12 * HOUR)
    assert.ok(!(await isSignedIn(unused)))
  })

  it('ends after a day however much it is used, and leads back to the login page (C33)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    for (let hour = 1; hour < 24; hour += 1) {
      rig.clock.advanceSeconds(HOUR)
      assert.ok(await isSignedIn(browser), `hour ${hour}`)
    }
    rig.clock.advanceSeconds(HOUR)
    assert.ok(!(await isSignedIn(browser)))
    const home = await browser.visit(`${SERVER_URL}/`)
    assert.equal(home.url.pathname, '/login')
  })

  it('is replaced by the next sign-in of the same browser (C02)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const before = browser.clone()
    await rig.signIn(people.bob, { browser })
    assert.ok(!(await isSignedIn(before)), 'the old id is dead')
    assert.equal((await liveSessions(rig)).length, 1)
    const [event] = await auditEvents(rig, { type: 'session.ended' })
    assert.deepEqual(event?.detail, { reason: 'replaced' })
  })

  it('of one browser leaves the other browsers of that person alone', async (t) => {
    const rig = await openRig(t)
    const { browser: laptop } = await rig.signIn(people.alice)
    const { browser: phone } = await rig.signIn(people.alice)
    assert.ok((await isSignedIn(laptop)) && (await isSignedIn(phone)))
    assert.equal((await liveSessions(rig)).length, 2)
  })

  it('of one address is none at another address of the same server', async (t) => {
    const rig = await openHttpsRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [name, value] = sessionCookieOf(browser, HTTPS_URL)
    browser.setCookie(new URL(SECOND_URL).host, name, value)
    assert.ok(await isSignedIn(browser, HTTPS_URL))
    assert.ok(!(await isSignedIn(browser, SECOND_URL)))
    const request = applicationRequest(browser, SECOND_URL)
    assert.equal(await rig.entrada.getSession(request), undefined)
  })

  it('can be opened at the second address, too', async (t) => {
    const rig = await openHttpsRig(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { url, text } = await browser.visit(`${SECOND_URL}/auth/entra/login`)
    assert.equal(url.href, `${SECOND_URL}/`, text)
    assert.ok(await isSignedIn(browser, SECOND_URL))
  })

  it('is over at once when its user is disabled', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const api = await rig.entrada.api
    await api.disableUser({ actor: { kind: 'system' } }, session?.userId ?? '')
    assert.ok(!(await isSignedIn(browser)))
  })
})

describe('GET /api/v1/session', () => {
  it('says who is signed in, where, and until when', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const response = await browser.request(`${SERVER_URL}/api/v1/session`)
    const session = await response.json()
    assert.match(session.user.id, /^usr_[0-9a-f-]{36}$/)
    assert.match(session.membership.id, /^mem_/)
    assert.match(session.session.id, /^ses_/)
    assert.deepEqual(session, {
      user: { id: session.user.id },
      organization: {
        id: 'default',
        name: session.organization.name,
        slug: 'default',
        ssoRequired: false,
      },
      membership: {
        id: session.membership.id,
        username: 'alice',
        displayName: 'Alice Example',
        email: session.membership.email,
        guest: false,
      },
      roles: session.roles,
      groups: ['1a000000-0000-4000-8000-000000000001', '1a000000-0000-4000-8000-000000000003'],
      session: {
        id: session.session.id,
        kind: 'user',
        connectionId: 'default',
        createdAt: '2026-11-22T12:00:00.000Z',
        expiresAt: '2026-11-23T12:00:00.000Z',
        idleExpiresAt: '2026-11-23T00:00:00.000Z',
      },
    })
    assert.equal(session.membership.email.address, 'alice@contoso.example')
  })

  it('says that groups are not known, which is not the same as none', async (t) => {
    const rig = await openRig(t)
    const { browser: inMany } = await rig.signIn(people.dave)
    const { browser: inNone } = await rig.signIn(people.erin)
    const groupsOf = async (browser: TestBrowser) =>
      (await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()).groups
    assert.equal(await groupsOf(inMany), null)
    assert.deepEqual(await groupsOf(inNone), [])
  })

  it('answers 401 as problem+json to everybody else', async (t) => {
    const rig = await openRig(t)
    const response = await rig.browser().request(`${SERVER_URL}/api/v1/session`)
    assert.equal(response.status, 401)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const { correlationId, ...problem } = await response.json()
    assert.match(correlationId, /^[0-9a-f-]{36}$/)
    assert.deepEqual(problem, {
      type: 'about:blank',
      title: 'Please sign in.',
      status: 401,
      code: 'sign_in_required',
    })
  })
})

describe('getSession of the library', () => {
  it('answers for the request of an application what the API answers the browser', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const session = await rig.entrada.getSession(applicationRequest(browser))
    const json = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    assert.deepEqual(session, json)
  })

  it('answers `undefined` without a session', async (t) => {
    const rig = await openRig(t)
    assert.equal(await rig.entrada.getSession(new Request(`${SERVER_URL}/orders/7`)), undefined)
  })
})

describe('a database that does not answer', () => {
  async function lostDatabase(rig: Rig) {
    const { browser } = await rig.signIn(people.alice)
    await rig.services.storage.close()
    return browser
  }

  it('is an outage, not a sign-out: 503 everywhere, and nobody is let in (C36)', async (t) => {
    const rig = await openRig(t)
    const browser = await lostDatabase(rig)
    for (const path of ['/', '/login', '/account', '/admin', '/api/v1/session', '/readyz']) {
      const response = await browser.request(SERVER_URL + path)
      assert.equal(response.status, 503, path)
      assert.equal(response.headers.get('retry-after'), '5', path)
      assert.deepEqual(response.headers.getSetCookie(), [], path)
    }
    assert.equal((await browser.request(`${SERVER_URL}/healthz`)).status, 200)
  })

  it('makes getSession of the library throw, never answer `undefined` (C36)', async (t) => {
    const rig = await openRig(t)
    const browser = await lostDatabase(rig)
    await assert.rejects(rig.entrada.getSession(applicationRequest(browser)), {
      code: 'storage_unavailable',
    })
  })

  it('ends a sign-in under way with 503 and without a session (C36)', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const start = await browser.request(`${SERVER_URL}/auth/entra/login`)
    const atEntra = await browser.request(start.headers.get('location') ?? '')
    await rig.services.storage.close()
    const back = await browser.request(atEntra.headers.get('location') ?? '')
    assert.equal(back.status, 503)
    assert.equal(await codeOf(back), 'storage_unavailable')
    assert.deepEqual(sessionCookieOf(browser, SERVER_URL), ['', ''])
  })
})

describe('many sessions of one person', () => {
  it('are bounded: a further sign-in ends the oldest, which is audited and shown (A10)', async (t) => {
    const rig = await openRig(t)
    const first = await rig.signIn(people.alice)
    const bob = await rig.signIn(people.bob)
    for (let n = 2; n <= MOST_SESSIONS; n += 1) await rig.signIn(people.alice)
    const isIn = async ({ browser }: Pick<typeof first, 'browser'>) =>
      (await browser.request(`${SERVER_URL}/api/v1/session`)).status === 200
    const page = await (await first.browser.request(`${SERVER_URL}/account`)).text()
    assert.match(page, new RegExp(`${MOST_SESSIONS} of at most ${MOST_SESSIONS}`))

    const last = await rig.signIn(people.alice)
    assert.deepEqual([await isIn(first), await isIn(last), await isIn(bob)], [false, true, true])
    const [event, ...others] = await auditEvents(rig, { type: 'session.ended' })
    assert.deepEqual([event?.detail, others], [{ reason: 'too_many_sessions' }, []])
    // Signing in again in the same browser takes the place of its own session.
    await rig.signIn(people.alice, { browser: last.browser })
    const reasons = (await auditEvents(rig, { type: 'session.ended' })).map(
      ({ detail }) => detail.reason,
    )
    assert.deepEqual(reasons, ['replaced', 'too_many_sessions'])
  })
})

describe('/account', () => {
  it('lists the sessions of the person, and of nobody else', async (t) => {
    const rig = await openRig(t)
    const { browser: laptop } = await rig.signIn(people.alice)
    await rig.signIn(people.alice)
    const { browser: bobs } = await rig.signIn(people.bob)
    const page = await (await laptop.request(`${SERVER_URL}/account`)).text()
    assert.equal(page.match(/<strong>This browser<\/strong>/g)?.length, 1)
    assert.equal(page.match(/<strong>Another browser<\/strong>/g)?.length, 1)
    const bobsPage = await (await bobs.request(`${SERVER_URL}/account`)).text()
    assert.equal(bobsPage.match(/value="ses_/g)?.length, 1)
  })

  it('ends another browser’s session, and this one stays', async (t) => {
    const rig = await openRig(t)
    const { browser: phone } = await rig.signIn(people.alice)
    const { browser: laptop } = await rig.signIn(people.alice)
    const response = await endSession(laptop, await sessionIdOf(phone))
    assert.equal(response.headers.get('location'), '/account')
    assert.ok(!(await isSignedIn(phone)))
    assert.ok(await isSignedIn(laptop))
    const [event] = await auditEvents(rig, { type: 'session.ended' })
    assert.deepEqual(event?.detail, { reason: 'ended_by_user' })
    assert.equal(event?.actor.kind, 'user')
  })

  it('ending this browser’s own session signs out, and the next sign-in asks for the account', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const response = await endSession(browser, await sessionIdOf(browser))
    assert.equal(response.headers.get('location'), '/login')
    assert.deepEqual(sessionCookieOf(browser, SERVER_URL), ['', ''])
    const start = await browser.request(`${SERVER_URL}/auth/entra/login`)
    assert.match(start.headers.get('location') ?? '', /prompt=select_account/)
  })

  it('does not end somebody else’s session: 404, and theirs lives (C38)', async (t) => {
    const rig = await openRig(t)
    const { browser: alices } = await rig.signIn(people.alice)
    const { browser: bobs } = await rig.signIn(people.bob)
    const refused = await endSession(bobs, await sessionIdOf(alices))
    const unknown = await endSession(bobs, 'ses_00000000-0000-7000-8000-000000000000')
    assert.deepEqual([refused.status, unknown.status], [404, 404])
    assert.equal(await codeOf(refused), await codeOf(unknown), 'no telling which sessions exist')
    assert.ok(await isSignedIn(alices))
  })
})

async function sessionIdOf(browser: TestBrowser): Promise<string> {
  return (await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()).session.id
}

async function endSession(browser: TestBrowser, session: string): Promise<Response> {
  const page = await (await browser.request(`${SERVER_URL}/account`)).text()
  const fields = { form_token: formTokenOf(page), session }
  return postForm(browser, `${SERVER_URL}/account`, { fields })
}
