/** Applications on other hosts of the same site: one cookie for their parent domain, and what it may and may not open. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { parseReturnTo } from '../src/sign-in/return-to.ts'
import type { TestBrowser } from './support/browser.ts'
import { newDatabaseFile } from './support/replicas.ts'
import { ENGINEERING, people, type Rig, type RigOptions } from './support/rig.ts'
import { HTTPS_URL, openRig, sessionCookieOf, signInWithToken, signOut } from './support/steps.ts'
import { type Ask, dialects, navigation, script, verifyWays } from './support/verify-ways.ts'

const SSO = 'sso.example.com'
const WIKI = 'https://wiki.example.com'
const FILES = 'https://files.example.com:8443'
const SITE_COOKIE = '__Secure-entrada-site-example.com'
const open = verifyWays['past fetch']
assert.ok(open)

function openSite(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  return openRig(t, {
    serverUrl: new URL(HTTPS_URL),
    cookieDomain: 'example.com',
    applicationUrls: [new URL(WIKI), new URL(FILES)],
    trustedProxies: ['127.0.0.1'],
    ...options,
  })
}

/** `name=value` of the cookie that a browser would send to every host under the domain. */
function siteCookieOf(browser: TestBrowser): string {
  return `${SITE_COOKIE}=${browser.cookies(SSO).get(SITE_COOKIE)}`
}

function askAt(
  ask: Ask,
  origin: string,
  { uri = '/', cookie = '', ...more }: Readonly<Record<string, string>> = {},
) {
  const { headers = {} } =
    dialects.Caddy?.({ method: 'GET', host: new URL(origin).host, uri }) ?? {}
  return ask({ ...headers, ...(cookie ? { cookie } : {}), ...more })
}

