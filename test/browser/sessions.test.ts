import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OPERATOR_TOKEN, people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import { open, press, see, signIn } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig()
})
after(() => rig.close())

describe('the list of own sessions', () => {
  it('ends the session of another browser, and leaves this one', async (t) => {
    const here = await rig.open(t)
    const there = await rig.open(t)
    await signIn(rig, there.page, people.erin)
    await signIn(rig, here.page, people.erin)
    await open(rig, here.page, '/account')
    assert.equal(await here.page.getByRole('listitem').count(), 2)
    await press(here.page, 'End that session')
    await see(here.page, 'Where you are signed in')
    assert.equal(await here.page.getByRole('listitem').count(), 1)

    await there.page.reload()
    await see(there.page, 'Sign in')
    await here.page.reload()
    await see(here.page, 'Where you are signed in')
  })
})

describe('the operator’s way in', () => {
  for (const view of views) {
    it(`takes the token, shows the overview and signs out again, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, view)
      await open(rig, page, '/login/token')
      await page.getByLabel('Operator token').fill('wrong')
      await press(page, 'Sign in')
      await see(page, 'No access')
      await page.goBack()
      await page.getByLabel('Operator token').fill(OPERATOR_TOKEN)
      await press(page, 'Sign in')
      await see(page, 'Overview')
      assert.equal(new URL(page.url()).pathname, '/admin')
      await keepScreenshot(page, 'operators')
      await press(page, 'Sign out')
      await see(page, 'You are signed out')
    })
  }
})
