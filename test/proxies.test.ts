/** The configurations of deploy/proxies, run: Entrada and an application behind nginx, Caddy and HAProxy, over https. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'
import { createTestBrowser, type TestBrowser } from './support/browser.ts'
import { examineBehind } from './support/examined.ts'
import { httpsSite, newCertificate } from './support/https-site.ts'
import { proxyNames, startProxy } from './support/proxy-process.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, OPERATOR_TOKEN, people } from './support/rig.ts'
import { freePort, startServer } from './support/server-process.ts'
import { asOperator } from './support/steps.ts'

const HOST = 'sso.localhost'
/** The person's machine; the proxy itself is at 127.0.0.1, the only address that Entrada trusts. */
const CLIENT_ADDRESS = '127.0.0.2'
const FORGED_ADDRESS = '203.0.113.9'

const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.push(close) }
const certificate = newCertificate(HOST, { days: 90 })

type Front = { readonly origin: string; readonly port: number; readonly plainPort: number }
const fronts = new Map<string, Front>()
let emulator: StartedEmulator
let entradaPort: number

before(async () => {
  emulator = await startEmulator()
  owner.after(() => emulator.close())
  for (const name of proxyNames) {
    const [port, plainPort] = [await freePort(), await freePort()]
    fronts.set(name, { origin: `https://${HOST}:${port}`, port, plainPort })
  }
  const origins = [...fronts.values()].map(({ origin }) => origin)
  for (const origin of origins) {
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  }
  emulator.signInAutomaticallyAs(people.alice)
  entradaPort = await startEntrada(origins)
  const applicationPort = await startApplication(entradaPort)
  for (const name of proxyNames) {
    const { port, plainPort } = frontOf(name)
    const ports = { port, plainPort, entradaPort, applicationPort }
    await startProxy(owner, name, { host: HOST, certificate, ...ports })
  }
})

after(async () => {
  for (const close of closers.reverse()) await close()
})

