/** The library inside an application of each framework, at the root and under a path. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createEntrada, type Entrada } from '../../src/entrada.ts'
import { EntradaError } from '../../src/errors/errors.ts'
import { createTestBrowser, type TestBrowser } from '../support/browser.ts'
import { CLIENT_ID, ENGINEERING, ENTRA_URL, people, type Rig, SERVER_URL } from '../support/rig.ts'
import { codeOf, formTokenOf, openRig, postForm } from '../support/steps.ts'
import { type EmbeddingHost, embeddingHosts, ROLE } from './embedding-hosts.ts'

const asPage = { headers: { 'sec-fetch-mode': 'navigate', accept: 'text/html' } }
const asScript = { headers: { 'sec-fetch-mode': 'cors', accept: '*/*' } }

type Embedded = { readonly rig: Rig; readonly browser: () => TestBrowser }

async function embed(
  t: TestContext,
  host: EmbeddingHost,
  { mountPath = '', change = (entrada: Entrada, _rig: Rig) => entrada } = {},
): Promise<Embedded> {
  const roleRules = [{ id: 'r1', match: 'group', value: ENGINEERING, role: ROLE }] as const
  const rig = await openRig(t, {
    mountPath,
    entra: { roleRules, policies: { unmatched: { kind: 'default_role', role: 'reader' } } },
  })
  rig.emulator.addRedirectUri(CLIENT_ID, `${SERVER_URL}${mountPath}/auth/entra/callback`)
  const site = await host(t, change(rig.entrada, rig))
  const sites = { [new URL(SERVER_URL).host]: site, [new URL(ENTRA_URL).host]: rig.emulator.fetch }
  return { rig, browser: () => createTestBrowser(sites) }
}

/** As a person does it: asks for a page, is shown the login page, presses the button. */
async function signInFor(
  { rig }: Embedded,
  path: string,
  { browser, person = people.alice }: { browser: TestBrowser; person?: string },
) {
  rig.emulator.signInAutomaticallyAs(person)
  const login = await browser.visit(`${SERVER_URL}${path}`, asPage)
  assert.match(login.text, /Sign in with Microsoft Entra ID/)
  const [, button = ''] = /class="entra-button" href="([^"]+)"/.exec(login.text) ?? []
  return browser.visit(new URL(button.replaceAll('&amp;', '&'), login.url))
}

for (const [name, host] of Object.entries(embeddingHosts)) {
  for (const mountPath of ['', '/sso']) {
    describe(`${name}, mounted at ${mountPath || 'the root'}`, () => {
      it('shows a person the login page, and brings them back to the page they wanted', async (t) => {
        const embedded = await embed(t, host, { mountPath })
        const browser = embedded.browser()
        const wanted = '/reports?year=2026&of=a%2Fb'
        const first = await browser.request(SERVER_URL + wanted, asPage)
        assert.equal(first.status, 303)
        const location = new URL(first.headers.get('location') ?? '', SERVER_URL)
        assert.equal(location.pathname, `${mountPath}/login`)
        assert.equal(location.searchParams.get('return_to'), wanted)
        const page = await signInFor(embedded, wanted, { browser })
        assert.equal(page.url.href, SERVER_URL + wanted)
        assert.equal(page.text, 'Hello Alice Example')
        assert.match(page.response.headers.get('cache-control') ?? '', /no-store/)
      })

      it('tells a program to sign in, and sends it nowhere', async (t) => {
        const { browser } = await embed(t, host, { mountPath })
        const response = await browser().request(`${SERVER_URL}/reports`, asScript)
        assert.equal(response.status, 401)
        assert.equal(response.headers.get('content-type'), 'application/problem+json')
        assert.equal(await codeOf(response), 'sign_in_required')
      })

      it('lets in who holds the role, and answers 403 to who does not', async (t) => {
        const embedded = await embed(t, host, { mountPath })
        const engineer = embedded.browser()
        const page = await signInFor(embedded, '/accounts', { browser: engineer })
        assert.equal(page.text, 'Hello Alice Example')
        const other = embedded.browser()
        const refused = await signInFor(embedded, '/accounts', {
          browser: other,
          person: people.bob,
        })
        assert.equal((await other.request(`${SERVER_URL}/reports`)).status, 200)
        assert.equal((await other.request(`${SERVER_URL}/accounts`, asPage)).status, 403)
        assert.match(refused.text, /for people with another role/)
        const problem = await other.request(`${SERVER_URL}/accounts`, asScript)
        assert.equal(problem.status, 403)
        assert.equal(await codeOf(problem), 'role_required')
      })

      it('leaves the start page, and what it does not know, to the application', async (t) => {
        const { browser } = await embed(t, host, { mountPath })
        const home = await browser().request(`${SERVER_URL}/`, asPage)
        assert.equal(await home.text(), 'open to all')
        const own = await browser().request(`${SERVER_URL}${mountPath}/login`, asPage)
        assert.equal(own.status, 200)
        if (mountPath === '') return
        const elsewhere = await browser().request(`${SERVER_URL}/login`, asPage)
        assert.doesNotMatch(await elsewhere.text(), /Sign in with Microsoft Entra ID/)
      })

      it('signs out by the form of its own page', async (t) => {
        const embedded = await embed(t, host, { mountPath })
        const browser = embedded.browser()
        await signInFor(embedded, '/reports', { browser })
        const page = await browser.request(`${SERVER_URL}${mountPath}/auth/logout`)
        const fields = { form_token: formTokenOf(await page.text()), end: 'default' }
        const done = await postForm(browser, `${SERVER_URL}${mountPath}/auth/logout`, { fields })
        assert.equal(done.status, 303)
        assert.equal((await browser.request(`${SERVER_URL}/reports`, asScript)).status, 401)
      })

      it('answers 503 while the database is away, to a page and to a program (C36)', async (t) => {
        const embedded = await embed(t, host, { mountPath, change: withoutSessions })
        const browser = embedded.browser()
        browser.setCookie(new URL(SERVER_URL).host, 'entrada-session', 'x'.repeat(43))
        const page = await browser.request(`${SERVER_URL}/reports`, asPage)
        assert.equal(page.status, 503)
        assert.match(page.headers.get('content-type') ?? '', /text\/html/)
        const problem = await browser.request(`${SERVER_URL}/accounts`, asScript)
        assert.equal(problem.status, 503)
        assert.equal(problem.headers.get('retry-after'), '5')
        assert.equal(await codeOf(problem), 'storage_unavailable')
      })

      it('refuses what a page of another origin sends (C24)', async (t) => {
        const embedded = await embed(t, host, { mountPath })
        const browser = embedded.browser()
        await signInFor(embedded, '/reports', { browser })
        const send = (headers: Record<string, string>) =>
          browser.request(`${SERVER_URL}/reports`, { method: 'POST', headers })
        assert.equal((await send({ 'sec-fetch-site': 'same-origin' })).status, 200)
        for (const site of ['cross-site', 'same-site']) {
          const refused = await send({ 'sec-fetch-site': site, origin: 'https://evil.example' })
          assert.equal(refused.status, 403, site)
          assert.equal(await codeOf(refused), 'cross_site_request')
        }
      })
    })
  }
}

function withoutSessions(_entrada: Entrada, { options, services }: Rig): Entrada {
  const findSession = () => Promise.reject(new EntradaError('storage_unavailable'))
  return createEntrada(options, { ...services, storage: { ...services.storage, findSession } })
}
