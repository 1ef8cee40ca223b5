import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storedTokenHash } from '../src/session/session.ts'
import type { TestBrowser } from './support/browser.ts'
import { CLIENT_ID, ENTRA_URL, people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  auditEvents,
  codeOf,
  liveSessions,
  openRig,
  postForm,
  sessionCookieOf,
  signInWithToken,
  signOut,
} from './support/steps.ts'

const CALLBACK = `${SERVER_URL}/auth/entra/callback`
const FRONT_CHANNEL = `${SERVER_URL}/auth/entra/frontchannel-logout`

async function isSignedIn(browser: TestBrowser): Promise<boolean> {
  return (await browser.request(`${SERVER_URL}/api/v1/session`)).status === 200
}

/** Where Entra is asked to go when a sign-in starts now. */
async function promptOfNextStart(browser: TestBrowser): Promise<string | null> {
  const start = await browser.request(`${SERVER_URL}/auth/entra/login`)
  return new URL(start.headers.get('location') ?? '').searchParams.get('prompt')
}

describe('signing out here', () => {
  it('ends the session on the server: the old cookie is worth nothing (C29)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const stolen = browser.clone()
    const response = await signOut(browser, SERVER_URL)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/auth/logout')
    assert.deepEqual(sessionCookieOf(browser, SERVER_URL), ['', ''])
    assert.ok(!(await isSignedIn(stolen)))
    assert.deepEqual(await liveSessions(rig), [])
    const { text } = await browser.visit(`${SERVER_URL}/auth/logout`)
    assert.match(text, /You are signed out/)
  })

  it('leaves one audit event that names the person and the reason', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await signOut(browser, SERVER_URL)
    const events = await auditEvents(rig, { type: 'session.ended' })
    assert.equal(events.length, 1)
    assert.deepEqual(events[0]?.detail, { reason: 'sign_out' })
    assert.deepEqual(events[0]?.actor, { kind: 'user', id: events[0]?.userId })
  })

  it('makes the next sign-in ask which account, until one has succeeded', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    assert.equal(await promptOfNextStart(browser), null)
    await signOut(browser, SERVER_URL)
    assert.equal(await promptOfNextStart(browser), 'select_account')
    await rig.signIn(people.bob, { browser })
    assert.equal(await promptOfNextStart(browser), null)
  })

  it('needs a press of the button: a link or an image signs nobody out (C28)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }
    const response = await browser.request(`${SERVER_URL}/auth/logout`, { headers })
    assert.match(await response.text(), /Sign out\?/)
    assert.ok(await isSignedIn(browser))
  })

  it('is no error when there is nothing to sign out of', async (t) => {
    const rig = await openRig(t)
    const response = await postForm(rig.browser(), `${SERVER_URL}/auth/logout`)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/auth/logout')
  })

  it('works for an operator session, too', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const admin = await (await browser.request(`${SERVER_URL}/admin`)).text()
    const formToken = /name="form_token" value="([^"]+)"/.exec(admin)?.[1] ?? ''
    await postForm(browser, `${SERVER_URL}/auth/logout`, { fields: { form_token: formToken } })
    assert.equal((await browser.request(`${SERVER_URL}/admin`)).status, 401)
  })
})

describe('the callback without parameters', () => {
  it('says that they are signed in to who is, and does nothing (P6)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const { response, text } = await browser.visit(CALLBACK)
    assert.equal(response.status, 200)
    assert.match(text, /<h1>You are signed in<\/h1>/)
    assert.doesNotMatch(text, /signed out/)
    assert.ok(await isSignedIn(browser))
  })

  it('says that they are signed out to who is (P6)', async (t) => {
    const rig = await openRig(t)
    assert.match((await rig.browser().visit(CALLBACK)).text, /You are signed out/)
  })
})

