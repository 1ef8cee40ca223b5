import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { attemptCookies, attemptState, newAttempt } from '../src/sign-in/attempt.ts'
import {
  assertNoSecrets,
  assertRefusalPage,
  assertRefused,
  assertRefusedForGood,
  assertSpent,
  goToEntra,
  hasSessionCookie,
  locationOf,
  noRows,
  oneOfEach,
  rowCounts,
} from './support/refusals.ts'
import {
  browserAcross,
  newDatabaseFile,
  openReplica,
  sameBrowserAcross,
  watchWrites,
} from './support/replicas.ts'
import { CLIENT_ID, people, requestsAt, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const CALLBACK = `${SERVER_URL}/auth/entra/callback`
const notYours = { code: 'sign_in_attempt_not_yours', status: 400 }
const alreadyUsed = { code: 'attempt_already_used', status: 400 }

describe('a callback that arrives again', () => {
  it('offers to continue when the same answer comes twice while the first is under way, which works once that is done (E10)', async (t) => {
    const underway = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const rig = await openRig(t, {
      fetch: async (url, init) => {
        if (String(url).includes('/oauth2/v2.0/token')) {
          underway.resolve()
          await answered.promise
        }
        return rig.emulator.fetch(new Request(url, init))
      },
    })
    const at = await goToEntra(rig, people.alice, { query: '?return_to=/account' })
    const first = at.browser.request(at.callback)
    await underway.promise
    const second = await at.browser.visit(at.callback)
    assertRefusalPage(second, alreadyUsed)
    const [, href] = /<a class="button" href="([^"]+)">Continue<\/a>/.exec(second.text) ?? []
    assert.equal(href, '/account')
    assert.match(second.text, /start again/)

    answered.resolve()
    assert.equal((await first).status, 303)
    const { response, text } = await at.browser.visit(new URL(href ?? '', SERVER_URL))
    assert.equal(response.status, 200)
    assert.match(text, /Where you are signed in/)
  })

  it('lets in once: the same address a second time is refused, and no code is sent twice (A45)', async (t) => {
    const rig = await openRig(t)
    const at = await goToEntra(rig, people.alice)
    const copy = { ...at, browser: at.browser.clone() }
    assert.equal((await at.browser.visit(at.callback)).response.status, 200)

    await assertSpent(rig, copy)
    assert.equal(hasSessionCookie(copy.browser), false)
    assert.deepEqual(await rowCounts(rig), oneOfEach)
  })

  it('shows the back button the way on: signed in all the same (A45)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    await browser.visit(callback)
    const again = await browser.visit(callback)
    assertRefusalPage(again, notYours)
    assert.match(again.text, /You are signed in all the same/)
    assert.equal(requestsAt(rig, 'token'), 1)
    assert.match((await browser.visit(`${SERVER_URL}/`)).text, /Hello, Alice Example/)
  })

  it('ten times at once makes one session and one token request (A46)', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    const browsers = Array.from({ length: 10 }, () => browser.clone())
    const answers = await Promise.all(browsers.map((browser) => browser.request(callback)))

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    const refused = answers.filter(({ status }) => status !== 303)
    assert.equal(refused.length, 9)
    for (const response of refused) {
      assertRefusalPage({ response, text: await response.text() }, alreadyUsed)
    }
    assert.equal(browsers.filter(hasSessionCookie).length, 1)
    assert.equal(requestsAt(rig, 'token'), 1)
    assert.deepEqual(await rowCounts(rig), oneOfEach)
    assert.equal((await auditEvents(rig, { type: 'sign_in.succeeded' })).length, 1)
    assert.equal((await auditEvents(rig, { type: 'sign_in.refused' })).length, 9)
  })
})

