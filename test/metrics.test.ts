/** `/metrics` counts what happened, and contains no personal data. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { errorTable } from '../src/errors/errors.ts'
import { version } from '../src/http/version.ts'
import { Secret } from '../src/keys/secret.ts'
import { type Metric, metricTable } from '../src/metrics/metric-table.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { routes } from '../src/routes.ts'
import { goToEntra } from './support/refusals.ts'
import { CLIENT_SECRET, people, type Rig, SERVER_URL } from './support/rig.ts'
import { freePort, startServer } from './support/server-process.ts'
import { asOperator, openRig } from './support/steps.ts'

type Scraped = ReadonlyMap<string, number>

async function scrape(rig: Rig): Promise<{ readonly text: string; readonly values: Scraped }> {
  const request = new Request(`${SERVER_URL}/metrics`, { headers: asOperator })
  const response = await rig.entrada.fetch(request, { remoteAddress: '127.0.0.1' })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  return { text, values: valuesOf(text) }
}

function valuesOf(text: string): Scraped {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

describe('/metrics', () => {
  it('is for operators', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await browser.request(`${SERVER_URL}/metrics`)).status, 403)
    assert.equal((await rig.browser().request(`${SERVER_URL}/metrics`)).status, 401)
  })

  it('is well formed: each metric explained once, with its type, and each series once', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.dave)
    const { text, values } = await scrape(rig)
    const lines = text.split('\n').filter((line) => !line.startsWith('#') && line !== '')
    assert.equal(values.size, lines.length)
    for (const line of lines) {
      assert.match(line, /^[a-z_0-9]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? -?[0-9.e+-]+$/)
      const name = (/^[a-z_0-9]+/.exec(line)?.[0] ?? '').replace(/_(bucket|sum|count)$/, '')
      assert.ok(Object.hasOwn(metricTable, name), name)
    }
    for (const [, name = ''] of text.matchAll(/^# TYPE (\S+)/gm)) {
      assert.equal(text.split(`# TYPE ${name} `).length, 2, name)
      assert.equal(text.split(`# HELP ${name} `).length, 2, name)
    }
  })

  it('has every counter at 0 before its first event, so that an alert sees that event (O22)', async (t) => {
    const { values } = await scrape(await openRig(t))
    for (const series of [
      'entrada_sign_ins_total{outcome="signed_in",code=""}',
      'entrada_sign_ins_total{outcome="failed",code="provider_timeout"}',
      'entrada_sign_ins_total{outcome="refused",code="guest_not_allowed"}',
      'entrada_refusals_total{code="operator_token_invalid"}',
      'entrada_rate_limited_total{limit="sign_in_start"}',
      'entrada_access_decisions_total{decision="denied"}',
      'entrada_webhook_attempts_total{outcome="failed"}',
      'entrada_entra_request_duration_seconds_count{endpoint="token",outcome="provider_unreachable"}',
    ]) {
      assert.equal(values.get(series), 0, series)
    }
    const names = Object.entries<Metric>(metricTable)
      .filter(([name, { type }]) => type === 'counter' && name.startsWith('entrada_'))
      .map(([name]) => name)
    for (const name of names) {
      assert.ok(
        [...values.keys()].some((series) => series.startsWith(name)),
        name,
      )
    }
  })

  it('counts an event in the series that was there before it (O22)', async (t) => {
    const rig = await openRig(t)
    const before = (await scrape(rig)).values
    await rig.signIn(people.grace)
    const { values } = await scrape(rig)
    const changed = [...values.keys()].filter(
      (series) => series.includes('_total{') && values.get(series) !== before.get(series),
    )
    assert.ok(changed.length > 0)
    for (const series of changed) assert.equal(before.get(series), 0, series)
  })

  it('counts sign-ins by outcome and code', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.alice)
    await rig.signIn(people.grace)
    const { values } = await scrape(rig)
    assert.equal(values.get('entrada_sign_ins_total{outcome="signed_in",code=""}'), 2)
    assert.equal(
      values.get('entrada_sign_ins_total{outcome="refused",code="guest_not_allowed"}'),
      1,
    )
    assert.equal(values.get('entrada_sessions_live'), 2)
  })

  it('tells what Entra broke from what a person did', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503 })
    await browser.request(callback)
    const { values } = await scrape(rig)
    const code = 'provider_unreachable'
    assert.equal(values.get(`entrada_sign_ins_total{outcome="failed",code="${code}"}`), 1)
    const request = 'entrada_entra_request_duration_seconds_count'
    assert.equal(values.get(`${request}{endpoint="token",outcome="${code}"}`), 1)
    assert.equal(values.get(`${request}{endpoint="discovery",outcome="answered"}`), 1)
  })

  it('counts refusals outside an attempt, and which limit was reached', async (t) => {
    const rig = await openRig(t, { signInsPerMinute: 60 })
    for (let n = 0; n < 62; n += 1) {
      await rig.browser().request(`${SERVER_URL}/auth/entra/login`)
    }
    await rig.browser().request(`${SERVER_URL}/nowhere`)
    const { values } = await scrape(rig)
    assert.equal(values.get('entrada_refusals_total{code="page_not_found"}'), 1)
    assert.equal(values.get('entrada_refusals_total{code="too_many_requests"}'), 2)
    assert.equal(values.get('entrada_rate_limited_total{limit="sign_in_start"}'), 2)
  })

  it('measures answers by address as it is listed, whatever was asked for', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    for (const path of ['/api/v1/users/usr_one', '/api/v1/users/usr_two', '/.env', '/wp-login']) {
      await browser.request(SERVER_URL + path)
    }
    const { text, values } = await scrape(rig)
    const count = 'entrada_http_request_duration_seconds_count'
    const counter = `${count}{method="GET",route="/api/v1/users/:id",status="4xx"}`
    assert.equal(values.get(counter), 2)
    assert.equal(values.get(`${count}{method="other",route="other",status="4xx"}`), 2)
    const known = new Set<string>(['other', ...routes.map(({ path }) => path)])
    for (const [, route = ''] of text.matchAll(/route="([^"]*)"/g)) assert.ok(known.has(route))
  })

  it('times what the database does, refusals of the work apart from its own failures', async (t) => {
    const rig = await openRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    await browser.clone().request(callback)
    await browser.clone().request(callback)
    const { values } = await scrape(rig)
    const count = 'entrada_database_duration_seconds_count'
    assert.equal(values.get(`${count}{verb="claimAttemptOf",outcome="done"}`), 1)
    assert.equal(values.get(`${count}{verb="claimAttemptOf",outcome="refused"}`), 1)
    const least = 'entrada_database_duration_seconds_bucket{verb="claimAttemptOf",outcome="done"'
    assert.equal(values.get(`${least},le="+Inf"}`), 1)
  })

  it('says when a credential ends and whether it works, by kind and place', async (t) => {
    const expiresAt = new Date('2026-12-01T00:00:00Z')
    const credentials = [
      { kind: 'client_secret', value: new Secret('not~the.secret-at-all-0123456789'), expiresAt },
      { kind: 'client_secret', value: new Secret(CLIENT_SECRET) },
    ] as const
    const rig = await openRig(t, { entra: { credentials } })
    const { text, values } = await scrape(rig)
    const first = 'kind="client_secret",position="1"'
    const expiry = 'entrada_credential_expiry_timestamp_seconds'
    assert.equal(values.get(`${expiry}{${first}}`), expiresAt.getTime() / 1000)
    assert.equal(values.get('entrada_credential_good{kind="client_secret",position="2"}'), 1)
    assert.equal(text.split(`${expiry}{`).length, 2, 'the other end is not known')
  })

  it('says that the database is lost, and still answers', async (t) => {
    const rig = await openRig(t)
    const text = rig.services.metrics.render([])
    assert.doesNotMatch(text, /entrada_database_up/)
    const { values } = await scrape(rig)
    assert.equal(values.get('entrada_database_up'), 1)
    await rig.services.storage.close()
    const { metricsResponse } = await import('../src/metrics/metrics-page.ts')
    const lost = valuesOf(await (await metricsResponse(rig.services)).text())
    assert.equal(lost.get('entrada_database_up'), 0)
    assert.equal(lost.has('entrada_sessions_live'), false)
  })

  it('holds no name, address, id or secret of anybody', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.grace)
    await browser.request(`${SERVER_URL}/no/alice@contoso.example?code=s3cret-code`)
    const { text } = await scrape(rig)
    const ids = /[0-9a-f]{8}-[0-9a-f]{4}|usr_|ses_|con_|@|contoso|alice|127\.0\.0|s3cret|Bearer/i
    assert.doesNotMatch(text, ids)
  })

  it('says what runs, and how the process does', async (t) => {
    const rig = await openRig(t)
    const { values } = await scrape(rig)
    assert.equal(values.get(`entrada_build_info{version="${version}",database="sqlite"}`), 1)
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total']) {
      assert.ok((values.get(name) ?? 0) > 0, name)
    }
    assert.ok(values.has('nodejs_eventloop_lag_p99_seconds'))
    const manifest: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(version, manifest.version)
  })
})

describe('the table of metrics', () => {
  it('keeps to the conventions of Prometheus', () => {
    for (const [name, { type, labels = [] }] of Object.entries<Metric>(metricTable)) {
      assert.match(name, /^(entrada|process|nodejs)_[a-z0-9_]+$/)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
      if (type === 'histogram') assert.match(name, /_seconds$/)
      for (const label of labels) assert.match(label, /^[a-z]+$/)
    }
  })

  it('has a bounded number of series for whatever comes', () => {
    const metrics = createMetrics()
    const linesOf = () => metrics.render([]).split('\n').length
    const before = linesOf()
    assert.ok(before < 1_000, `${before} lines`)
    for (let n = 0; n < 5_000; n += 1) metrics.count('entrada_refusals_total', { code: `x${n}` })
    assert.ok(linesOf() <= before + 2_000, `${linesOf()} lines`)
    assert.ok(Object.keys(errorTable).length < 200)
  })
})

describe('ENTRADA_METRICS_LISTEN', () => {
  it('answers metrics without a token, and nothing else', async (t) => {
    const port = await freePort()
    const environment = { ENTRADA_METRICS_LISTEN: `127.0.0.1:${port}` }
    const server = await startServer(t, 'serve', { environment })
    await server.printed(/"started"/)
    const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const answer = await at('/metrics')
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /^entrada_build_info\{version=/m)
    for (const path of ['/', '/login', '/api/v1/users', '/metrics/']) {
      assert.equal((await at(path)).status, 404)
    }
    assert.equal((await fetch(`${server.origin}/metrics`)).status, 401)
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })
})
