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

describe('a sign-out in a browser', () => {
  it('ends the session here, and the next sign-in asks who it is', async (t) => {
    const { page, context } = await rig.open(t)
    await signIn(rig, page, people.alice)
    const otherTab = await context.newPage()
    await open(rig, otherTab, '/')

    await press(page, 'Sign out')
    await see(page, 'You are signed out')
    await open(rig, page, '/account')
    await see(page, 'Sign in first')
    await press(otherTab, 'Sign out') // a form of the session that is over
    await see(otherTab, 'You are signed out')
    await open(rig, page, '/')
    await pressSignIn(page)
    await seePicker(page)
  })

  it('leaves nothing to see for who presses Back afterwards', async (t) => {
    const { page } = await rig.open(t)
    await signIn(rig, page, people.alice)
    await open(rig, page, '/account')
    await press(page, 'End this session')
    await see(page, 'Sign in')
    await page.goBack()
    assert.doesNotMatch(await words(page), /This browser/)
  })

  for (const view of views) {
    it(`goes on to Microsoft where wanted, and comes back, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, view)
      await signIn(rig, page, people.alice)
      const frames: string[] = []
      page.on('response', (response) => {
        const { pathname } = new URL(response.url())
        if (pathname.endsWith('/frontchannel-logout')) frames.push(`${response.status()}`)
      })
      await press(page, 'Also sign out of Microsoft')
      await see(page, 'You are signed out') // Microsoft's page is gone after a second
      assert.equal(new URL(page.url()).origin, rig.serverUrl.origin)
      await keepScreenshot(page, 'signed-out-everywhere')
      assert.deepEqual(frames, ['200'])

      await page.getByRole('link', { name: 'Sign in' }).click()
      await pressSignIn(page)
      await seePicker(page)
    })
  }

  it('at Microsoft ends the session at our other address too, and no one else’s', async (t) => {
    const { page, context } = await rig.open(t)
    const stranger = await rig.open(t)
    await signIn(rig, stranger.page, people.alice)
    await signIn(rig, page, people.alice)
    const second = await context.newPage()
    await second.goto(new URL('/auth/entra/login', rig.secondUrl).href)
    await see(second, 'Hello, Alice Example') // Entra knows the person by now

    await press(page, 'Also sign out of Microsoft')
    await see(page, 'You are signed out')
    await second.reload()
    await see(second, 'Sign in')
    await stranger.page.reload()
    await see(stranger.page, 'Hello, Alice Example')
  })

  it('started by Microsoft alone ends the session here (front channel)', async (t) => {
    const { page, context } = await rig.open(t)
    await signIn(rig, page, people.bob)
    const microsoft = await context.newPage()
    await microsoft.goto(new URL('/organizations/oauth2/v2.0/logout', rig.entraUrl).href)
    await pick(microsoft, people.bob)
    await see(microsoft, /You signed out of your account/)
    await microsoft.waitForLoadState('networkidle')
    await page.reload()
    await see(page, 'Sign in')
  })

  it('cannot be caused by a form on another site (C24, C28)', async (t) => {
    const { page } = await rig.open(t)
    await signIn(rig, page, people.alice)
    await page.goto(rig.entraUrl.href)
    await page.evaluate((action) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action })
      document.body.append(form)
      form.submit()
    }, new URL('/auth/logout', rig.serverUrl).href)
    await see(page, 'No access')
    assert.match(await words(page), /cross_site_request/)
    await open(rig, page, '/')
    await see(page, 'Hello, Alice Example')
  })
})