const corpus = readFileSync(new URL('vectors/open-redirects.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))

describe('an application on another host of the site', () => {
  it('is signed in to by way of the server, and back to the page that was wanted', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    rig.emulator.signInAutomaticallyAs(people.alice)
    const browser = rig.browser()
    for (const origin of [WIKI, FILES]) {
      const answer = await askAt(ask, origin, { uri: '/reports?a=1', ...navigation })
      assert.equal(answer.status, 401)
      const login = answer.headers.get('location') ?? ''
      assert.equal(
        login,
        `${HTTPS_URL}/login?return_to=${encodeURIComponent(`${origin}/reports?a=1`)}`,
      )
      const page = await (await browser.request(login)).text()
      assert.match(page, new RegExp(`to continue to <strong>${new URL(origin).host}`))
      const [, start = ''] = /class="entra-button" href="([^"]+)"/.exec(page) ?? []
      let at = new URL(start.replaceAll('&amp;', '&'), HTTPS_URL)
      let response = await browser.request(at)
      for (let hops = 0; hops < 3 && at.pathname !== '/auth/entra/callback'; hops += 1) {
        at = new URL(response.headers.get('location') ?? '', at)
        response = await browser.request(at)
      }
      assert.equal(response.headers.get('location'), `${origin}/reports?a=1`)
      const passed = await askAt(ask, origin, { cookie: siteCookieOf(browser) })
      assert.equal(passed.status, 204)
      assert.equal(passed.headers.get('x-auth-request-email'), people.alice)
    }
  })

  it('has one cookie for the domain, beside the one of the host itself (C04)', async (t) => {
    const rig = await openSite(t, { session: { idleSeconds: 600, maxSeconds: 3600 } })
    rig.emulator.signInAutomaticallyAs(people.alice)
    const browser = rig.browser()
    let response = await browser.request(`${HTTPS_URL}/auth/entra/login`)
    for (const base of [HTTPS_URL, HTTPS_URL]) {
      response = await browser.request(new URL(response.headers.get('location') ?? '', base))
    }
    const lines = response.headers.getSetCookie()
    const own = lines.find((line) => line.startsWith('__Host-entrada-session=')) ?? ''
    const site = lines.find((line) => line.startsWith(`${SITE_COOKIE}=`)) ?? ''
    assert.match(own, /^[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/)
    assert.match(
      site,
      /^[^;]+; Path=\/; Domain=example\.com; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
    )
    for (const line of lines.filter((entry) => !entry.startsWith(SITE_COOKIE))) {
      assert.doesNotMatch(line, /Domain=/, 'nothing else leaves the host')
    }
    const values = [own, site].map((line) => /=([^;]+)/.exec(line)?.[1])
    assert.notEqual(values[0], values[1])
    const stored = JSON.stringify(
      (await rig.services.storage.listSessions({}, { limit: 9 }, rig.clock.now())).items,
    )
    for (const value of values) assert.ok(value && !stored.includes(value))
  })

  it('cannot use its cookie on the server itself: not its pages, not its API, not its sign-out', async (t) => {
    const rig = await openSite(t, { operators: [{ kind: 'group', groupId: ENGINEERING }] })
    const ask = await open(t, rig)
    const { browser } = await rig.signIn(people.alice)
    const [, value = ''] = siteCookieOf(browser).split('=')
    const stolen = [
      `${SITE_COOKIE}=${value}`,
      `__Host-entrada-session=${value}`,
      `entrada-session=${value}`,
    ]
    for (const cookie of stolen) {
      for (const path of ['/api/v1/session', '/account', '/api/v1/users', '/admin']) {
        const request = new Request(HTTPS_URL + path, { headers: { host: SSO, cookie } })
        const response = await rig.entrada.fetch(request, { remoteAddress: '127.0.0.1' })
        assert.equal(response.status, 401, `${path} with ${cookie.split('=')[0]}`)
      }
      assert.equal((await askAt(ask, HTTPS_URL, { cookie })).status, 401)
    }
    const own = sessionCookieOf(browser, HTTPS_URL).join('=')
    assert.equal((await askAt(ask, HTTPS_URL, { cookie: own })).status, 204)
    const elsewhere = [own, own.replace('__Host-entrada-session', SITE_COOKIE)]
    for (const cookie of elsewhere) {
      assert.equal((await askAt(ask, WIKI, { cookie })).status, 401, 'nor the other way round')
    }
  })

  it('is answered at registered hosts alone', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    const { browser } = await rig.signIn(people.alice)
    const cookie = siteCookieOf(browser)
    for (const origin of [
      'https://evil.example.com',
      'https://wiki.example.com:8443',
      'https://files.example.com',
      'https://wiki.example.com.evil.example',
      'https://example.com',
    ]) {
      const answer = await askAt(ask, origin, { cookie, ...navigation })
      assert.deepEqual([answer.status, answer.code], [421, 'host_not_served'], origin)
      assert.equal(answer.headers.get('location'), null)
    }
    assert.equal((await askAt(ask, 'https://WIKI.example.com:443', { cookie })).status, 204)
    const page = await rig.entrada.fetch(new Request(`${WIKI}/login`), {})
    assert.equal(page.status, 421, 'the pages of the server are at its own address')
  })

  it('is signed out of with the server, and forgets when the person is disabled', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    const { browser } = await rig.signIn(people.alice)
    const cookie = siteCookieOf(browser)
    assert.equal((await askAt(ask, WIKI, { cookie })).status, 204)
    const response = await signOut(browser, HTTPS_URL)
    const dropped = response.headers.getSetCookie().find((line) => line.startsWith(SITE_COOKIE))
    assert.match(dropped ?? '', /=; Path=\/; Domain=example\.com; Max-Age=0; /)
    assert.equal((await askAt(ask, WIKI, { cookie })).status, 401)

    const again = (await rig.signIn(people.bob)).browser
    const second = siteCookieOf(again)
    assert.equal((await askAt(ask, WIKI, { cookie: second })).status, 204)
    const { items } = await rig.services.storage.listUsers({ limit: 9, search: 'bob' })
    await rig.services.storage.atomically(async (transaction) => {
      for (const { user } of items)
        await transaction.setUserStatus(user.id, 'disabled', rig.clock.now())
    })
    assert.equal((await askAt(ask, WIKI, { cookie: second })).status, 401)
  })

  it('is told nothing of an operator with a token', async (t) => {
    const rig = await openSite(t)
    const browser = rig.browser()
    const response = await signInWithToken(browser, HTTPS_URL)
    assert.equal(response.status, 303)
    assert.ok(!response.headers.getSetCookie().some((line) => /Domain=/.test(line)))
    assert.equal(browser.cookies(SSO).has(SITE_COOKIE), false)
  })

  it('keeps a session in use from ending, as the server itself does', async (t) => {
    const rig = await openSite(t, { session: { idleSeconds: 600, maxSeconds: 3600 } })
    const ask = await open(t, rig)
    const { browser } = await rig.signIn(people.alice)
    const cookie = siteCookieOf(browser)
    for (let minutes = 0; minutes < 50; minutes += 9) {
      rig.clock.advanceSeconds(540)
      assert.equal((await askAt(ask, WIKI, { cookie })).status, 204)
    }
    rig.clock.advanceSeconds(600)
    assert.equal((await askAt(ask, WIKI, { cookie })).status, 401)
  })
})

