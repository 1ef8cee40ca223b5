import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEntraAuthority } from '../src/identity-provider/entra/entra-authority.ts'
import { createProviderHttp } from '../src/identity-provider/provider-http.ts'
import {
  assertRefusalPage,
  assertRefused,
  assertRefusedForGood,
  detailsOf,
  goToEntra,
  noRows,
  rowCounts,
} from './support/refusals.ts'
import { CONTOSO, ENTRA_URL, people, type Rig, requestsAt, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

const unreachable = { code: 'provider_unreachable', status: 502 }
const LOGIN = `${SERVER_URL}/auth/entra/login`

async function assertLetIn(rig: Rig, name: string): Promise<void> {
  const { response, text } = await rig.signIn(name)
  assert.equal(response.status, 200, text)
}

describe('a sign-in after another one met a passing fault', () => {
  const faults = [
    ['503', { kind: 'status', status: 503 }],
    [
      '429 with an hour to wait',
      { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
    ],
    [
      '503 with an hour to wait',
      { kind: 'status', status: 503, headers: { 'retry-after': '3600' } },
    ],
  ] as const
  for (const [what, fault] of faults) {
    it(`is untouched by it: ${what} for one person (H04)`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault({ ...fault, on: 'token', forUser: people.alice })
      await assertRefusedForGood(rig, await goToEntra(rig, people.alice), unreachable)
      assert.equal(requestsAt(rig, 'token'), 1)
      await assertLetIn(rig, people.bob)
      await assertLetIn(rig, people.alice)
    })
  }

  it('is untouched by a refusal that names a time to wait (H04)', async (t) => {
    const rig = await openRig(t)
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'AADSTS70008: late' })
    const headers = { 'retry-after': '7200', 'content-type': 'application/json' }
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 400, headers, body })
    const at = await goToEntra(rig, people.alice)
    await assertRefused(rig, at, { code: 'code_refused', status: 400 })
    await assertLetIn(rig, people.bob)
  })

  it('is untouched by ten of them at once (H04)', async (t) => {
    const rig = await openRig(t)
    const status = 503
    rig.emulator.setFault({ kind: 'status', status, on: 'token', forUser: people.alice, times: 10 })
    const attempts = await Promise.all(
      Array.from({ length: 10 }, () => goToEntra(rig, people.alice)),
    )
    const [bob] = await Promise.all([
      goToEntra(rig, people.bob).then(({ browser, callback }) => browser.visit(callback)),
      ...attempts.map((at) => assertRefused(rig, at, unreachable)),
    ])
    assert.match(bob.text, /Hello, Bob Example/)
  })
})

describe('a sign-in while the keys cannot be fetched', () => {
  it('goes on with the keys that are known (H07)', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    rig.emulator.setFault({ kind: 'status', status: 500, on: 'keys', times: 1000 })
    await assertLetIn(rig, people.bob)
    rig.clock.advanceSeconds(4 * 3600)
    await assertLetIn(rig, people.erin)
    assert.equal(requestsAt(rig, 'keys') >= 2, true)
  })

  it('goes on with what discovery said before (H07)', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    for (const on of ['keys', 'discovery'] as const) {
      rig.emulator.setFault({ kind: 'status', status: 500, on, times: 1000 })
    }
    rig.clock.advanceSeconds(25 * 3600)
    await assertLetIn(rig, people.bob)
  })

  it('is refused for a token whose key is not among them, and nobody is let in unverified', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    const rows = await rowCounts(rig)
    await rig.emulator.rotateKeys()
    rig.emulator.setFault({ kind: 'status', status: 500, on: 'keys' })
    await assertRefusedForGood(rig, await goToEntra(rig, people.bob), unreachable)
    assert.deepEqual(await rowCounts(rig), rows)
  })

  it('is refused when none are known, and the next one tries again', async (t) => {
    const rig = await openRig(t)
    rig.emulator.setFault({ kind: 'status', status: 500, on: 'keys' })
    await assertRefusedForGood(rig, await goToEntra(rig, people.alice), unreachable)
    assert.deepEqual(await rowCounts(rig), noRows)
    await assertLetIn(rig, people.alice)
  })
})

describe('a sign-in while Entra changes its keys', () => {
  it('is let in when the change comes between start and callback', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    const at = await goToEntra(rig, people.bob)
    await rig.emulator.rotateKeys()
    assert.equal((await at.browser.visit(at.callback)).response.status, 200)
  })

  it('fetches the new ones once for many people at once (A15)', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    const attempts = await Promise.all(Array.from({ length: 10 }, () => goToEntra(rig, people.bob)))
    await rig.emulator.rotateKeys()
    const visits = await Promise.all(
      attempts.map(({ browser, callback }) => browser.visit(callback)),
    )
    assert.deepEqual(new Set(visits.map(({ response }) => response.status)), new Set([200]))
    assert.equal(requestsAt(rig, 'keys'), 2)
  })
})

