import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { routes } from '../src/routes.ts'
import type { TestBrowser } from './support/browser.ts'
import { ENTRA_URL, people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  asOperator,
  HTTPS_URL,
  openHttpsRig,
  openRig,
  postForm,
  signInWithToken,
} from './support/steps.ts'

const HOSTILE = '"><img src=x onerror=1>'

/** GET addresses with something to see, each with a query that works. */
const visits: readonly string[] = routes
  .filter(({ method }) => method === 'GET')
  .map(({ path }) =>
    path
      .replace('frontchannel-logout', 'frontchannel-logout?sid=s')
      .replace(':name', 'entrada.css')
      .replace(':id', 'x'),
  )

const assets = /^\/auth\/assets\//

async function browsersOf(rig: Rig, origin: string): Promise<Record<string, TestBrowser>> {
  const { browser: person } = await rig.signIn(people.alice)
  const operator = rig.browser()
  await signInWithToken(operator, origin)
  return { nobody: rig.browser(), person, operator }
}

async function hostileRig(t: TestContext): Promise<Rig> {
  const rig = await openRig(t)
  rig.emulator.updateUser(people.alice, { displayName: HOSTILE, givenName: HOSTILE })
  return rig
}

describe('every address', () => {
  it('sends the headers that keep browsers careful (I23)', async (t) => {
    const rig = await openHttpsRig(t)
    for (const [who, browser] of Object.entries(await browsersOf(rig, HTTPS_URL))) {
      for (const path of [...visits, '/nowhere', '/api/v1/nowhere']) {
        const { headers } = await browser.request(HTTPS_URL + path)
        const what = `${path} for ${who}`
        assert.equal(headers.get('x-content-type-options'), 'nosniff', what)
        assert.equal(headers.get('referrer-policy'), 'same-origin', what)
        assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin', what)
        assert.equal(headers.get('strict-transport-security'), 'max-age=31536000', what)
        assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/, what)
        for (const name of ['server', 'x-powered-by']) assert.equal(headers.get(name), null, what)
      }
    }
  })

  it('is never kept by a cache, but for the look (C35)', async (t) => {
    const rig = await openHttpsRig(t)
    for (const [who, browser] of Object.entries(await browsersOf(rig, HTTPS_URL))) {
      for (const path of [...visits, '/nowhere', '/api/v1/nowhere']) {
        const { headers } = await browser.request(HTTPS_URL + path)
        const expected = assets.test(path) ? 'public, max-age=3600' : 'no-store'
        assert.equal(headers.get('cache-control'), expected, `${path} for ${who}`)
        if (assets.test(path)) assert.deepEqual(headers.getSetCookie(), [])
      }
    }
  })

  it('answers HEAD like GET, without the content', async (t) => {
    const rig = await openRig(t)
    const { person } = await browsersOf(rig, SERVER_URL)
    assert.ok(person)
    for (const path of ['/', '/login', '/account', '/api/v1/session', '/auth/logout', '/healthz']) {
      const get = await person.request(SERVER_URL + path)
      const head = await person.request(SERVER_URL + path, { method: 'HEAD' })
      assert.deepEqual([head.status, [...head.headers]], [get.status, [...get.headers]], path)
      assert.equal(await head.text(), '')
    }
  })

  it('forbids scripts and frames of any site, on refusals as well (C26, C27)', async (t) => {
    const rig = await openRig(t)
    for (const browser of Object.values(await browsersOf(rig, SERVER_URL))) {
      for (const path of [...visits, '/nowhere', '/auth/entra/callback?error=x&state=y']) {
        if (path.includes('frontchannel')) continue
        const policy =
          (await browser.request(SERVER_URL + path)).headers.get('content-security-policy') ?? ''
        assert.match(policy, /frame-ancestors 'none'/, path)
        assert.doesNotMatch(policy, /unsafe|script-src|\*/, path)
      }
    }
  })

  it('of pages has no script, no style in place, and nothing from elsewhere (C27)', async (t) => {
    const rig = await openRig(t)
    for (const browser of Object.values(await browsersOf(rig, SERVER_URL))) {
      for (const path of [...visits, '/nowhere']) {
        const response = await browser.request(SERVER_URL + path)
        if (!(response.headers.get('content-type') ?? '').startsWith('text/html')) continue
        const text = await response.text()
        assert.doesNotMatch(text, /<script|<style|\sstyle=|\son\w+=|javascript:/i, path)
        for (const [, url] of text.matchAll(/(?:src|href|action)="([^"]*)"/g)) {
          assert.match(url ?? '', /^(\/(?!\/)|#main$)/, `${path} leads to ${url}`)
        }
      }
    }
  })
})

describe('a page whose form may end at Entra', () => {
  it('says so, and other pages do not', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const targetsOf = async (path: string) => {
      const { headers } = await browser.request(SERVER_URL + path)
      return /form-action ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1]
    }
    assert.equal(await targetsOf('/'), `'self' ${ENTRA_URL}`)
    assert.equal(await targetsOf('/auth/logout'), `'self' ${ENTRA_URL}`)
    assert.equal(await targetsOf('/account'), "'self'")
    assert.equal(await targetsOf('/login/token'), "'self'")
  })
})

