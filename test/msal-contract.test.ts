/**
 * What Entrada relies on of MSAL, put to the real package. Two of its breaking changes came in patch releases: the version is pinned,
 * and a new one has to pass here first.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  type AuthorizationCodeRequest,
  ConfidentialClientApplication,
  version,
} from '@azure/msal-node'

const PINNED = '7.2.1'
const TENANT = '11111111-1111-4111-8111-111111111111'
const AUTHORITY = `https://login.entra.example/${TENANT}`
const CLIENT_ID = '33333333-3333-4333-8333-333333333333'
const NONCE = 'the nonce'

type Sent = { readonly method: 'GET' | 'POST'; readonly url: URL; readonly form: URLSearchParams }
type Answer = { readonly status?: number; readonly body: Readonly<Record<string, unknown>> }

/** A new application as `entra-oidc.ts` creates it, on a network that returns the given responses. */
function newApplication(answer: Answer | 'no network') {
  const sent: Sent[] = []
  const keep = (method: Sent['method'], url: string, body = '') => {
    sent.push({ method, url: new URL(url), form: new URLSearchParams(body) })
    if (answer === 'no network') throw new Error(answer)
    return { status: answer.status ?? 200, headers: {}, body: answer.body }
  }
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: CLIENT_ID,
      clientSecret: 'the secret',
      authority: AUTHORITY,
      knownAuthorities: ['login.entra.example'],
      authorityMetadata: JSON.stringify({
        issuer: `${AUTHORITY}/v2.0`,
        authorization_endpoint: `${AUTHORITY}/oauth2/v2.0/authorize`,
        token_endpoint: `${AUTHORITY}/oauth2/v2.0/token`,
        end_session_endpoint: `${AUTHORITY}/oauth2/v2.0/logout`,
        jwks_uri: `${AUTHORITY}/discovery/v2.0/keys`,
      }),
    },
    system: {
      networkClient: {
        sendGetRequestAsync: async <T>(url: string) => keep('GET', url) as never as StubAnswer<T>,
        sendPostRequestAsync: async <T>(url: string, options?: { body?: string }) =>
          keep('POST', url, options?.body) as never as StubAnswer<T>, // MSAL's own type for the wire
      },
    },
  })
  return { application, sent }
}

type StubAnswer<T> = { status: number; headers: Record<string, string>; body: T }

const request = {
  code: 'the code',
  scopes: ['openid', 'profile', 'email'],
  redirectUri: 'https://sso.example.com/auth/entra/callback',
  codeVerifier: 'v'.repeat(43),
  correlationId: '0192f0c0-a1b2-7c3d-8e4f-5a6b7c8d9e0f',
  nonce: NONCE,
} satisfies AuthorizationCodeRequest

function answerWith(claims: Readonly<Record<string, unknown>>, algorithm = 'none'): Answer {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const honest = { iss: `${AUTHORITY}/v2.0`, aud: CLIENT_ID, tid: TENANT, oid: 'o', sub: 's' }
  const idToken = `${part({ alg: algorithm })}.${part({ ...honest, nonce: NONCE, ...claims })}.`
  return {
    body: {
      token_type: 'Bearer',
      scope: 'openid profile email',
      expires_in: 3599,
      access_token: 'the access token',
      refresh_token: 'the refresh token',
      id_token: idToken,
      client_info: part({ uid: 'o', utid: TENANT }),
    },
  }
}

describe('@azure/msal-node', () => {
  it(`is exactly ${PINNED}, as measured, without a range`, () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    assert.equal(dependencies['@azure/msal-node'], PINNED)
    assert.equal(version, PINNED)
  })
})

