import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import {
  codeVerifier,
  contoso,
  fabrikam,
  frozenAt,
  getCode,
  multiTenant,
  newEmulator,
  origin,
  type Parameters,
  parseObject,
  readRefusal,
  redeem,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'

const alice = 'alice@contoso.example'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

describe('POST /{tenant}/oauth2/v2.0/token', () => {
  it('answers an ID token that the published keys verify', async () => {
    const emulator = newEmulator()
    const answer = await signIn(emulator, alice)
    const list = await emulator.fetch(new Request(`${origin}/${contoso}/discovery/v2.0/keys`))
    const { payload, protectedHeader } = await jwtVerify(
      String(answer.id_token),
      createLocalJWKSet(await list.json()),
      {
        issuer: `${origin}/${contoso}/v2.0`,
        audience: singleTenant.clientId,
        algorithms: ['RS256'],
        currentDate: frozenAt,
      },
    )
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
    assert.equal(payload.nonce, 'the nonce')
  })

  it('has the members Entra has', async () => {
    const answer = await signIn(newEmulator(), alice, { form: { client_info: '1' } })
    assert.deepEqual(Object.keys(answer), [
      'token_type',
      'scope',
      'expires_in',
      'ext_expires_in',
      'access_token',
      'refresh_token',
      'id_token',
      'client_info',
    ])
    assert.equal(answer.scope, 'openid profile')
  })

  it('gives a refresh token only for offline_access and an ID token only for openid', async () => {
    const changes = { scope: 'User.Read' }
    const answer = await signIn(newEmulator(), alice, { changes })
    assert.equal(answer.id_token, undefined)
    assert.equal(answer.refresh_token, undefined)
  })

  it('takes the client from HTTP Basic as well', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    const pair = `${singleTenant.clientId}:${encodeURIComponent(singleTenant.secret)}`
    const response = await redeem(emulator, code, {
      headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
      form: { client_id: undefined, client_secret: undefined },
    })
    assert.equal(response.status, 200)
  })

  it('refuses GET with AADSTS900561', async () => {
    const url = `${origin}/${contoso}/oauth2/v2.0/token?grant_type=authorization_code`
    const response = await newEmulator().fetch(new Request(url))
    assert.deepEqual(await readRefusal(response), [405, 'invalid_request', 900561])
  })

  it('reads the form alone: parameters in the query do not count', async () => {
    const emulator = newEmulator()
    const url = `${origin}/${contoso}/oauth2/v2.0/token?grant_type=authorization_code`
    const response = await emulator.fetch(new Request(url, { method: 'POST' }))
    assert.deepEqual(await readRefusal(response), [400, 'invalid_request', 900144])
  })

  it('describes an error as Entra does, and echoes client-request-id', async () => {
    const correlationId = 'aaaaaaaa-0000-4000-8000-00000000000f'
    const response = await redeem(newEmulator(), 'nonsense', {
      headers: { 'client-request-id': correlationId },
    })
    const body = parseObject(await response.json())
    assert.equal(body.correlation_id, correlationId)
    assert.equal(body.timestamp, '2026-03-04 05:06:07Z')
    assert.equal(body.error_uri, `${origin}/error?code=70000`)
    const lines = String(body.error_description).split('\r\n')
    assert.deepEqual(lines.slice(1), [
      `Trace ID: ${body.trace_id}`,
      `Correlation ID: ${correlationId}`,
      'Timestamp: 2026-03-04 05:06:07Z',
    ])
  })
})

