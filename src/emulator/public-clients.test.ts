import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  api,
  contoso,
  frozenAt,
  getCode,
  newEmulator,
  type Parameters,
  parseObject,
  publicClient,
  readRefusal,
  redeem,
  requestTokens,
  singlePage,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'
const pageOrigin = 'http://localhost:5173'
const spaUri = `${pageOrigin}/`
const nativeUri = 'http://localhost:49152'

function codeFor(emulator: Emulator, changes: Parameters) {
  return getCode(emulator, alice, { changes })
}

function redeemFor(emulator: Emulator, code: string, form: Parameters, origin?: string) {
  const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin }
  return redeem(emulator, code, { form: { client_secret: undefined, ...form }, headers })
}

const native = { client_id: publicClient, redirect_uri: nativeUri }
const spa = { client_id: singlePage, redirect_uri: spaUri }

describe('a native application', () => {
  it('redeems and refreshes with its client id alone (M6)', async () => {
    const emulator = newEmulator()
    const response = await redeemFor(emulator, await codeFor(emulator, native), native)
    const { refresh_token: refreshToken } = parseObject(await response.json())
    const form = { grant_type: 'refresh_token', client_id: publicClient }
    const refreshed = await requestTokens(emulator, {
      ...form,
      refresh_token: String(refreshToken),
    })
    assert.equal(refreshed.status, 200)
  })

  it('is refused when it sends a secret, or comes from a page (M6)', async () => {
    const emulator = newEmulator()
    const code = await codeFor(emulator, native)
    const withSecret = { ...native, client_secret: 'x' }
    assert.deepEqual(await readRefusal(await redeemFor(emulator, code, withSecret)), [
      401,
      'invalid_client',
      700025,
    ])
    const fromPage = await redeemFor(emulator, code, native, pageOrigin)
    assert.deepEqual(await readRefusal(fromPage), [400, 'invalid_request', 9002326])
    assert.equal(fromPage.headers.get('access-control-allow-origin'), null)
  })

  it('may have a redirect URI of a scheme of its own (M6)', async () => {
    const emulator = newEmulator()
    const uri = 'msauth.example://auth'
    emulator.addRedirectUri(singleTenant.clientId, uri, 'native')
    const code = await codeFor(emulator, { redirect_uri: uri })
    assert.equal((await redeemFor(emulator, code, { redirect_uri: uri })).status, 200)
  })
})

describe('a single-page application', () => {
  it('redeems and refreshes from its own page, which may read the answer (M6)', async () => {
    const emulator = newEmulator()
    const response = await redeemFor(emulator, await codeFor(emulator, spa), spa, pageOrigin)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('access-control-allow-origin'), pageOrigin)
    const { refresh_token: refreshToken } = parseObject(await response.json())
    const form = { grant_type: 'refresh_token', client_id: singlePage }
    const refresh = { ...form, refresh_token: String(refreshToken) }
    assert.equal(
      (await requestTokens(emulator, refresh, { headers: { Origin: pageOrigin } })).status,
      200,
    )
    assert.deepEqual(await readRefusal(await requestTokens(emulator, refresh)), [
      400,
      'invalid_request',
      9002327,
    ])
  })

  it('has refresh tokens that end together after 24 hours, however often they are used (M6)', async () => {
    const clock = { now: frozenAt.getTime() }
    const emulator = newEmulator({ now: () => new Date(clock.now) })
    const first = await redeemFor(emulator, await codeFor(emulator, spa), spa, pageOrigin)
    let { refresh_token: refreshToken } = parseObject(await first.json())
    const outcomes = []
    for (const hours of [12, 11, 1]) {
      clock.now += hours * 3_600_000
      const form = { grant_type: 'refresh_token', client_id: singlePage }
      const response = await requestTokens(
        emulator,
        { ...form, refresh_token: String(refreshToken) },
        { headers: { Origin: pageOrigin } },
      )
      const body = parseObject(await response.json())
      refreshToken = body.refresh_token ?? refreshToken
      outcomes.push(body.error_codes ?? response.status)
    }
    assert.deepEqual(outcomes, [200, 200, [700084]])
  })

  it('is refused from a server, from an origin it did not register, and with a secret (M6)', async () => {
    const emulator = newEmulator()
    const code = await codeFor(emulator, spa)
    const refusals = [
      await redeemFor(emulator, code, spa),
      await redeemFor(emulator, code, spa, 'https://evil.example'),
      await redeemFor(emulator, code, { ...spa, client_secret: 'x' }, pageOrigin),
    ]
    assert.equal(refusals[1]?.headers.get('access-control-allow-origin'), null)
    const codes = await Promise.all(refusals.map(async (each) => (await readRefusal(each))[2]))
    assert.deepEqual(codes, [9002327, 9002326, 700025])
  })

  it('needs PKCE (M6)', async () => {
    const emulator = newEmulator()
    const changes = { ...spa, code_challenge: undefined, code_challenge_method: undefined }
    const code = await codeFor(emulator, changes)
    const form = { ...spa, code_verifier: undefined }
    assert.deepEqual(await readRefusal(await redeemFor(emulator, code, form, pageOrigin)), [
      400,
      'invalid_request',
      9002325,
    ])
  })

  it('may ask before it reads: token endpoint, discovery, keys and Graph (M6)', async () => {
    const emulator = newEmulator()
    const ask = async (path: string, origin: string) => {
      const response = await emulator.fetch(
        new Request(`${emulator.origin}${path}`, {
          method: 'OPTIONS',
          headers: {
            Origin: origin,
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'authorization',
          },
        }),
      )
      assert.equal(response.headers.get('access-control-allow-headers'), 'authorization')
      return [response.status, response.headers.get('access-control-allow-origin')]
    }
    assert.deepEqual(await ask(`/${contoso}/oauth2/v2.0/token`, pageOrigin), [204, pageOrigin])
    assert.deepEqual(await ask(`/${contoso}/oauth2/v2.0/token`, 'https://evil.example'), [
      204,
      null,
    ])
    assert.deepEqual(await ask('/graph/v1.0/me', 'https://anybody.example'), [204, '*'])
    assert.deepEqual(await ask('/emulator/api/reset', pageOrigin), [204, null])
  })
})

