/** The number of requests that any client may send in a minute, and that reaching it does not affect other clients. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { noteUnstored, reportUnstored } from '../src/audit/bounded-events.ts'
import { createEntrada } from '../src/entrada.ts'
import { createLog } from '../src/log/log.ts'
import { openServices } from '../src/open-services.ts'
import { createCustomer, loginAddress } from './support/customers.ts'
import { startPostgres } from './support/postgres.ts'
import { goToEntra } from './support/refusals.ts'
import { OPERATOR_TOKEN, people, type Rig, requestsAt, SERVER_URL } from './support/rig.ts'
import { auditEvents, openRig, postForm } from './support/steps.ts'

const WRONG_TOKEN = 'wrong-operator-token-0123456789-abcdefghijklmnop'

type Ask = { readonly path: string; readonly headers?: Readonly<Record<string, string>> }

function ask({ entrada }: Pick<Rig, 'entrada'>, remoteAddress: string, { path, headers }: Ask) {
  const request = new Request(SERVER_URL + path, { headers: { ...headers } })
  return entrada.fetch(request, { remoteAddress })
}

/** Asks one after the other, and answers how often each status came. */
async function statusesOf(
  rig: Pick<Rig, 'entrada'>,
  times: number,
  askOf: (n: number) => { readonly from: string } & Ask,
): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {}
  for (let n = 0; n < times; n += 1) {
    const { from, ...asked } = askOf(n)
    const { status } = await ask(rig, from, asked)
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

const start = { path: '/auth/entra/login' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('a limit', () => {
  const limited = [
    ['/auth/entra/login', 303],
    ['/auth/entra/callback?state=x&code=y', 400],
    ['/auth/entra/frontchannel-logout?sid=unknown', 200],
  ] as const

  for (const [path, status] of limited) {
    it(`of ${path.split('?')[0]} says when to come again, for one address alone`, async (t) => {
      const rig = await openRig(t, { signInsPerMinute: 60 })
      const counts = await statusesOf(rig, 70, () => ({ from: '192.0.2.1', path }))
      assert.deepEqual(counts, { [status]: 60, 429: 10 })
      const refused = await ask(rig, '192.0.2.1', { path })
      assert.match(refused.headers.get('retry-after') ?? '', /^[1-5]?\d$|^60$/)
      assert.match(await refused.text(), /too_many_requests/)
      assert.equal((await ask(rig, '192.0.2.2', { path })).status, status)
    })
  }

  it('lets a whole school sign in from one address within a minute', async (t) => {
    const rig = await openRig(t)
    const counts = await statusesOf(rig, 600, () => ({ from: '192.0.2.1', ...start }))
    assert.deepEqual(counts, { 303: 600 })
  })

  it('is none where the application passes no address on: nobody can be told apart', async (t) => {
    const rig = await openRig(t, { signInsPerMinute: 60 })
    for (let n = 0; n < 70; n += 1) {
      const response = await rig.entrada.fetch(new Request(SERVER_URL + start.path))
      assert.equal(response.status, 303)
    }
  })

  it('of the API counts by address before, and by operator token after the token is known', async (t) => {
    const rig = await openRig(t)
    const path = '/api/v1/users?limit=1'
    const headers = bearer(OPERATOR_TOKEN)
    const counts = await statusesOf(rig, 1300, (n) => ({
      from: `192.0.2.${n % 3}`,
      path,
      headers,
    }))
    assert.deepEqual(counts, { 200: 1200, 429: 100 })
    const stranger = { from: '198.51.100.1', path: '/api/v1/users' }
    assert.deepEqual(await statusesOf(rig, 610, () => stranger), { 401: 600, 429: 10 })
  })

  it('of an application that asks for sessions counts by session, not by address', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const { browser: another } = await rig.signIn(people.bob)
    const url = `${SERVER_URL}/api/v1/session`
    const statuses = new Set<number>()
    for (let n = 0; n < 1200; n += 1) statuses.add((await browser.request(url)).status)
    assert.deepEqual([...statuses], [200])
    assert.equal((await browser.request(url)).status, 429)
    assert.equal((await another.request(url)).status, 200)
  })
})

describe('wrong operator tokens', () => {
  it('never keep people from signing in, nor the right token from the same address (I20)', async (t) => {
    const rig = await openRig(t)
    const path = '/api/v1/users'
    const wrong = { from: '127.0.0.1', path, headers: bearer(WRONG_TOKEN) }
    assert.deepEqual(await statusesOf(rig, 1000, () => wrong), { 401: 10, 429: 990 })
    const stranger = rig.browser()
    const fields = { operator_token: WRONG_TOKEN }
    const url = `${SERVER_URL}/login/token`
    assert.equal((await postForm(stranger, url, { fields })).status, 429)
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('from any number of addresses leave no more than a thousand rows a minute (I20)', async (t) => {
    const rig = await openRig(t)
    for (let n = 0; n < 1100; n += 1) {
      assert.equal(await offerWrongToken(rig, `10.0.${n >> 8}.${n & 255}`), 401)
    }
    assert.equal(await countEvents(rig, 'operator.sign_in_refused'), 1000)
  })
})

describe('noise of one sort', () => {
  it('hides no other: each has a share of its own, and the rest is reported with its number (A7)', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    for (let n = 0; n < 1300; n += 1) await offerWrongToken(rig, `10.0.${n % 130}.1`)
    const stored = await countEvents(rig, 'operator.sign_in_refused')
    assert.equal(stored, 1000)
    await refusedAtEntra(rig)
    const [refused] = await auditEvents(rig, { type: 'sign_in.refused' })
    assert.equal(refused?.detail.code, 'authorization_refused')

    await offerWrongToken(rig, '192.0.2.9')
    assert.equal(await countEvents(rig, 'operator.sign_in_refused'), 1000)
    await reportUnstored(rig.services)
    const reports = await auditEvents(rig, { type: 'audit.events_not_stored' })
    assert.deepEqual(
      reports.map(({ detail: { eventType, count } }) => [eventType, count]),
      [['operator.sign_in_refused', 301]],
    )
    const logged = rig.logLines.map((line) => JSON.parse(line))
    assert.equal(logged.find(({ event }) => event === 'events_not_stored')?.count, 301)
    const unlogged = logged.filter(({ event }) => event === 'refusals_not_logged')
    // Of 1,301, the log had the first five and every hundredth.
    assert.deepEqual(
      unlogged.map(({ code, count }) => [code, count]),
      [['operator_token_invalid', 1301 - 5 - 13]],
    )
    await reportUnstored(rig.services)
    assert.equal((await auditEvents(rig, { type: 'audit.events_not_stored' })).length, 1)
  })

  it('at one connection does not hide what happens at another, and each organization sees its own (A7)', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    for (let n = 0; n < 1050; n += 1) {
      await refusedAtEntra(rig, {
        address: `10.1.${n % 100}.1`,
        startAt: loginAddress(contoso.connection),
      })
    }
    await refusedAtEntra(rig, { address: '192.0.2.9' })
    const { items } = await rig.services.storage.listAuditEvents(
      { type: 'sign_in.refused', connectionId: 'default' },
      { limit: 9 },
    )
    assert.equal(items.length, 1)
    await reportUnstored(rig.services)
    const [report, ...others] = await auditEvents(rig, { type: 'audit.events_not_stored' })
    assert.equal(report?.organizationId, contoso.organization.id)
    assert.deepEqual([report?.detail.code, report?.detail.count], ['authorization_refused', 50])
    assert.deepEqual(others, [])
  })

  it('is reported by the log where the database is away (A7)', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true })
    noteUnstored(rig.services, { eventType: 'operator.sign_in_refused' })
    await rig.services.storage.close()
    await reportUnstored(rig.services)
    assert.ok(rig.logLines.some((line) => /events_not_stored_not_recorded/.test(line)))
  })
})

