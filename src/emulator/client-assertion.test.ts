import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { describe, it } from 'node:test'
import {
  contoso,
  fabrikam,
  frozenAt,
  getCode,
  newEmulator,
  origin,
  parseObject,
  redeem,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import { createSelfSignedCertificate } from './certificate.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'
const tokenEndpoint = `${origin}/${contoso}/oauth2/v2.0/token`
const seconds = Math.floor(frozenAt.getTime() / 1000)
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = newCertificate('2049-12-31T00:00:00Z')
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })

function newCertificate(notAfter: string): X509Certificate {
  return new X509Certificate(
    createSelfSignedCertificate({
      ...pair,
      commonName: 'The application',
      serialNumber: Buffer.of(1),
      notBefore: new Date('2024-01-01T00:00:00Z'),
      notAfter: new Date(notAfter),
    }),
  )
}

const thumbprint = (hash: string) => createHash(hash).update(certificate.raw).digest('base64url')
const honestHeader = { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint('sha256') }
const honestClaims = {
  aud: tokenEndpoint,
  iss: singleTenant.clientId,
  sub: singleTenant.clientId,
  jti: 'one',
  nbf: seconds,
  iat: seconds,
  exp: seconds + 600,
}

type Changes = {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly key?: KeyObject
}

/** Signed here by hand: the emulator shall not be judged by code of its own. */
function newAssertion({ header, claims, key = pair.privateKey }: Changes = {}): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const { alg, ...rest } = { ...honestHeader, ...header }
  const text = `${encode({ alg, ...rest })}.${encode({ ...honestClaims, ...claims })}`
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const signature = sign('sha256', Buffer.from(text), { key, ...(alg === 'PS256' ? pss : {}) })
  return `${text}.${signature.toString('base64url')}`
}

async function redeemWith(emulator: Emulator, assertion: string) {
  const response = await redeem(emulator, await getCode(emulator, alice), {
    form: {
      client_secret: undefined,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    },
  })
  const body = parseObject(await response.json())
  return { status: response.status, error: body.error, codes: body.error_codes }
}

function emulatorWithCertificate(uploaded = certificate): Emulator {
  const emulator = newEmulator()
  emulator.addCertificate(singleTenant.clientId, uploaded.toString())
  return emulator
}

describe('a client that signs with its certificate', () => {
  it('is let in with PS256 and the SHA-256 thumbprint', async () => {
    const { status } = await redeemWith(emulatorWithCertificate(), newAssertion())
    assert.equal(status, 200)
  })

  it('is let in with RS256 and the SHA-1 thumbprint, as older clients sign', async () => {
    const header = { alg: 'RS256', 'x5t#S256': undefined, x5t: thumbprint('sha1') }
    const { status } = await redeemWith(emulatorWithCertificate(), newAssertion({ header }))
    assert.equal(status, 200)
  })

  it('is let in with the issuer or the domain’s token endpoint as audience', async () => {
    for (const aud of [`${origin}/${contoso}/v2.0`, tokenEndpoint]) {
      const emulator = emulatorWithCertificate()
      assert.equal((await redeemWith(emulator, newAssertion({ claims: { aud } }))).status, 200)
    }
  })

  const cases: readonly (readonly [string, Changes, number])[] = [
    ['another key', { key: stranger.privateKey }, 700027],
    ['a thumbprint of no certificate', { header: { 'x5t#S256': 'x' } }, 700027],
    ['no thumbprint', { header: { 'x5t#S256': undefined } }, 700027],
    ['alg none', { header: { alg: 'none' } }, 700027],
    ['alg HS256', { header: { alg: 'HS256' } }, 700027],
    ['another subject', { claims: { sub: contoso } }, 700021],
    ['another audience', { claims: { aud: 'https://evil.example/token' } }, 700027],
    [
      'the token endpoint of another tenant',
      { claims: { aud: `${origin}/${fabrikam}/oauth2/v2.0/token` } },
      700027,
    ],
    ['an end in the past', { claims: { exp: seconds - 301 } }, 700024],
    ['a start in the future', { claims: { nbf: seconds + 301 } }, 700024],
    ['no end', { claims: { exp: undefined } }, 700024],
    ['no id', { claims: { jti: undefined } }, 700027],
    ['an issuer that nobody trusts', { claims: { iss: 'https://evil.example' } }, 700211],
  ]
  for (const [name, changes, number] of cases) {
    it(`with ${name} is refused with AADSTS${number}`, async () => {
      const answer = await redeemWith(emulatorWithCertificate(), newAssertion(changes))
      assert.deepEqual(answer, { status: 401, error: 'invalid_client', codes: [number] })
    })
  }

  it('is refused when it has not uploaded the certificate', async () => {
    const { codes } = await redeemWith(newEmulator(), newAssertion())
    assert.deepEqual(codes, [700027])
  })

  it('is refused when the certificate has expired', async () => {
    const expired = newCertificate('2026-01-01T00:00:00Z')
    const s256 = createHash('sha256').update(expired.raw).digest('base64url')
    const assertion = newAssertion({ header: { 'x5t#S256': s256 } })
    const { codes } = await redeemWith(emulatorWithCertificate(expired), assertion)
    assert.deepEqual(codes, [700027])
  })

  it('may use an assertion again until it expires, unless the application says otherwise', async () => {
    const emulator = emulatorWithCertificate()
    assert.equal((await redeemWith(emulator, newAssertion())).status, 200)
    assert.equal((await redeemWith(emulator, newAssertion())).status, 200)
    emulator.setApplication(singleTenant.clientId, { refuseReusedAssertions: true })
    assert.equal((await redeemWith(emulator, newAssertion())).status, 200)
    assert.deepEqual((await redeemWith(emulator, newAssertion())).codes, [700027])
    const claims = { jti: 'two' }
    assert.equal((await redeemWith(emulator, newAssertion({ claims }))).status, 200)
  })

  it('uploads certificates of RSA keys only', () => {
    const upload = (pem: string) => newEmulator().addCertificate(singleTenant.clientId, pem)
    assert.throws(() => upload('-----BEGIN CERTIFICATE-----'), /certificate of an RSA key/)
  })
})

