import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorizationQuery,
  authorize,
  contoso,
  cookieOf,
  newEmulator,
  post,
  returned,
} from '../../test/support/emulator-sign-in.ts'

const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'

describe('revokeSessions', () => {
  it('signs the person out of every browser, and nobody else', async () => {
    const emulator = newEmulator()
    const browserOf = async (account: string) =>
      cookieOf(
        await post(emulator, `/${contoso}/oauth2/v2.0/authorize/choose`, {
          form: { request: authorizationQuery().toString(), account },
        }),
      )
    const alices = await browserOf(aliceId)
    const bobs = await browserOf('aaaaaaaa-0000-4000-8000-000000000002')
    emulator.revokeSessions('alice@contoso.example')
    const silently = async (cookie: string) =>
      returned(await authorize(emulator, { prompt: 'none' }, { cookie })).error
    assert.deepEqual([await silently(alices), await silently(bobs)], ['login_required', undefined])
    assert.equal(await silently(await browserOf(aliceId)), undefined)
  })

  it('refuses a person whom the directory does not have', () => {
    assert.throws(() => newEmulator().revokeSessions('nobody@contoso.example'), /no user/)
  })
})