describe('a callback that comes late', () => {
  it('is refused after eleven minutes, and one click starts again towards the same page (C10)', async (t) => {
    const rig = await openRig(t)
    const at = await goToEntra(rig, people.alice, { query: '?return_to=%2Faccount%3Ftab%3D2' })
    rig.clock.advanceSeconds(660)
    const { text, browser } = {
      ...at,
      ...(await assertRefused(rig, at, { code: 'sign_in_attempt_expired', status: 400 })),
    }
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.equal((await auditEvents(rig, { type: 'sign_in.refused' })).length, 1)

    const restart = /class="entra-button" href="([^"]+)"/.exec(text)?.[1] ?? ''
    const visit = await browser.visit(new URL(restart, SERVER_URL))
    assert.equal(visit.response.status, 200)
    assert.equal(visit.url.href, `${SERVER_URL}/account?tab=2`)
  })

  it('is taken just before ten minutes are over', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    rig.clock.advanceSeconds(599)
    assert.equal((await browser.visit(callback)).response.status, 200)
  })

  it('counts an attempt once also when it comes at the very end and again after it', async (t) => {
    const rig = await openRig(t)
    const at = await goToEntra(rig, people.alice)
    const copy = { ...at, browser: at.browser.clone() }
    rig.clock.advanceSeconds(599)
    await at.browser.visit(at.callback)
    await rig.services.storage.sweep(rig.clock.now(), { tracesBefore: rig.clock.now() })
    await assertSpent(rig, copy)
  })
})

describe('PKCE', () => {
  it('binds the code to the attempt: S256, and fresh for every one (A43)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const sent = (endpoint: string) =>
      rig.emulator.requests.filter((request) => request.endpoint === endpoint)
    const challenges = sent('authorize').map(({ params }) => params.code_challenge ?? '')
    const verifiers = sent('token').map(({ params }) => params.code_verifier ?? '')

    assert.deepEqual(
      sent('authorize').map(({ params }) => params.code_challenge_method),
      ['S256', 'S256'],
    )
    assert.deepEqual(
      verifiers.map((verifier) => createHash('sha256').update(verifier).digest('base64url')),
      challenges,
    )
    assert.equal(new Set(verifiers).size, 2)
    for (const verifier of verifiers) assert.match(verifier, /^[A-Za-z0-9._~-]{43,128}$/)
  })

  it("lets nobody redeem a code that was made for another's attempt", async (t) => {
    const rig = await openRig(t)
    const victim = await goToEntra(rig, people.alice)
    const attacker = await goToEntra(rig, people.bob)
    attacker.callback.searchParams.set('code', victim.callback.searchParams.get('code') ?? '')
    await assertRefusedForGood(rig, attacker, { code: 'code_refused', status: 400 })
    assert.deepEqual(await rowCounts(rig), noRows)
  })
})

describe('everything the browser sees of one sign-in', () => {
  it('is free of tokens, secret and code verifier (A55)', async (t) => {
    const answers: string[] = []
    const rig = await openRig(t, {
      fetch: async (url, init) => {
        const response = await rig.emulator.fetch(new Request(url, init))
        answers.push(await response.clone().text())
        return response
      },
    })
    const browser = rig.browser()
    const seen: string[] = []
    let at = new URL(`${SERVER_URL}/`)
    const look = async (response: Response) => {
      seen.push(JSON.stringify([...response.headers]), await response.text())
      return response
    }
    rig.emulator.signInAutomaticallyAs(people.alice)
    for (const path of ['/', '/login', '/auth/entra/login', '/account', '/auth/logout']) {
      at = new URL(path, SERVER_URL)
      let response = await look(await browser.request(at))
      while (response.status === 303 || response.status === 302) {
        at = new URL(response.headers.get('location') ?? '', at)
        response = await look(await browser.request(at))
      }
    }
    const page = seen.join('\n')
    const tokens = answers
      .flatMap((answer) => Object.entries(JSON.parse(answer) as Record<string, unknown>))
      .filter(([name]) => name.endsWith('_token'))
      .map(([, value]) => String(value))
    // An ID token and an access token; a refresh token is asked for only where sessions are checked again.
    assert.equal(tokens.length, 2)
    for (const token of tokens) assert.equal(page.includes(token), false)
    const [exchange] = rig.emulator.requests.filter(({ endpoint }) => endpoint === 'token')
    for (const name of ['code_verifier', 'client_secret']) {
      assert.equal(page.includes(exchange?.params[name] ?? ''), false, name)
    }
    assertNoSecrets(rig, '')
  })
})