describe('a sign-in attempt that is sent again and again', () => {
  it('is stored twenty times and counted from then on', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    callback.searchParams.set('code', 'wrong')
    for (let n = 0; n < 40; n += 1) {
      assert.ok((await browser.clone().request(callback)).status >= 400)
    }
    assert.equal((await auditEvents(rig, { type: 'sign_in.refused' })).length, 20)
    const traces = await rig.services.storage.listSignInTraces({}, { limit: 100 })
    assert.equal(traces.items.length, 20)
    assert.equal(requestsAt(rig, 'token'), 1)
    const logged = rig.logLines.filter((line) => line.includes('"request_refused"'))
    assert.ok(logged.length < 30, `${logged.length} lines`)
  })

  it('cannot fill the database from one address with ever new attempts', async (t) => {
    const rig = await openRig(t)
    const before = await countEvents(rig)
    for (let n = 0; n < 100; n += 1) {
      const browser = rig.browser()
      const response = await browser.request(`${SERVER_URL}/auth/entra/login`)
      const state = new URL(response.headers.get('location') ?? '').searchParams.get('state') ?? ''
      const query = new URLSearchParams({ state, error: 'access_denied' })
      await browser.request(`${SERVER_URL}/auth/entra/callback?${query}`)
    }
    assert.equal((await countEvents(rig)) - before, 60)
  })
})

