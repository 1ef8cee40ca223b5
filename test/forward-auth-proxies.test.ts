/** The configurations of deploy/proxies/forward-auth, run: Entrada and two applications behind nginx, Caddy and HAProxy, over https. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'
import { createTestBrowser, type TestBrowser } from './support/browser.ts'
import {
  type Between,
  startBetween,
  startEcho,
  told,
  valuesOf,
} from './support/echo-application.ts'
import { examineBehind } from './support/examined.ts'
import { startGuardingProxy } from './support/guarding-proxies.ts'
import { httpsSite, newCertificate } from './support/https-site.ts'
import { proxyNames } from './support/proxy-process.ts'
import { type Answer, sendRaw } from './support/raw-client.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, OPERATOR_TOKEN, people } from './support/rig.ts'
import { freePort, startServer, temporaryFolder } from './support/server-process.ts'

const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.push(close) }
const SSO = 'sso.apps.example'
const WIKI = 'wiki.apps.example'
const CLIENT_ADDRESS = '127.0.0.2'
const certificate = newCertificate(SSO, { days: 90 })
const IDENTITY = ['User', 'Id', 'Email', 'Email-Unverified', 'Groups', 'Roles', 'Organization'].map(
  (name) => `X-Auth-Request-${name}`,
)

/** Each proxy has an Entrada of its own, whose addresses have that proxy's port. */
type Front = {
  readonly port: number
  readonly sso: string
  readonly wiki: string
  /** The line to Entrada. */
  readonly between: Between
  readonly cookies: Cookies
}
type Cookies = { readonly own: string; readonly site: string }
type Addresses = Pick<Front, 'port' | 'sso' | 'wiki'>
const fronts = new Map<string, Front>()
let emulator: StartedEmulator

before(async () => {
  emulator = await startEmulator()
  owner.after(() => emulator.close())
  emulator.signInAutomaticallyAs(people.alice)
  const applicationPort = await startEcho(owner, 'application')
  const wikiPort = await startEcho(owner, 'wiki')
  for (const name of proxyNames) {
    const port = await freePort()
    const addresses = { port, sso: `https://${SSO}:${port}`, wiki: `https://${WIKI}:${port}` }
    const between = await startBetween(owner, await startEntrada(addresses))
    const ports = { port, entradaPort: between.port, applicationPort, wikiPort }
    await startGuardingProxy(owner, name, { ssoHost: SSO, wikiHost: WIKI, certificate, ...ports })
    fronts.set(name, { ...addresses, between, cookies: await signInThrough(addresses) })
  }
})

after(async () => {
  for (const close of closers.reverse()) await close()
})

async function startEntrada({ sso, wiki }: Addresses): Promise<number> {
  emulator.addRedirectUri(CLIENT_ID, `${sso}/auth/entra/callback`)
  const [port, folder] = [await freePort(), await temporaryFolder(owner)]
  const rules = [
    { path: '/public/*', allow: 'everyone' },
    { method: 'OPTIONS', allow: 'everyone' },
    { path: '/staff/*', allow: { roles: ['admin'] } },
  ]
  await writeFile(join(folder, 'access.json'), JSON.stringify({ rules }))
  const server = await startServer(owner, 'serve', {
    port,
    folder,
    environment: {
      ENTRADA_SERVER_URL: sso,
      ENTRADA_APPLICATION_URLS: wiki,
      ENTRADA_COOKIE_DOMAIN: 'apps.example',
      ENTRADA_ACCESS_RULES_FILE: join(folder, 'access.json'),
      ENTRADA_LISTEN: `127.0.0.1:${port}`,
      ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      ENTRADA_ENTRA_AUTHORITY: emulator.origin,
      ENTRADA_ENTRA_TENANT_ID: CONTOSO,
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    },
  })
  await server.printed(/"event":"started"/)
  return port
}

function browserOf(port: number): TestBrowser {
  const site = httpsSite({
    port,
    chain: certificate.chain,
    localAddress: CLIENT_ADDRESS,
    serverName: SSO,
  })
  return createTestBrowser({
    [`${SSO}:${port}`]: site,
    [`${WIKI}:${port}`]: site,
    [new URL(emulator.origin).host]: fetch,
  })
}

const asWindow = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }

