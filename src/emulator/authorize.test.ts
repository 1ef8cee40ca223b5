import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorizationQuery,
  authorize,
  contoso,
  cookieOf,
  fabrikam,
  multiTenant,
  newEmulator,
  origin,
  type Parameters,
  post,
  redirectUri,
  returned,
  signInForClaims,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'

const alice = 'alice@contoso.example'

function pick(form: Parameters, changes: Parameters = {}, emulator = newEmulator()) {
  return post(emulator, `/${contoso}/oauth2/v2.0/authorize/choose`, {
    form: { request: authorizationQuery(changes).toString(), ...form },
  })
}

const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'

describe('a request that may not be answered with a redirect', () => {
  const cases: readonly (readonly [string, Parameters, string])[] = [
    ['without client id', { client_id: undefined }, 'AADSTS900144'],
    ['of an unknown application', { client_id: aliceId }, 'AADSTS700016'],
    ['without redirect URI', { redirect_uri: undefined }, 'AADSTS900971'],
    ['to an unregistered address', { redirect_uri: 'https://evil.example/' }, 'AADSTS50011'],
    ['to another path', { redirect_uri: redirectUri.toUpperCase() }, 'AADSTS50011'],
  ]
  for (const [name, changes, number] of cases) {
    it(`shows ${number} on the emulator's own page ${name}`, async () => {
      const emulator = newEmulator()
      emulator.setApplication(singleTenant.clientId, { loopbackRedirectUris: undefined })
      const response = await authorize(emulator, changes)
      assert.equal(response.status, 400)
      assert.equal(response.headers.get('location'), null)
      assert.match(await response.text(), new RegExp(number))
    })
  }

  it('shows AADSTS50194 for a single-tenant application on /common', async () => {
    const response = await authorize(newEmulator(), {}, { tenant: 'common' })
    assert.equal(response.status, 400)
    assert.match(await response.text(), /AADSTS50194/)
  })

  it('shows AADSTS90002 for an unknown tenant', async () => {
    const response = await authorize(newEmulator(), {}, { tenant: 'nowhere.example' })
    assert.match(await response.text(), /AADSTS90002/)
  })

  it('shows AADSTS700016 where the tenant does not have the application', async () => {
    const response = await authorize(newEmulator(), {}, { tenant: fabrikam })
    assert.match(await response.text(), /AADSTS700016/)
  })
})

describe('a request whose error goes back to the application', () => {
  const challenge = { code_challenge: 'short' }
  const cases: readonly (readonly [string, Parameters, string, string])[] = [
    ['no response type', { response_type: undefined }, 'invalid_request', '900144'],
    ['an id_token', { response_type: 'id_token' }, 'unsupported_response_type', '700054'],
    ['a strange response mode', { response_mode: 'jwt' }, 'invalid_request', '70007'],
    ['no scope', { scope: undefined }, 'invalid_request', '900144'],
    ['a prompt that is not supported', { prompt: 'create' }, 'invalid_request', '90023'],
    ['claims that are not JSON', { claims: '{' }, 'invalid_request', '9002313'],
    ['a short code challenge', challenge, 'invalid_request', '50147'],
    ['an unknown challenge method', { code_challenge_method: 'S1' }, 'invalid_request', '9002313'],
    ['prompt=none without a session', { prompt: 'none' }, 'login_required', '50058'],
  ]
  for (const [name, changes, error, number] of cases) {
    it(`answers ${name} with ${error} and AADSTS${number}`, async () => {
      const answer = returned(await authorize(newEmulator(), changes))
      assert.equal(answer.error, error)
      assert.match(answer.error_description ?? '', new RegExp(`^AADSTS${number}: `))
      assert.equal(answer.error_uri, `${origin}/error?code=${number}`)
      assert.equal(answer.state, 'the state')
    })
  }

  it('describes itself with trace id, the caller’s correlation id and the time', async () => {
    const response = await authorize(newEmulator(), {
      prompt: 'none',
      'client-request-id': aliceId,
    })
    const guid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    const shape = `^AADSTS50058: .+\\r\\nTrace ID: ${guid}\\r\\nCorrelation ID: ${aliceId}\\r\\nTimestamp: 2026-03-04 05:06:07Z$`
    assert.match(returned(response).error_description ?? '', new RegExp(shape))
  })
})

