/** What goes wrong, or could, when Entrada is part of an application. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { StatementSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import express from 'express'
import { Hono } from 'hono'
import { mountEntrada } from '../../src/embedding/express.ts'
import { mountEntrada as mountInHono } from '../../src/embedding/hono.ts'
import { getSession } from '../../src/embedding/next.ts'
import { toNodeListener } from '../../src/embedding/node.ts'
import { createEntrada } from '../../src/entrada.ts'
import { createTestBrowser } from '../support/browser.ts'
import { createCustomer } from '../support/customers.ts'
import { httpSite } from '../support/http-site.ts'
import { CLIENT_ID, ENTRA_URL, people, type Rig, SERVER_URL } from '../support/rig.ts'
import { codeOf, formTokenOf, openRig, sessionCookieOf, signInWithToken } from '../support/steps.ts'

const HOST = new URL(SERVER_URL).host

describe('a body parser that ran before Entrada', () => {
  it('is named on the page and in the log, since the form can be read only once', async (t) => {
    const rig = await openRig(t)
    const app = express()
    app.use(express.urlencoded(), mountEntrada(rig.entrada))
    await expectRefused(rig, await listen(t, app))
  })

  it('is named in Hono too', async (t) => {
    const rig = await openRig(t)
    const app = new Hono()
    app.use(async (c, next) => {
      if (c.req.method === 'POST') await c.req.parseBody()
      await next()
    })
    app.use(mountInHono(rig.entrada))
    await expectRefused(rig, async (request) => app.fetch(request))
  })

  it('does no harm to what has no body', async (t) => {
    const rig = await openRig(t)
    const app = express()
    app.use(express.json(), express.urlencoded(), mountEntrada(rig.entrada))
    const site = await listen(t, app)
    const browser = createTestBrowser({
      [HOST]: site,
      [new URL(ENTRA_URL).host]: rig.emulator.fetch,
    })
    rig.emulator.signInAutomaticallyAs(people.alice)
    await browser.visit(`${SERVER_URL}/auth/entra/login?return_to=/account`)
    const account = await browser.request(`${SERVER_URL}/account`)
    assert.match(await account.text(), /This browser/)
  })

  async function expectRefused(rig: Rig, site: (request: Request) => Promise<Response>) {
    const { browser: signedIn } = await rig.signIn(people.alice)
    const page = await signedIn.request(`${SERVER_URL}/auth/logout`)
    const [name, value] = sessionCookieOf(signedIn, SERVER_URL)
    const browser = createTestBrowser({ [HOST]: site })
    browser.setCookie(HOST, name, value)
    const body = new URLSearchParams({ form_token: formTokenOf(await page.text()), end: 'default' })
    const refused = await browser.request(`${SERVER_URL}/auth/logout`, { method: 'POST', body })
    assert.equal(refused.status, 500)
    const shown = await refused.clone().text()
    assert.match(shown, /Mount Entrada before it/)
    assert.equal(await codeOf(refused), 'body_already_read')
    assert.ok(rig.logLines.some((line) => line.includes('"code":"body_already_read"')))
    const session = await signedIn.request(`${SERVER_URL}/api/v1/session`)
    assert.equal(session.status, 200, 'and nobody is signed out')
  }
})

describe('getSession', () => {
  it('costs one look-up in the database, and none without a cookie', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const statements = countStatements(t)
    assert.equal(await rig.entrada.getSession(new Request(SERVER_URL)), undefined)
    assert.equal(statements(), 0)
    const session = await rig.entrada.getSession(asRequest(browser))
    assert.equal(session?.membership.displayName, 'Alice Example')
    assert.equal(statements(), 1)
    const access = await rig.entrada.decideAccess(asRequest(browser), { roles: ['member'] })
    assert.equal(access.kind, 'allowed')
    assert.equal(statements(), 2)
  })

  it('throws when the database is away: it never takes "do not know" for "nobody" (C36)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const request = asRequest(browser)
    await rig.services.storage.close()
    await assert.rejects(rig.entrada.getSession(request), { name: 'EntradaError' })
  })

  it('knows people, not operators, who have no user', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    assert.equal(await rig.entrada.getSession(asRequest(browser)), undefined)
    assert.equal((await rig.entrada.decideAccess(asRequest(browser))).kind, 'refused')
  })

  it('of Next.js takes the headers of a server component', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const session = await getSession(rig.entrada, asRequest(browser).headers)
    assert.equal(session?.user.id, (await rig.entrada.getSession(asRequest(browser)))?.user.id)
    assert.equal(await getSession(rig.entrada, new Headers({ host: HOST })), undefined)
    await assert.rejects(getSession(rig.entrada, new Headers({ host: 'evil.example' })), {
      code: 'host_not_served',
    })
  })

  function asRequest(browser: ReturnType<Rig['browser']>): Request {
    const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
    return new Request(`${SERVER_URL}/anything`, { headers: { host: HOST, cookie } })
  }

  /** The rows as SQLite stores them, without the layers in front of it. */
  function countStatements(t: TestContext): () => number {
    let count = 0
    for (const verb of ['all', 'get', 'run', 'iterate'] as const) {
      const original = StatementSync.prototype[verb] as (...given: unknown[]) => unknown
      t.mock.method(
        StatementSync.prototype,
        verb,
        function (this: StatementSync, ...given: unknown[]) {
          count += 1
          return original.apply(this, given)
        },
      )
    }
    return () => count
  }
})

