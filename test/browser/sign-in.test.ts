import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import { BUTTON, open, pick, pressSignIn, see, seePicker, signIn, words } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig()
})
after(() => rig.close())

describe('a sign-in in a browser', () => {
  for (const view of views) {
    it(`leads from the button over the picker to the home page, ${view.width} pixels wide (A01, C07)`, async (t) => {
      const { page, context } = await rig.open(t, view)
      await page.goto(rig.serverUrl.href)
      await see(page, 'Sign in')
      assert.equal(new URL(page.url()).pathname, '/login')
      await keepScreenshot(page, 'walk-1-login')

      await pressSignIn(page)
      await seePicker(page)
      await keepScreenshot(page, 'walk-2-picker')

      await pick(page, people.alice)
      await see(page, 'Hello, Alice Example')
      assert.equal(page.url(), rig.serverUrl.href)
      await keepScreenshot(page, 'walk-3-home')
      const cookies = await context.cookies(rig.serverUrl.href)
      assert.deepEqual(
        cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
        [['entrada-session', true, 'Lax']],
      )
    })
  }

  it('comes back to the page that was wanted', async (t) => {
    const { page } = await rig.open(t)
    await open(rig, page, '/login?return_to=/account')
    await pressSignIn(page)
    await pick(page, people.alice)
    await see(page, 'Where you are signed in')
    assert.equal(page.url(), `${rig.serverUrl.origin}/account`)
  })

  it('needs no mouse, and always shows where the keyboard is', async (t) => {
    const { page } = await rig.open(t, views[0])
    await open(rig, page, '/login')
    await tabTo(page, BUTTON)
    await keepScreenshot(page, 'keyboard-login')
    await page.keyboard.press('Enter')
    await seePicker(page)
    await tabTo(page, people.alice)
    await keepScreenshot(page, 'keyboard-picker')
    await page.keyboard.press('Enter')
    await see(page, 'Hello, Alice Example')
    await tabTo(page, 'Sign out')
    await page.keyboard.press('Enter')
    await see(page, 'You are signed out')
  })

  it('keeps two tabs apart that are finished in the other order', async (t) => {
    const { page: first, context } = await rig.open(t)
    const second = await context.newPage()
    for (const tab of [first, second]) {
      await open(rig, tab, '/auth/entra/login')
      await seePicker(tab)
    }
    await pick(second, people.bob)
    await see(second, 'Hello, Bob Example')
    await pick(first, people.alice)
    await see(first, 'Hello, Alice Example')
    await second.reload()
    await see(second, 'Hello, Alice Example')
  })

  it('goes back from the home page to a page that says so, and on from there (A45)', async (t) => {
    const { page } = await rig.open(t)
    await signIn(rig, page, people.alice)
    await page.goBack() // the picker, which knows the person by now and sends them on
    await see(page, 'You are signed in')
    assert.match(await words(page), /sign_in_attempt_not_yours/)
    await keepScreenshot(page, 'back-button')
    await page.getByRole('link', { name: 'Continue' }).click()
    await see(page, 'Hello, Alice Example')
  })

  it('counts once when its last address is opened again (A45)', async (t) => {
    const { page } = await rig.open(t)
    const callbacks: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/auth/entra/callback?')) callbacks.push(request.url())
    })
    await signIn(rig, page, people.alice)
    const tokenRequests = countTokenRequests()

    await page.goto(callbacks[0] ?? '')
    await see(page, 'You are signed in')
    await page.reload()
    await see(page, 'You are signed in')
    assert.equal(countTokenRequests(), tokenRequests)
    await open(rig, page, '/')
    await see(page, 'Hello, Alice Example')
  })

  it('still works after forty starts, of which the first is told that it is over (C08)', async (t) => {
    const { page: oldest, context } = await rig.open(t, { bypassPolicy: true })
    await open(rig, oldest, '/auth/entra/login')
    const page = await context.newPage()
    await open(rig, page, '/login')
    await startManyTimes(page, 38)
    await pressSignIn(page)
    const cookies = await context.cookies(rig.serverUrl.href)
    const bytes = cookies.reduce((sum, { name, value }) => sum + name.length + value.length + 3, 0)
    assert.ok(bytes < 8192, `${bytes} bytes of cookies`)

    await pick(oldest, people.alice)
    await see(oldest, 'That did not work')
    await oldest.getByRole('link', { name: BUTTON }).waitFor()
    await pick(page, people.alice)
    await see(page, 'Hello, Alice Example')
  })
})

describe('the button', () => {
  const looks = [
    {
      colorScheme: 'light',
      colors: ['rgb(255, 255, 255)', 'rgb(94, 94, 94)', 'rgb(140, 140, 140)'],
    },
    {
      colorScheme: 'dark',
      colors: ['rgb(47, 47, 47)', 'rgb(255, 255, 255)', 'rgb(140, 140, 140)'],
    },
  ] as const
  for (const { colorScheme, colors } of looks) {
    it(`has the mark, the font, the height and the colours that Microsoft asks for, ${colorScheme}`, async (t) => {
      const { page } = await rig.open(t, { colorScheme })
      await open(rig, page, '/login')
      const button = page.getByRole('link', { name: BUTTON })
      const look = await button.evaluate((element) => {
        const { backgroundColor, color, borderTopColor, fontFamily, font } =
          getComputedStyle(element)
        return { colors: [backgroundColor, color, borderTopColor], fontFamily, font }
      })
      assert.deepEqual(look.colors, colors)
      assert.match(look.fontFamily, /^"Segoe UI"/)
      assert.match(look.font, /^600 15px/)
      assert.ok(((await button.boundingBox())?.height ?? 0) >= 41)
      const marks = await button
        .locator('svg path')
        .evaluateAll((paths) => paths.map((path) => path.getAttribute('fill')))
      assert.deepEqual(marks, ['#f25022', '#00a4ef', '#7fba00', '#ffb900'])
    })
  }
})

/** As many tabs would, whose cookies this browser keeps; nothing is drawn. */
async function startManyTimes(page: Page, times: number): Promise<void> {
  await page.evaluate(async (count) => {
    for (let start = 0; start < count; start += 1) {
      await fetch('/auth/entra/login', { redirect: 'manual' })
    }
  }, times)
}

function countTokenRequests(): number {
  return rig.emulator.requests.filter(({ endpoint }) => endpoint === 'token').length
}

/** Presses Tab until the element with these words has the focus; every stop on the way shows a ring. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let stop = 0; stop < 20; stop += 1) {
    await page.keyboard.press('Tab')
    const { text, ring } = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(
        document.activeElement ?? document.body,
      )
      const hasRing = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
      return { text: document.activeElement?.textContent ?? '', ring: hasRing }
    })
    assert.ok(ring, `no focus ring on "${text}"`)
    if (text.includes(wanted)) return
  }
  assert.fail(`the Tab key never reaches "${wanted}"`)
}