describe('a flood of starts', () => {
  for (const addresses of [1, 10]) {
    it(`from ${addresses} ${addresses === 1 ? 'address' : 'addresses'} leave rows flat and real users fine (H22)`, async (t) => {
      const logged: string[] = []
      const log = createLog('info', { write: (line) => void logged.push(line) })
      const rig = await openRig(t, { log, signInsPerMinute: 100 })
      const rows = await countRows(rig)
      const starts = addresses * 500
      const counts = await statusesOf(rig, starts, (n) => ({
        from: `203.0.113.${n % addresses}`,
        ...start,
      }))
      assert.deepEqual(counts, { 303: 100 * addresses, 429: starts - 100 * addresses })
      assert.deepEqual(await countRows(rig), rows)
      assert.equal((await rig.signIn(people.alice)).response.status, 200)
      assert.ok(logged.filter((line) => line.includes('request_refused')).length < 300)
    })
  }
})

describe('two replicas on PostgreSQL', () => {
  it('count together, and few sign-ins write nothing', { timeout: 60_000 }, async (t) => {
    const postgres = await startPostgres()
    t.after(() => postgres.close())
    const database = await postgres.createDatabase()
    const rig = await openRig(t, { database, signInsPerMinute: 100 })
    const second = { entrada: await openSecond(t, rig) }
    const counted = () => postgres.run(database, 'select * from rate_limit_counts')
    await statusesOf(rig, 4, () => ({ from: '192.0.2.7', ...start }))
    assert.deepEqual(await counted(), [])

    const on = (replica: Pick<Rig, 'entrada'>, times: number) =>
      statusesOf(replica, times, () => ({ from: '192.0.2.1', ...start }))
    assert.deepEqual(await on(rig, 60), { 303: 60 })
    const { 303: allowed = 0, 429: refused = 0 } = await on(second, 60)
    assert.ok(allowed >= 40 && allowed <= 45 && refused === 60 - allowed, `${allowed} allowed`)
    assert.equal((await counted()).length, 1)
  })
})

async function openSecond(t: TestContext, { options }: Rig) {
  const services = await openServices(options)
  const entrada = createEntrada(options, services)
  t.after(() => entrada.close())
  return entrada
}

async function offerWrongToken({ entrada }: Rig, remoteAddress: string): Promise<number> {
  const request = new Request(`${SERVER_URL}/login/token`, {
    method: 'POST',
    body: new URLSearchParams({ operator_token: WRONG_TOKEN }),
    headers: { 'sec-fetch-site': 'same-origin' },
  })
  return (await entrada.fetch(request, { remoteAddress })).status
}

/** An attempt that comes back from Entra with a refusal. */
async function refusedAtEntra(
  rig: Rig,
  { address = '127.0.0.1', startAt = rig.startAt } = {},
): Promise<void> {
  const started = await rig.entrada.fetch(new Request(startAt), { remoteAddress: address })
  const [cookie = ''] = started.headers.getSetCookie().map((line) => line.split(';')[0])
  const sentTo = new URL(started.headers.get('location') ?? '')
  const callback = new URL(sentTo.searchParams.get('redirect_uri') ?? '')
  callback.searchParams.set('state', sentTo.searchParams.get('state') ?? '')
  callback.searchParams.set('error', 'access_denied')
  const request = new Request(callback, { headers: { cookie } })
  await rig.entrada.fetch(request, { remoteAddress: address })
}

async function countEvents({ services }: Rig, type?: string): Promise<number> {
  let count = 0
  for (let after: string | undefined; ; ) {
    const page = { limit: 200, ...(after ? { after } : {}) }
    const { items, next } = await services.storage.listAuditEvents(type ? { type } : {}, page)
    count += items.length
    if (next === undefined) return count
    after = next
  }
}

async function countRows(rig: Rig) {
  const { storage, now } = rig.services
  const traces = await storage.listSignInTraces({}, { limit: 200 })
  const live = await storage.countLive(now())
  return { events: await countEvents(rig), traces: traces.items.length, ...live }
}