describe('decideAccess', () => {
  it('takes what changes something from trusted origins, and from what is no browser', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
    const decide = async (
      headers: Record<string, string>,
      trustedOrigins: readonly string[] = [],
    ) => {
      const init = { method: 'DELETE', headers: { host: HOST, cookie, ...headers } }
      const access = await rig.entrada.decideAccess(new Request(SERVER_URL, init), {
        trustedOrigins,
      })
      return access.kind === 'allowed' ? 'allowed' : access.error.code
    }
    const own = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }
    assert.equal(await decide(own), 'cross_site_request')
    assert.equal(await decide(own, ['https://app.example.com']), 'allowed')
    assert.equal(await decide(own, ['https://app.example.com.evil.example']), 'cross_site_request')
    assert.equal(
      await decide({ origin: 'null', 'sec-fetch-site': 'cross-site' }),
      'cross_site_request',
    )
    assert.equal(await decide({ origin: SERVER_URL }), 'allowed')
    assert.equal(await decide({}), 'allowed')
  })

  it('takes a role of the organizations that are named alone', async (t) => {
    const rig = await openRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const { browser } = await contoso.signIn(people.alice)
    const cookie = sessionCookieOf(browser, SERVER_URL).join('=')
    const decide = async (organizations?: readonly string[]) => {
      const request = new Request(SERVER_URL, { headers: { host: HOST, cookie } })
      const needed = { roles: ['member'], ...(organizations ? { organizations } : {}) }
      const access = await rig.entrada.decideAccess(request, needed)
      return access.kind === 'allowed' ? 'allowed' : access.error.code
    }
    assert.equal(await decide(), 'allowed')
    assert.equal(await decide(['contoso']), 'allowed')
    assert.equal(await decide(['default', contoso.organization.id]), 'allowed')
    assert.equal(await decide(['default']), 'role_required')
    assert.equal(await decide([]), 'role_required')
  })

  it('refuses a requirement that would be met by accident (A4)', async (t) => {
    const rig = await openRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const { browser } = await contoso.signIn(people.alice)
    const headers = { cookie: sessionCookieOf(browser, SERVER_URL).join('='), host: HOST }
    const kindOf = async (needed: Readonly<Record<string, unknown>>) => {
      const request = new Request(SERVER_URL, { headers })
      return (await rig.entrada.decideAccess(request, needed)).kind
    }
    assert.equal(await kindOf({ organizations: ['contoso'] }), 'allowed')
    // A text contains `contoso`; a misspelt name asks for nothing.
    assert.equal(await kindOf({ organizations: 'contoso-staging' }), 'refused')
    assert.equal(await kindOf({ role: ['admin'] }), 'refused')
    assert.equal(await kindOf({ roles: 'admin' }), 'refused')
    assert.equal(await kindOf({ organizations: null }), 'refused')
  })

  it('shows a page, and nothing to send again, to who posts a form without a session', async (t) => {
    const rig = await openRig(t)
    const headers = { host: HOST, 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' }
    const request = new Request(`${SERVER_URL}/orders`, { method: 'POST', headers })
    const access = await rig.entrada.decideAccess(request)
    assert.ok(access.kind === 'refused')
    assert.equal(access.response.status, 401)
    const text = await access.response.text()
    assert.match(text, /Sign in with Microsoft Entra ID/)
    assert.doesNotMatch(text, /return_to=%2Forders/)
  })
})