describe('automatic sign-in', () => {
  it('answers at once with code, state, session_state and client_info', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs('ALICE@contoso.example')
    const response = await authorize(emulator, { client_info: '1', unheard_of: 'x' })
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const answer = returned(response)
    assert.deepEqual(Object.keys(answer), ['code', 'client_info', 'session_state', 'state'])
    assert.deepEqual(JSON.parse(Buffer.from(answer.client_info ?? '', 'base64url').toString()), {
      uid: aliceId,
      utid: contoso,
    })
  })

  it('keeps the query of the redirect URI as it is', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs('frank@fabrikam.example')
    const uri = 'http://localhost:3000/login/callback?connection=fabrikam'
    const response = await authorize(
      emulator,
      { client_id: multiTenant.clientId, redirect_uri: uri },
      { tenant: fabrikam },
    )
    assert.ok(response.headers.get('location')?.startsWith(`${uri}&code=`))
  })

  it('answers in the fragment or as a self-posting form when asked', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs(alice)
    const fragment = await authorize(emulator, { response_mode: 'fragment' })
    assert.match(fragment.headers.get('location') ?? '', /callback#code=/)
    const form = await authorize(emulator, { response_mode: 'form_post' })
    assert.equal(form.status, 200)
    assert.match(await form.text(), /<form method="post" action="http:\/\/localhost:3000/)
  })

  it('refuses somebody who is not in the directory', () => {
    assert.throws(() => newEmulator().signInAutomaticallyAs('nobody@contoso.example'), /no user/)
  })

  it('shows AADSTS50057 for a disabled person, with a way back to the picker', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs('carol@contoso.example')
    const response = await authorize(emulator)
    const page = await response.text()
    assert.equal(response.status, 400)
    assert.match(page, /AADSTS50057/)
    assert.match(page, /prompt=select_account/)
  })

  it('shows AADSTS50020 for a person of another tenant', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs('frank@fabrikam.example')
    assert.match(await (await authorize(emulator)).text(), /AADSTS50020/)
  })

  it('returns AADSTS50105 when assignment is required and missing', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, { assignmentRequired: true })
    emulator.signInAutomaticallyAs('erin@contoso.example')
    const answer = returned(await authorize(emulator))
    assert.equal(answer.error, 'access_denied')
    assert.match(answer.error_description ?? '', /AADSTS50105/)
    emulator.signInAutomaticallyAs(alice)
    assert.notEqual(returned(await authorize(emulator)).code, undefined)
  })

  it('returns AADSTS90094 on /common when the person’s tenant lacks the application', async () => {
    const emulator = newEmulator()
    emulator.setApplication(multiTenant.clientId, { availableIn: [] })
    emulator.signInAutomaticallyAs(alice)
    const changes = { client_id: multiTenant.clientId }
    const answer = returned(await authorize(emulator, changes, { tenant: 'common' }))
    assert.match(answer.error_description ?? '', /AADSTS90094/)
  })
})