describe('acquireTokenByCode', () => {
  const notVerified = [
    ['an unsigned token', answerWith({})],
    ['a token whose signature is missing', answerWith({}, 'RS256')],
    ['another issuer', answerWith({ iss: 'https://evil.example/v2.0' })],
    ['another audience', answerWith({ aud: 'other' })],
    ['another tenant', answerWith({ tid: '22222222-2222-4222-8222-222222222222' })],
    ['an expired token', answerWith({ exp: 1 })],
    ['a token without subject', answerWith({ sub: undefined, oid: undefined })],
  ] as const
  for (const [what, answer] of notVerified) {
    it(`takes ${what}: whatever it accepts still has to be verified by us`, async () => {
      const result = await newApplication(answer).application.acquireTokenByCode(request)
      assert.equal(result.idToken, answer.body.id_token)
    })
  }

  for (const claims of [{ nonce: 'another' }, { nonce: undefined }]) {
    it(`refuses ${JSON.stringify(claims)} when it was given a nonce`, async () => {
      const { application, sent } = newApplication(answerWith(claims))
      await assert.rejects(application.acquireTokenByCode(request), { errorCode: 'nonce_mismatch' })
      assert.equal(sent.length, 1)
    })
  }

  it('refuses a nonce when it was given none: we always have to pass ours', async () => {
    const { nonce: _, ...withoutNonce } = request
    const { application } = newApplication(answerWith({}))
    await assert.rejects(application.acquireTokenByCode(withoutNonce), {
      errorCode: 'nonce_mismatch',
    })
  })

  it('sends one POST and nothing else: no discovery, no keys', async () => {
    const { application, sent } = newApplication(answerWith({}))
    await application.acquireTokenByCode(request)
    assert.deepEqual(
      sent.map(({ method, url }) => `${method} ${url.origin}${url.pathname}`),
      [`POST ${AUTHORITY}/oauth2/v2.0/token`],
    )
    const [{ url, form } = { url: new URL(AUTHORITY), form: new URLSearchParams() }] = sent
    assert.equal(url.searchParams.get('client-request-id'), request.correlationId)
    assert.deepEqual(
      ['code', 'code_verifier', 'redirect_uri', 'client_id', 'client_secret', 'grant_type'].map(
        (name) => form.get(name),
      ),
      [
        request.code,
        request.codeVerifier,
        request.redirectUri,
        CLIENT_ID,
        'the secret',
        'authorization_code',
      ],
    )
    assert.equal(form.get('client_assertion'), null)
    assert.equal(form.get('client_info'), '1')
    JSON.parse(form.get('claims') ?? '')
  })

  it('keeps what it got in the application it was asked of, and nowhere else', async () => {
    const { application: used } = newApplication(answerWith({}))
    await used.acquireTokenByCode(request)
    assert.match(used.getTokenCache().serialize(), /the refresh token/)
    const { application: fresh } = newApplication(answerWith({}))
    assert.doesNotMatch(fresh.getTokenCache().serialize(), /the (refresh|access) token/)
    assert.deepEqual(await fresh.getTokenCache().getAllAccounts(), [])
  })

  it('holds a 503 against everybody of the same application, but not of a fresh one', async () => {
    const error = { error: 'temporarily_unavailable', error_description: 'AADSTS90033: later' }
    const { application, sent } = newApplication({ status: 503, body: error })
    await assert.rejects(application.acquireTokenByCode(request))
    await assert.rejects(application.acquireTokenByCode({ ...request, code: 'of somebody else' }))
    assert.equal(sent.length, 1)

    const next = newApplication(answerWith({}))
    await next.application.acquireTokenByCode(request)
    assert.equal(next.sent.length, 1)
  })

  it('never takes a failure of our network client for an answer', async () => {
    const { application } = newApplication('no network')
    await assert.rejects(application.acquireTokenByCode(request))
  })
})

describe('getAuthCodeUrl', () => {
  const parameters = {
    scopes: request.scopes,
    redirectUri: request.redirectUri,
    state: 'the state',
    nonce: NONCE,
    codeChallenge: 'c'.repeat(43),
    codeChallengeMethod: 'S256',
  } as const

  it('builds the address without asking anybody, with what we gave', async () => {
    const { application, sent } = newApplication({ body: {} })
    const url = new URL(await application.getAuthCodeUrl(parameters))
    assert.deepEqual(sent, [])
    assert.equal(url.origin + url.pathname, `${AUTHORITY}/oauth2/v2.0/authorize`)
    const { searchParams } = url
    assert.deepEqual(
      {
        client_id: CLIENT_ID,
        response_type: 'code',
        response_mode: 'query',
        redirect_uri: parameters.redirectUri,
        state: parameters.state,
        nonce: NONCE,
        code_challenge: parameters.codeChallenge,
        code_challenge_method: 'S256',
      },
      Object.fromEntries(
        [
          'client_id',
          'response_type',
          'response_mode',
          'redirect_uri',
          'state',
          'nonce',
          'code_challenge',
          'code_challenge_method',
        ].map((name) => [name, searchParams.get(name)]),
      ),
    )
    assert.deepEqual(
      new Set((searchParams.get('scope') ?? '').split(' ')),
      new Set(['openid', 'profile', 'email', 'offline_access']),
    )
    assert.equal(searchParams.has('prompt'), false)
    assert.equal(searchParams.has('client_secret'), false)
    JSON.parse(searchParams.get('claims') ?? '')
  })

  it('loses a challenge that comes without its method', async () => {
    const { codeChallengeMethod: _, ...withoutMethod } = parameters
    const { application } = newApplication({ body: {} })
    const url = new URL(await application.getAuthCodeUrl(withoutMethod))
    assert.equal(url.searchParams.has('code_challenge'), false)
  })

  it('sends a hint as X-AnchorMailbox too, but not when it comes as an extra parameter', async () => {
    const { application } = newApplication({ body: {} })
    const loginHint = 'alice@contoso.example'
    const leaking = new URL(await application.getAuthCodeUrl({ ...parameters, loginHint }))
    assert.equal(leaking.searchParams.has('X-AnchorMailbox'), true)
    const extraQueryParameters = { login_hint: loginHint }
    const ours = new URL(await application.getAuthCodeUrl({ ...parameters, extraQueryParameters }))
    assert.equal(ours.searchParams.get('login_hint'), loginHint)
    assert.equal(ours.searchParams.has('X-AnchorMailbox'), false)
  })

  it('takes https only, which is why the emulator is spoken to under another scheme', async () => {
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: CLIENT_ID,
        clientSecret: 'the secret',
        authority: `http://localhost:4000/${TENANT}`,
        knownAuthorities: ['localhost:4000'],
      },
    })
    await assert.rejects(application.getAuthCodeUrl(parameters), {
      errorCode: 'authority_uri_insecure',
    })
  })
})
