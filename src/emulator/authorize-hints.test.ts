import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorizationQuery,
  authorize,
  contoso,
  cookieOf,
  getCode,
  multiTenant,
  newEmulator,
  origin,
  type Parameters,
  post,
  redeem,
  redirectUri,
  returned,
  signIn,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'
const frankId = 'bbbbbbbb-0000-4000-8000-000000000001'
const noraId = 'cccccccc-0000-4000-8000-000000000001'
const ofMultiTenant = { client_id: multiTenant.clientId }

async function browserOf(emulator: Emulator, ...accounts: readonly string[]): Promise<string> {
  let cookie = ''
  for (const account of accounts) {
    const request = authorizationQuery(ofMultiTenant).toString()
    const response = await post(emulator, '/common/oauth2/v2.0/authorize/choose', {
      form: { request, account },
      headers: { Cookie: cookie },
    })
    cookie = cookieOf(response)
  }
  return cookie
}

function atCommon(emulator: Emulator, changes: Parameters, cookie = '') {
  return authorize(emulator, { ...ofMultiTenant, ...changes }, { tenant: 'common', cookie })
}

describe('domain_hint', () => {
  it('narrows the picker to one directory; the others are a click away', async () => {
    const page = await (await atCommon(newEmulator(), { domain_hint: 'northwind.example' })).text()
    const [shown = '', folded = ''] = page.split('<details>', 2)
    assert.match(shown, /nora@northwind\.example/)
    assert.doesNotMatch(shown, /alice@contoso\.example/)
    assert.match(folded, /alice@contoso\.example/)
  })

  for (const hint of ['northwind.example', '55555555-5555-4555-8555-555555555555']) {
    it(`picks silently the only account of that directory: ${hint}`, async () => {
      const emulator = newEmulator()
      const cookie = await browserOf(emulator, aliceId, frankId, noraId)
      assert.equal((await atCommon(emulator, {}, cookie)).status, 200)
      const answer = returned(await atCommon(emulator, { domain_hint: hint }, cookie))
      assert.notEqual(answer.code, undefined)
    })
  }

  it('asks when nobody of that directory is signed in', async () => {
    const emulator = newEmulator()
    const cookie = await browserOf(emulator, aliceId)
    const changes = { domain_hint: 'fabrikam.example' }
    assert.equal((await atCommon(emulator, changes, cookie)).status, 200)
    const silent = returned(await atCommon(emulator, { ...changes, prompt: 'none' }, cookie))
    assert.equal(silent.error, 'login_required')
  })

  it('that means nothing here is ignored', async () => {
    const emulator = newEmulator()
    const cookie = await browserOf(emulator, aliceId)
    const answer = returned(await atCommon(emulator, { domain_hint: 'organizations' }, cookie))
    assert.notEqual(answer.code, undefined)
  })
})

describe('a parameter that is there twice', () => {
  const twice = (emulator: Emulator, name: string) => {
    const query = authorizationQuery({ prompt: 'none' })
    query.append(name, query.get(name) ?? 'x')
    query.append(name, 'x')
    return emulator.fetch(new Request(`${origin}/${contoso}/oauth2/v2.0/authorize?${query}`))
  }

  for (const name of ['client_id', 'redirect_uri']) {
    it(`is shown, not returned, when it is ${name}`, async () => {
      const response = await twice(newEmulator(), name)
      assert.equal(response.status, 400)
      assert.match(await response.text(), /AADSTS9002313/)
    })
  }

  for (const name of ['state', 'scope', 'nonce', 'login_hint', 'code_challenge', 'claims']) {
    it(`goes back to the application as an error when it is ${name}`, async () => {
      const answer = returned(await twice(newEmulator(), name))
      assert.match(answer.error_description ?? '', new RegExp(`AADSTS9002313: .*"${name}"`))
    })
  }

  it('is refused at the token endpoint', async () => {
    const emulator = newEmulator()
    const code = await getCode(emulator, 'alice@contoso.example')
    const response = await emulator.fetch(
      new Request(`${origin}/${contoso}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams([
          ['grant_type', 'authorization_code'],
          ['code', code],
          ['code', code],
        ]),
      }),
    )
    assert.match(await response.text(), /AADSTS9002313/)
    assert.equal((await redeem(emulator, code)).status, 200)
  })
})

describe('a scope', () => {
  it('may carry the name of Microsoft Graph', async () => {
    const scope = 'openid https://graph.microsoft.com/User.Read'
    const answer = await signIn(newEmulator(), 'alice@contoso.example', { changes: { scope } })
    assert.equal(answer.scope, 'openid https://graph.microsoft.com/User.Read')
  })

  for (const [scope, number] of [
    ['openid api://other/access', '500011'],
    ['openid api://88888888-8888-4888-8888-888888888888/unknown', '650053'],
    ['User.Read https://graph.microsoft.com/.default', '70011'],
    ['https://graph.microsoft.com', '70011'],
  ] as const) {
    it(`is refused with AADSTS${number}: ${scope}`, async () => {
      const answer = returned(await authorize(newEmulator(), { scope }))
      assert.match(answer.error_description ?? '', new RegExp(`AADSTS${number}`))
    })
  }

  it('replaces "resource", which is refused', async () => {
    const answer = returned(await authorize(newEmulator(), { resource: 'x' }))
    assert.match(answer.error_description ?? '', /AADSTS901002/)
  })
})

describe('response_mode=form_post', () => {
  it('posts the code by a script whose hash the policy names', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs('alice@contoso.example')
    const response = await authorize(emulator, { response_mode: 'form_post', state: '"><b>' })
    const page = await response.text()
    const script = /<script>(.*)<\/script>/.exec(page)?.[1] ?? ''
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script))
    const hash = `sha256-${Buffer.from(digest).toString('base64')}`
    assert.ok(response.headers.get('content-security-policy')?.includes(`script-src '${hash}'`))
    assert.match(page, /<input type="hidden" name="code" value="1\.[\w-]+">/)
    assert.match(page, /name="session_state"/)
    assert.doesNotMatch(page, /"><b>/)
  })

  it('posts errors in the same way', async () => {
    const changes = { response_mode: 'form_post', prompt: 'none' }
    const page = await (await authorize(newEmulator(), changes)).text()
    assert.match(page, new RegExp(`action="${redirectUri}"`))
    assert.match(page, /name="error" value="login_required"/)
    assert.match(page, /name="state" value="the state"/)
  })
})
