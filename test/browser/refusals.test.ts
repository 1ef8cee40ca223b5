import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import { open, pick, press, pressSignIn, see, seePicker, signIn, words } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig()
})
after(() => rig.close())

describe('a refusal in a browser', () => {
  for (const view of views) {
    it(`tells a guest why, and lets them choose another account, ${view.width} pixels wide`, async (t) => {
      const { page, context } = await rig.open(t, view)
      await open(rig, page, '/auth/entra/login?return_to=/account')
      await pick(page, people.grace)
      await see(page, 'No access')
      assert.match(await words(page), /Guests of this directory may not sign in here/)
      assert.match(await words(page), /guest_not_allowed/)
      await keepScreenshot(page, 'refused-guest')
      const cookies = await context.cookies(rig.serverUrl.href)
      assert.deepEqual(
        cookies.map(({ name }) => name),
        ['entrada-select-account'],
      )

      await pressSignIn(page) // Entra knows exactly one account here, and would return it unasked
      await seePicker(page)
      await pick(page, people.alice)
      await see(page, 'Where you are signed in')
    })
  }

  it('does not let the same person back in silently, wherever they start again', async (t) => {
    const { page } = await rig.open(t)
    await open(rig, page, '/auth/entra/login')
    for (const startAgain of ['/login', '/', '/login?return_to=/account']) {
      await pick(page, people.grace)
      await see(page, 'No access')
      await open(rig, page, startAgain)
      await pressSignIn(page)
      await seePicker(page)
    }
  })

  it('stays on Entra’s own page when Entra knows that the account is disabled', async (t) => {
    const { page } = await rig.open(t)
    await open(rig, page, '/auth/entra/login')
    await pick(page, people.carol)
    await see(page, /trouble signing you in/)
    assert.match(await words(page), /AADSTS50057/)
    assert.equal(new URL(page.url()).origin, rig.entraUrl.origin)
    await page.getByRole('link', { name: 'Use another account' }).click()
    await pick(page, people.alice)
    await see(page, 'Hello, Alice Example')
  })

  for (const view of views) {
    it(`follows a person who cancels, and starts again on one click, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, view)
      await open(rig, page, '/auth/entra/login')
      await press(page, 'Cancel')
      await see(page, 'No access')
      assert.match(await words(page), /authorization_refused/)
      await keepScreenshot(page, 'refused-cancelled')
      await pressSignIn(page)
      await pick(page, people.alice)
      await see(page, 'Hello, Alice Example')
    })
  }

  it('explains Microsoft’s number to the administrator', async (t) => {
    const { page } = await rig.open(t)
    await signIn(rig, page, people.alice)
    await page.context().clearCookies({ domain: rig.serverUrl.hostname })
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'token',
      error: 'invalid_client',
      code: 7000222,
    })
    await open(rig, page, '/auth/entra/login')
    await see(page, 'Not available right now')
    assert.match(await words(page), /AADSTS7000222/)
    await keepScreenshot(page, 'refused-secret-expired')
    await pressSignIn(page) // nothing is wrong with the person: Entra need not ask again
    await see(page, 'Hello, Alice Example')
  })
})