describe('signing out of Microsoft, too', () => {
  it('goes on to Entra with the hint, our client id, our redirect URI and a sealed state (E8)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const response = await signOut(browser, SERVER_URL, 'microsoft')
    const location = new URL(response.headers.get('location') ?? '')
    assert.equal(location.origin, ENTRA_URL)
    assert.match(location.pathname, /\/oauth2\/v2\.0\/logout$/)
    assert.equal(location.searchParams.get('logout_hint'), session?.loginHint)
    assert.ok(session?.loginHint)
    assert.equal(location.searchParams.get('post_logout_redirect_uri'), CALLBACK)
    assert.equal(location.searchParams.get('client_id'), CLIENT_ID)
    assert.match(location.searchParams.get('state') ?? '', /^out\.v1\./)
    assert.ok(!(await isSignedIn(browser)), 'over here already')
  })

  it('comes back to a page that says so, and does nothing else', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setApplication(CLIENT_ID, { logoutUrl: undefined })
    const { browser } = await rig.signIn(people.alice)
    const response = await signOut(browser, SERVER_URL, 'microsoft')
    const back = await browser.visit(response.headers.get('location') ?? '')
    assert.equal(back.url.origin + back.url.pathname, CALLBACK)
    assert.equal(back.response.status, 200)
    assert.match(back.text, /You are signed out/)
    assert.deepEqual(back.response.headers.getSetCookie(), [])
  })

  it('is what the one button does where the connection says so', async (t) => {
    const rig = await openRig(t, { entra: { policies: { signOutOfMicrosoft: true } } })
    const { browser } = await rig.signIn(people.alice)
    const response = await signOut(browser, SERVER_URL)
    assert.equal(new URL(response.headers.get('location') ?? '').origin, ENTRA_URL)
  })

  it('still signs out here when Entra cannot be reached', async (t) => {
    const rig = await openRig(t, {
      // The discovery document of the sign-in is gone with the process that fetched it.
      fetch: async () => Promise.reject(new TypeError('fetch failed')),
    })
    const browser = await signInWithoutEntra(rig)
    const response = await signOut(browser, SERVER_URL, 'microsoft')
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/auth/logout')
    assert.ok(!(await isSignedIn(browser)))
    assert.ok(rig.logLines.some((line) => line.includes('microsoft_sign_out_skipped')))
  })

  for (const [what, query] of Object.entries({
    'a state that we did not seal':
      'state=out.v1.aaaaaaaa.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
    'the state of somebody else’s sign-out page': 'state=out.',
    'a state of no kind': 'state=xyz',
  })) {
    it(`is not believed on coming back with ${what} (C32)`, async (t) => {
      const rig = await openRig(t)
      const { browser } = await rig.signIn(people.alice)
      const response = await browser.request(`${CALLBACK}?${query}`)
      assert.equal(response.status, 400)
      assert.equal(await codeOf(response), 'sign_in_attempt_not_yours')
      assert.ok(await isSignedIn(browser))
    })
  }

  it('is over here whatever comes back, and nothing redirects elsewhere (C32)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await signOut(browser, SERVER_URL, 'microsoft')
    for (const query of ['', '?post_logout_redirect_uri=https://evil.example', '?state=other']) {
      const response = await browser.request(CALLBACK + query)
      assert.equal(response.headers.get('location'), null)
      assert.ok(!(await isSignedIn(browser)))
    }
  })
})

/** A session made on the database alone, as it would be found after a restart. */
async function signInWithoutEntra(rig: Rig): Promise<TestBrowser> {
  const sessionToken = 'B'.repeat(43)
  const at = rig.services.now()
  const later = new Date(at.getTime() + 60_000)
  const user = { id: 'usr_1', status: 'active', createdAt: at, updatedAt: at } as const
  await rig.services.storage.atomically(async (transaction) => {
    await transaction.createUser(user)
    await transaction.createSession({
      id: 'ses_1',
      kind: 'user',
      userId: user.id,
      organizationId: 'default',
      connectionId: 'default',
      tokenHash: storedTokenHash(rig.services, new URL(SERVER_URL), sessionToken),
      host: new URL(SERVER_URL).host,
      createdAt: at,
      lastSeenAt: at,
      idleEndsAt: later,
      absoluteEndsAt: later,
    })
  })
  const browser = rig.browser()
  browser.setCookie(new URL(SERVER_URL).host, 'entrada-session', sessionToken)
  return browser
}

