/** Clients that others wrote sign in against the emulator: what they accept is what Entra would have to be. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import {
  ConfidentialClientApplication,
  CryptoProvider,
  type INetworkModule,
} from '@azure/msal-node'
import * as client from 'openid-client'
import { createSelfSignedCertificate } from '../../src/emulator/certificate.ts'
import { createEmulator, type Emulator, type Fault } from '../../src/emulator/emulator.ts'
import { type StartedEmulator, startEmulator } from '../../src/emulator/start-emulator.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, FABRIKAM, people } from '../support/rig.ts'
import { startPassportApplication } from './passport-application.ts'

const REDIRECT_URI = 'http://localhost:3000/auth/entra/callback'
const MULTI_TENANT_ID = '44444444-4444-4444-8444-444444444444'
const MULTI_TENANT_SECRET = 'development~only.Fabrikam-secret'
const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = new X509Certificate(
  createSelfSignedCertificate({
    ...pair,
    commonName: 'An independent client',
    serialNumber: Buffer.of(1),
    notBefore: new Date('2024-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T00:00:00Z'),
  }),
)

describe('openid-client', () => {
  let emulator: StartedEmulator
  before(async () => {
    emulator = await startEmulator()
  })
  after(() => emulator.close())

  async function discover(authentication?: client.ClientAuth, metadata?: object) {
    const server = new URL(`${emulator.origin}/${CONTOSO}/v2.0`)
    return client.discovery(
      server,
      CLIENT_ID,
      { client_secret: CLIENT_SECRET, ...metadata },
      authentication,
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    )
  }

  async function signIn(config: client.Configuration, extra: Record<string, string> = {}) {
    emulator.signInAutomaticallyAs(people.alice)
    const verifier = client.randomPKCECodeVerifier()
    const [state, nonce] = [client.randomState(), client.randomNonce()]
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile email offline_access User.Read',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...extra,
    })
    const response = await fetch(url, { redirect: 'manual' })
    const location = response.headers.get('location')
    const back = location === null ? toPosted(await response.text()) : new URL(location)
    return client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    })
  }

  /** What a browser would do with the page of `response_mode=form_post`. */
  function toPosted(page: string): Request {
    const fields = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)]
    const body = new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value]))
    return new Request(REDIRECT_URI, { method: 'POST', body })
  }

  it('signs in with its signature checks on, refreshes, and reads userinfo', async () => {
    const config = await discover()
    const tokens = await signIn(config)
    const claims = tokens.claims()
    assert.deepEqual([claims?.oid, claims?.tid], [aliceId, CONTOSO])
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    assert.equal(refreshed.claims()?.sub, claims?.sub)
    const info = await client.fetchUserInfo(config, refreshed.access_token, claims?.sub ?? '')
    assert.equal(info.email, people.alice)
  })

  it('signs in with form_post', async () => {
    const tokens = await signIn(await discover(), { response_mode: 'form_post' })
    assert.equal(tokens.claims()?.oid, aliceId)
  })

  it('signs in with HTTP Basic, and with a key in place of the secret', async () => {
    const basic = await discover(client.ClientSecretBasic(CLIENT_SECRET))
    assert.equal((await signIn(basic)).claims()?.oid, aliceId)

    emulator.addCertificate(CLIENT_ID, certificate.toString())
    const key = await crypto.subtle.importKey(
      'pkcs8',
      pair.privateKey.export({ type: 'pkcs8', format: 'der' }),
      { name: 'RSA-PSS', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    const x5t = createHash('sha256').update(certificate.raw).digest('base64url')
    const withKey = client.PrivateKeyJwt(key, {
      [client.modifyAssertion]: (header, payload) => {
        header['x5t#S256'] = x5t
        payload.aud = `${emulator.origin}/${CONTOSO}/oauth2/v2.0/token`
      },
    })
    assert.equal((await signIn(await discover(withKey))).claims()?.oid, aliceId)
  })

  const broken: readonly Omit<Extract<Fault, { kind: 'id_token' }>, 'kind'>[] = [
    { signature: 'other_key' },
    { signature: 'garbage' },
    { algorithm: 'none' },
    { forgeClaims: { oid: 'somebody else' } },
    { setClaims: { aud: CONTOSO } },
    { setClaims: { iss: 'https://evil.example' } },
    { setClaims: { nonce: 'another' } },
    { setClaims: { exp: 1 } },
  ]
  for (const fault of broken) {
    it(`refuses the emulator’s broken ID token ${JSON.stringify(fault)}`, async () => {
      const config = await discover()
      emulator.setFault({ kind: 'id_token', ...fault })
      await assert.rejects(signIn(config))
      emulator.clearFaults()
    })
  }

  it('finds the new key after a rotation in flight', async () => {
    const config = await discover()
    await signIn(config)
    await emulator.addKey()
    // It keeps a list for a while; a client made anew asks for it.
    assert.equal((await signIn(await discover())).claims()?.oid, aliceId)
  })

  it('gets a token for an application alone', async () => {
    const server = new URL(`${emulator.origin}/${CONTOSO}/v2.0`)
    const config = await client.discovery(server, MULTI_TENANT_ID, MULTI_TENANT_SECRET, undefined, {
      execute: [client.allowInsecureRequests],
    })
    const scope = 'https://graph.microsoft.com/.default'
    const { access_token: token } = await client.clientCredentialsGrant(config, { scope })
    const headers = { Authorization: `Bearer ${token}` }
    const answer = await fetch(`${emulator.graphUrl}/users/${aliceId}`, { headers })
    assert.equal((await answer.json()).userPrincipalName, people.alice)
  })
})