async function startEntrada([first = '', ...others]: readonly string[]): Promise<number> {
  const port = await freePort()
  const server = await startServer(owner, 'serve', {
    port,
    environment: {
      ENTRADA_SERVER_URL: first,
      ENTRADA_ENTRA_EXTRA_URLS: others.join(','),
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

/** An application as docs/operate.md describes: it asks Entrada who is there, with the cookies it was sent. */
async function startApplication(entradaPort: number): Promise<number> {
  const server = createServer(async ({ headers, url = '/' }, response) => {
    const { host = '', cookie = '' } = headers
    const { status, text } = await askSession(entradaPort, { host, cookie })
    if (status === 401) {
      const location = `/auth/entra/login?return_to=${encodeURIComponent(url)}`
      response.writeHead(303, { location }).end()
    } else {
      response.writeHead(status ?? 502).end(`The application greets ${text}`)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  owner.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function askSession(port: number, headers: Readonly<Record<string, string>>) {
  const sent = httpRequest({ host: '127.0.0.1', port, path: '/api/v1/session', headers }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode, text }
}

function frontOf(name: string): Front {
  const front = fronts.get(name)
  assert(front !== undefined)
  return front
}

/** A browser that sends X-Forwarded-For with every request. */
function browserOf({ origin, port }: Front): TestBrowser {
  const site = httpsSite({
    port,
    chain: certificate.chain,
    localAddress: CLIENT_ADDRESS,
    serverName: HOST,
    headers: { 'x-forwarded-for': FORGED_ADDRESS },
  })
  const sites = { [new URL(origin).host]: site, [new URL(emulator.origin).host]: fetch }
  return createTestBrowser(sites)
}

for (const name of proxyNames) {
  describe(`deploy/proxies: ${name}`, () => {
    it('signs a person in over https and back to the page of the application', async () => {
      const front = frontOf(name)
      const browser = browserOf(front)
      const page = await browser.visit(`${front.origin}/reports?year=2026`)
      assert.equal(page.url.href, `${front.origin}/reports?year=2026`)
      assert.match(page.text, /The application greets .*Alice Example/)
      const names = [...browser.cookies(new URL(front.origin).host).keys()]
      assert.ok(names.length > 0)
      assert.ok(
        names.every((name) => name.startsWith('__Host-')),
        names.join(),
      )
    })

    it("hands on the person's address, and not the one they claim to have", async () => {
      const front = frontOf(name)
      const browser = browserOf(front)
      await browser.visit(`${front.origin}/`)
      const own = await browser.request(`${front.origin}/api/v1/session`)
      const { session } = (await own.json()) as { session: { id: string } }
      const listed = await browserOf(front).request(`${front.origin}/api/v1/sessions`, {
        headers: asOperator,
      })
      const { items } = (await listed.json()) as { items: { id: string; ip: string }[] }
      assert.equal(items.find(({ id }) => id === session.id)?.ip, CLIENT_ADDRESS)
    })

    it("lets 8 KB of an application's cookies pass through a whole sign-in", async () => {
      const front = frontOf(name)
      const browser = browserOf(front)
      browser.setCookie(new URL(front.origin).host, 'application-state', 'x'.repeat(8_192))
      const tabs = Array.from({ length: 4 }, (_, tab) =>
        browser.request(`${front.origin}/auth/entra/login?return_to=/tab-${tab}`),
      )
      for (const started of await Promise.all(tabs)) assert.equal(started.status, 303)
      const page = await browser.visit(`${front.origin}/reports`)
      assert.equal(page.url.pathname, '/reports', page.text)
    })

    it('hands a form on whole, and answers 413 to one that is larger than any of ours (A1)', async () => {
      const front = frontOf(name)
      const post = (body: string) =>
        browserOf(front).request(`${front.origin}/login/token`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      const padding = `padding=${'x'.repeat(60_000)}`
      const signedIn = await post(`${padding}&operator_token=${encodeURIComponent(OPERATOR_TOKEN)}`)
      assert.equal(signedIn.status, 303, await signedIn.text())
      for (const size of [70_000, 300_000]) {
        assert.equal((await post(`padding=${'x'.repeat(size)}`)).status, 413)
      }
    })

    it('answers 421 to another name, for Entrada and for the application', async () => {
      const { port, origin } = frontOf(name)
      const site = httpsSite({
        port,
        chain: certificate.chain,
        localAddress: CLIENT_ADDRESS,
        serverName: HOST,
        headers: { host: 'evil.example' },
      })
      for (const path of ['/login', '/reports']) {
        const response = await site(new Request(origin + path))
        assert.equal(response.status, 421, path)
        assert.doesNotMatch(await response.text(), /The application|Entrada/)
      }
    })

    it('is in order for the doctor, which asks nothing that the proxy hides (O1)', async () => {
      const { origin } = frontOf(name)
      const environment = {
        ENTRADA_SERVER_URL: origin,
        ENTRADA_LISTEN: `127.0.0.1:${entradaPort}`,
        ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
        ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
        ENTRADA_ENTRA_AUTHORITY: emulator.origin,
        ENTRADA_ENTRA_TENANT_ID: CONTOSO,
        ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
        ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
      }
      const { troubles, exitCode, find } = await examineBehind(environment, certificate)
      assert.deepEqual([exitCode, troubles], [0, []])
      assert.ok(find('address_reached').what.includes(origin))
      assert.equal(find('proxy_passes_requests').severity, 'ok')
    })

    it('offers no health checks to the world, and leads from http to https', async () => {
      const { origin, plainPort } = frontOf(name)
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        const response = await browserOf(frontOf(name)).request(origin + path)
        assert.equal(response.status, 303, `${path} is the application's`)
      }
      const sent = httpRequest({
        host: '127.0.0.1',
        port: plainPort,
        path: '/reports',
        headers: { host: HOST },
      }).end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
      answer.resume()
      assert.ok([301, 308].includes(answer.statusCode ?? 0))
      assert.match(answer.headers.location ?? '', /^https:\/\/sso\.localhost(:\d+)?\/reports$/)
    })
  })
}
