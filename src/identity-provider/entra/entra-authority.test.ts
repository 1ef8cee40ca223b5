import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stoppedClock } from '../../../test/support/clock.ts'
import { createProviderHttp } from '../provider-http.ts'
import { createEntraAuthority, type EntraAuthority } from './entra-authority.ts'

const ORIGIN = 'https://login.microsoftonline.com'
const TENANT = '11111111-1111-4111-8111-111111111111'
const HOUR = 3600

/** Answers with the JSON, or with an empty body of that status. */
type Answer = unknown | number

function documentOf(origin = ORIGIN) {
  const base = `${origin}/${TENANT}`
  return {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  }
}

const keysOf = (...ids: string[]) => ({
  keys: ids.map((kid) => ({ kty: 'RSA', use: 'sig', kid, n: 'modulus', e: 'AQAB' })),
})

/** An authority whose answers the test changes, and which counts what it is asked. */
function openAuthority(tenant = TENANT) {
  const clock = stoppedClock()
  const requests = { discovery: 0, keys: 0, urls: [] as string[] }
  const answers: { discovery: Answer; keys: Answer } = {
    discovery: documentOf(),
    keys: keysOf('one'),
  }
  const http = createProviderHttp(async (input) => {
    const url = String(input)
    const what = url.endsWith('/keys') ? 'keys' : 'discovery'
    requests[what] += 1
    requests.urls.push(url)
    const answer = answers[what]
    return typeof answer === 'number'
      ? Response.json({}, { status: answer })
      : Response.json(answer)
  })
  const authority = createEntraAuthority({
    authority: new URL(ORIGIN),
    tenant,
    http,
    now: clock.now,
  })
  return { authority, clock, requests, answers }
}

/** Unknown, or not known yet: no key is found, and nothing else goes wrong. */
async function assertNotFound(authority: EntraAuthority, kid: string): Promise<void> {
  const found = await authority.findSigningKey(kid).catch(({ code }) => code)
  assert.ok(found === undefined || found === 'signing_key_awaited', String(found))
}

describe('metadata', () => {
  it('is asked for once, however many need it at once, and kept for a day', async () => {
    const { authority, requests, clock } = openAuthority()
    const [first] = await Promise.all(Array.from({ length: 50 }, () => authority.metadata()))
    assert.equal(first?.tenantId, TENANT)
    clock.advanceSeconds(24 * HOUR - 1)
    await authority.metadata()
    assert.equal(requests.discovery, 1)
    clock.advanceSeconds(1)
    await authority.metadata()
    assert.equal(requests.discovery, 2)
  })

  it('is asked for under the tenant, which cannot become another address', async () => {
    const { authority, requests } = openAuthority('../../evil?x#y')
    await authority.metadata()
    const path = '/..%2F..%2Fevil%3Fx%23y/v2.0/.well-known/openid-configuration'
    assert.deepEqual(requests.urls, [ORIGIN + path])
  })

  const bad: readonly (readonly [string, Answer, string])[] = [
    ['is of another issuer (A53)', documentOf('https://evil.example'), 'entra_metadata_invalid'],
    [
      'has its token endpoint elsewhere (A54)',
      { ...documentOf(), token_endpoint: 'https://evil.example/' },
      'entra_metadata_invalid',
    ],
    ['is of another shape (H01)', { hello: 1 }, 'provider_answer_invalid'],
    ['does not come (H01)', 503, 'provider_unreachable'],
    ['is of a tenant that nobody knows', 400, 'entra_tenant_not_found'],
  ]
  for (const [what, answer, code] of bad) {
    it(`that ${what} is refused and not kept`, async () => {
      const { authority, answers } = openAuthority()
      answers.discovery = answer
      await assert.rejects(authority.metadata(), { code })
      answers.discovery = documentOf()
      assert.equal((await authority.metadata()).tenantId, TENANT)
    })

    it(`that ${what} does not take the place of good one (H01)`, async () => {
      const { authority, answers, clock } = openAuthority()
      await authority.metadata()
      clock.advanceSeconds(25 * HOUR)
      answers.discovery = answer
      assert.equal((await authority.metadata()).tokenEndpoint, documentOf().token_endpoint)
    })
  }
})