describe('a start', () => {
  it('goes to Entra with state, nonce and the registered address, asking for a code alone', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    const response = await browser.request(`${SERVER_URL}/auth/entra/login`)
    assert.equal(response.status, 303)
    const { searchParams } = locationOf(response)
    assert.deepEqual(
      ['client_id', 'redirect_uri', 'response_type', 'response_mode'].map((name) =>
        searchParams.get(name),
      ),
      [CLIENT_ID, CALLBACK, 'code', 'query'],
    )
    assert.equal((searchParams.get('state') ?? '').length >= 32 + 1 + 22, true)
    assert.equal((searchParams.get('nonce') ?? '').length >= 22, true)
  })
})

describe('an attempt', () => {
  it('writes nothing to the database when it starts, and something when it comes back', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, { database, withoutBackgroundWork: true })
    const hasWritten = watchWrites(t, database)
    await rig.browser().visit(`${SERVER_URL}/login`)
    const at = await goToEntra(rig, people.alice)
    assert.equal(hasWritten(), false)

    await at.browser.visit(at.callback)
    assert.equal(hasWritten(), true)
  })

  it('writes nothing either when a stranger sends callbacks without end', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, { database, withoutBackgroundWork: true })
    const hasWritten = watchWrites(t, database)
    const { callback } = await goToEntra(rig, people.alice)
    for (let n = 0; n < 20; n += 1) {
      await assertRefused(rig, { browser: rig.browser(), callback }, notYours)
    }
    assert.equal(hasWritten(), false)
  })

  it('survives a restart between start and callback (H12)', async (t) => {
    const rig = await openRig(t, { database: await newDatabaseFile(t) })
    const before = browserAcross(rig, [rig.entrada])
    const { callback } = await goToEntra(rig, people.alice, { browser: before })
    await rig.entrada.close()

    const after = sameBrowserAcross(rig, [openReplica(t, rig)], before)
    const visit = await after.visit(callback)
    assert.equal(visit.response.status, 200)
    assert.match(visit.text, /Hello, Alice Example/)
  })

  it('may come back to another replica, and is spent on all of them (H13)', async (t) => {
    const rig = await openRig(t, { database: await newDatabaseFile(t) })
    const replicas = [rig.entrada, openReplica(t, rig)]
    for (const name of [people.alice, people.bob, people.erin]) {
      const browser = browserAcross(rig, replicas)
      const { callback } = await goToEntra(rig, name, { browser })
      const copies = replicas.map((replica) => sameBrowserAcross(rig, [replica], browser))
      assert.equal((await browser.visit(callback)).response.status, 200)
      for (const copy of copies) await assertSpent(rig, { browser: copy, callback })
    }
    assert.deepEqual(await rowCounts(rig), { users: 3, identities: 3, memberships: 3, sessions: 3 })
  })

  it('ten times at once on two replicas makes one session and one token request (A46)', async (t) => {
    const rig = await openRig(t, { database: await newDatabaseFile(t) })
    const replicas = [rig.entrada, openReplica(t, rig)]
    const { browser, callback } = await goToEntra(rig, people.alice)
    const browsers = Array.from({ length: 10 }, (_, index) =>
      sameBrowserAcross(rig, replicas.slice(index % 2), browser),
    )
    const answers = await Promise.all(browsers.map((browser) => browser.request(callback)))
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [303, ...Array.from({ length: 9 }, () => 400)].sort())
    assert.equal(requestsAt(rig, 'token'), 1)
    assert.deepEqual(await rowCounts(rig), oneOfEach)
  })

  it('is refused cleanly by a server with other keys, and opens with a rotated ring', async (t) => {
    const rig = await openRig(t, { database: await newDatabaseFile(t) })
    const { browser, callback } = await goToEntra(rig, people.alice)
    const other = new Secret(newSecretKey())
    const withOtherKey = openReplica(t, rig, { secretKeys: [other] })
    const withBoth = openReplica(t, rig, { secretKeys: [other, ...rig.options.secretKeys] })
    const stranger = sameBrowserAcross(rig, [withOtherKey], browser)
    const rotated = sameBrowserAcross(rig, [withBoth], browser)
    await assertRefused(rig, { browser: stranger, callback }, notYours)
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.equal((await rotated.visit(callback)).response.status, 200)
  })
})