describe('tokens that name keys nobody knows', () => {
  it('are not known yet between two fetches: the page says to try again in a moment, not that there is no access (E3)', async (t) => {
    const rig = await openRig(t)
    const unknown = { kind: 'id_token', setHeader: { kid: 'unknown' } } as const
    rig.emulator.setFault(unknown)
    await assertRefused(rig, await goToEntra(rig, people.bob), {
      code: 'id_token_key_unknown',
      status: 401,
    })
    rig.emulator.setFault(unknown)
    const { browser, callback } = await goToEntra(rig, people.bob)
    const { response, text } = await browser.visit(callback)
    assert.deepEqual([response.status, detailsOf(text).Code], [503, 'signing_key_awaited'])
    assert.match(text, /try again in a moment/)
    assert.doesNotMatch(text, /No access/)
    assert.equal(response.headers.get('retry-after'), '5')
  })

  it('cause one fetch in five seconds, however many come, and others are let in (A12, H08)', async (t) => {
    const rig = await openRig(t)
    await assertLetIn(rig, people.alice)
    for (let n = 0; n < 40; n += 1) {
      const setHeader = { kid: `unknown-${n}` }
      rig.emulator.setFault({ kind: 'id_token', setHeader, forUser: people.bob })
    }
    const attempts = await Promise.all(Array.from({ length: 40 }, () => goToEntra(rig, people.bob)))
    const visits = await Promise.all(
      attempts.map(({ browser, callback }) => browser.visit(callback)),
    )
    for (const { response, text } of visits) {
      const refusal = `${response.status} ${detailsOf(text).Code}`
      assert.match(refusal, /^(401 id_token_key_unknown|503 signing_key_awaited)$/)
    }
    assert.equal(requestsAt(rig, 'keys'), 2)
    await assertLetIn(rig, people.alice)
  })

  it('cause no more of them in a flood of a thousand over a minute (H08)', async (t) => {
    const { emulator, clock } = await openRig(t)
    const keyFetches = () => emulator.requests.filter(({ endpoint }) => endpoint === 'keys').length
    const authority = createEntraAuthority({
      authority: new URL(ENTRA_URL),
      tenant: CONTOSO,
      http: createProviderHttp((url, init) => emulator.fetch(new Request(url, init))),
      now: clock.now,
    })
    for (let second = 0; second < 60; second += 1) {
      const lookups = Array.from({ length: 17 }, (_, n) =>
        authority.findSigningKey(`${second}-${n}`),
      )
      const answered = await Promise.allSettled(lookups)
      for (const outcome of answered) {
        if (outcome.status === 'fulfilled') assert.equal(outcome.value, undefined)
        else assert.equal(outcome.reason.code, 'signing_key_awaited')
      }
      clock.advanceSeconds(1)
    }
    assert.equal(keyFetches() <= 13, true, `${keyFetches()} fetches`)
  })
})

describe('a discovery document of somebody else', () => {
  const foreign = { code: 'entra_metadata_invalid', status: 502 }
  const issuers = [
    'https://evil.example/v2.0',
    `https://login.microsoftonline.com/${CONTOSO}/v2.0`,
    `${ENTRA_URL}.evil.example/${CONTOSO}/v2.0`,
    `${ENTRA_URL}@evil.example/${CONTOSO}/v2.0`,
    `https://login.entra.localhost:4000/${CONTOSO}/v2.0`,
    `${ENTRA_URL}/${CONTOSO}/v2.0/`,
    `${ENTRA_URL}/contoso.example/v2.0`,
    `${ENTRA_URL}/`,
    '',
  ]
  for (const issuer of issuers) {
    it(`is refused and not kept: issuer ${issuer || 'empty'} (A53)`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setFault({ kind: 'members', on: 'discovery', set: { issuer } })
      const visit = await rig.browser().visit(LOGIN)
      assertRefusalPage(visit, foreign)
      assert.equal(requestsAt(rig, 'authorize') + requestsAt(rig, 'token'), 0)
      await assertLetIn(rig, people.alice)
    })
  }

  it('is refused when one of its members is missing', async (t) => {
    const rig = await openRig(t)
    for (const member of ['issuer', 'jwks_uri', 'token_endpoint', 'authorization_endpoint']) {
      rig.emulator.setFault({ kind: 'members', on: 'discovery', remove: [member] })
      const visit = await rig.browser().visit(LOGIN)
      assertRefusalPage(visit, { code: 'provider_answer_invalid', status: 502 })
    }
    await assertLetIn(rig, people.alice)
  })

  for (const endpoint of ['http://evil.example/token', 'javascript:alert(1)', '//evil.example/t']) {
    it(`is refused with the token endpoint ${endpoint} (A54)`, async (t) => {
      const rig = await openRig(t)
      const set = { token_endpoint: endpoint }
      rig.emulator.setFault({ kind: 'members', on: 'discovery', set })
      assertRefusalPage(await rig.browser().visit(LOGIN), foreign)
      await assertLetIn(rig, people.alice)
    })
  }

  it('is refused when an https authority names plain http (A54)', async (t) => {
    const rig = await openRig(t, {
      entra: { authority: new URL(ENTRA_URL.replace('http:', 'https:')) },
    })
    assertRefusalPage(await rig.browser().visit(LOGIN), foreign)
  })
})

describe('a directory that Entra does not know', () => {
  for (const tenantId of ['nowhere.example', '99999999-9999-4999-8999-999999999999']) {
    it(`is told apart from an outage: ${tenantId}`, async (t) => {
      const rig = await openRig(t, { entra: { tenantId } })
      const visit = await rig.browser().visit(LOGIN)
      assertRefusalPage(visit, { code: 'entra_tenant_not_found', status: 502 })
    })
  }
})
