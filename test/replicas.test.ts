/** Any number of stateless replicas over one PostgreSQL: a browser does not notice which of them answers. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { createEntrada, type Entrada } from '../src/entrada.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { openServices } from '../src/open-services.ts'
import { type DatabaseAddress, openStorage } from '../src/storage/open-storage.ts'
import { startBalancer } from './support/balancer.ts'
import type { TestBrowser } from './support/browser.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { browserAcross, sameBrowserAcross } from './support/replicas.ts'
import {
  CLIENT_ID,
  CLIENT_SECRET,
  CONTOSO,
  createRig,
  ENGINEERING,
  OPERATOR_TOKEN,
  people,
  type Rig,
  type RigOptions,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import { createSocketBrowser, freePort, startServer } from './support/server-process.ts'

const operator = { actor: { kind: 'operator', id: 'test' } } as const
let postgres: TestPostgres
/** Migrated once; each test gets a copy. */
let template = ''

before(async () => {
  postgres = await startPostgres()
  template = await postgres.createDatabase()
  const storage = await openStorage(template, { mode: 'production', now: () => new Date() })
  await storage.close()
})
after(() => postgres.close())

describe('a sign-in over two replicas', () => {
  it('starts on one and ends on the other', async (t) => {
    const { rig, second } = await openTwo(t)
    rig.emulator.signInAutomaticallyAs(people.alice)
    const browser = browserAcross(rig, [rig.entrada, second])
    const { response, text } = await browser.visit(`${SERVER_URL}/auth/entra/login`)
    assert.equal(response.status, 200)
    assert.match(text, /Alice/)
    assert.equal(await statusOf(sameBrowserAcross(rig, [second], browser)), 200)
    assert.equal(await statusOf(sameBrowserAcross(rig, [rig.entrada], browser)), 200)
  })

  it('ends once when the same answer of Entra arrives at both at once (H13, A46)', async (t) => {
    const { rig, second } = await openTwo(t)
    const { browser, callback } = await comeBack(rig)
    const callbacks = Array.from({ length: 10 }, (_, n) =>
      sameBrowserAcross(rig, [n % 2 === 0 ? rig.entrada : second], browser).request(callback),
    )
    const statuses = (await Promise.all(callbacks)).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 303).length, 1)
    assert.equal(statuses.filter((status) => status === 400).length, 9)
    assert.equal(requestsAt(rig, 'token'), 1)
    assert.equal((await listSessions(rig)).length, 1)
  })

  it('makes one user of twenty first sign-ins of one person (B13)', async (t) => {
    const { rig, second } = await openTwo(t)
    const begun = await Promise.all(Array.from({ length: 20 }, () => comeBack(rig)))
    const answers = await Promise.all(
      begun.map(({ browser, callback }, n) =>
        sameBrowserAcross(rig, [n % 2 === 0 ? rig.entrada : second], browser).request(callback),
      ),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 303),
    )
    const { items } = await rig.services.storage.listUsers({ limit: 50 })
    assert.deepEqual(
      items.map(({ identities }) => identities.length),
      [1],
    )
    assert.equal((await listSessions(rig)).length, 20)
  })
})