describe('a client that another issuer vouches for', () => {
  const subject = 'system:serviceaccount:default:entrada'
  const issuer = `${origin}/emulator/issuer`

  function emulatorThatTrusts(changes: Record<string, unknown> = {}): Emulator {
    const emulator = newEmulator()
    const credential = { issuer, subject, ...changes }
    emulator.addFederatedCredential(singleTenant.clientId, credential)
    return emulator
  }

  it('is let in with a token of the issuer that the emulator hosts', async () => {
    const emulator = emulatorThatTrusts()
    const token = await emulator.issueFederatedToken({ subject })
    assert.equal((await redeemWith(emulator, token)).status, 200)
  })

  it('finds that issuer’s keys by its discovery', async () => {
    const emulator = newEmulator()
    const get = async (url: string) =>
      parseObject(await (await emulator.fetch(new Request(url))).json())
    const { jwks_uri } = await get(`${issuer}/.well-known/openid-configuration`)
    const { keys } = await get(String(jwks_uri))
    assert.equal(Array.isArray(keys) && keys.length, 2)
  })

  it('is let in with a token of an issuer whose public keys are configured', async () => {
    const elsewhere = 'https://build.example'
    const keys = [stranger.publicKey.export({ format: 'jwk' })]
    const emulator = emulatorThatTrusts({ issuer: elsewhere, keys })
    const claims = { iss: elsewhere, sub: subject, aud: 'api://AzureADTokenExchange' }
    const signed = (key: KeyObject) =>
      newAssertion({ claims, key, header: { alg: 'RS256', 'x5t#S256': undefined } })
    assert.equal((await redeemWith(emulator, signed(stranger.privateKey))).status, 200)
    assert.deepEqual((await redeemWith(emulator, signed(pair.privateKey))).codes, [50013])
  })

  const cases = [
    ['subject', { subject: 'System:serviceaccount:default:entrada' }, 700213],
    ['audience', { subject, audience: 'api://AzureADTokenExchange/' }, 700212],
    ['issuer', { subject, issuer: `${issuer}/` }, 700211],
    ['time', { subject, lifetimeSeconds: -400 }, 700024],
  ] as const
  for (const [name, options, number] of cases) {
    it(`is refused with AADSTS${number} when the ${name} is not exactly right`, async () => {
      const emulator = emulatorThatTrusts()
      const token = await emulator.issueFederatedToken(options)
      const answer = await redeemWith(emulator, token)
      assert.deepEqual(answer, { status: 401, error: 'invalid_client', codes: [number] })
    })
  }
})
