import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { routes } from '../src/routes.ts'
import type { TestBrowser } from './support/browser.ts'
import { CONTOSO, people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  asOperator,
  codeOf,
  formTokenOf,
  HTTPS_URL,
  liveSessions,
  openHttpsRig,
  openRig,
  postForm,
  signInWithToken,
} from './support/steps.ts'

type Forgery = {
  readonly what: string
  readonly headers?: Readonly<Record<string, string>>
  /** What the form carries in place of its token. */
  readonly formToken?: string
  readonly status?: number
}

const forgeries: readonly Forgery[] = [
  { what: 'from another site', headers: { 'sec-fetch-site': 'cross-site' } },
  { what: 'from another host of the same site', headers: { 'sec-fetch-site': 'same-site' } },
  { what: 'from no page at all', headers: { 'sec-fetch-site': 'none' } },
  { what: 'with a word that no browser says', headers: { 'sec-fetch-site': 'Same-Origin' } },
  { what: 'without a form token', formToken: '' },
  { what: 'with a made-up form token', formToken: 'A'.repeat(43) },
]

/** What older browsers send, which do not say `Sec-Fetch-Site`. */
const olderForgeries: readonly Forgery[] = [
  { what: 'from the origin of somebody else', headers: { origin: 'https://evil.example' } },
  { what: 'from an origin that hides itself', headers: { origin: 'null' } },
  { what: 'from our host on another port', headers: { origin: 'http://sso.localhost:3001' } },
  { what: 'from our host over https', headers: { origin: 'https://sso.localhost:3000' } },
  { what: 'without any origin' },
]

type Form = { readonly path: string; fieldsFor(browser: TestBrowser): Promise<[string, string][]> }

const forms: readonly Form[] = [
  { path: '/auth/logout', fieldsFor: async () => [] },
  {
    path: '/account',
    async fieldsFor(browser) {
      const { session } = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
      return [['session', session.id]]
    },
  },
]

async function sendForm(
  browser: TestBrowser,
  form: Form,
  { headers = {}, formToken }: Omit<Forgery, 'what'>,
): Promise<Response> {
  const page = await (await browser.request(`${SERVER_URL}/`)).text()
  const fields = [
    ...(await form.fieldsFor(browser)),
    ['form_token', formToken ?? formTokenOf(page)],
  ]
  return postForm(browser, SERVER_URL + form.path, { fields: Object.fromEntries(fields), headers })
}

/** A POST without `Sec-Fetch-Site`, which the test browser would add. */
async function sendWithoutFetchMetadata(
  rig: Rig,
  browser: TestBrowser,
  { path, fields, headers }: SentForm,
): Promise<Response> {
  const cookies = browser.cookies(new URL(SERVER_URL).host)
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams(fields)
  return rig.entrada.fetch(
    new Request(SERVER_URL + path, { method: 'POST', body, headers: { cookie, ...headers } }),
  )
}
type SentForm = {
  readonly path: string
  readonly fields: Record<string, string>
  readonly headers: Readonly<Record<string, string>>
}

for (const form of forms) {
  describe(`POST ${form.path}`, () => {
    for (const { what, ...forgery } of forgeries) {
      it(`does nothing when it comes ${what} (C24)`, async (t) => {
        const rig = await openRig(t)
        const { browser } = await rig.signIn(people.alice)
        const response = await sendForm(browser, form, forgery)
        assert.equal(response.status, 403)
        assert.equal(await codeOf(response), 'cross_site_request')
        assert.equal((await liveSessions(rig)).length, 1)
      })
    }

    for (const { what, headers = {} } of olderForgeries) {
      it(`does nothing when an older browser sends it ${what} (C24)`, async (t) => {
        const rig = await openRig(t)
        const { browser } = await rig.signIn(people.alice)
        const page = await (await browser.request(`${SERVER_URL}/`)).text()
        const own = Object.fromEntries(await form.fieldsFor(browser))
        const fields = { ...own, form_token: formTokenOf(page) }
        const sent = { path: form.path, fields, headers }
        const response = await sendWithoutFetchMetadata(rig, browser, sent)
        assert.equal(await codeOf(response), 'cross_site_request')
        assert.equal((await liveSessions(rig)).length, 1)
      })
    }

    it('is carried out from our own page, in older browsers, too', async (t) => {
      const rig = await openRig(t)
      const { browser } = await rig.signIn(people.alice)
      const page = await (await browser.request(`${SERVER_URL}/`)).text()
      const own = Object.fromEntries(await form.fieldsFor(browser))
      const fields = { ...own, form_token: formTokenOf(page) }
      const sent = { path: form.path, fields, headers: { origin: SERVER_URL } }
      assert.equal((await sendWithoutFetchMetadata(rig, browser, sent)).status, 303)
      assert.deepEqual(await liveSessions(rig), [])
    })

    it('does nothing with the form token of another session (C24)', async (t) => {
      const rig = await openRig(t)
      const { browser } = await rig.signIn(people.alice)
      const { browser: bobs } = await rig.signIn(people.bob)
      const bobsPage = await (await bobs.request(`${SERVER_URL}/`)).text()
      const response = await sendForm(browser, form, { formToken: formTokenOf(bobsPage) })
      assert.equal(await codeOf(response), 'cross_site_request')
      assert.equal((await liveSessions(rig)).length, 2)
    })

    it('takes nothing but the content of a form (C24, C39)', async (t) => {
      const rig = await openRig(t)
      const { browser } = await rig.signIn(people.alice)
      for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
        const headers = { 'content-type': type }
        const init = { method: 'POST', body: '{"form_token":"x"}', headers }
        const response = await browser.request(SERVER_URL + form.path, init)
        assert.equal(response.status, 415, type)
        assert.equal(await codeOf(response), 'content_type_not_supported')
      }
      assert.equal((await liveSessions(rig)).length, 1)
    })
  })
}