describe('what happens on one replica', () => {
  it('is seen by the other at once: sign-out', async (t) => {
    const { rig, second } = await openTwo(t)
    const { browser } = await rig.signIn(people.alice)
    const elsewhere = sameBrowserAcross(rig, [second], browser)
    assert.equal(await statusOf(elsewhere), 200)
    const form = new URLSearchParams({ form_token: await formToken(browser) })
    const signedOut = await browser.request(`${SERVER_URL}/auth/logout`, {
      method: 'POST',
      body: form,
    })
    assert.ok(signedOut.status < 400, `sign-out answered ${signedOut.status}`)
    assert.equal(await statusOf(elsewhere), 401)
  })

  it('is seen by the other at once: a user is disabled', async (t) => {
    const { rig, second } = await openTwo(t)
    const { browser } = await rig.signIn(people.alice)
    const elsewhere = sameBrowserAcross(rig, [second], browser)
    assert.equal(await statusOf(elsewhere), 200)
    const [user] = (await rig.entrada.api.listUsers({ limit: 1 })).items
    await rig.entrada.api.disableUser(operator, user?.user.id ?? '')
    assert.equal(await statusOf(elsewhere), 401)
  })

  it('is seen by the other at once: other roles', async (t) => {
    const roleRules = [{ id: 'r1', match: 'group', value: ENGINEERING, role: 'engineer' }] as const
    const { rig, second } = await openTwo(t, {
      entra: { roleRules, policies: { unmatched: { kind: 'default_role', role: 'member' } } },
    })
    const { browser } = await rig.signIn(people.alice)
    const elsewhere = sameBrowserAcross(rig, [second], browser)
    const before = await rolesOf(elsewhere)
    const { items } = await rig.services.storage.listUsers({ limit: 1 })
    const membershipId = items[0]?.memberships[0]?.id
    assert.ok(membershipId)
    await rig.services.storage.atomically((transaction) =>
      transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: membershipId,
          roles: [{ role: 'other', source: 'default' }],
        },
      ]),
    )
    assert.notDeepEqual(before, ['other'])
    assert.deepEqual(await rolesOf(elsewhere), ['other'])
  })
})

describe('two processes of `entrada serve` behind a balancer', () => {
  it('are one server to a browser, and to twenty people of one account who come for the first time (B13, H13)', async (t) => {
    const { origin, emulator, taken, database } = await startTwo(t)
    const browsers = Array.from({ length: 20 }, () => createSocketBrowser())
    emulator.signInAutomaticallyAs(people.alice)
    const callbacks = await Promise.all(
      browsers.map(async (browser) => {
        const started = await browser.request(`${origin}/auth/entra/login`)
        const answered = await browser.request(started.headers.get('location') ?? '')
        return answered.headers.get('location') ?? ''
      }),
    )
    const arrivals = browsers.flatMap((browser, n) => [0, 1].map(() => ({ browser, n })))
    const answers = await Promise.all(
      arrivals.map(({ browser, n }) => browser.request(callbacks[n] ?? '')),
    )
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [...Array(20).fill(303), ...Array(20).fill(400)])
    assert.equal(emulator.requests.filter(({ endpoint }) => endpoint === 'token').length, 20)
    assert.deepEqual(await postgres.run(database, 'select count(*)::int as users from users'), [
      { users: 1 },
    ])
    for (const browser of browsers.slice(0, 4)) {
      assert.equal((await browser.request(`${origin}/api/v1/session`)).status, 200)
    }
    assert.equal(taken.size, 2)
    assert.ok([...taken.values()].every((count) => count > 20))
  })
})

/** Affects all users of the database server, so it runs last. */
describe('when PostgreSQL is lost', () => {
  it('answers 503 with Retry-After, is alive but not ready, lets nobody in, and recovers by itself (H16)', async (t) => {
    const { rig } = await openTwo(t)
    const { browser } = await rig.signIn(people.alice)
    for (const how of ['fast', 'killed'] as const) {
      const { browser: other, callback } = await comeBack(rig)
      await postgres.stop(how)
      for (const response of [
        await browser.request(`${SERVER_URL}/api/v1/session`),
        await browser.request(`${SERVER_URL}/account`),
        await browser.request(`${SERVER_URL}/readyz`),
        await other.request(callback),
      ]) {
        assert.equal(response.status, 503)
        assert.equal(response.headers.get('retry-after'), '5')
        assert.doesNotMatch(response.headers.getSetCookie().join(), /session=[^;]/)
      }
      assert.equal((await browser.request(`${SERVER_URL}/healthz`)).status, 200)
      await assert.rejects(rig.entrada.getSession(sessionRequest(browser)), {
        code: 'storage_unavailable',
      })

      await postgres.start()
      assert.equal((await browser.request(`${SERVER_URL}/readyz`)).status, 200)
      assert.equal(await statusOf(browser), 200)
      assert.equal((await rig.signIn(people.bob)).response.status, 200)
    }
  })

  it('signs people in while connections are cut again and again: in whole or with a 503 (H16)', async (t) => {
    const { rig, second, database } = await openTwo(t)
    let cutting = true
    const cutter = (async () => {
      while (cutting) await postgres.cutConnections(database)
    })()
    const statuses: number[] = []
    try {
      for (let n = 0; n < 30; n += 1) {
        const entrada = n % 2 === 0 ? rig.entrada : second
        statuses.push(await signInStatus(rig, entrada))
      }
    } finally {
      cutting = false
      await cutter
    }
    assert.deepEqual(
      statuses.filter((status) => status !== 303 && status !== 503),
      [],
    )
    const sessions = await listSessions(rig)
    const acknowledged = statuses.filter((status) => status === 303).length
    assert.ok(sessions.length >= acknowledged)
    assert.ok((await rig.services.storage.listUsers({ limit: 50 })).items.length <= 1)
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })
})

