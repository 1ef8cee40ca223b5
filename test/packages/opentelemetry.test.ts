/** The spans of a sign-in in the real OpenTelemetry: its provider, its context over `await`, its propagator. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import * as api from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { goToEntra } from '../support/refusals.ts'
import { people, type RigOptions, SERVER_URL } from '../support/rig.ts'
import { createSocketBrowser, startServer, temporaryFolder } from '../support/server-process.ts'
import { openRig } from '../support/steps.ts'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
before(() => provider.register())
after(() => provider.shutdown())

const openTracedRig = (t: TestContext, options: RigOptions = {}) =>
  openRig(t, { openTelemetry: api, ...options })

/** Those that have ended since the last time, the requests' own apart. */
function takeSpans() {
  const spans = exporter.getFinishedSpans()
  exporter.reset()
  const named = (name: string) => spans.filter((span) => span.name === name)
  const below = (parent: ReadableSpan | undefined) =>
    spans
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent?.spanContext().spanId)
      .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
  return { spans, named, below }
}

describe('a sign-in in OpenTelemetry', () => {
  it('is one trace for each request, with everything it waited for below it', async (t) => {
    const rig = await openTracedRig(t)
    takeSpans()
    const { browser, callback } = await goToEntra(rig, people.alice)
    takeSpans()
    await browser.request(callback)
    const { spans, named, below } = takeSpans()
    const [request] = named('GET /auth/entra/callback')
    assert.ok(request)
    assert.equal(request.kind, api.SpanKind.SERVER)
    assert.equal(request.parentSpanContext, undefined)
    assert.equal(request.attributes['http.response.status_code'], 303)
    const trace = request.spanContext().traceId
    assert.deepEqual([...new Set(spans.map((span) => span.spanContext().traceId))], [trace])
    const steps = below(request).map(({ name }) => name)
    assert.deepEqual(
      steps.filter((name) => /claimAttempt|sign_in|writePlan|atomically/.test(name)),
      ['database claimAttemptOf', 'sign_in redeem', 'sign_in decide', 'database writePlan'],
    )
    const [redeem] = named('sign_in redeem')
    assert.deepEqual(
      below(redeem).map(({ name }) => name),
      ['entra token', 'entra keys'],
    )
    assert.ok(spans.every(({ endTime, startTime }) => endTime[0] >= startTime[0]))
  })

  it('keeps two at once apart', async (t) => {
    const rig = await openTracedRig(t)
    takeSpans()
    const [first, second] = [await goToEntra(rig, people.alice), await goToEntra(rig, people.bob)]
    takeSpans()
    await Promise.all([first, second].map(({ browser, callback }) => browser.request(callback)))
    const { named, below } = takeSpans()
    const requests = named('GET /auth/entra/callback')
    assert.equal(new Set(requests.map((span) => span.spanContext().traceId)).size, 2)
    for (const request of requests) {
      const redeems = below(request).filter(({ name }) => name === 'sign_in redeem')
      assert.equal(redeems.length, 1)
    }
  })

  it('says with which code it failed', async (t) => {
    const rig = await openTracedRig(t)
    const { browser, callback } = await goToEntra(rig, people.alice)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503 })
    takeSpans()
    await browser.request(callback)
    const [redeem] = takeSpans().named('sign_in redeem')
    assert.deepEqual(redeem?.status, {
      code: api.SpanStatusCode.ERROR,
      message: 'provider_unreachable',
    })
  })

  it('joins the trace of a trusted proxy, and nobody else’s', async (t) => {
    const rig = await openTracedRig(t, { trustedProxies: ['10.0.0.0/8'] })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    takeSpans()
    for (const remoteAddress of ['10.1.2.3', '192.0.2.1']) {
      const request = new Request(`${SERVER_URL}/login`, { headers: { traceparent } })
      await rig.entrada.fetch(request, { remoteAddress })
    }
    const [proxied, strange] = takeSpans().named('GET /login')
    assert.equal(proxied?.parentSpanContext?.spanId, 'b7ad6b7169203331')
    assert.equal(proxied?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(strange?.parentSpanContext, undefined)
  })

  it('has no spans of work in the background, and one below whoever asks for a session', async (t) => {
    const rig = await openTracedRig(t)
    const { browser } = await rig.signIn(people.alice)
    takeSpans()
    await rig.services.storage.hasUnlinkedEvents()
    assert.deepEqual(takeSpans().spans, [])
    const cookie = [...browser.cookies(new URL(SERVER_URL).host)].map((pair) => pair.join('='))
    const headers = { cookie: cookie.join('; ') }
    await api.trace.getTracer('application').startActiveSpan('page', async (span) => {
      assert.ok(await rig.entrada.getSession(new Request(`${SERVER_URL}/`, { headers })))
      span.end()
    })
    const { named, below } = takeSpans()
    assert.deepEqual(
      below(named('page')[0]).map(({ name }) => name),
      ['database findSession'],
    )
  })
})

describe('the recipe of docs/monitoring.md', () => {
  it('makes spans of a whole server, which are sent at the latest when it ends', async (t) => {
    const [, recipe = ''] =
      /^```js\n([\s\S]*?)^```/m.exec(readFileSync('docs/monitoring.md', 'utf8')) ?? []
    // As in the guide, the built server is in the folder of the packages. This exporter prints; the one of the guide needs a collector.
    const folder = await temporaryFolder(t)
    execFileSync(process.execPath, ['scripts/build.ts', '--server', '--out', folder])
    await symlink(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'))
    const line = `import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'\n`
    assert.ok(recipe.includes(line))
    const printing = `class OTLPTraceExporter {
      export(spans, done) {
        for (const { name, resource } of spans) console.log('SPAN', resource.attributes['service.name'], name)
        done({ code: 0 })
      }
      async shutdown() {}
    }\n`
    const telemetry = join(folder, 'telemetry.mjs')
    await writeFile(telemetry, printing + recipe.replace(line, ''))
    const environment = { NODE_OPTIONS: `--import ${pathToFileURL(telemetry)}` }
    const program = join(folder, 'entrada.js')
    const server = await startServer(t, 'dev', { program, environment })
    await server.printed(/Open {15}http/)
    await createSocketBrowser().request(`${server.origin}/login`)
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    assert.match(server.output(), /^SPAN entrada GET \/login$/m)
  })
})