describe('POST /login/token', () => {
  it('opens nothing when another site sends it (C24)', async (t) => {
    const rig = await openRig(t)
    const fields = { operator_token: asOperator.authorization.slice('Bearer '.length) }
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'none' }]) {
      const sent = { fields, headers }
      const response = await postForm(rig.browser(), `${SERVER_URL}/login/token`, sent)
      assert.equal(await codeOf(response), 'cross_site_request')
    }
    assert.deepEqual(await liveSessions(rig), [])
  })
})

describe('the API with the session of an operator’s browser', () => {
  async function change(rig: Rig, headersFor: (formToken: string) => Record<string, string>) {
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const page = await (await browser.request(`${SERVER_URL}/admin`)).text()
    return browser.request(`${SERVER_URL}/api/v1/users`, {
      method: 'POST',
      body: '{"username":"new"}',
      headers: { 'content-type': 'application/json', ...headersFor(formTokenOf(page)) },
    })
  }

  it('changes something only with the form token, from our own pages (C24)', async (t) => {
    const rig = await openRig(t)
    const refused = [
      await change(rig, () => ({})),
      await change(rig, () => ({ 'x-form-token': 'A'.repeat(43) })),
      await change(rig, (token) => ({ 'x-form-token': token, 'sec-fetch-site': 'cross-site' })),
      await change(rig, (token) => ({ 'x-form-token': token, 'sec-fetch-site': 'same-site' })),
    ]
    for (const response of refused) assert.equal(await codeOf(response), 'cross_site_request')
    const { items } = await rig.services.storage.listUsers({ limit: 10 })
    assert.deepEqual(items, [])
    assert.equal((await change(rig, (token) => ({ 'x-form-token': token }))).status, 201)
  })

  it('tells browsers nothing about other origins being welcome', async (t) => {
    const rig = await openRig(t)
    const headers = { origin: 'https://evil.example', ...asOperator }
    for (const method of ['GET', 'OPTIONS']) {
      const response = await rig
        .browser()
        .request(`${SERVER_URL}/api/v1/users`, { method, headers })
      const allowing = [...response.headers.keys()].filter((name) => name.startsWith('access-'))
      assert.deepEqual(allowing, [])
    }
  })
})

describe('a method hidden in a GET', () => {
  it('is not obeyed, neither as a parameter nor as a header (C25)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const paths = ['/auth/logout', '/account', `/api/v1/sessions/${session?.id}`]
    for (const path of paths) {
      for (const method of ['POST', 'DELETE', 'post']) {
        const headers = { 'x-http-method-override': method, 'x-method-override': method }
        const url = `${SERVER_URL}${path}?_method=${method}`
        await browser.request(url, { headers: { ...headers, ...asOperator } })
      }
    }
    assert.equal((await liveSessions(rig)).length, 1)
  })
})

describe('a request that another host name was put into', () => {
  const poisoned: readonly Readonly<Record<string, string>>[] = [
    { host: 'evil.example' },
    { host: 'sso.example.com:8443' },
    { host: 'sso.example.com.evil.example' },
    { host: 'sso.example.com@evil.example' },
    { host: '' },
  ]
  for (const headers of poisoned) {
    it(`is not answered: Host "${headers.host}" (C22)`, async (t) => {
      const rig = await openHttpsRig(t)
      const response = await rig.entrada.fetch(new Request(`${HTTPS_URL}/login`, { headers }))
      assert.equal(response.status, 421)
      const text = await response.text()
      assert.match(text, /host_not_served/)
      assert.doesNotMatch(text, /evil/)
    })
  }

  it('keeps every link and the redirect URI on the configured address (C22)', async (t) => {
    const rig = await openHttpsRig(t)
    const headers = {
      host: 'sso.example.com',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '8443',
      'x-original-url': '/admin',
      'x-rewrite-url': '/admin',
      forwarded: 'host=evil.example;proto=http',
    }
    const ask = (path: string) =>
      rig.entrada.fetch(new Request(HTTPS_URL + path, { headers: { ...headers, ...asOperator } }))
    const start = new URL((await ask('/auth/entra/login')).headers.get('location') ?? '')
    assert.equal(start.searchParams.get('redirect_uri'), `${HTTPS_URL}/auth/entra/callback`)
    for (const path of ['/login', '/admin', '/nowhere']) {
      const response = await ask(path)
      assert.doesNotMatch((await response.text()) + [...response.headers], /evil\.example/)
    }
  })

  it('takes the host name in any letter case', async (t) => {
    const rig = await openHttpsRig(t)
    const headers = { host: 'SSO.Example.COM' }
    const response = await rig.entrada.fetch(new Request(`${HTTPS_URL}/login`, { headers }))
    assert.equal(response.status, 200)
  })
})

