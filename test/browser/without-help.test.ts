import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { launchChromiumProfile } from '../support/chromium.ts'
import { people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import { BUTTON, open, pick, press, pressSignIn, see, seePicker, signIn, words } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig()
})
after(() => rig.close())

describe('a browser without JavaScript', () => {
  for (const view of views) {
    it(`signs in, ends sessions and signs out of Microsoft, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, { ...view, javaScript: 'off' })
      await signIn(rig, page, people.alice)
      await open(rig, page, '/account')
      await press(page, 'End this session')
      await see(page, 'Sign in')
      await pressSignIn(page)
      await pick(page, people.bob)
      await see(page, 'Hello, Bob Example')
      await press(page, 'Also sign out of Microsoft')
      await see(page, 'You are signed out')
      assert.equal(new URL(page.url()).origin, rig.serverUrl.origin)
    })
  }
})

describe('a browser that keeps no cookies', () => {
  it('gets a page that says so and a way to start again, not a loop (A33)', async (t) => {
    const page = await (await openWithoutCookies(t)).newPage()
    const tokenRequests = countTokenRequests()
    await open(rig, page, '/auth/entra/login')
    await pick(page, people.alice)
    await see(page, 'That did not work')
    assert.match(await words(page), /blocks cookies/)
    assert.match(await words(page), /sign_in_attempt_not_yours/)
    await page.setViewportSize({ width: 1280, height: 800 })
    await keepScreenshot(page, 'cookies-blocked')
    assert.equal(await page.getByRole('link', { name: BUTTON }).count(), 1)
    await pressSignIn(page)
    await seePicker(page)
    assert.equal(countTokenRequests(), tokenRequests)
  })
})

function countTokenRequests(): number {
  return rig.emulator.requests.filter(({ endpoint }) => endpoint === 'token').length
}

/** A profile with "block all cookies" in its settings. */
async function openWithoutCookies(t: TestContext): Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-chromium-'))
  mkdirSync(join(folder, 'Default'))
  const settings = { profile: { default_content_setting_values: { cookies: 2 } } }
  writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(settings))
  const context = await launchChromiumProfile(folder)
  t.after(async () => {
    await context.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return context
}
