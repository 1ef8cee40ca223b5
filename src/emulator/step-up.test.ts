import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorize,
  contoso,
  cookieOf,
  decodePart,
  newEmulator,
  parseObject,
  post,
  returned,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'
const bob = 'bob@contoso.example'
const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'

function emulatorWith(policy: Parameters<Emulator['addPolicy']>[0]): Emulator {
  const emulator = newEmulator()
  emulator.addPolicy(policy)
  return emulator
}

describe('a policy that asks for more than a sign-in', () => {
  for (const require of ['mfa', 'c1']) {
    it(`answers interaction_required with a claims challenge until authorize carries it: ${require}`, async () => {
      const emulator = emulatorWith({ require, clientId: singleTenant.clientId })
      const refused = await signIn(emulator, alice)
      assert.equal(refused.error, 'interaction_required')
      assert.deepEqual(refused.error_codes, [50076])
      const claims = String(refused.claims)
      assert.match(
        claims,
        require === 'mfa' ? /capolids/ : /"acrs":\{"essential":true,"value":"c1"/,
      )
      assert.equal((await signIn(emulator, alice, { changes: { claims } })).token_type, 'Bearer')
      assert.equal((await signIn(emulator, alice)).error, 'interaction_required')
    })
  }

  it('is for one person when it names one', async () => {
    const emulator = emulatorWith({ require: 'mfa', userId: aliceId })
    assert.equal((await signIn(emulator, alice)).error, 'interaction_required')
    assert.equal((await signIn(emulator, bob)).token_type, 'Bearer')
    emulator.clearPolicies()
    assert.equal((await signIn(emulator, alice)).token_type, 'Bearer')
  })

  it('is not met by another context', async () => {
    const emulator = emulatorWith({ require: 'c1' })
    const claims = '{"id_token":{"acrs":{"essential":true,"value":"c2"}}}'
    const refused = await signIn(emulator, alice, { changes: { claims } })
    assert.equal(refused.error, 'interaction_required')
  })

  it('shows the context met in the claim acrs when that is asked for', async () => {
    const claims = '{"id_token":{"acrs":{"essential":true,"values":["c1","c3"]}}}'
    const { id_token: idToken } = await signIn(newEmulator(), alice, { changes: { claims } })
    assert.deepEqual(decodePart(idToken, 1).acrs, ['c1', 'c3'])
  })

  it('stays met in the same browser, also silently', async () => {
    const emulator = newEmulator()
    emulator.signInAutomaticallyAs(alice)
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    const before = cookieOf(await authorize(emulator))
    emulator.addPolicy({ require: 'c1' })
    const silent = (cookie: string) => authorize(emulator, { prompt: 'none' }, { cookie })
    emulator.signInAutomaticallyAs(undefined)
    const refused = returned(await silent(before))
    assert.equal(refused.error, 'interaction_required')
    assert.match(refused.claims ?? '', /acrs/)

    const cookie = cookieOf(await authorize(emulator, { claims }, { cookie: before }))
    assert.notEqual(returned(await silent(cookie)).code, undefined)
  })

  it('that begins later is asked for at the next refresh', async () => {
    const emulator = newEmulator()
    const { refresh_token: refreshToken } = await signIn(emulator, alice)
    emulator.addPolicy({ require: 'mfa' })
    const response = await post(emulator, `/${contoso}/oauth2/v2.0/token`, {
      form: {
        grant_type: 'refresh_token',
        client_id: singleTenant.clientId,
        client_secret: singleTenant.secret,
        refresh_token: String(refreshToken),
      },
    })
    const answer = parseObject(await response.json())
    assert.equal(answer.error, 'interaction_required')
    assert.match(String(answer.claims), /capolids/)
  })
})