describe('GET /auth/entra/frontchannel-logout', () => {
  async function sidOf(rig: Rig, userId: string | undefined): Promise<string> {
    const session = (await liveSessions(rig)).find((session) => session.userId === userId)
    assert.ok(session?.entraSid)
    return session.entraSid
  }

  it('ends exactly the sessions with this `sid`, without any cookie', async (t) => {
    const rig = await openRig(t)
    const { browser: alices } = await rig.signIn(people.alice)
    const [{ userId } = {}] = await liveSessions(rig)
    const { browser: bobs } = await rig.signIn(people.bob)
    const response = await rig.browser().request(`${FRONT_CHANNEL}?sid=${await sidOf(rig, userId)}`)
    assert.equal(response.status, 200)
    assert.ok(!(await isSignedIn(alices)))
    assert.ok(await isSignedIn(bobs))
    const events = await auditEvents(rig, { type: 'session.ended' })
    assert.deepEqual(
      events.map(({ actor, detail, userId: whose }) => ({ actor, detail, whose })),
      [{ actor: { kind: 'entra' }, detail: { reason: 'entra_front_channel' }, whose: userId }],
    )
  })

  it('answers a miss like a hit, and leaves no event of it', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const [{ userId } = {}] = await liveSessions(rig)
    const sid = await sidOf(rig, userId)
    const miss = await rig.browser().request(`${FRONT_CHANNEL}?sid=${sid.slice(1)}`)
    assert.equal((await auditEvents(rig, { type: 'session.ended' })).length, 0)
    const hit = await rig.browser().request(`${FRONT_CHANNEL}?sid=${sid}`)
    assert.equal((await auditEvents(rig, { type: 'session.ended' })).length, 1)
    assert.deepEqual([miss.status, [...miss.headers]], [hit.status, [...hit.headers]])
    assert.equal(await miss.text(), await hit.text())
  })

  it('spares a session of another connection with the same `sid`', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const connection = await rig.services.storage.findConnection('default')
    assert.ok(session?.entraSid && connection)
    const { entraSid } = session
    await rig.services.storage.atomically(async (transaction) => {
      await transaction.putConnection({ ...connection, id: 'other', slug: 'other' })
      await transaction.createSession({
        ...session,
        id: 'ses_other',
        tokenHash: 'other',
        connectionId: 'other',
      })
    })
    await rig.browser().request(`${FRONT_CHANNEL}?sid=${entraSid}`)
    assert.ok(!(await isSignedIn(browser)))
    assert.deepEqual(
      (await liveSessions(rig)).map(({ id }) => id),
      ['ses_other'],
    )
  })

  for (const [what, query] of Object.entries({
    missing: '',
    empty: '?sid=',
    repeated: '?sid=a&sid=b',
    'of 129 characters': `?sid=${'a'.repeat(129)}`,
  })) {
    it(`refuses a \`sid\` that is ${what}`, async (t) => {
      const rig = await openRig(t)
      const response = await rig.browser().request(FRONT_CHANNEL + query)
      assert.equal(response.status, 400)
      assert.equal(await codeOf(response), 'request_invalid')
    })
  }

  it('takes a `sid` of 128 characters', async (t) => {
    const rig = await openRig(t)
    const response = await rig.browser().request(`${FRONT_CHANNEL}?sid=${'a'.repeat(128)}`)
    assert.equal(response.status, 200)
  })

  it('may be framed by the authority and by nobody else (C26)', async (t) => {
    const rig = await openRig(t)
    const response = await rig.browser().request(`${FRONT_CHANNEL}?sid=s`)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, new RegExp(`frame-ancestors ${ENTRA_URL}$`))
    assert.equal(response.headers.get('x-frame-options'), null)
  })

  it('is what Entra calls when the person signs out there', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setApplication(CLIENT_ID, { logoutUrl: FRONT_CHANNEL })
    const { browser } = await rig.signIn(people.alice)
    const atEntra = await browser.visit(
      `${ENTRA_URL}/11111111-1111-4111-8111-111111111111/oauth2/v2.0/logout`,
    )
    const frame = /<iframe src="([^"]+)"/.exec(atEntra.text)?.[1] ?? ''
    // Another site's frame: none of our cookies come along.
    await rig.browser().request(frame.replaceAll('&amp;', '&'))
    assert.ok(!(await isSignedIn(browser)))
  })
})
