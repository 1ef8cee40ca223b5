import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import {
  authorize,
  contoso,
  decodePart,
  frozenAt,
  getCode,
  newEmulator,
  origin,
  parseObject,
  redeem,
  returned,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator, Fault } from './emulator.ts'

const alice = 'alice@contoso.example'
const bob = 'bob@contoso.example'

async function redeemWith(fault: Fault) {
  const emulator = newEmulator()
  const code = await getCode(emulator, alice)
  emulator.setFault(fault)
  return { emulator, code, response: await redeem(emulator, code) }
}

async function idTokenWith(fault: Omit<Extract<Fault, { kind: 'id_token' }>, 'kind'>) {
  const emulator = newEmulator()
  emulator.setFault({ kind: 'id_token', ...fault })
  const { id_token: idToken } = await signIn(emulator, alice)
  return { emulator, idToken: String(idToken) }
}

async function verify(emulator: Emulator, idToken: string) {
  const list = await emulator.fetch(new Request(`${origin}/${contoso}/discovery/v2.0/keys`))
  return jwtVerify(idToken, createLocalJWKSet(await list.json()), { currentDate: frozenAt })
}

describe('a fault of the transport', () => {
  it('hits once unless told otherwise', async () => {
    const { emulator, code, response } = await redeemWith({ kind: 'html', on: 'token' })
    assert.match(await response.text(), /<!doctype html>/)
    assert.equal(response.status, 200)
    assert.equal((await redeem(emulator, code)).status, 200)
  })

  it('answers any status with any headers', async () => {
    const headers = { 'Retry-After': '7200', 'Content-Type': 'application/json' }
    const fault = { kind: 'status', on: 'token', status: 429, headers, body: '{}' } as const
    const { response } = await redeemWith(fault)
    assert.equal(response.status, 429)
    assert.equal(response.headers.get('retry-after'), '7200')
  })

  it('lets requests pass first with "skip", and stays with "times"', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'status', on: 'keys', status: 503, skip: 1, times: Infinity })
    const get = () => emulator.fetch(new Request(`${origin}/${contoso}/discovery/v2.0/keys`))
    const statuses = [await get(), await get(), await get()].map(({ status }) => status)
    assert.deepEqual(statuses, [200, 503, 503])
    emulator.clearFaults()
    assert.equal((await get()).status, 200)
  })

  it('redirects the token request elsewhere with 307', async () => {
    const location = 'http://localhost:9/elsewhere'
    const { response } = await redeemWith({ kind: 'redirect', on: 'token', location })
    assert.deepEqual([response.status, response.headers.get('location')], [307, location])
  })

  it('breaks the body in the middle, and the code is spent', async () => {
    const { emulator, code, response } = await redeemWith({ kind: 'cut_body', on: 'token' })
    await assert.rejects(response.text(), /cut the connection/)
    assert.equal((await redeem(emulator, code)).status, 400)
  })

  it('answers something that is not JSON', async () => {
    const { response } = await redeemWith({ kind: 'invalid_json', on: 'token' })
    await assert.rejects(response.json(), SyntaxError)
  })

  it('hangs until the caller gives up', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'hang', on: 'keys' })
    const signal = AbortSignal.timeout(20)
    const request = new Request(`${origin}/${contoso}/discovery/v2.0/keys`, { signal })
    await assert.rejects(emulator.fetch(request), { name: 'TimeoutError' })
  })

  it('hangs until the emulator closes', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'hang', on: 'keys' })
    const pending = emulator.fetch(new Request(`${origin}/${contoso}/discovery/v2.0/keys`))
    emulator.close()
    assert.equal((await pending).status, 503)
  })

  it('delays an answer that is honest otherwise', async () => {
    const { response } = await redeemWith({ kind: 'delay', on: 'token', milliseconds: 5 })
    assert.equal(response.status, 200)
  })

  it('breaks one person’s sign-in and not the next one’s', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'status', on: 'token', status: 503, forUser: bob, times: Infinity })
    emulator.setFault({
      kind: 'status',
      on: 'authorize',
      status: 502,
      forUser: 'ERIN@contoso.example',
    })
    const statuses = []
    for (const user of [alice, bob]) {
      statuses.push((await redeem(emulator, await getCode(emulator, user))).status)
    }
    assert.deepEqual(statuses, [200, 503])
    emulator.signInAutomaticallyAs('erin@contoso.example')
    assert.equal((await authorize(emulator)).status, 502)
  })
})

