import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorize,
  contoso,
  cookieOf,
  decodePart,
  newEmulator,
  origin,
  type Parameters,
  parseObject,
  post,
  redeem,
  redirectUri,
  returned,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

async function signedIn(user = 'alice@contoso.example') {
  const emulator = newEmulator()
  emulator.signInAutomaticallyAs(user)
  const response = await authorize(emulator)
  emulator.signInAutomaticallyAs(undefined)
  const { code = '' } = returned(response)
  const { id_token: idToken } = parseObject(await (await redeem(emulator, code)).json())
  return { emulator, cookie: cookieOf(response), claims: decodePart(idToken, 1) }
}

function logout(emulator: Emulator, cookie: string, parameters: Parameters = {}) {
  const entries = Object.entries(parameters).map(([name, value]) => [name, value ?? ''])
  const url = `${origin}/${contoso}/oauth2/v2.0/logout?${new URLSearchParams(entries)}`
  return emulator.fetch(new Request(url, { headers: { Cookie: cookie } }))
}

describe('GET /{tenant}/oauth2/v2.0/logout', () => {
  it('tells the application in a frame, by sid alone, and goes on to it', async () => {
    const { emulator, cookie, claims } = await signedIn()
    const response = await logout(emulator, cookie, {
      logout_hint: String(claims.login_hint),
      post_logout_redirect_uri: redirectUri,
      state: 'a b',
    })
    const page = await response.text()
    const frame = `http://localhost:3000/auth/entra/frontchannel-logout?sid=${claims.sid}`
    assert.equal(response.status, 200)
    assert.ok(page.includes(`<iframe src="${frame}"`))
    assert.ok(page.includes(`content="1; url=${redirectUri}?state=a+b"`))
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /frame-src http:\/\/localhost:3000$/,
    )
  })

  it('ends the session: the next sign-in asks again', async () => {
    const { emulator, cookie, claims } = await signedIn()
    await logout(emulator, cookie, { logout_hint: String(claims.login_hint) })
    assert.equal((await authorize(emulator, {}, { cookie })).status, 200)
  })

  it('asks which account without a hint, even if there is one only', async () => {
    const { emulator, cookie, claims } = await signedIn()
    const question = await logout(emulator, cookie, { post_logout_redirect_uri: redirectUri })
    assert.match(await question.text(), /sign out of/)
    const response = await post(emulator, `/${contoso}/oauth2/v2.0/logout`, {
      form: { account: String(claims.oid) },
      headers: { Cookie: cookie },
    })
    assert.match(await response.text(), /<iframe/)
  })

  it('redirects at once when there is nobody to sign out', async () => {
    const parameters = { post_logout_redirect_uri: redirectUri, state: 's' }
    const response = await logout(newEmulator(), '', parameters)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), `${redirectUri}?state=s`)
  })

  it('redirects at once when the application has no logout address', async () => {
    const { emulator, cookie, claims } = await signedIn()
    emulator.setApplication(singleTenant.clientId, { logoutUrl: undefined })
    const response = await logout(emulator, cookie, {
      logout_hint: String(claims.login_hint),
      post_logout_redirect_uri: redirectUri,
    })
    assert.equal(response.headers.get('location'), redirectUri)
  })

  it('shows a page of its own for an address that is not registered', async () => {
    const parameters = { post_logout_redirect_uri: 'https://evil.example/' }
    const response = await logout(newEmulator(), '', parameters)
    const page = await response.text()
    assert.match(page, /You signed out/)
    assert.doesNotMatch(page, /evil/)
  })
})
