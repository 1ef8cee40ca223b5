/** A sign-in as OpenTelemetry shows it. The provider here is written by hand, in the shape of
 * `@opentelemetry/api`; the real one is in opentelemetry.test.ts. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { OpenTelemetryApi, SpanAttributes } from '../src/metrics/tracing.ts'
import { goToEntra } from './support/refusals.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

type Seen = {
  name: string
  readonly parent: Seen | string | undefined
  readonly attributes: Record<string, string | number>
  status?: { readonly code: number; readonly message?: string }
  ended: boolean
}

/** Keeps every span, and which of them was active when it began. */
function createProvider() {
  const spans: Seen[] = []
  const active = new AsyncLocalStorage<Seen>()
  const begin = (name: string, parent: Seen['parent'], given: SpanAttributes = {}): Seen => {
    const seen: Seen = { name, parent, attributes: { ...given }, ended: false }
    spans.push(seen)
    return seen
  }
  const api: OpenTelemetryApi = {
    context: { active: () => active.getStore() },
    propagation: { extract: (_context, { traceparent }) => traceparent },
    trace: {
      getTracer: () => ({
        startActiveSpan(name, { attributes }, parent, work) {
          const seen = begin(name, parent as Seen['parent'], attributes) // what `active` or `extract` gave
          const span = {
            updateName: (to: string) => void Object.assign(seen, { name: to }),
            setAttributes: (more: SpanAttributes) => void Object.assign(seen.attributes, more),
            setStatus: (status: object) => void Object.assign(seen, { status }),
            end: () => void Object.assign(seen, { ended: true }),
          }
          return active.run(seen, () => work(span))
        },
      }),
    },
  }
  return { api, spans }
}

function childrenOf(spans: readonly Seen[], name: string): readonly string[] {
  return spans
    .filter(({ parent }) => typeof parent === 'object' && parent.name === name)
    .map((span) => span.name)
}

const callback = 'GET /auth/entra/callback'

describe('the trace of a sign-in', () => {
  it('goes from the request through claim, redemption and decision to the writing of the plan', async (t) => {
    const { api, spans } = createProvider()
    const rig = await openRig(t, { openTelemetry: api })
    await rig.signIn(people.alice)
    const steps = childrenOf(spans, callback)
    const expected = [
      'database claimAttemptOf',
      'sign_in redeem',
      'sign_in decide',
      'database writePlan',
    ]
    assert.deepEqual(
      steps.filter((step) => expected.includes(step)),
      expected,
    )
    assert.deepEqual(childrenOf(spans, 'sign_in redeem').slice(0, 2), ['entra token', 'entra keys'])
    assert.ok(spans.every(({ ended }) => ended))
    const request = spans.find(({ name }) => name === callback)
    assert.deepEqual(request?.attributes, {
      'http.request.method': 'GET',
      'http.route': '/auth/entra/callback',
      'http.response.status_code': 303,
    })
  })

  it('says with which code a step failed, and no text of anybody', async (t) => {
    const { api, spans } = createProvider()
    const rig = await openRig(t, { openTelemetry: api })
    const { browser, callback: back } = await goToEntra(rig, people.alice)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503 })
    await browser.request(back)
    for (const name of ['entra token', 'sign_in redeem']) {
      const { status, attributes } = spans.find((span) => span.name === name) ?? {}
      assert.deepEqual(status, { code: 2, message: 'provider_unreachable' })
      assert.equal(attributes?.['error.type'], 'provider_unreachable')
    }
    assert.equal(spans.find(({ name }) => name === callback)?.status?.code, 2)
  })

  it('holds nothing about the person, and no secret', async (t) => {
    const { api, spans } = createProvider()
    const rig = await openRig(t, { openTelemetry: api })
    const { browser, callback: back } = await goToEntra(rig, people.alice)
    await browser.request(back)
    await browser.request(`${SERVER_URL}/people/alice@contoso.example?code=s3cret`)
    const text = JSON.stringify(
      spans.map(({ name, attributes, status }) => [name, attributes, status]),
    )
    const code = back.searchParams.get('code') ?? ''
    assert.ok(!text.includes(code))
    assert.doesNotMatch(text, /alice|contoso|usr_|ses_|127\.0\.0|s3cret|[0-9a-f]{8}-[0-9a-f]{4}/i)
    assert.match(text, /GET other/)
  })
})

describe('traceparent', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const ask = ({ entrada }: Rig, remoteAddress: string) =>
    entrada.fetch(new Request(`${SERVER_URL}/login`, { headers: { traceparent } }), {
      remoteAddress,
    })

  it('counts from a trusted proxy alone', async (t) => {
    const { api, spans } = createProvider()
    const rig = await openRig(t, { openTelemetry: api, trustedProxies: ['10.0.0.0/8'] })
    await ask(rig, '10.1.2.3')
    await ask(rig, '192.0.2.1')
    const requests = spans.filter(({ name }) => name === 'GET /login')
    assert.deepEqual(
      requests.map(({ parent }) => parent),
      [traceparent, undefined],
    )
  })
})

describe('without @opentelemetry/api', () => {
  it('there are no spans, and everything works', () => {
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({
        resolve(name, context, next) {
          if (name === '@opentelemetry/api') throw new Error('not installed')
          return next(name, context)
        },
      })
      const { noTracing, openTracing } = await import('./src/metrics/tracing.ts')
      console.log((await openTracing()) === noTracing, await noTracing.span('x', {}, async () => 1))`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    )
    assert.equal(stdout, 'true 1\n', stderr)
  })
})