describe('two in one process', () => {
  it('with prefixes of their own do not disturb each other', async (t) => {
    const one = await openRig(t, { mountPath: '/staff', cookiePrefix: 'staff' })
    const other = await openRig(t, { mountPath: '/guests', cookiePrefix: 'guests' })
    const rigs = [
      { rig: one, path: '/staff', person: people.alice },
      { rig: other, path: '/guests', person: people.bob },
    ]
    for (const { rig, path, person } of rigs) {
      one.emulator.addRedirectUri(CLIENT_ID, `${SERVER_URL}${path}/auth/entra/callback`)
      other.emulator.addRedirectUri(CLIENT_ID, `${SERVER_URL}${path}/auth/entra/callback`)
      rig.emulator.signInAutomaticallyAs(person)
    }
    const browser = createTestBrowser({
      [HOST]: async (request) => {
        const { pathname } = new URL(request.url)
        const entrada = [one.entrada, other.entrada].find(({ handles }) => handles(pathname))
        return entrada?.fetch(request) ?? new Response('neither')
      },
      [new URL(ENTRA_URL).host]: (request) =>
        // Both directories are at one address here; the redirect URI and, later, the code tell whose it is.
        (JSON.stringify(request.url).includes('guests') ? other : one).emulator.fetch(request),
    })
    await browser.visit(`${SERVER_URL}/staff/auth/entra/login?return_to=/staff/account`)
    await browser.visit(`${SERVER_URL}/guests/auth/entra/login?return_to=/guests/account`)
    const sessionOf = async (path: string) => {
      const response = await browser.request(`${SERVER_URL}${path}/api/v1/session`)
      const { membership }: { membership?: { displayName: string } } = await response.json()
      return membership?.displayName
    }
    assert.equal(await sessionOf('/staff'), 'Alice Example')
    assert.equal(await sessionOf('/guests'), 'Bob Example')
    const names = [...browser.cookies(HOST).keys()]
    assert.deepEqual(
      names.filter((name) => !/^(staff|guests)-/.test(name)),
      [],
    )

    const page = await browser.request(`${SERVER_URL}/staff/auth/logout`)
    const body = new URLSearchParams({ form_token: formTokenOf(await page.text()), end: 'default' })
    await browser.request(`${SERVER_URL}/staff/auth/logout`, { method: 'POST', body })
    assert.equal(await sessionOf('/staff'), undefined)
    assert.equal(await sessionOf('/guests'), 'Bob Example')
  })
})

describe('mounted under a path', () => {
  it('answers at the path itself, with and without the slash at its end', async (t) => {
    const rig = await openRig(t, { mountPath: '/sso' })
    for (const path of ['/sso', '/sso/']) {
      assert.ok(rig.entrada.handles(path))
      const response = await rig.browser().visit(SERVER_URL + path)
      assert.equal(response.url.pathname, '/sso/login', path)
    }
    for (const path of ['/', '/ssology', '/login']) assert.ok(!rig.entrada.handles(path), path)
  })

  it('takes `/` for the root', async (t) => {
    const rig = await openRig(t, { mountPath: '/' })
    assert.ok(rig.entrada.handles('/login'))
    assert.ok(rig.entrada.handles('/api/v1/users/usr_1/disable'))
    for (const path of ['/', '/api/v1', '/loginx', '/auth'])
      assert.ok(!rig.entrada.handles(path), path)
  })
})

describe('node:http', () => {
  it('answers methods that are none of the Web, and bodies that were cut off', async (t) => {
    const rig = await openRig(t)
    const server = createServer(toNodeListener(rig.entrada)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const say = async (request: string) => {
      const socket = connect(port, '127.0.0.1')
      socket.end(request)
      return text(socket)
    }
    assert.match(
      await say(`TRACE / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1.1 400/,
    )
    const cut = `POST /auth/logout HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 99\r\n\r\nhalf`
    await say(cut)
    const absolute = `GET http://${HOST}/login HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`
    assert.match(await say(absolute), /^HTTP\/1.1 200/)
  })

  it('answers 500 where the rest of an application fails, and goes on', async (t) => {
    const fetch = async (request: Request) => new Response(await request.text())
    const failing = () => Promise.reject(new TypeError('a defect of the application'))
    for (const [answer, method, status] of [
      [fetch, 'TRACE', 400],
      [failing, 'GET', 500],
      [fetch, 'GET', 200],
    ] as const) {
      const server = createServer(toNodeListener({ fetch: answer })).listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.after(() => server.close())
      const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
      socket.end(`${method} / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
      assert.match(await text(socket), new RegExp(`^HTTP/1.1 ${status}`), method)
    }
  })
})

describe('what cannot be opened', () => {
  it('answers 503 to an application’s own pages, and opens once it can', async (t) => {
    const rig = await openRig(t)
    const entrada = createEntrada({ ...rig.options, database: '/nonexistent/folder\0/x.db' })
    const access = await entrada.decideAccess(new Request(SERVER_URL, { headers: { host: HOST } }))
    assert.equal(access.kind, 'refused')
    assert.equal(access.kind === 'refused' && access.response.status, 503)
    await assert.rejects(entrada.getSession(new Request(SERVER_URL)))
  })
})

async function listen(t: TestContext, app: express.Express) {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return httpSite((server.address() as { port: number }).port)
}
