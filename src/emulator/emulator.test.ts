import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorize,
  contoso,
  newEmulator,
  origin,
  redeem,
  redirectUri,
  returned,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'

describe('createEmulator', () => {
  it('remembers what was asked of it', async () => {
    const emulator = newEmulator()
    await signIn(emulator, 'alice@contoso.example')
    await emulator.fetch(new Request(`${origin}/nowhere`))
    const [first, second, third] = emulator.requests
    assert.deepEqual(
      [first?.endpoint, first?.method, first?.params.state],
      ['authorize', 'GET', 'the state'],
    )
    assert.deepEqual([second?.endpoint, second?.params.redirect_uri], ['token', redirectUri])
    assert.equal(third?.endpoint, 'other')
  })

  it('checks a new secret at once, and the old one no more', async () => {
    const emulator = newEmulator()
    emulator.setSecret(singleTenant.clientId, 'another')
    const refused = await signIn(emulator, 'alice@contoso.example')
    assert.deepEqual(refused.error_codes, [7000215])
    const form = { client_secret: 'another' }
    const answer = await signIn(emulator, 'alice@contoso.example', { form })
    assert.equal(answer.token_type, 'Bearer')
  })

  it('knows a redirect URI as soon as it is added', async () => {
    const emulator = newEmulator()
    const uri = 'https://sso.example/auth/entra/callback'
    emulator.addRedirectUri(singleTenant.clientId, uri)
    emulator.signInAutomaticallyAs('alice@contoso.example')
    const { code = '' } = returned(await authorize(emulator, { redirect_uri: uri }))
    assert.equal((await redeem(emulator, code, { form: { redirect_uri: uri } })).status, 200)
  })

  it('refuses changes to what it does not have', () => {
    const emulator = newEmulator()
    assert.throws(() => emulator.updateUser('nobody@contoso.example', {}), /no user nobody/)
    assert.throws(() => emulator.setSecret(contoso, 'x'), /no application/)
    assert.throws(
      () => emulator.setUserGroups('bob@contoso.example', ['Nothing']),
      /no group Nothing/,
    )
    const userPrincipalName = 'alice@contoso.example'
    assert.throws(() => emulator.updateUser('bob@contoso.example', { userPrincipalName }), /twice/)
  })

  it('keeps two emulators apart', () => {
    const [changed, untouched] = [newEmulator(), newEmulator()]
    changed.updateUser('alice@contoso.example', { displayName: 'Changed' })
    assert.equal(untouched.directory.tenants[0]?.users[0]?.displayName, 'Alice Example')
    assert.equal(changed.directory.tenants[0]?.users[0]?.displayName, 'Changed')
  })

  for (const path of ['/', '/error?code=50011', '/emulator/style.css', '/nowhere']) {
    it(`answers ${path}`, async () => {
      const response = await newEmulator().fetch(new Request(`${origin}${path}`))
      assert.equal(response.status, path === '/nowhere' ? 404 : 200)
    })
  }
})
