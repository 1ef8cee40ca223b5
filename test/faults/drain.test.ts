/** One of two replicas is stopped in order, and then the other, behind each of the reverse proxies of deploy/proxies: no request is refused. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../src/emulator/start-emulator.ts'
import { newSecretKey } from '../../src/keys/key-ring.ts'
import { createTestBrowser } from '../support/browser.ts'
import { startEcho } from '../support/echo-application.ts'
import { startGuardingProxy } from '../support/guarding-proxies.ts'
import { httpsSite, newCertificate } from '../support/https-site.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { proxyNames, startProxy } from '../support/proxy-process.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, OPERATOR_TOKEN, people } from '../support/rig.ts'
import { freePort, type RunningServer, startServer } from '../support/server-process.ts'

const HOST = 'sso.apps.example'
/** Longer than HAProxy needs to notice: two and a half seconds (docs/operate.md), and more on a busy machine. */
const DRAIN_SECONDS = 5
const FEWEST_REQUESTS = 2_000
const AT_ONCE = 3
/** Keeps a fast machine below the limit of `/api/v1/session`: 1,200 a minute with one session. */
const PAUSE_MS = 10

const closers: (() => unknown)[] = []
const owner = { after: (close: () => unknown) => void closers.push(close) }
const certificate = newCertificate(HOST)
type Front = { readonly name: string; readonly port: number; cookie: string }
const fronts: Front[] = []
const running = new Map<number, RunningServer>()
let environment: Readonly<Record<string, string>>
let emulator: Awaited<ReturnType<typeof startEmulator>>
let postgres: TestPostgres

before(async () => {
  postgres = await startPostgres()
  owner.after(() => postgres.close())
  emulator = await startEmulator()
  owner.after(() => emulator.close())
  emulator.signInAutomaticallyAs(people.alice)
  const ports = [await freePort(), await freePort()] as const
  const names = proxyNames.flatMap((name) => [`${name}`, `forward-auth/${name}`])
  for (const name of names) fronts.push({ name, port: await freePort(), cookie: '' })
  environment = await settings()
  for (const port of ports) await startReplica(port)
  for (const front of fronts) await startFront(front, ports)
})

after(async () => {
  for (const close of closers.reverse()) await close()
})

async function settings(): Promise<Readonly<Record<string, string>>> {
  const [first = '', ...others] = fronts.map(({ port }) => `https://${HOST}:${port}`)
  for (const origin of [first, ...others]) {
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  }
  return {
    ENTRADA_SERVER_URL: first,
    ENTRADA_ENTRA_EXTRA_URLS: others.join(),
    ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
    ENTRADA_DATABASE_URL: await postgres.createDatabase(),
    ENTRADA_SECRET_KEYS: newSecretKey(),
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    ENTRADA_DRAIN_SECONDS: String(DRAIN_SECONDS),
  }
}

async function startReplica(port: number): Promise<void> {
  const listening = { ...environment, ENTRADA_LISTEN: `127.0.0.1:${port}` }
  const server = await startServer(owner, 'serve', { environment: listening })
  await server.printed(/"event":"started"/)
  running.set(port, server)
}

async function startFront(front: Front, ports: readonly [number, number]): Promise<void> {
  const [entradaPort, secondEntradaPort] = ports
  const applicationPort = await startEcho(owner, 'application')
  const common = { port: front.port, entradaPort, secondEntradaPort, applicationPort, certificate }
  for (const name of proxyNames) {
    if (front.name === name) {
      await startProxy(owner, name, { ...common, host: HOST, plainPort: await freePort() })
    } else if (front.name === `forward-auth/${name}`) {
      const names = { ssoHost: HOST, wikiHost: `wiki.${HOST}`, wikiPort: applicationPort }
      await startGuardingProxy(owner, name, { ...common, ...names })
    }
  }
  front.cookie = await cookieOfAlice(front.port)
}

async function cookieOfAlice(port: number): Promise<string> {
  const site = httpsSite({
    port,
    chain: certificate.chain,
    localAddress: '127.0.0.2',
    serverName: HOST,
  })
  const host = `${HOST}:${port}`
  const browser = createTestBrowser({ [host]: site, [new URL(emulator.origin).host]: fetch })
  const visit = await browser.visit(`https://${host}/auth/entra/login?return_to=/account`)
  assert.equal(visit.response.status, 200, visit.text)
  return [...browser.cookies(host)].map((pair) => pair.join('=')).join('; ')
}

/** Clients that send requests to one front, over persistent connections, until they are stopped. Returns the wrong responses. */
function startVisitors(front: Front) {
  const agent = new Agent({ keepAlive: true, ca: certificate.chain, servername: HOST })
  const refused: string[] = []
  let [count, goOn] = [0, true]
  const questions = front.name.startsWith('forward-auth/')
    ? ([['GET', '/reports', 200]] as const)
    : ([
        ['GET', '/auth/verify', 204],
        ['GET', '/auth/verify', 204],
        ['GET', '/api/v1/session', 200],
        // Refused by Entrada itself: a form that another site sends. A proxy may not send it again once it was taken.
        ['POST', '/auth/logout', 403],
      ] as const)

  async function ask([method, path, status]: (typeof questions)[number]): Promise<void> {
    const headers = { host: `${HOST}:${front.port}`, cookie: front.cookie }
    const sent = request({ host: '127.0.0.1', port: front.port, method, path, headers, agent })
    sent.setHeader('content-type', 'application/x-www-form-urlencoded')
    sent.end(method === 'POST' ? 'a=b' : undefined)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage] // the event's one argument
    answer.resume()
    await once(answer, 'end')
    if (answer.statusCode !== status) refused.push(`${method} ${path}: ${answer.statusCode}`)
  }

  async function visit(): Promise<void> {
    while (goOn) {
      const question = questions[count % questions.length] ?? questions[0]
      count += 1
      await ask(question).catch((error: unknown) => refused.push(String(error)))
      await sleep(PAUSE_MS)
    }
  }

  const visitors = Promise.all(Array.from({ length: AT_ONCE }, visit))
  return {
    async stop() {
      goOn = false
      await visitors
      agent.destroy()
      return { name: front.name, count, refused }
    },
  }
}

describe('two replicas that are stopped in order, one after the other', () => {
  it('refuse nobody behind any proxy file of ours (O2)', { timeout: 240_000 }, async (t) => {
    const visitors = fronts.map(startVisitors)
    await sleep(1_000)
    for (const [port, server] of [...running]) {
      server.kill('SIGTERM')
      await server.printed(/"event":"stopping"/)
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
      assert.equal(answer.status, 503)
      assert.match(await answer.text(), /server_stopping/)
      assert.equal(await server.ended, 0, server.output())
      await sleep(1_000)
      await startReplica(port)
      await sleep(3_000) // until the proxies have seen that it is there again
    }
    const results = await Promise.all(visitors.map((visitor) => visitor.stop()))
    const total = results.reduce((sum, { count }) => sum + count, 0)
    t.diagnostic(results.map(({ name, count }) => `${name}: ${count}`).join(', '))
    for (const { name, refused } of results) assert.deepEqual(refused, [], name)
    assert.ok(total > FEWEST_REQUESTS, `only ${total} requests`)
  })
})