describe('a token request that is refused', () => {
  type Case = readonly [string, Parameters, readonly unknown[]]
  const cases: readonly Case[] = [
    ['without grant type', { grant_type: undefined }, [400, 'invalid_request', 900144]],
    ['of another grant', { grant_type: 'password' }, [400, 'unsupported_grant_type', 70003]],
    ['without client id', { client_id: undefined }, [400, 'invalid_request', 900144]],
    ['of an unknown client', { client_id: contoso }, [400, 'unauthorized_client', 700016]],
    ['without secret', { client_secret: undefined }, [401, 'invalid_client', 7000218]],
    ['with a wrong secret', { client_secret: 'wrong' }, [401, 'invalid_client', 7000215]],
    [
      'with a secret and an assertion',
      { client_assertion: 'x' },
      [400, 'invalid_request', 9002313],
    ],
    [
      'with an assertion that is no token',
      { client_secret: undefined, client_assertion: 'x', client_assertion_type: assertionType },
      [401, 'invalid_client', 50027],
    ],
    [
      'with an assertion of no known type',
      { client_secret: undefined, client_assertion: 'x' },
      [400, 'invalid_request', 900144],
    ],
    ['without code', { code: undefined }, [400, 'invalid_request', 900144]],
    ['with an unknown code', { code: 'x' }, [400, 'invalid_grant', 70000]],
    ['without redirect URI', { redirect_uri: undefined }, [400, 'invalid_request', 900144]],
    [
      'with another registered redirect URI',
      { redirect_uri: 'http://sso.localhost:3000/auth/entra/callback' },
      [400, 'invalid_grant', 500112],
    ],
    ['with a wrong verifier', { code_verifier: 'w'.repeat(43) }, [400, 'invalid_grant', 501481]],
    ['without verifier', { code_verifier: undefined }, [400, 'invalid_grant', 501481]],
  ]
  for (const [name, form, expected] of cases) {
    it(`${name}, gets ${expected.join(' ')}, and leaves the code unspent`, async () => {
      const emulator = newEmulator()
      const code = await getCode(emulator, alice)
      assert.deepEqual(await readRefusal(await redeem(emulator, code, { form })), expected)
      assert.equal((await redeem(emulator, code)).status, 200)
    })
  }

  it('from a browser (Origin header) gets AADSTS9002326', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    const response = await redeem(emulator, code, { headers: { Origin: 'http://localhost:3000' } })
    assert.deepEqual(await readRefusal(response), [400, 'invalid_request', 9002326])
  })

  it('with an expired secret gets AADSTS7000222, until there is another one', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    emulator.expireSecret(singleTenant.clientId)
    assert.deepEqual(await readRefusal(await redeem(emulator, code)), [
      401,
      'invalid_client',
      7000222,
    ])
    emulator.addSecret(singleTenant.clientId, 'fresh')
    const response = await redeem(emulator, code, { form: { client_secret: 'fresh' } })
    assert.equal(response.status, 200)
  })

  it('at another tenant gets AADSTS700005', async () => {
    const emulator = newEmulator()
    const changes = { client_id: multiTenant.clientId }
    const form = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    const code = await getCode(emulator, alice, { changes })
    for (const tenant of [fabrikam, 'common']) {
      const response = await redeem(emulator, code, { tenant, form })
      assert.deepEqual(await readRefusal(response), [400, 'invalid_grant', 700005])
    }
  })

  it('of another client than the code’s gets AADSTS70000', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    const form = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    const response = await redeem(emulator, code, { form })
    assert.deepEqual(await readRefusal(response), [400, 'invalid_grant', 70000])
  })

  it('for a person disabled in between gets AADSTS50057', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    emulator.updateUser(alice, { accountEnabled: false })
    assert.deepEqual(await readRefusal(await redeem(emulator, code)), [400, 'invalid_grant', 50057])
  })
})

describe('an authorization code', () => {
  it('is redeemed once, even by twenty requests at the same time', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    const responses = await Promise.all(Array.from({ length: 20 }, () => redeem(emulator, code)))
    const refused = responses.filter(({ status }) => status !== 200)
    assert.equal(refused.length, 19)
    for (const response of refused) {
      assert.deepEqual(await readRefusal(response), [400, 'invalid_grant', 54005])
    }
  })

  it('lives ten minutes', async () => {
    let at = frozenAt
    const emulator = newEmulator({ now: () => at })
    const [early, late] = [await getCode(emulator, alice), await getCode(emulator, alice)]
    at = new Date(frozenAt.getTime() + 599_000)
    assert.equal((await redeem(emulator, early)).status, 200)
    at = new Date(frozenAt.getTime() + 600_000)
    assert.deepEqual(await readRefusal(await redeem(emulator, late)), [400, 'invalid_grant', 70008])
    at = new Date(frozenAt.getTime() + 3_600_000)
    assert.deepEqual(await readRefusal(await redeem(emulator, late)), [400, 'invalid_grant', 70000])
  })

  it('of /common is redeemed on /common, and names the home tenant', async () => {
    const emulator = newEmulator()
    const form = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    const changes = { client_id: multiTenant.clientId }
    const options = { tenant: 'common', form, changes }
    const answer = await signIn(emulator, 'frank@fabrikam.example', options)
    assert.notEqual(answer.id_token, undefined)
  })

  it('accepts a plain code challenge', async () => {
    const changes = { code_challenge: codeVerifier, code_challenge_method: undefined }
    const answer = await signIn(newEmulator(), alice, { changes })
    assert.notEqual(answer.id_token, undefined)
  })

  it('of a domain path is redeemed on the GUID path', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice, { tenant: 'contoso.example' })
    assert.equal((await redeem(emulator, code)).status, 200)
  })
})