/** By signing in there. */
/** The user whom the emulator signs in. */
async function signInThrough({ port, sso }: Addresses): Promise<Cookies> {
  const browser = browserOf(port)
  await browser.visit(`${sso}/auth/entra/login`)
  const cookies = [...browser.cookies(new URL(sso).host)].map((pair) => pair.join('='))
  const find = (prefix: string) => cookies.find((cookie) => cookie.startsWith(prefix)) ?? ''
  return { own: find('__Host-entrada-session='), site: find('__Secure-entrada-site-') }
}

function send({ port }: Front, lines: readonly string[], body = ''): Promise<Answer> {
  return sendRaw(owner, { port, serverName: SSO, chain: certificate.chain }, lines, body)
}

function frontOf(name: string): Front {
  const front = fronts.get(name)
  assert.ok(front)
  return front
}

const hostLine = (front: Front, origin = front.sso) => `Host: ${new URL(origin).host}`

/** What an attacker writes, in every spelling. */
const forgedLines = IDENTITY.flatMap((name) => [
  `${name}: admin`,
  `${name.toLowerCase()}: admin`,
  `${name.toUpperCase()}: admin`,
  `${name.replaceAll('-', '_')}: admin`,
  `${name.replace('Auth-', 'Auth_')}: admin`,
  `${name.replace('X-', 'X_')}: admin`,
  `${name.replace(/-(?=[A-Z][a-z]+$)/, '_')}: admin`,
])

