import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  api,
  authorize,
  contoso,
  getCode,
  newEmulator,
  parseObject,
  readRefusal,
  redeem,
  redirectUri,
  requestTokens,
  returned,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'

const alice = 'alice@contoso.example'
const client = { client_id: singleTenant.clientId, client_secret: singleTenant.secret }
const graphDefault = 'https://graph.microsoft.com/.default'

async function redeemWith(authorizeScope: string, scope: string | undefined) {
  const emulator = newEmulator()
  const code = await getCode(emulator, alice, { changes: { scope: authorizeScope } })
  return redeem(emulator, code, { form: { scope } })
}

describe('the scope of client credentials', () => {
  for (const scope of [
    `${graphDefault} openid profile offline_access`,
    `openid ${graphDefault}`,
    `email OFFLINE_ACCESS ${api.uri}/.default`,
  ]) {
    it(`may have the scopes of OpenID Connect, which are left out: ${scope} (M2)`, async () => {
      const form = { grant_type: 'client_credentials', ...client, scope }
      const response = await requestTokens(newEmulator(), form)
      assert.equal(response.status, 200)
      assert.equal('id_token' in parseObject(await response.json()), false)
    })
  }

  for (const [scope, number] of [
    ['openid profile', 70011],
    [`${graphDefault} User.Read`, 70011],
    [`openid ${api.uri}/access_as_user`, 70011],
    [`${graphDefault} ${api.uri}/.default`, 700022],
  ] as const) {
    it(`is judged without them, and refused with AADSTS${number}: ${scope} (M2)`, async () => {
      const form = { grant_type: 'client_credentials', ...client, scope }
      const [status, , code] = await readRefusal(await requestTokens(newEmulator(), form))
      assert.deepEqual([status, code], [400, number])
    })
  }
})

describe('a parameter without a value', () => {
  it('counts as left out: code_verifier without a challenge (M3)', async () => {
    const emulator = newEmulator()
    const changes = { code_challenge: '', code_challenge_method: '' }
    const code = await getCode(emulator, alice, { changes })
    const response = await redeem(emulator, code, { form: { code_verifier: '' } })
    assert.equal(response.status, 200)
  })

  it('counts as left out: code_verifier with a challenge, which is refused (M3)', async () => {
    const emulator = newEmulator()
    const response = await redeem(emulator, await getCode(emulator, alice), {
      form: { code_verifier: '' },
    })
    assert.deepEqual(await readRefusal(response), [400, 'invalid_grant', 501481])
  })

  it('counts as left out: client_assertion next to a secret, resource, prompt and state (M3)', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs(alice)
    const answer = returned(
      await authorize(emulator, { resource: '', prompt: '', state: '', claims: '' }),
    )
    assert.equal('state' in answer, false)
    const empty = { client_assertion: '', client_assertion_type: '', scope: '' }
    assert.equal((await redeem(emulator, answer.code ?? '', { form: empty })).status, 200)
  })

  it('is refused as missing where it is required (M3)', async () => {
    const response = await redeem(newEmulator(), '')
    assert.deepEqual(await readRefusal(response), [400, 'invalid_request', 900144])
  })

  it('is refused like any other when it is sent twice (M3)', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, alice)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      ...client,
      redirect_uri: redirectUri,
      code,
    })
    form.append('scope', '')
    form.append('scope', '')
    const request = new Request(`${emulator.origin}/${contoso}/oauth2/v2.0/token`, {
      method: 'POST',
      body: form,
    })
    assert.deepEqual(await readRefusal(await emulator.fetch(request)), [
      400,
      'invalid_request',
      9002313,
    ])
  })
})

describe('the scope of a redemption', () => {
  it('adds the scopes of OpenID Connect that the authorization request left out (M4)', async () => {
    const answer = parseObject(
      await (await redeemWith('User.Read', 'openid offline_access profile User.Read')).json(),
    )
    assert.deepEqual(
      ['id_token', 'refresh_token'].map((name) => typeof answer[name]),
      ['string', 'string'],
    )
    assert.equal(answer.scope, 'openid profile User.Read')
  })

  it('leaves the OpenID scopes of the authorization request granted (M4)', async () => {
    const scope = 'openid offline_access User.Read'
    const answer = parseObject(await (await redeemWith(scope, 'User.Read')).json())
    assert.deepEqual(
      ['id_token', 'refresh_token'].map((name) => typeof answer[name]),
      ['string', 'string'],
    )
  })

  it('says which of several resources the access token is for (M4)', async () => {
    const both = `openid User.Read ${api.uri}/access_as_user`
    const scopes = []
    for (const scope of [undefined, 'User.Read', `openid ${api.uri}/access_as_user`]) {
      scopes.push(parseObject(await (await redeemWith(both, scope)).json()).scope)
    }
    assert.deepEqual(scopes, [
      'openid User.Read',
      'openid User.Read',
      `openid ${api.uri}/access_as_user`,
    ])
  })

  it('names one resource (M4)', async () => {
    const response = await redeemWith('openid', `User.Read ${api.uri}/access_as_user`)
    assert.deepEqual(await readRefusal(response), [400, 'invalid_request', 700022])
  })

  it('is answered in the spelling of the request, .default included (M4)', async () => {
    const spelled = 'https://graph.microsoft.com//User.Read'
    const first = parseObject(await (await redeemWith('openid User.Read', spelled)).json())
    const second = parseObject(await (await redeemWith('openid', `openid ${graphDefault}`)).json())
    assert.equal(first.scope, `openid ${spelled}`)
    assert.equal(second.scope, `openid https://graph.microsoft.com/User.Read ${graphDefault}`)
  })

  it('has to be consented to (M4)', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, { consent: 'required' })
    const code = await getCode(emulator, alice, { changes: { scope: 'openid User.Read' } })
    const response = await redeem(emulator, code, { form: { scope: 'openid Mail.Read' } })
    assert.deepEqual(await readRefusal(response), [400, 'invalid_grant', 65001])
  })

  it('changes with every refresh, and what it leaves out is not lost (M4)', async () => {
    const emulator = newEmulator()
    const changes = { scope: `openid offline_access User.Read ${api.uri}/access_as_user` }
    const { refresh_token: refreshToken } = await signIn(emulator, alice, { changes })
    const scopes = []
    for (const scope of [`${api.uri}/access_as_user`, 'User.Read openid', undefined]) {
      const form = { grant_type: 'refresh_token', ...client, refresh_token: String(refreshToken) }
      const response = await requestTokens(emulator, { ...form, scope })
      scopes.push(parseObject(await response.json()).scope)
    }
    assert.deepEqual(scopes, [
      `openid ${api.uri}/access_as_user`,
      'openid User.Read',
      'openid User.Read',
    ])
  })
})