describe('text that somebody else chose', () => {
  const hostilePaths = [
    '/login?return_to=HOSTILE',
    '/login?return_to=/HOSTILE',
    '/login?login_hint=HOSTILE',
    '/auth/entra/callback?error=HOSTILE&error_description=HOSTILE&state=HOSTILE',
    '/auth/entra/callback?code=HOSTILE&state=HOSTILE',
    '/auth/entra/frontchannel-logout?sid=HOSTILE',
    '/HOSTILE',
    '/api/v1/users?HOSTILE=1',
  ]
  for (const path of hostilePaths) {
    it(`does not become part of the page: ${path} (C27)`, async (t) => {
      const rig = await openRig(t)
      const url = SERVER_URL + path.replaceAll('HOSTILE', encodeURIComponent(HOSTILE))
      const response = await rig.browser().request(url, { headers: asOperator })
      const type = response.headers.get('content-type') ?? ''
      if (type.startsWith('text/html')) assert.doesNotMatch(await response.text(), /<img src=x/)
      else assert.match(type, /^application\/(problem\+)?json/)
    })
  }

  it('is dropped from Entra’s own refusal; the code of ours stays (A34, C27)', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'authorize',
      error: 'access_denied',
      code: 65004,
      text: HOSTILE,
    })
    const { text, response } = await rig.signIn(people.alice)
    assert.equal(response.status, 403)
    assert.match(text, /AADSTS65004/)
    assert.doesNotMatch(text, /img src=x|onerror/)
  })

  it('is shown as text where a directory names a person so (C27)', async (t) => {
    const rig = await hostileRig(t)
    const { browser } = await rig.signIn(people.alice)
    const operator = rig.browser()
    await signInWithToken(operator, SERVER_URL)
    const pages = [
      await browser.request(`${SERVER_URL}/`),
      await browser.request(`${SERVER_URL}/login`),
      await operator.request(`${SERVER_URL}/admin/users`),
    ]
    for (const page of pages) {
      const text = await page.text()
      assert.match(text, /&quot;&gt;&lt;img src=x onerror=1&gt;/)
      assert.doesNotMatch(text, /<img src=x/)
    }
  })

  it('is shown as text where a browser names itself so (C27)', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const headers = { 'user-agent': HOSTILE }
    await browser.visit(`${SERVER_URL}/auth/entra/login`)
    const start = await browser.request(`${SERVER_URL}/auth/entra/login`)
    const atEntra = await browser.request(start.headers.get('location') ?? '')
    await browser.request(atEntra.headers.get('location') ?? '', { headers })
    const text = await (await browser.request(`${SERVER_URL}/account`)).text()
    assert.match(text, /&lt;img src=x onerror=1&gt;/)
    assert.doesNotMatch(text, /<img src=x/)
  })
})

describe('an address that does not exist', () => {
  it('is a page for people and problem+json for programs', async (t) => {
    const rig = await openRig(t)
    const page = await rig.browser().request(`${SERVER_URL}/nowhere`)
    assert.equal(page.status, 404)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    const problem = await rig.browser().request(`${SERVER_URL}/api/v1/nowhere`)
    assert.equal(problem.status, 404)
    assert.equal((await problem.json()).code, 'page_not_found')
  })

  it('is every path that only looks like one of ours', async (t) => {
    const rig = await openRig(t)
    for (const path of ['/login/', '/Login', '//login', '/auth', '/auth/entra', '/admin/x']) {
      const response = await rig.browser().request(SERVER_URL + path)
      assert.equal(response.status, 404, path)
    }
    const asset = await rig.browser().request(`${SERVER_URL}/auth/assets/constructor`)
    assert.equal(asset.status, 404)
  })
})

describe('a server without Entra settings', () => {
  it('shows no button, says what to set, and starts no sign-in', async (t) => {
    const rig = await openRig(t, { withoutEntra: true })
    const login = await (await rig.browser().request(`${SERVER_URL}/login`)).text()
    assert.doesNotMatch(login, /Sign in with Microsoft Entra ID/)
    for (const name of ['TENANT_ID', 'CLIENT_ID', 'CLIENT_SECRET']) {
      assert.match(login, new RegExp(`ENTRADA_ENTRA_${name}`))
    }
    const start = await rig.browser().request(`${SERVER_URL}/auth/entra/login`)
    assert.equal(start.status, 404)
    assert.match(await start.text(), /entra_not_configured/)
  })
})

describe('an embedded Entrada under a path', () => {
  it('keeps all its links under that path', async (t) => {
    const rig = await openRig(t, { mountPath: '/sso' })
    rig.emulator.addRedirectUri(
      '33333333-3333-4333-8333-333333333333',
      `${SERVER_URL}/sso/auth/entra/callback`,
    )
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const login = await browser.visit(`${SERVER_URL}/sso/login?return_to=/sso/account`)
    for (const [, url] of login.text.matchAll(/(?:href|action)="([^"]*)"/g)) {
      assert.match(url ?? '', /^\/sso\//)
    }
    const home = await browser.visit(`${SERVER_URL}/sso/auth/entra/login?return_to=/sso/account`)
    assert.equal(home.url.pathname, '/sso/account')
    const out = await postForm(browser, `${SERVER_URL}/sso/auth/logout`, {
      fields: { form_token: /name="form_token" value="([^"]+)"/.exec(home.text)?.[1] ?? '' },
    })
    assert.equal(out.headers.get('location'), '/sso/auth/logout')
    assert.equal((await browser.request(`${SERVER_URL}/login`)).status, 404)
  })
})