/** Two Entradas with pools of their own, over one new database. */
async function openTwo(
  t: TestContext,
  options: RigOptions = {},
): Promise<{ readonly rig: Rig; readonly second: Entrada; readonly database: string }> {
  const database = await postgres.createDatabase(template)
  const rig = await createRig({ ...options, database: database satisfies DatabaseAddress })
  t.after(() => rig.close())
  const second = createEntrada(rig.options, await openServices(rig.options))
  t.after(() => second.close())
  return { rig, second, database }
}

async function startTwo(t: TestContext) {
  const database = await postgres.createDatabase(template)
  const emulator = await startEmulator()
  t.after(() => emulator.close())
  const port = await freePort()
  const origin = `http://localhost:${port}`
  emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  const environment = {
    ENTRADA_SERVER_URL: origin,
    ENTRADA_DATABASE_URL: database,
    ENTRADA_SECRET_KEYS: newSecretKey(),
    ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
  }
  const ports = [await freePort(), await freePort()]
  for (const own of ports) {
    const listening = { ...environment, ENTRADA_LISTEN: `127.0.0.1:${own}` }
    const server = await startServer(t, 'serve', { environment: listening })
    await server.printed(/"event":"started"/)
  }
  const { taken } = await startBalancer(t, port, ports)
  return { origin, emulator, taken, database }
}

/** A sign-in as far as Entra's answer, which is not yet delivered. */
async function comeBack(rig: Rig): Promise<{ browser: TestBrowser; callback: string }> {
  rig.emulator.signInAutomaticallyAs(people.alice)
  const browser = rig.browser()
  const started = await browser.request(`${SERVER_URL}/auth/entra/login`)
  const answered = await browser.request(started.headers.get('location') ?? '')
  return { browser, callback: answered.headers.get('location') ?? '' }
}

/** How a sign-in ends at `entrada`: with the status of its start if that is refused already. */
async function signInStatus(rig: Rig, entrada: Entrada): Promise<number> {
  rig.emulator.signInAutomaticallyAs(people.alice)
  const browser = rig.browser()
  const started = await browser.request(`${SERVER_URL}/auth/entra/login`)
  if (started.status !== 303) return started.status
  const answered = await browser.request(started.headers.get('location') ?? '')
  const callback = answered.headers.get('location') ?? ''
  return (await sameBrowserAcross(rig, [entrada], browser).request(callback)).status
}

async function statusOf(browser: TestBrowser): Promise<number> {
  return (await browser.request(`${SERVER_URL}/api/v1/session`)).status
}

async function rolesOf(browser: TestBrowser): Promise<unknown> {
  const response = await browser.request(`${SERVER_URL}/api/v1/session`)
  return ((await response.json()) as { readonly roles: unknown }).roles
}

async function formToken(browser: TestBrowser): Promise<string> {
  const { text } = await browser.visit(`${SERVER_URL}/`)
  return /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

function sessionRequest(browser: TestBrowser): Request {
  const { host } = new URL(SERVER_URL)
  const cookie = [...browser.cookies(host)].map((pair) => pair.join('=')).join('; ')
  return new Request(SERVER_URL, { headers: { host, cookie } })
}

async function listSessions(rig: Rig) {
  const page = await rig.services.storage.listSessions({}, { limit: 50 }, rig.clock.now())
  return page.items
}