describe('the platform "Web"', () => {
  it('needs its credential, and is refused from a page without a word that the page could read (M6)', async () => {
    const emulator = newEmulator()
    const code = await codeFor(emulator, {})
    assert.deepEqual(await readRefusal(await redeemFor(emulator, code, {})), [
      401,
      'invalid_client',
      7000218,
    ])
    const response = await redeemFor(
      emulator,
      code,
      { client_secret: singleTenant.secret },
      pageOrigin,
    )
    assert.equal(response.headers.get('access-control-allow-origin'), null)
    assert.deepEqual(await readRefusal(response), [400, 'invalid_request', 9002326])
  })

  it('and the others may belong to one application, each URI to one of them (M6)', async () => {
    const emulator = newEmulator()
    const uri = 'https://spa.example/'
    emulator.addRedirectUri(singleTenant.clientId, uri, 'spa')
    const code = await codeFor(emulator, { redirect_uri: uri })
    const form = { redirect_uri: uri }
    const response = await redeemFor(emulator, code, form, 'https://spa.example')
    assert.equal(response.status, 200)
    assert.throws(() => emulator.addRedirectUri(singleTenant.clientId, uri, 'web'), /occurs twice/)
  })
})

describe('on behalf of', () => {
  const onBehalf = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    client_id: api.clientId,
    client_secret: api.secret,
    requested_token_use: 'on_behalf_of',
    scope: 'openid https://graph.microsoft.com/User.Read',
  }

  async function accessToken(emulator: Emulator, scope: string) {
    const code = await codeFor(emulator, { ...native, scope })
    const response = await redeemFor(emulator, code, native)
    return String(parseObject(await response.json()).access_token)
  }

  it('an API gets tokens for the user whose access token it received (M6)', async () => {
    const emulator = newEmulator()
    const assertion = await accessToken(emulator, `${api.uri}/access_as_user`)
    const response = await requestTokens(emulator, { ...onBehalf, assertion })
    const { access_token: graphToken } = parseObject(await response.json())
    const me = await emulator.fetch(
      new Request(`${emulator.graphUrl}/me`, {
        headers: { Authorization: `Bearer ${graphToken}` },
      }),
    )
    assert.equal(parseObject(await me.json()).userPrincipalName, alice)
  })

  it('an API cannot use tokens of others, of an application, forged or ended ones (M6)', async () => {
    const clock = { now: frozenAt.getTime() }
    const emulator = newEmulator({ now: () => new Date(clock.now) })
    const good = await accessToken(emulator, `${api.uri}/access_as_user`)
    const forGraph = await accessToken(emulator, 'User.Read')
    const client = { client_id: singleTenant.clientId, client_secret: singleTenant.secret }
    const own = await requestTokens(emulator, {
      grant_type: 'client_credentials',
      ...client,
      scope: `${api.uri}/.default`,
    })
    const ofApplication = String(parseObject(await own.json()).access_token)
    const numberFor = async (form: Parameters) =>
      (await readRefusal(await requestTokens(emulator, { ...onBehalf, ...form })))[2]

    assert.equal(await numberFor({ assertion: forGraph }), 500131)
    assert.equal(await numberFor({ ...client, assertion: good }), 500131)
    assert.equal(await numberFor({ assertion: ofApplication }), 7000114)
    assert.equal(await numberFor({ assertion: `${good.slice(0, -4)}AAAA` }), 50013)
    assert.equal(await numberFor({ assertion: good, client_secret: undefined }), 7000218)
    assert.equal(await numberFor({ assertion: good, scope: undefined }), 900144)
    assert.equal(await numberFor({ assertion: good, requested_token_use: 'other' }), 70003)
    emulator.revokeSessions(alice)
    assert.equal(await numberFor({ assertion: good }), 50173)
    clock.now += 3_600_000
    assert.equal(await numberFor({ assertion: good }), 500133)
  })
})

describe('a loopback redirect URI', () => {
  for (const uri of [
    'http://localhost:8080/any/callback',
    'https://localhost:8443/signin-oidc',
    'http://127.0.0.1:5000/',
    'http://[::1]:5000/callback',
    'http://app.localhost:3000/x?y=z',
  ]) {
    it(`is taken by the built-in application: ${uri} (M8)`, async () => {
      const emulator = newEmulator()
      const code = await codeFor(emulator, { redirect_uri: uri })
      assert.equal((await redeem(emulator, code, { form: { redirect_uri: uri } })).status, 200)
    })
  }

  for (const uri of ['https://localhost.evil.example/', 'http://localhost@evil.example/']) {
    it(`is not ${uri} (M8)`, async () => {
      assert.equal(await codeFor(newEmulator(), { redirect_uri: uri }), '')
    })
  }
})