describe('an attempt of elsewhere', () => {
  it('cannot be finished on another address of this server (A41)', async (t) => {
    const second = new URL('http://second.localhost:3000')
    const rig = await openRig(t, { extraUrls: [second] })
    const { browser, callback } = await goToEntra(rig, people.alice)
    for (const [name, value] of browser.cookies(HOST)) browser.setCookie(second.host, name, value)
    const moved = new URL(callback.pathname + callback.search, second)
    await assertRefused(rig, { browser, callback: moved }, notYours)
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('cannot be used again under a new name once it is spent', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    const [name = '', value = ''] =
      [...browser.cookies(HOST)].find(([key]) => /attempt/.test(key)) ?? []
    const [id = '', secret = ''] = callback.searchParams.get('state')?.split('.') ?? []
    const fresh = id.replace(/^./, '1')
    browser.setCookie(HOST, name.replace(id, fresh), value)
    callback.searchParams.set('state', `${fresh}.${secret}`)
    await assertRefused(rig, { browser, callback }, notYours)
    assert.equal(requestsAt(rig, 'token'), 0)
  })

  it('cannot be finished under the name of another attempt of the same browser', async (t) => {
    const rig = await openRig(t)
    const first = await goToEntra(rig, people.alice)
    const second = await goToEntra(rig, people.alice, { browser: first.browser })
    const [one, two] = [...first.browser.cookies(HOST)].filter(([name]) => /attempt/.test(name))
    assert(one !== undefined && two !== undefined)
    first.browser.setCookie(HOST, one[0], two[1])
    first.browser.setCookie(HOST, two[0], one[1])
    await assertRefused(rig, first, notYours)
    await assertRefused(rig, second, notYours)
    assert.equal(requestsAt(rig, 'token'), 0)
  })

  const strangers = [
    [
      'of another connection',
      { connectionId: 'evil', purpose: 'sign_in' },
      'sign_in_attempt_mismatch',
      400,
    ],
    [
      'of no connection',
      { connectionId: 'nowhere', purpose: 'sign_in' },
      'connection_not_found',
      404,
    ],
    [
      'made for a test',
      { connectionId: 'default', purpose: 'test' },
      'sign_in_attempt_mismatch',
      400,
    ],
    [
      'made for a consent',
      { connectionId: 'default', purpose: 'consent' },
      'setup_session_missing',
      401,
    ],
    [
      'made for a sign-out',
      { connectionId: 'default', purpose: 'sign_out' },
      'sign_in_attempt_mismatch',
      400,
    ],
  ] as const
  for (const [which, made, code, status] of strangers) {
    it(`${which} does not let its code be redeemed here (A41)`, async (t) => {
      const rig = await openRig(t)
      const { services } = rig
      const connection = await services.storage.findConnection('default')
      assert(connection !== undefined)
      await services.storage.atomically((transaction) =>
        transaction.putConnection({ ...connection, id: 'evil', slug: 'evil', managedBy: 'api' }),
      )
      const { browser, callback } = await goToEntra(rig, people.alice)
      const attempt = newAttempt(services, {
        ...made,
        returnTo: '/',
        kept: services.identityProviderFor(connection).prepare(),
      })
      const here = new URL(SERVER_URL)
      const [line = ''] = attemptCookies(services, { ...anExchange, here }, attempt)
      const [name = '', value = ''] = line.split(/[=;]/)
      browser.setCookie(HOST, name, value)
      callback.searchParams.set('state', attemptState(attempt))

      await assertRefused(rig, { browser, callback }, { code, status })
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.deepEqual(await rowCounts(rig), noRows)
    })
  }
})

const HOST = new URL(SERVER_URL).host

/** What of an exchange the attempt's cookie does not look at. */
const anExchange = {
  request: new Request(SERVER_URL),
  url: new URL(SERVER_URL),
  params: {},
  correlationId: 'test',
  client: {},
  cookies: new Map<string, string>(),
  signIn: {},
  matched: {},
}