describe('a request of the wrong kind', () => {
  // For Envoy, which asks with the method that it has in hand, an address takes all of them.
  const choosy = routes.filter(({ method }) => method !== 'ALL')
  for (const path of new Set(choosy.map(({ path }) => path))) {
    it(`${path} names the methods it takes (C39)`, async (t) => {
      const rig = await openRig(t)
      const expected = routes
        .filter((route) => route.path === path)
        .flatMap(({ method, acts }) => (method === 'GET' && !acts ? ['GET', 'HEAD'] : [method]))
      const address = SERVER_URL + path.replace(/:\w+/, 'x')
      const others = ['PUT', 'PATCH', 'OPTIONS'].filter(
        (method) => !expected.some((allowed) => allowed === method),
      )
      assert.ok(others.includes('OPTIONS'))
      for (const method of others) {
        const response = await rig.browser().request(address, { method, headers: asOperator })
        assert.equal(response.status, 405, method)
        assert.equal(response.headers.get('allow'), expected.join(', '))
        assert.equal(await codeOf(response), 'method_not_allowed')
      }
    })
  }

  for (const path of [
    '/auth/entra/login',
    '/auth/entra/callback',
    '/auth/entra/frontchannel-logout',
  ]) {
    it(`${path} does nothing for a HEAD, which somebody sends to look first`, async (t) => {
      const rig = await openRig(t)
      const response = await rig.browser().request(SERVER_URL + path, { method: 'HEAD' })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), 'GET')
      assert.deepEqual(response.headers.getSetCookie(), [])
    })
  }

  it('is cut off at 64 KB, whether or not it says its length (C39)', async (t) => {
    const rig = await openRig(t)
    const huge = `operator_token=${'x'.repeat(2_000_000)}`
    const chunked = new Response(huge).body
    for (const body of [huge, chunked]) {
      const response = await rig.browser().request(`${SERVER_URL}/login/token`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        ...{ duplex: 'half' },
      })
      assert.equal(response.status, 413)
      assert.equal(await codeOf(response), 'body_too_large')
    }
    const json = await rig.browser().request(`${SERVER_URL}/api/v1/users`, {
      method: 'POST',
      body: JSON.stringify({ username: 'x'.repeat(70_000) }),
      headers: { 'content-type': 'application/json', ...asOperator },
    })
    assert.equal(json.status, 413)
  })

  it('whose body breaks off is told so, and is no defect of ours', async (t) => {
    const rig = await openRig(t)
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('operator_token=abc'))
        controller.error(new TypeError('terminated'))
      },
    })
    const response = await rig.browser().request(`${SERVER_URL}/login/token`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ...{ duplex: 'half' },
    })
    assert.equal(response.status, 400)
    assert.equal(await codeOf(response), 'request_invalid')
  })
})

describe('somebody who asks around', () => {
  it('cannot tell by a hint whether a person is known here', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const answers = await Promise.all(
      [people.alice, 'nobody@contoso.example'].map(async (hint) => {
        const start = await rig
          .browser()
          .request(`${SERVER_URL}/auth/entra/login?login_hint=${encodeURIComponent(hint)}`)
        const location = new URL(start.headers.get('location') ?? '')
        assert.equal(location.searchParams.get('login_hint'), hint)
        const fresh = ['login_hint', 'state', 'nonce', 'code_challenge', 'client-request-id']
        for (const name of fresh) location.searchParams.delete(name)
        const login = await rig.browser().request(`${SERVER_URL}/login?login_hint=${hint}`)
        return [start.status, location.href, login.status, await login.text()]
      }),
    )
    assert.deepEqual(answers[0], answers[1])
    assert.ok(String(answers[0]?.[1]).includes(CONTOSO))
  })

  it('gets the same refusal for records that exist and that do not', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const known = [`users/${session?.userId}`, `sessions/${session?.id}`]
    for (const path of known) {
      const refusals = await Promise.all(
        [path, path.slice(0, -4)].map(async (asked) => {
          const url = `${SERVER_URL}/api/v1/${asked}`
          const method = path.startsWith('sessions') ? 'DELETE' : 'GET'
          const { correlationId, ...problem } = await (
            await rig.browser().request(url, { method })
          ).json()
          return problem
        }),
      )
      assert.deepEqual(refusals[0], refusals[1])
      assert.equal(refusals[0].code, 'sign_in_required')
    }
  })
})