describe('findSigningKey', () => {
  it('finds a published key, asking once an hour', async () => {
    const { authority, requests, clock } = openAuthority()
    for (let tries = 0; tries < 5; tries += 1) {
      assert.equal((await authority.findSigningKey('one'))?.kid, 'one')
    }
    assert.equal(requests.keys, 1)
    clock.advanceSeconds(HOUR)
    await authority.findSigningKey('one')
    assert.equal(requests.keys, 2)
  })

  it('finds a key that appears a second after the last time it asked (A15)', async () => {
    const { authority, requests, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    answers.keys = keysOf('one', 'two')
    clock.advanceSeconds(1)
    assert.equal((await authority.findSigningKey('two'))?.kid, 'two')
    assert.equal(requests.keys, 2)
  })

  it('asks once more for a key that nobody publishes (A12)', async () => {
    const { authority, requests } = openAuthority()
    await authority.findSigningKey('one')
    assert.equal(await authority.findSigningKey('nope'), undefined)
    assert.equal(requests.keys, 2)
  })

  it('asks at most once in five seconds, however many unknown keys come at once (H08)', async () => {
    const { authority, requests, clock } = openAuthority()
    await authority.findSigningKey('one')
    const flood = () =>
      Promise.all(
        Array.from({ length: 200 }, (_, index) => assertNotFound(authority, `nope-${index}`)),
      )
    await flood()
    assert.equal(requests.keys, 2)
    clock.advanceSeconds(4.999)
    await flood()
    assert.equal(requests.keys, 2)
    assert.equal((await authority.findSigningKey('one'))?.kid, 'one', 'valid sign-ins go on')
    clock.advanceSeconds(0.001)
    await flood()
    assert.equal(requests.keys, 3)
  })

  it('gives all who wait at once the key that has just appeared (A15, H08)', async () => {
    const { authority, requests, answers } = openAuthority()
    await authority.findSigningKey('one')
    answers.keys = keysOf('two')
    const found = await Promise.all(
      Array.from({ length: 200 }, () => authority.findSigningKey('two')),
    )
    assert.equal(
      found.every((key) => key?.kid === 'two'),
      true,
    )
    assert.equal(requests.keys, 2)
  })

  it('refuses no key while the servers of the authority publish by turns what they know (E3)', async () => {
    const { authority, answers, clock } = openAuthority()
    const turns = [keysOf('k1', 'k2'), keysOf('k3'), keysOf('k1', 'k2', 'k3')]
    answers.keys = turns[0]
    await authority.findSigningKey('k1')
    answers.keys = turns[1]
    assert.equal((await authority.findSigningKey('k3'))?.kid, 'k3')
    for (let seconds = 0; seconds < 2 * HOUR; seconds += 7) {
      answers.keys = turns[seconds % turns.length]
      for (const kid of ['k1', 'k2', 'k3']) {
        assert.equal((await authority.findSigningKey(kid))?.kid, kid, `${kid} after ${seconds} s`)
      }
      clock.advanceSeconds(7)
    }
  })

  it('trusts a key that is withdrawn for good for ten minutes more, and asks often meanwhile (E3)', async () => {
    const { authority, requests, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    answers.keys = keysOf('two')
    await authority.findSigningKey('two')
    clock.advanceSeconds(599)
    assert.equal((await authority.findSigningKey('one'))?.kid, 'one')
    assert.equal(requests.keys, 3)
    clock.advanceSeconds(1)
    assert.equal(await authority.findSigningKey('one'), undefined)
    answers.keys = 503
    clock.advanceSeconds(24 * HOUR)
    await assert.rejects(authority.findSigningKey('one'), { code: 'provider_unreachable' })
    assert.equal((await authority.findSigningKey('two'))?.kid, 'two')
  })

  it('trusts a missing key no longer while the authority is down (E3)', async () => {
    const { authority, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    answers.keys = keysOf('two')
    await authority.findSigningKey('two')
    answers.keys = 503
    clock.advanceSeconds(600)
    await assert.rejects(authority.findSigningKey('one'), { code: 'provider_unreachable' })
    assert.equal((await authority.findSigningKey('two'))?.kid, 'two')
  })

  it('keeps twenty missing keys at most, those that went last (E3)', async () => {
    const { authority, answers, clock } = openAuthority()
    for (let n = 0; n < 30; n += 1) {
      answers.keys = keysOf(`key-${n}`)
      clock.advanceSeconds(5)
      await authority.findSigningKey(`key-${n}`)
    }
    answers.keys = keysOf('key-29')
    assert.equal((await authority.findSigningKey('key-9'))?.kid, 'key-9')
    await assert.rejects(authority.findSigningKey('key-8'), { code: 'signing_key_awaited' })
  })

  it('is not known yet, rather than unknown, between two times of asking (E3)', async () => {
    const { authority, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    assert.equal(await authority.findSigningKey('nope'), undefined)
    answers.keys = keysOf('one', 'two')
    await assert.rejects(authority.findSigningKey('two'), { code: 'signing_key_awaited' })
    clock.advanceSeconds(5)
    assert.equal((await authority.findSigningKey('two'))?.kid, 'two')
  })

  it('takes what is published now for a key id that was given again (E3)', async () => {
    const { authority, requests, answers, clock } = openAuthority()
    const before = await authority.findSigningKey('one')
    assert(before !== undefined)
    assert.equal(await authority.findReplacement(before), undefined, 'the same key')
    answers.keys = { keys: [{ kty: 'RSA', use: 'sig', kid: 'one', n: 'another', e: 'AQAB' }] }
    assert.equal(await authority.findReplacement(before), undefined, 'asked a moment ago')
    clock.advanceSeconds(5)
    assert.equal((await authority.findReplacement(before))?.n, 'another')
    assert.equal((await authority.findSigningKey('one'))?.n, 'another')
    assert.equal(requests.keys, 3)
  })

  it('takes neither of two different keys that one answer has under one id, nor the earlier one (E3)', async () => {
    const { authority, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    const [signingKey] = keysOf('one').keys
    answers.keys = { keys: [signingKey, { ...signingKey, n: 'another' }, ...keysOf('two').keys] }
    clock.advanceSeconds(HOUR)
    assert.equal(await authority.findSigningKey('one'), undefined)
    assert.equal((await authority.findSigningKey('two'))?.kid, 'two')
  })

  for (const [what, answer] of [
    ['is down', 500],
    ['answers junk', { keys: [] }],
    ['answers HTML', 'html'],
  ] as const) {
    it(`goes on with the keys it has when the authority ${what} (H07)`, async () => {
      const { authority, answers, clock } = openAuthority()
      await authority.findSigningKey('one')
      answers.keys = answer
      for (const hours of [1, 2, 24]) {
        clock.advanceSeconds(hours * HOUR)
        assert.equal((await authority.findSigningKey('one'))?.kid, 'one')
      }
      answers.keys = keysOf('two')
      clock.advanceSeconds(5)
      assert.equal((await authority.findSigningKey('two'))?.kid, 'two', 'and recovers by itself')
    })
  }

  it('does not make everybody wait for an authority that is down (H07, H08)', async () => {
    const { authority, requests, answers, clock } = openAuthority()
    await authority.findSigningKey('one')
    answers.keys = 503
    clock.advanceSeconds(HOUR)
    for (let tries = 0; tries < 20; tries += 1) await authority.findSigningKey('one')
    assert.equal(requests.keys, 2)
    clock.advanceSeconds(5)
    await authority.findSigningKey('one')
    assert.equal(requests.keys, 3)
  })

  it('says that it does not know, rather than that there is no such key, when the authority is down', async () => {
    const { authority, answers } = openAuthority()
    answers.keys = 503
    await assert.rejects(authority.findSigningKey('one'), { code: 'provider_unreachable' })
    answers.keys = keysOf('one')
    assert.equal((await authority.findSigningKey('one'))?.kid, 'one')
    answers.keys = 503
    await assert.rejects(authority.findSigningKey('two'), { code: 'provider_unreachable' })
  })

  it('ends the waiting of one sign-in, not of the others (H02)', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const http = createProviderHttp(async (input) => {
      await promise
      return Response.json(String(input).endsWith('/keys') ? keysOf('one') : documentOf())
    })
    const { now } = stoppedClock()
    const authority = createEntraAuthority({
      authority: new URL(ORIGIN),
      tenant: TENANT,
      http,
      now,
    })
    const impatient = new AbortController()
    const givenUp = authority.findSigningKey('one', impatient.signal)
    const patient = authority.findSigningKey('one', new AbortController().signal)
    impatient.abort()
    await assert.rejects(givenUp, { code: 'provider_timeout' })
    await assert.rejects(authority.metadata(AbortSignal.abort()), { code: 'provider_timeout' })
    resolve()
    assert.equal((await patient)?.kid, 'one')
  })
})
