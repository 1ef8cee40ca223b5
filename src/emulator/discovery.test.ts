import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { importJWK } from 'jose'
import { contoso, newEmulator, origin, parseObject } from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

async function get(emulator: Emulator, path: string) {
  const response = await emulator.fetch(new Request(`${origin}${path}`))
  return { response, body: parseObject(await response.json()) }
}

function discover(emulator: Emulator, tenant: string) {
  return get(emulator, `/${tenant}/v2.0/.well-known/openid-configuration`)
}

async function listKeys(emulator: Emulator) {
  const { body } = await get(emulator, `/${contoso}/discovery/v2.0/keys`)
  const list: unknown = body.keys
  return Array.isArray(list) ? list.map(parseObject) : []
}

describe('GET /{tenant}/v2.0/.well-known/openid-configuration', () => {
  it('answers a domain in any letter case with the GUID in every address', async () => {
    const { response, body } = await discover(newEmulator(), 'Contoso.EXAMPLE')
    assert.equal(body.issuer, `${origin}/${contoso}/v2.0`)
    assert.equal(body.token_endpoint, `${origin}/${contoso}/oauth2/v2.0/token`)
    assert.equal(body.authorization_endpoint, `${origin}/${contoso}/oauth2/v2.0/authorize`)
    assert.equal(body.end_session_endpoint, `${origin}/${contoso}/oauth2/v2.0/logout`)
    assert.equal(body.jwks_uri, `${origin}/${contoso}/discovery/v2.0/keys`)
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(response.headers.get('cache-control'), 'max-age=86400, private')
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    assert.match(response.headers.get('set-cookie') ?? '', /^fpc=/)
    assert.notEqual(response.headers.get('x-ms-request-id'), null)
  })

  it('takes its addresses from the configured origin, not from the request', async () => {
    const emulator = newEmulator()
    const url = `http://evil.example/${contoso}/v2.0/.well-known/openid-configuration`
    const response = await emulator.fetch(new Request(url, { headers: { Host: 'evil.example' } }))
    assert.equal((await response.text()).includes('evil'), false)
  })

  for (const alias of ['common', 'organizations']) {
    it(`has the literal issuer template for ${alias}`, async () => {
      const { body } = await discover(newEmulator(), alias)
      assert.equal(body.issuer, `${origin}/{tenantid}/v2.0`)
      assert.equal(body.token_endpoint, `${origin}/${alias}/oauth2/v2.0/token`)
      assert.equal(body.tenant_region_scope, null)
    })
  }

  it('publishes no members that Entra does not publish', async () => {
    const { body } = await discover(newEmulator(), contoso)
    assert.equal(Object.keys(body).length, 23)
    assert.equal('code_challenge_methods_supported' in body, false)
    assert.equal('backchannel_logout_supported' in body, false)
  })

  it('refuses an unknown tenant as JSON with AADSTS90002', async () => {
    const { response, body } = await discover(newEmulator(), 'nowhere.example')
    assert.equal(response.status, 400)
    assert.equal(body.error, 'invalid_tenant')
    assert.deepEqual(body.error_codes, [90002])
  })
})

describe('GET /{tenant}/discovery/v2.0/keys', () => {
  it('publishes several keys with issuer template, real certificate and no alg', async () => {
    const keys = await listKeys(newEmulator())
    assert.ok(keys.length >= 2)
    for (const { kid, x5t, x5c, n, alg, issuer, kty, use, e } of keys) {
      assert.deepEqual([kty, use, e, alg, kid], ['RSA', 'sig', 'AQAB', undefined, x5t])
      assert.equal(issuer, `${origin}/{tenantid}/v2.0`)
      const [encoded]: readonly unknown[] = Array.isArray(x5c) ? x5c : []
      const certificate = new X509Certificate(Buffer.from(String(encoded), 'base64'))
      assert.equal(certificate.publicKey.export({ format: 'jwk' }).n, n)
      assert.equal(certificate.verify(certificate.publicKey), true)
      assert.equal(
        Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'),
        kid,
      )
      await importJWK({ kty: 'RSA', n: String(n), e: String(e) }, 'RS256')
    }
  })

  it('keeps the other keys when one is added', async () => {
    const emulator = newEmulator()
    const before = await listKeys(emulator)
    const added = await emulator.addKey()
    const after = (await listKeys(emulator)).map(({ kid }) => kid)
    assert.deepEqual(after, [added, ...before.map(({ kid }) => kid)])
  })

  it('drops the signing key at once when keys are rotated, for this emulator only', async () => {
    const [emulator, other] = [newEmulator(), newEmulator()]
    const before = await listKeys(emulator)
    await emulator.rotateKeys()
    const after = (await listKeys(emulator)).map(({ kid }) => kid)
    assert.equal(after.includes(before[0]?.kid), false)
    assert.equal(after.length, before.length)
    assert.deepEqual(await listKeys(other), before)
  })
})

describe('GET /common/discovery/instance', () => {
  const ask = async (endpoint: string) => {
    const query = new URLSearchParams({ 'api-version': '1.1', authorization_endpoint: endpoint })
    const address = `${origin}/common/discovery/instance?${query}`
    const response = await newEmulator().fetch(new Request(address))
    return { status: response.status, body: parseObject(await response.json()) }
  }

  it('vouches for its own host, and names the discovery document (M1)', async () => {
    const { status, body } = await ask(`${origin}/contoso.example/oauth2/v2.0/authorize`)
    const host = new URL(origin).host
    assert.equal(status, 200)
    assert.deepEqual(body, {
      tenant_discovery_endpoint: `${origin}/contoso.example/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    })
  })

  for (const endpoint of [
    'https://login.elsewhere.example/contoso.example/oauth2/v2.0/authorize',
    `${origin}/nowhere.example/oauth2/v2.0/authorize`,
    'nonsense',
    '',
  ]) {
    it(`refuses ${endpoint || 'nothing'} as invalid_instance (M1)`, async () => {
      const { status, body } = await ask(endpoint)
      assert.deepEqual([status, body.error, body.error_codes], [400, 'invalid_instance', [50049]])
    })
  }
})