describe('passport with its OpenID Connect strategy', () => {
  it('signs in, checks issuer, audience and nonce, and reads the profile', async (t) => {
    const emulator = await startEmulator()
    const application = await startPassportApplication()
    t.after(() => Promise.all([emulator.close(), application.close()]))
    emulator.addRedirectUri(CLIENT_ID, `${application.origin}/callback`)
    emulator.signInAutomaticallyAs(people.alice)
    const base = `${emulator.origin}/${CONTOSO}`
    application.configure({
      issuer: `${base}/v2.0`,
      authorizationURL: `${base}/oauth2/v2.0/authorize`,
      tokenURL: `${base}/oauth2/v2.0/token`,
      userInfoURL: `${emulator.origin}/oidc/userinfo`,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
    })

    const started = await fetch(`${application.origin}/login`, { redirect: 'manual' })
    const cookie = started.headers.get('set-cookie')?.split(';')[0] ?? ''
    const picked = await fetch(started.headers.get('location') ?? '', { redirect: 'manual' })
    const back = picked.headers.get('location') ?? ''
    const { user } = await (await fetch(back, { headers: { cookie } })).json()
    assert.equal(user.issuer, `${base}/v2.0`)
    assert.equal(user.profile.displayName, 'Alice Example')
    assert.deepEqual(user.profile.emails, [{ value: people.alice }])

    const again = await fetch(back, { headers: { cookie } })
    assert.notEqual(again.status, 200, 'the state is spent')
  })
})

