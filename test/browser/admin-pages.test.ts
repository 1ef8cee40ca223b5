/** The pages of operators in a real browser: every one accessible and narrow enough, all of it by keyboard, and with awkward names. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { people } from '../support/rig.ts'
import { checkLooks } from './accessibility.ts'
import { type BrowserRig, createBrowserRig, views } from './browser-rig.ts'
import { type Crowd, crowd } from './crowded.ts'
import { open, press, see } from './steps.ts'
import { refused, signedIn, withOperatorToken } from './ways.ts'

let rig: BrowserRig
let ids: Crowd['connectionIds']
before(async () => {
  rig = await createBrowserRig()
  const page = await rig.chromium.newPage()
  await signedIn('/')(rig, page)
  await refused(people.grace)(rig, page)
  await page.close()
  ids = (await crowd(rig.services)).connectionIds
  await rig.services.signInNotes.store()
})
after(() => rig.close())

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'admin-overview': () => '/admin',
  'admin-organizations': () => '/admin/organizations',
  'admin-organization-new': () => '/admin/organizations/new',
  'admin-organization': async () => {
    const { storage } = rig.services
    const organization = await storage.findOrganizationBySlug('customer-righttoleft')
    return `/admin/organizations/${organization?.id}`
  },
  'admin-connections': () => '/admin/connections',
  'admin-connection': () => `/admin/connections/${ids.emoji}`,
  'admin-connection-draft': () => `/admin/connections/${ids.rightToLeft}`,
  'admin-connection-script': () => `/admin/connections/${ids.script}`,
  'admin-connection-environment': () => '/admin/connections/default',
  'admin-policies': () => `/admin/connections/${ids.noSpaces}/policies`,
  'admin-rules': () => `/admin/connections/${ids.script}/rules`,
  'admin-users': () => '/admin/users',
  'admin-users-none': () => '/admin/users?search=nobody',
  'admin-user': async () => {
    const { items } = await rig.services.storage.listUsers({ limit: 1 })
    return `/admin/users/${items[0]?.user.id}`
  },
  'admin-sign-ins': () => '/admin/sign-ins',
  'admin-sign-in': async () => {
    const refusals = { outcome: 'refused' } as const
    const { items } = await rig.services.storage.listSignInTraces(refusals, { limit: 1 })
    return `/admin/sign-ins/${items[0]?.id}`
  },
  'admin-audit': () => '/admin/audit',
}

describe('every page of operators', () => {
  for (const [name, addressOf] of Object.entries(pages)) {
    it(`${name} is accessible and fits, narrow and wide, light and dark`, async (t) => {
      const { page } = await rig.open(t, { bypassPolicy: true })
      await withOperatorToken()(rig, page)
      await open(rig, page, await addressOf())
      // What opens on demand is looked at too.
      for (const summary of await page.locator('summary').all()) await summary.click()
      await checkLooks(page, name)
    })
  }

  it('looks as well after a mistake', async (t) => {
    const { page } = await rig.open(t, { bypassPolicy: true })
    await withOperatorToken()(rig, page)
    await open(rig, page, `/admin/connections/${ids.noSpaces}/policies`)
    await page.getByLabel('People whom no rule matches').selectOption('default_role')
    await press(page, 'Save the policies')
    await page.getByRole('alert').waitFor()
    await checkLooks(page, 'admin-policies-mistake')
  })
})

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: element } = document
    const label = element instanceof HTMLInputElement ? element.labels?.[0]?.innerText : undefined
    return label ?? element?.textContent?.trim() ?? ''
  })
}

/** Tabs on until this has the focus. */
async function tabTo(page: Page, words: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab')
    if ((await focused(page)) === words) return
  }
  assert.fail(`no way by Tab to ${words}`)
}

describe('an operator without a mouse', () => {
  for (const view of views) {
    it(`makes an organization and a connection, and turns one off, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, view)
      await withOperatorToken()(rig, page)
      await open(rig, page, '/admin')
      await page.keyboard.press('Tab')
      assert.equal(await focused(page), 'To the content')
      await tabTo(page, 'Organizations')
      await page.keyboard.press('Enter')
      await see(page, 'Organizations')
      await tabTo(page, 'New organization')
      await page.keyboard.press('Enter')
      await see(page, 'New organization')
      await tabTo(page, 'Name')
      await page.keyboard.type(`By keyboard ${view.width}`)
      await page.keyboard.press('Enter')
      await see(page, `By keyboard ${view.width}`)
      await tabTo(page, 'New connection')
      await page.keyboard.press('Enter')
      await tabTo(page, 'Create a draft')
      await page.keyboard.press('Enter')
      await page.getByText('created as a draft').waitFor()

      await open(rig, page, `/admin/connections/${ids.plain}`)
      const isOn = await page.getByText('Turn this connection off…').isVisible()
      const [words, confirm] = isOn
        ? ['Turn this connection off…', 'Turn off']
        : ['Turn this connection on…', 'Turn on']
      await tabTo(page, words)
      await page.keyboard.press('Enter')
      await tabTo(page, confirm)
      await page.keyboard.press('Enter')
      await page.getByText(isOn ? 'The connection is off' : 'The connection is on').waitFor()
    })
  }
})

describe('an operator with scripts switched off', () => {
  it('finds out why somebody cannot get in, and ends the sessions of somebody else', async (t) => {
    const { page } = await rig.open(t, { javaScript: 'off' })
    await withOperatorToken()(rig, page)
    await open(rig, page, '/admin/sign-ins')
    await page.getByLabel('Person').fill('grace@fabrikam.example')
    await press(page, 'Show')
    await page.getByRole('table').getByRole('link').first().click()
    await see(page, 'Sign-in')
    await page.getByText('Guests of this directory may not sign in here.').waitFor()

    await open(rig, page, '/admin/users?search=alice')
    await page.getByRole('link', { name: 'Alice Example' }).click()
    await see(page, 'Alice Example')
    await press(page, 'End')
    await page.getByText('The session was ended.').waitFor()
    await page.getByText('Not signed in anywhere.').waitFor()
  })
})

describe('the page of a connection', () => {
  it('goes on to Entra for a test, which its own policy lets through', async (t) => {
    const { page } = await rig.open(t)
    await withOperatorToken()(rig, page)
    rig.emulator.signInAutomaticallyAs(people.alice)
    await open(rig, page, '/admin/connections/default')
    await press(page, 'Test the sign-in')
    await page.waitForURL(({ pathname }) => pathname.startsWith('/admin/tests/'))
  })

  it('exports the audit trail as a file', async (t) => {
    const { page } = await rig.open(t)
    await withOperatorToken()(rig, page)
    await open(rig, page, '/admin/audit?type=user.created')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export CSV' }).click()
    assert.match((await download).suggestedFilename(), /^entrada-audit-\d{4}-\d\d-\d\d\.csv$/)
  })
})