describe('the picker', () => {
  it('lists the tenant’s people, what is special about them, and loads no script', async () => {
    const response = await authorize(newEmulator())
    const page = await response.text()
    assert.equal(response.status, 200)
    assert.match(page, /DEVELOPMENT/)
    assert.match(page, /Jürgen O&#39;Connor-Müller/)
    assert.match(page, /guest from Fabrikam/)
    assert.match(page, /250 groups/)
    assert.match(page, /disabled/)
    assert.doesNotMatch(page, /<script/)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'; style-src 'self'/)
    assert.doesNotMatch(policy, /form-action/)
  })

  it('escapes what the request brings along', async () => {
    const page = await (await authorize(newEmulator(), { state: '"><b>' })).text()
    assert.doesNotMatch(page, /"><b>/)
  })

  it('suggests the person of the login hint', async () => {
    const page = await (await authorize(newEmulator(), { login_hint: alice })).text()
    assert.match(page, new RegExp(`value="${aliceId}" data-suggested`))
  })

  it('lists the people of every tenant on /common', async () => {
    const changes = { client_id: multiTenant.clientId }
    const page = await (await authorize(newEmulator(), changes, { tenant: 'common' })).text()
    assert.match(page, /alice@contoso/)
    assert.match(page, /frank@fabrikam/)
    assert.doesNotMatch(page, /#EXT#/)
  })

  it('sends the chosen person on to the application', async () => {
    const answer = returned(await pick({ account: aliceId }))
    assert.equal(answer.state, 'the state')
    assert.notEqual(answer.code, undefined)
  })

  it('answers access_denied with AADSTS65004 on Cancel', async () => {
    const answer = returned(await pick({ cancel: 'yes' }))
    assert.equal(answer.error, 'access_denied')
    assert.equal(answer.error_subcode, 'cancel')
    assert.match(answer.error_description ?? '', /AADSTS65004/)
  })

  it('does not redirect to an address smuggled into its form', async () => {
    const response = await pick({ account: aliceId }, { redirect_uri: 'https://evil.example/' })
    assert.equal(response.status, 400)
    assert.equal(response.headers.get('location'), null)
  })
})

describe('a browser that is signed in already', () => {
  async function signedIn(...userIds: readonly string[]) {
    const emulator = newEmulator()
    let cookie = ''
    for (const account of userIds) {
      const response = await post(emulator, `/${contoso}/oauth2/v2.0/authorize/choose`, {
        form: { request: authorizationQuery().toString(), account },
        headers: { Cookie: cookie },
      })
      cookie = cookieOf(response)
    }
    return { emulator, cookie }
  }
  const bobId = 'aaaaaaaa-0000-4000-8000-000000000002'

  it('is answered silently when exactly one account is', async () => {
    const { emulator, cookie } = await signedIn(aliceId)
    assert.notEqual(returned(await authorize(emulator, {}, { cookie })).code, undefined)
    const silent = await authorize(emulator, { prompt: 'none' }, { cookie })
    assert.notEqual(returned(silent).code, undefined)
  })

  for (const prompt of ['login', 'select_account', 'consent']) {
    it(`is asked again with prompt=${prompt}`, async () => {
      const { emulator, cookie } = await signedIn(aliceId)
      assert.equal((await authorize(emulator, { prompt }, { cookie })).status, 200)
    })
  }

  it('is asked when two accounts are signed in and no hint says which', async () => {
    const { emulator, cookie } = await signedIn(aliceId, bobId)
    assert.equal((await authorize(emulator, {}, { cookie })).status, 200)
    const hinted = await authorize(emulator, { login_hint: alice }, { cookie })
    assert.notEqual(returned(hinted).code, undefined)
  })

  it('is asked when the hint means somebody else', async () => {
    const { emulator, cookie } = await signedIn(aliceId)
    const hinted = await authorize(emulator, { login_hint: 'bob@contoso.example' }, { cookie })
    assert.equal(hinted.status, 200)
  })

  it('is recognized by the opaque login_hint claim of an earlier token', async () => {
    const { emulator, cookie } = await signedIn(aliceId, bobId)
    const { login_hint: hint } = await signInForClaims(emulator, alice)
    emulator.signInAutomaticallyAs(undefined)
    const response = await authorize(emulator, { login_hint: String(hint) }, { cookie })
    assert.notEqual(returned(response).code, undefined)
  })
})