describe('another host under the domain that means harm', () => {
  it('cannot fix the session beforehand: signing in makes a new one (C02)', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    const attacker = (await rig.signIn(people.bob)).browser
    const chosen = siteCookieOf(attacker)
    const victim = rig.browser()
    victim.setCookie(SSO, SITE_COOKIE, chosen.split('=')[1] ?? '')
    await rig.signIn(people.alice, { browser: victim })
    assert.notEqual(siteCookieOf(victim), chosen)
    const seen = await askAt(ask, WIKI, { cookie: siteCookieOf(victim) })
    assert.equal(seen.headers.get('x-auth-request-email'), people.alice)
    const theirs = await askAt(ask, WIKI, { cookie: chosen })
    assert.equal(theirs.headers.get('x-auth-request-user'), 'bob', 'and ended nothing of the other')
  })

  it('comes and goes with the settings, while everybody stays signed in on the server itself', async (t) => {
    const shared = { database: await newDatabaseFile(t), secretKeys: [new Secret(newSecretKey())] }
    const alone = await openRig(t, { serverUrl: new URL(HTTPS_URL), ...shared })
    const onSite = await openSite(t, shared)
    for (const [before, after] of [
      [alone, onSite],
      [onSite, alone],
    ] as const) {
      const { browser } = await before.signIn(people.alice)
      const later = after.browser()
      for (const [name, value] of browser.cookies(SSO)) later.setCookie(SSO, name, value)
      assert.equal((await later.request(`${HTTPS_URL}/api/v1/session`)).status, 200)
      await after.signIn(people.alice, { browser: later })
      assert.equal((await browser.request(`${HTTPS_URL}/api/v1/session`)).status, 401, 'replaced')
    }
  })

  it('gets nobody in by a second value beside the right one, whichever comes first', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    const [alice, bob] = [
      siteCookieOf((await rig.signIn(people.alice)).browser),
      siteCookieOf((await rig.signIn(people.bob)).browser),
    ]
    for (const cookie of [
      `${bob}; ${alice}`,
      `${alice}; ${bob}`,
      `${alice}; x=1; ${alice}`,
      `${alice}; ${SITE_COOKIE}=`,
    ]) {
      const answer = await askAt(ask, WIKI, { cookie, ...script })
      assert.deepEqual([answer.status, answer.code], [401, 'sign_in_required'], cookie)
    }
    const lookalikes = `x${bob}; ${SITE_COOKIE}x=1; ${alice}; ${bob.replace('example.com', 'staging.example.com')}`
    assert.equal((await askAt(ask, WIKI, { cookie: lookalikes })).status, 204)
  })

  it('changes nothing on the server itself, whose login page puts the cookie right and waits for a click', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    const attacker = siteCookieOf((await rig.signIn(people.bob)).browser).split('=')[1] ?? ''
    const { browser } = await rig.signIn(people.alice)
    const right = siteCookieOf(browser)
    browser.setCookie(SSO, SITE_COOKIE, attacker)
    assert.match(await (await browser.request(`${HTTPS_URL}/`)).text(), /Alice Example/)

    const page = await browser.request(
      `${HTTPS_URL}/login?return_to=${encodeURIComponent(`${WIKI}/x`)}`,
    )
    assert.equal(page.status, 200)
    assert.equal(page.headers.get('location'), null)
    const text = await page.text()
    assert.match(text, /You are signed in as <strong>Alice Example/)
    assert.match(text, /<a href="https:\/\/wiki\.example\.com\/x">Continue<\/a>/)
    assert.equal(siteCookieOf(browser), right)
    assert.equal((await askAt(ask, WIKI, { cookie: siteCookieOf(browser) })).status, 204)
  })
})