describe('@azure/msal-node by itself', () => {
  const AUTHORITY = 'https://login.microsoftonline.com'

  /** MSAL takes https alone, so the emulator is the real host, in memory. */
  function createClient(emulator: Emulator, credential: object, tenant = CONTOSO) {
    return new ConfidentialClientApplication({
      auth: { clientId: CLIENT_ID, authority: `${AUTHORITY}/${tenant}`, ...credential },
      system: { networkClient: networkTo(emulator) },
    })
  }

  function networkTo(emulator: Emulator): INetworkModule {
    const send = async <Body>(url: string, init: RequestInit) => {
      const response = await emulator.fetch(new Request(url, init))
      const headers = Object.fromEntries(response.headers)
      return { status: response.status, headers, body: (await response.json()) as Body } // MSAL defines the type that it expects.
    }
    const headersOf = (options?: { readonly headers?: Record<string, string> }) => ({
      headers: options?.headers ?? {},
    })
    return {
      sendGetRequestAsync: (url, options) => send(url, headersOf(options)),
      sendPostRequestAsync: (url, options) =>
        send(url, { method: 'POST', body: options?.body ?? '', ...headersOf(options) }),
    }
  }

  async function signIn(emulator: Emulator, msal: ConfidentialClientApplication, claims?: string) {
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
    const request = {
      redirectUri: REDIRECT_URI,
      scopes: ['User.Read'],
      ...(claims ? { claims } : {}),
    }
    emulator.signInAutomaticallyAs(people.alice)
    const url = await msal.getAuthCodeUrl({
      ...request,
      nonce: 'n',
      state: 's',
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
    })
    const response = await emulator.fetch(new Request(url))
    const answer = new URL(response.headers.get('location') ?? '').searchParams
    return msal.acquireTokenByCode({
      ...request,
      nonce: 'n',
      code: answer.get('code') ?? '',
      codeVerifier: verifier,
    })
  }

  it('signs in with a secret, then silently, until the sessions are revoked', async () => {
    const emulator = createEmulator({ origin: AUTHORITY })
    const msal = createClient(emulator, { clientSecret: CLIENT_SECRET })
    const result = await signIn(emulator, msal)
    assert.deepEqual([result.uniqueId, result.tenantId], [aliceId, CONTOSO])
    const { account } = result
    assert.ok(account)
    const silently = () =>
      msal.acquireTokenSilent({ account, scopes: ['User.Read'], forceRefresh: true })
    assert.notEqual((await silently()).accessToken, result.accessToken)
    emulator.revokeSessions(people.alice)
    await assert.rejects(silently(), /AADSTS50173/)
  })

  it('signs in with a certificate, which the emulator verifies', async () => {
    const emulator = createEmulator({ origin: AUTHORITY })
    const clientCertificate = {
      thumbprintSha256: createHash('sha256').update(certificate.raw).digest('hex'),
      privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    const msal = createClient(emulator, { clientCertificate })
    await assert.rejects(signIn(emulator, msal), /AADSTS700027/)
    emulator.addCertificate(CLIENT_ID, certificate.toString())
    const fresh = createClient(emulator, { clientCertificate })
    assert.equal((await signIn(emulator, fresh)).uniqueId, aliceId)
  })

  it('signs in with a federated token', async () => {
    const emulator = createEmulator({ origin: AUTHORITY })
    const subject = 'repo:example/app:environment:production'
    const issuer = `${emulator.origin}/emulator/issuer`
    emulator.addFederatedCredential(CLIENT_ID, { issuer, subject })
    const clientAssertion = () => emulator.issueFederatedToken({ subject })
    const msal = createClient(emulator, { clientAssertion })
    assert.equal((await signIn(emulator, msal)).uniqueId, aliceId)
  })

  it('is told what a policy asks for, and gets in once it asks for that', async () => {
    const emulator = createEmulator({ origin: AUTHORITY })
    emulator.addPolicy({ require: 'c1', clientId: CLIENT_ID })
    const msal = createClient(emulator, { clientSecret: CLIENT_SECRET })
    const challenge = await signIn(emulator, msal).then(
      () => undefined,
      (error: unknown) => (error instanceof Object && 'claims' in error ? error.claims : undefined),
    )
    assert.equal(challenge, '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}')
    assert.equal((await signIn(emulator, msal, String(challenge))).uniqueId, aliceId)
  })

  it('is refused where the application is not known', async () => {
    const emulator = createEmulator({ origin: AUTHORITY })
    const msal = createClient(emulator, { clientSecret: CLIENT_SECRET }, FABRIKAM)
    await assert.rejects(
      msal.acquireTokenByRefreshToken({ refreshToken: 'x', scopes: [] }),
      /AADSTS700016/,
    )
  })
})