describe('an OAuth error on demand', () => {
  it('comes from the token endpoint with suberror and claims', async () => {
    const { response } = await redeemWith({
      kind: 'oauth_error',
      on: 'token',
      error: 'interaction_required',
      code: 50076,
      suberror: 'basic_action',
      claims: '{"access_token":{}}',
    })
    const body = parseObject(await response.json())
    assert.equal(response.status, 400)
    assert.equal(body.error, 'interaction_required')
    assert.deepEqual(body.error_codes, [50076])
    assert.equal(body.suberror, 'basic_action')
    assert.equal(body.claims, '{"access_token":{}}')
  })

  it('comes on the redirect, also with a number the emulator does not know', async () => {
    const emulator = newEmulator()
    const error = { kind: 'oauth_error', error: 'access_denied', code: 123456 } as const
    emulator.setFault({ ...error, on: 'authorize' })
    const answer = returned(await authorize(emulator))
    assert.equal(answer.error, 'access_denied')
    assert.match(answer.error_description ?? '', /^AADSTS123456: /)
  })

  it('meant for one person waits until that person is known', async () => {
    const emulator = newEmulator()
    const error = { kind: 'oauth_error', error: 'access_denied', code: 53003 } as const
    emulator.setFault({ ...error, on: 'authorize', forUser: bob })
    assert.notEqual(await getCode(emulator, alice), '')
    assert.equal(await getCode(emulator, bob), '')
  })
})

describe('changed members of an answer', () => {
  it('remove the id_token from the token response', async () => {
    const remove = ['id_token']
    const { response } = await redeemWith({ kind: 'members', on: 'token', remove })
    assert.equal('id_token' in parseObject(await response.json()), false)
  })

  it('lie in discovery', async () => {
    const emulator = newEmulator()
    const set = { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/keys' }
    emulator.setFault({ kind: 'members', on: 'discovery', set })
    const url = `${origin}/${contoso}/v2.0/.well-known/openid-configuration`
    const body = parseObject(await (await emulator.fetch(new Request(url))).json())
    assert.deepEqual({ ...body, ...set }, body)
  })
})

describe('a broken ID token', () => {
  it('has wrong and missing claims under a good signature', async () => {
    const setClaims = { tid: 'wrong', iss: 'https://evil.example' }
    const { emulator, idToken } = await idTokenWith({ setClaims, removeClaims: ['nonce'] })
    const { payload } = await verify(emulator, idToken)
    assert.deepEqual(
      [payload.tid, payload.iss, payload.nonce],
      ['wrong', 'https://evil.example', undefined],
    )
  })

  it('has claims changed after it was signed', async () => {
    const { emulator, idToken } = await idTokenWith({ forgeClaims: { oid: 'forged' } })
    assert.equal(decodePart(idToken, 1).oid, 'forged')
    await assert.rejects(verify(emulator, idToken), {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  })

  for (const signature of ['garbage', 'other_key', 'empty'] as const) {
    it(`has a signature that does not verify: ${signature}`, async () => {
      const { emulator, idToken } = await idTokenWith({ signature })
      assert.equal(idToken.endsWith('.'), signature === 'empty')
      await assert.rejects(verify(emulator, idToken), { name: /^JW/ })
    })
  }

  for (const algorithm of ['none', 'None', 'NONE', 'nOnE']) {
    it(`says alg ${algorithm} and is not signed`, async () => {
      const { idToken } = await idTokenWith({ algorithm })
      assert.equal(decodePart(idToken, 0).alg, algorithm)
      assert.ok(idToken.endsWith('.'))
    })
  }

  it('is signed with HS256 and the client secret', async () => {
    const { idToken } = await idTokenWith({ algorithm: 'HS256' })
    const [header, payload, signature] = idToken.split('.')
    const expected = createHmac('sha256', singleTenant.secret).update(`${header}.${payload}`)
    assert.equal(signature, expected.digest('base64url'))
  })

  for (const algorithm of ['RS512', 'PS256']) {
    it(`is honestly signed with ${algorithm}, which Entra never does`, async () => {
      const { emulator, idToken } = await idTokenWith({ algorithm })
      assert.equal((await verify(emulator, idToken)).protectedHeader.alg, algorithm)
    })
  }

  it('has a strange header', async () => {
    const setHeader = { kid: 'unknown', crit: ['x'], x: 1 }
    const { idToken } = await idTokenWith({ setHeader, removeHeader: ['typ'] })
    assert.deepEqual(decodePart(idToken, 0), { alg: 'RS256', ...setHeader })
  })
})