for (const name of proxyNames) {
  describe(`deploy/proxies/forward-auth: ${name}`, () => {
    it('signs a person in and back to the page of the application, at both names', async () => {
      const front = frontOf(name)
      for (const origin of [front.sso, front.wiki]) {
        const browser = browserOf(front.port)
        const response = await browser.request(`${origin}/reports?year=2026`, { headers: asWindow })
        assert.equal(response.status, 303)
        const login = new URL(response.headers.get('location') ?? '')
        assert.equal(login.origin, front.sso)
        const page = await browser.request(login)
        const [, start = ''] = /class="entra-button" href="([^"]+)"/.exec(await page.text()) ?? []
        const { locations } = await browser.visit(
          new URL(start.replaceAll('&amp;', '&'), front.sso),
        )
        assert.equal(new URL(locations.at(-1) ?? '', front.sso).href, `${origin}/reports?year=2026`)
        carrySiteCookie(browser, front)
        const back = await browser.request(`${origin}/reports?year=2026`, { headers: asWindow })
        assert.equal(back.status, 200)
        const { rawHeaders } = told({ body: await back.text() })
        assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-Email'), [people.alice])
      }
    })

    it('is in order for the doctor, which asks nothing that the proxy hides (O1)', async () => {
      const { sso, between } = frontOf(name)
      const environment = {
        ENTRADA_SERVER_URL: sso,
        ENTRADA_LISTEN: `127.0.0.1:${between.port}`,
        ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
        ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      }
      const { troubles, exitCode, find } = await examineBehind(environment, certificate)
      assert.deepEqual([exitCode, troubles], [0, []])
      assert.equal(find('proxy_passes_requests').severity, 'ok')
    })

    it('hands on who it is, once, and nothing that the client wrote by these names (G01, G02)', async () => {
      const front = frontOf(name)
      const { own, site } = front.cookies
      for (const [origin, cookie] of [
        [front.sso, own],
        [front.wiki, site],
      ] as const) {
        const answer = await send(front, [
          'GET /x HTTP/1.1',
          hostLine(front, origin),
          ...forgedLines,
          `Cookie: ${cookie}`,
        ])
        assert.equal(answer.status, 200, answer.head)
        const { rawHeaders } = told(answer)
        assert.doesNotMatch(rawHeaders.join('\n'), /\badmin\b/)
        assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-User'), ['alice'])
        assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-Email'), [people.alice])
        for (const header of IDENTITY) assert.ok(valuesOf(rawHeaders, header).length <= 1, header)
      }
    })

    it('hands on an address that nobody has proven under its own name alone (S4)', async () => {
      const front = frontOf(name)
      emulator.signInAutomaticallyAs(people.erin)
      const { own } = await signInThrough(front)
      emulator.signInAutomaticallyAs(people.alice)
      const lines = ['GET /x HTTP/1.1', hostLine(front), ...forgedLines, `Cookie: ${own}`]
      const { rawHeaders } = told(await send(front, lines))
      assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-Email').filter(Boolean), [])
      assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-Email-Unverified'), [people.erin])
      assert.doesNotMatch(rawHeaders.join('\n'), /\badmin\b/)
    })

    it('tells nothing of anybody on a page for everybody, whatever the client wrote (G02)', async () => {
      const front = frontOf(name)
      const answer = await send(front, ['GET /public/x HTTP/1.1', hostLine(front), ...forgedLines])
      assert.equal(answer.status, 200, answer.head)
      const { rawHeaders } = told(answer)
      for (const header of IDENTITY) {
        assert.ok(
          valuesOf(rawHeaders, header).every((value) => value === ''),
          header,
        )
      }
      assert.doesNotMatch(rawHeaders.join('\n'), /\badmin\b|\{http/)
    })

    it('takes no header away that Connection names, and hands no such Connection on (G01)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const tricks = [
        'close, X-Auth-Request-User, X-Auth-Request-Id',
        'keep-alive, x-auth-request-email, X-Original-URI, X-Forwarded-Uri',
        'X-Forwarded-Method, X-Original-Method, X-Forwarded-Host, X-Forwarded-For',
      ]
      for (const trick of tricks) {
        const answer = await send(front, [
          'GET /x HTTP/1.1',
          hostLine(front),
          `Connection: ${trick}`,
          `Cookie: ${own}`,
        ])
        assert.equal(answer.status, 200, answer.head)
        const { rawHeaders } = told(answer)
        assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-User'), ['alice'], trick)
        assert.equal(valuesOf(rawHeaders, 'X-Auth-Request-Id').length, 1, trick)
        assert.doesNotMatch(valuesOf(rawHeaders, 'Connection').join(), /auth|forwarded|original/i)
        const admin = await send(front, [
          'GET /staff/x HTTP/1.1',
          hostLine(front),
          `Connection: ${trick}`,
          `Cookie: ${own}`,
        ])
        assert.notEqual(admin.status, 200, trick)
      }
    })

    it('decides on the page, host and method that were really asked for (G05, G10)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const forged = [
        'X-Forwarded-Uri: /public/x',
        'X-Original-URI: /public/x',
        `X-Original-URL: ${front.sso}/public/x`,
        'X-Forwarded-Method: OPTIONS',
        'X-Original-Method: OPTIONS',
        'X-HTTP-Method-Override: OPTIONS',
        `X-Forwarded-Host: ${new URL(front.wiki).host}`,
        'X-Forwarded-Proto: http',
        'X-Forwarded-Prefix: /public',
        'X-Rewrite-URL: /public/x',
        'Forwarded: host=evil.example;proto=http',
      ]
      for (const lines of [forged, ...forged.map((line) => [line])]) {
        for (const method of ['GET', 'POST']) {
          const head = [
            `${method} /staff/x HTTP/1.1`,
            hostLine(front),
            ...lines,
            'Content-Length: 0',
          ]
          const denied = await send(front, [...head, `Cookie: ${own}`])
          assert.equal(denied.status, 403, `${method} ${lines}: ${denied.head}`)
          assert.equal((await send(front, head)).status, 401)
        }
      }
    })

    it('lets no other spelling of a path through to where a rule forbids (G05)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const paths = [
        '/public/../staff/x',
        '/public/%2e%2e/staff/x',
        '/public/..%2fadmin/x',
        '//staff/x',
        '/public//../staff/x',
        '/public/..;/staff/x',
        '/STAFF/x',
        '/%73taff/x',
        '/public%2f..%2fadmin/x',
        '/public/%252e%252e/staff/x',
        '/staff%00/x',
        '/public/..\\admin/x',
      ]
      for (const path of paths) {
        const answer = await send(front, [
          `GET ${path} HTTP/1.1`,
          hostLine(front),
          `Cookie: ${own}`,
        ])
        assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.head}`)
      }
    })

    it('knows no health checks by their User-Agent (G07)', async () => {
      const front = frontOf(name)
      for (const agent of ['GoogleHC/1.0', 'kube-probe/1.30']) {
        const answer = await send(front, [
          'GET /x HTTP/1.1',
          hostLine(front),
          `User-Agent: ${agent}`,
        ])
        assert.equal(answer.status, 401)
      }
    })

    it('passes nothing with repeated or malformed headers that name the page (G11)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const lines = [
        ['X-Forwarded-Uri: /public/x', 'X-Forwarded-Uri: /public/y'],
        ['X-Forwarded-Host: a', 'X-Forwarded-Host: b'],
        ['X-Forwarded-Proto: https, http', 'X-Forwarded-Proto: x'],
        ['X-Original-Method: OPTIONS, GET'],
      ]
      for (const some of lines) {
        const answer = await send(front, [
          'GET /staff/x HTTP/1.1',
          hostLine(front),
          ...some,
          `Cookie: ${own}`,
        ])
        assert.ok([400, 401, 403].includes(answer.status), `${some}: ${answer.head}`)
      }
      const twice = await send(front, ['GET /x HTTP/1.1', hostLine(front), 'Host: evil.example'])
      assert.ok(twice.status >= 400, twice.head)
    })

    it('leads a window to the sign-in; scripts, forms and WebSockets get 401 in JSON; 403 stays (G12)', async () => {
      const front = frontOf(name)
      const window = Object.entries(asWindow).map(([header, value]) => `${header}: ${value}`)
      const led = await send(front, [
        'GET /x?a=1&b=2 HTTP/1.1',
        hostLine(front, front.wiki),
        ...window,
      ])
      assert.equal(led.status, 303)
      const returnTo = encodeURIComponent(`${front.wiki}/x?a=1&b=2`)
      assert.match(
        led.head,
        new RegExp(`location: ${front.sso}/login\\?return_to=${returnTo}`, 'i'),
      )
      const others = [
        ['GET /x HTTP/1.1', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'],
        ['GET /x HTTP/1.1', 'Accept: application/json'],
        ['POST /x HTTP/1.1', ...window, 'Content-Length: 0'],
        [
          'GET /socket HTTP/1.1',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ],
      ]
      for (const [line = '', ...headers] of others) {
        const answer = await send(front, [line, hostLine(front), ...headers])
        assert.equal(answer.status, 401, `${line} ${headers}: ${answer.head}`)
        assert.doesNotMatch(answer.head, /\r\nlocation:/i)
        assert.match(answer.body, /"code":"sign_in_required"/)
      }
      const { own } = front.cookies
      const denied = await send(front, [
        'GET /staff/x HTTP/1.1',
        hostLine(front),
        ...window,
        `Cookie: ${own}`,
      ])
      assert.equal(denied.status, 403)
      assert.match(denied.body, /<code>access_denied<\/code>/)
    })

    it('hands on bodies whole, of a program that is signed in, and none of one that is not', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const body = JSON.stringify({ text: 'ü'.repeat(100_000) })
      const lines = [
        'POST /upload HTTP/1.1',
        hostLine(front),
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]
      const answer = await send(front, [...lines, `Cookie: ${own}`], body)
      assert.equal(answer.status, 200, answer.head)
      assert.equal(told(answer).body, body)
      assert.equal(told(answer).method, 'POST')
      const chunked = await send(
        front,
        ['PUT /upload HTTP/1.1', hostLine(front), 'Transfer-Encoding: chunked', `Cookie: ${own}`],
        '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
      )
      assert.equal(told(chunked).body, 'hello world')
      const [small, length] = ['x=1', 'Content-Length: 3']
      const refused = await send(front, ['POST /upload HTTP/1.1', hostLine(front), length], small)
      assert.equal(refused.status, 401)
    })

    it('opens WebSockets for who is signed in, with who it is', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const { status, head, socket } = await send(front, [
        'GET /socket HTTP/1.1',
        hostLine(front),
        'Connection: Upgrade, X-Auth-Request-User',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'X-Auth-Request-User: admin',
        `Cookie: ${own}`,
      ])
      assert.equal(status, 101, head)
      const [, encoded = ''] = /x-told: (\S+)/i.exec(head) ?? []
      const rawHeaders = JSON.parse(Buffer.from(encoded, 'base64').toString()) as string[] // our own echo
      assert.deepEqual(valuesOf(rawHeaders, 'X-Auth-Request-User'), ['alice'])
      socket.write('ping')
      const [chunk] = await once(socket, 'data')
      assert.equal(String(chunk), 'ping')
      socket.destroy()
    })

    it("keeps the session's cookies from the applications, and leaves theirs", async () => {
      const front = frontOf(name)
      const { own, site } = front.cookies
      for (const cookies of [
        ['theirs=1', own, site, 'more=a=b'],
        [own, site],
        [site, own, 'theirs=1; more=a=b'],
      ]) {
        const answer = await send(front, [
          'GET /x HTTP/1.1',
          hostLine(front),
          `Cookie: ${cookies.join('; ')}`,
        ])
        const cookie = valuesOf(told(answer).rawHeaders, 'Cookie').join('; ')
        assert.doesNotMatch(cookie, /entrada/)
        const theirs = cookie.split(/; */).filter(Boolean)
        assert.deepEqual(theirs, cookies.length > 2 ? ['theirs=1', 'more=a=b'] : [])
      }
    })

    it('is not misled by cookies of an application that look like ours', async () => {
      const front = frontOf(name)
      const { own, site } = front.cookies
      for (const decoys of [
        ['x__Host-entrada-session=1', '__Secure-entrada-site-x.example=1'],
        ['__Secure-entrada-site-a=1', 'theirs=1', '__Secure-entrada-site-b=1', 'more=1'],
      ]) {
        const answer = await send(front, [
          'GET /x HTTP/1.1',
          hostLine(front),
          `Cookie: ${[...decoys, own, 'last=1', site].join('; ')}`,
        ])
        const cookie = valuesOf(told(answer).rawHeaders, 'Cookie').join('; ')
        for (const ours of [own, site]) {
          assert.ok(!cookie.split(/; */).includes(ours), `${decoys}: ${cookie}`)
        }
      }
    })

    it('offers the address for proxies to nobody else', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      for (const path of ['/auth/verify', '/auth/verify/x', '/auth/verify?sign_in=redirect']) {
        const answer = await send(front, [
          `GET ${path} HTTP/1.1`,
          hostLine(front),
          `Cookie: ${own}`,
        ])
        assert.equal(answer.status, 404, path)
        assert.doesNotMatch(answer.head, /x-auth-request/i)
      }
    })

    it('answers 421 to another name, before anybody is asked', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const answer = await send(front, ['GET /x HTTP/1.1', 'Host: evil.example', `Cookie: ${own}`])
      assert.equal(answer.status, 421)
    })

    it('passes nothing while Entrada is gone, says nothing or fails, and answers all the same (G15)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      const ask = () => send(front, ['GET /public/x HTTP/1.1', hostLine(front), `Cookie: ${own}`])
      for (const trouble of ['gone', 'failing', 'slow'] as const) {
        front.between.makeTrouble(trouble)
        const answer = await ask()
        assert.ok(answer.status >= 500, `${trouble}: ${answer.head}`)
        assert.doesNotMatch(answer.body, /"application"/)
      }
      front.between.makeTrouble('none')
      assert.equal((await ask()).status, 200)
    })

    it('asks an Entrada that says nothing once, and gives up after two seconds (O3)', async () => {
      const front = frontOf(name)
      const { own } = front.cookies
      front.between.makeTrouble('slow')
      const startedAt = performance.now()
      const answer = await send(front, ['GET /x HTTP/1.1', hostLine(front), `Cookie: ${own}`])
      const tookMs = performance.now() - startedAt
      const unanswered = front.between.unanswered()
      front.between.makeTrouble('none')
      assert.ok(answer.status >= 500, answer.head)
      assert.equal(unanswered, 1)
      // Twice asked would be four seconds.
      assert.ok(tookMs > 1_500 && tookMs < 3_500, `${Math.round(tookMs)} ms`)
    })
  })
}

/** What a browser does by itself: the cookie of the parent domain goes to the other host too. */
function carrySiteCookie(browser: TestBrowser, front: Front): void {
  for (const [cookie, value] of browser.cookies(new URL(front.sso).host)) {
    if (cookie.startsWith('__Secure-')) browser.setCookie(new URL(front.wiki).host, cookie, value)
  }
}