describe('a session from before there were such applications', () => {
  it('goes on at the server, and is told to sign in once more for them', async (t) => {
    const rig = await openSite(t)
    const { browser } = await rig.signIn(people.alice)
    const [, sessionToken] = sessionCookieOf(browser, HTTPS_URL)
    const [session] = (await rig.services.storage.listSessions({}, { limit: 9 }, rig.clock.now()))
      .items
    assert.ok(session)
    await rig.services.storage.atomically(async (transaction) => {
      await transaction.endSession(session.id)
      const tokenHash = rig.services.sha256(sessionToken)
      await transaction.createSession({ ...session, tokenHash })
    })
    const page = await browser.request(`${HTTPS_URL}/login?return_to=${encodeURIComponent(WIKI)}`)
    const text = await page.text()
    assert.match(text, /You are signed in as <strong>Alice Example<\/strong>, but not there yet/)
    assert.doesNotMatch(text, /Continue/, 'which would lead back here')
    const own = await browser.request(`${HTTPS_URL}/login?return_to=/x`)
    assert.match(await own.text(), /<a href="\/x">Continue/)
  })
})

describe('the way back to an application', () => {
  const site = { cookieDomain: 'example.com', applicationUrls: [new URL(WIKI), new URL(FILES)] }
  const here = new URL(HTTPS_URL)
  const parse = (value: string) => parseReturnTo(value, here, { site })

  it('leads to registered hosts, written out as a browser reads them', () => {
    assert.equal(parse(`${WIKI}/a?b#c`), `${WIKI}/a?b#c`)
    assert.equal(parse('HTTPS://WIKI.example.com:443/a'), `${WIKI}/a`)
    assert.equal(parse(`${FILES}`), `${FILES}/`)
    assert.equal(parse(`${WIKI}//evil.example/`), `${WIKI}//evil.example/`)
    assert.equal(parse(`${WIKI}/login`), `${WIKI}/login`, 'its own, not ours')
    assert.equal(parse('/x'), '/x')
  })

  it('leads nowhere else, by any known trick (G13)', async () => {
    const bases = [WIKI, FILES, `${WIKI}/`, 'https://wiki.example.com', 'https:wiki.example.com']
    const tricks = [
      'https://wiki.example.com.evil.example/',
      'https://wiki.example.com@evil.example/',
      'https://wiki.example.com:x@evil.example/',
      'https://evil.example\\@wiki.example.com/',
      'https://evil.example#@wiki.example.com/',
      'https://evil.example?@wiki.example.com/',
      'https://user@wiki.example.com/',
      'https://wiki.example.com:8443/',
      'https://wiki.example.com./',
      'http://wiki.example.com/',
      'https:/wiki.example.com/',
      'https:wiki.example.com/',
      'https:\\\\wiki.example.com/',
      ' https://wiki.example.com/',
      'https://wiki.exa\tmple.com/',
      'https://wiki.example.com/\r\nSet-Cookie: x=1',
      'wiki.example.com/',
      'javascript://wiki.example.com/%0aalert(1)',
      'https://ｗiki.example.com.evil.example/',
      'https://evilwiki.example.com/',
      `${WIKI}/${'x'.repeat(1024)}`,
      ...corpus,
      ...corpus.flatMap((line) => bases.map((base) => base + line)),
      ...corpus.map((line) => `https://${line}`),
    ]
    const ours = [HTTPS_URL, WIKI, FILES]
    for (const value of tricks.flatMap((line) => [line, safelyDecoded(line)])) {
      const target = parse(value)
      const evidence = `${JSON.stringify(value)} became ${JSON.stringify(target)}`
      assert.match(target, /^[\x21-\x7e]+$/, evidence)
      assert.ok(ours.includes(new URL(target, HTTPS_URL).origin), evidence)
      assert.ok(
        /^(\/(?![/\\])|https:\/\/(wiki\.example\.com|files\.example\.com:8443)\/)/.test(target),
        evidence,
      )
    }
    for (const value of tricks.slice(0, 21)) assert.equal(parse(value), '/', value)
  })

  it('is made of what the proxy says, and ends at registered hosts whatever that is (G13)', async (t) => {
    const rig = await openSite(t)
    const ask = await open(t, rig)
    rig.emulator.signInAutomaticallyAs(people.alice)
    for (const line of corpus.filter((entry) => /^\/[\x21-\x7e]*$/.test(entry))) {
      for (const origin of [WIKI, HTTPS_URL]) {
        const answer = await askAt(ask, origin, { uri: line, ...navigation })
        const location = new URL(answer.headers.get('location') ?? '')
        assert.equal(location.origin + location.pathname, `${HTTPS_URL}/login`, line)
        const target = parse(location.searchParams.get('return_to') ?? '/')
        assert.equal(new URL(target, HTTPS_URL).origin, origin, `${line} at ${origin}`)
      }
    }
    for (const host of [
      'evil.example',
      'wiki.example.com.evil.example',
      'evil.example#wiki.example.com',
      'wiki.example.com:8443@evil.example',
    ]) {
      const { headers = {} } = dialects.Caddy?.({ method: 'GET', host, uri: '/' }) ?? {}
      const answer = await ask({ ...headers, host: 'wiki.example.com', ...navigation })
      assert.ok([400, 421].includes(answer.status), host)
      assert.equal(answer.headers.get('location'), null)
    }
  })

  it('is kept through the sign-in, and checked where it starts (G13)', async (t) => {
    const rig = await openSite(t)
    rig.emulator.signInAutomaticallyAs(people.alice)
    for (const [wanted, landed] of [
      [`${WIKI}/deep?x=1`, `${WIKI}/deep?x=1`],
      ['https://evil.example/', '/'],
      [`${WIKI}.evil.example/`, '/'],
      [`${HTTPS_URL}/x`, '/'],
    ] as const) {
      const browser = rig.browser()
      let response = await browser.request(
        `${HTTPS_URL}/auth/entra/login?return_to=${encodeURIComponent(wanted)}`,
      )
      for (const base of [HTTPS_URL, HTTPS_URL]) {
        response = await browser.request(new URL(response.headers.get('location') ?? '', base))
      }
      assert.equal(response.headers.get('location'), landed)
    }
  })

  it('of a page whose address is too long leads to the front page of the application', async (t) => {
    const ask = await open(t, await openSite(t))
    const answer = await askAt(ask, WIKI, { uri: `/${'x'.repeat(4000)}`, ...navigation })
    assert.equal(
      answer.headers.get('location'),
      `${HTTPS_URL}/login?return_to=https%3A%2F%2Fwiki.example.com%2F`,
    )
  })
})

describe('the options of a site', () => {
  it('are refused where they cannot work, with every problem', async (t) => {
    for (const [options, problem] of [
      [{ cookieDomain: undefined }, /^applicationUrls needs cookieDomain/],
      [{ applicationUrls: [] }, /shows the session to other hosts for nothing/],
      [{ cookieDomain: 'example.org' }, /not under it/],
      [{ cookieDomain: 'com' }, /cookieDomain must be a domain of at least two names/],
      [{ applicationUrls: ['https://x.example.org', 'nonsense'] }, /applicationUrls\[1\] must be/],
    ] as const) {
      await assert.rejects(
        openSite(t, options as RigOptions),
        (error: Error & { detail?: { problems?: string[] } }) => {
          assert.match(error.detail?.problems?.join('\n') ?? '', problem)
          return true
        },
      )
    }
  })

  it('say at the start what they cost', async (t) => {
    const rig = await openSite(t)
    const warnings = rig.logLines.filter((line) => line.includes('session_shared_with_domain'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /"cookieDomain":"example\.com"/)
  })
})

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
