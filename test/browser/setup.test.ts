/** Two customers connect their directories through set-up links, in a real browser, from nothing to a first sign-in. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { CONTOSO, FABRIKAM, people } from '../support/rig.ts'
import { checkLooks } from './accessibility.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import {
  enterApplication,
  enterSecret,
  inviteCustomer,
  openSetup,
  registerAsShown,
  testAs,
} from './setup-steps.ts'
import { pick, press, see, words } from './steps.ts'

let rig: BrowserRig
before(async () => {
  rig = await createBrowserRig({ withShared: true })
})
after(() => rig.close())

const customers = [
  {
    name: 'Contoso',
    tenantId: CONTOSO,
    directory: 'contoso.example',
    person: people.alice,
    hello: /^Hello, Alice/,
  },
  {
    name: 'Fabrikam',
    tenantId: FABRIKAM,
    directory: FABRIKAM,
    person: people.frank,
    hello: /^Hello, Frank/,
  },
] as const

describe('a set-up link in a browser', () => {
  for (const [index, { name, tenantId, directory, person, hello }] of customers.entries()) {
    it(`takes ${name} from nothing to a first sign-in, and shows nothing of others, ${views[index]?.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, views[index])
      const invited = await inviteCustomer(rig, name)
      await openSetup(page, invited)
      const { clientId, secret } = await registerAsShown(rig, page, tenantId)
      await enterApplication(page, clientId, directory)
      await enterSecret(page, secret)
      await testAs(page, person)
      await see(page, 'The connection works')
      await keepScreenshot(page, 'setup-test')
      assert.match(await words(page), new RegExp(person))
      await page.getByRole('link', { name: 'Back to the set-up' }).click()
      await press(page, 'Turn on')
      await see(page, 'The connection is on')
      const others = customers.filter((other) => other.name !== name).map((other) => other.name)
      for (const other of others) assert.ok(!(await page.content()).includes(other))

      const { page: visitor } = await rig.open(t)
      await visitor.goto(await page.getByLabel('Sign-in address').inputValue())
      await pick(visitor, person)
      await see(visitor, hello)
      assert.match(await words(visitor), new RegExp(name))
      for (const other of others) assert.doesNotMatch(await words(visitor), new RegExp(other))
    })
  }

  it('takes a customer through consent to the shared application, over the pages of both sites', async (t) => {
    const { page } = await rig.open(t)
    const invited = await inviteCustomer(rig, 'Northwind')
    await openSetup(page, invited)
    await press(page, 'Use your application')
    await press(page, 'Go to Microsoft and consent')
    await see(page, 'Permissions requested for all users')
    await page.getByRole('button', { name: 'nora@northwind.example' }).click()
    await page.getByText('Consent came back for the directory').waitFor()
    await testAs(page, 'nora@northwind.example')
    await see(page, 'The connection works')
    await page.getByRole('link', { name: 'Back to the set-up' }).click()
    await press(page, 'Turn on')
    await see(page, 'The connection is on')
    await page.getByRole('link', { name: 'Sign in', exact: true }).click()
    await see(page, 'Hello, Nora Northwind')
  })

  it('works by keyboard alone', async (t) => {
    const { page } = await rig.open(t)
    const invited = await inviteCustomer(rig, 'Keyboard')
    await page.goto(invited.link)
    await tabTo(page, 'Begin')
    await page.keyboard.press('Enter')
    await see(page, /^Connect/)
    const { clientId, secret } = await registerAsShown(rig, page, CONTOSO)
    await tabTo(page, 'Application (client) ID')
    await page.keyboard.type(clientId)
    await page.keyboard.press('Tab')
    await page.keyboard.type('contoso.example')
    await page.keyboard.press('Enter')
    await page.getByText('Found:').waitFor()
    await tabTo(page, 'Client secret (Value)')
    await page.keyboard.type(secret)
    await page.keyboard.press('Enter')
    await page.getByText('Kept here:').waitFor()
    rig.emulator.signInAutomaticallyAs(people.alice)
    t.after(() => rig.emulator.signInAutomaticallyAs(undefined))
    await tabTo(page, 'Test sign-in')
    await page.keyboard.press('Enter')
    await see(page, 'The connection works')
    await tabTo(page, 'Back to the set-up')
    await page.keyboard.press('Enter')
    await see(page, /^Connect/)
    await tabTo(page, 'Turn on')
    await page.keyboard.press('Enter')
    await see(page, 'The connection is on')
  })

  it('works without scripts: values are selected by hand, and no button is there that would do nothing', async (t) => {
    const { page } = await rig.open(t, { javaScript: 'off' })
    const invited = await inviteCustomer(rig, 'No script')
    await openSetup(page, invited)
    assert.equal(await page.getByRole('button', { name: /^Copy/ }).count(), 0)
    const { clientId, secret } = await registerAsShown(rig, page, CONTOSO)
    await enterApplication(page, clientId, 'contoso.example')
    await enterSecret(page, secret)
    await testAs(page, people.bob)
    await see(page, 'The connection works')
  })

  it('copies what has to be carried over', async (t) => {
    const { page, context } = await rig.open(t)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const { connection, ...invited } = await inviteCustomer(rig, 'Copy')
    await openSetup(page, { connection, ...invited })
    await page.getByRole('button', { name: 'Copy Redirect URI' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    assert.equal(copied, `${rig.serverUrl.origin}/login/callback?connection=${connection.id}`)
  })

  it('opened later in another browser ends in the earlier one, with a page that says so', async (t) => {
    const first = await rig.open(t)
    const second = await rig.open(t)
    const invited = await inviteCustomer(rig, 'Twice')
    await openSetup(first.page, invited)
    await openSetup(second.page, invited)
    await first.page.reload()
    await see(first.page, 'That did not work')
    assert.match(await words(first.page), /was continued in another browser/)
    await keepScreenshot(first.page, 'setup-superseded')
    await openSetup(first.page, invited)
  })

  it('shows a refusal of Microsoft as a result, and keeps what was typed wrongly beside its problem', async (t) => {
    const { page } = await rig.open(t)
    const invited = await inviteCustomer(rig, 'Wrong')
    await openSetup(page, invited)
    const { clientId } = await registerAsShown(rig, page, CONTOSO)
    await page.getByLabel('Application (client) ID').fill('not a guid')
    await page.getByLabel('Directory (tenant) ID, or a domain').fill('contoso.example')
    await press(page, 'Save')
    await page.getByRole('alert').waitFor()
    assert.equal(await page.getByLabel('Application (client) ID').inputValue(), 'not a guid')
    await enterApplication(page, clientId, 'contoso.example')
    await enterSecret(page, 'not~the-secret.of-it')
    await testAs(page, people.alice)
    await see(page, 'The test did not succeed')
    assert.match(await words(page), /AADSTS7000215/)
    await keepScreenshot(page, 'setup-test-failed')
  })
})

describe('every page of a set-up link', () => {
  it('is accessible and fits, narrow and wide, light and dark', async (t) => {
    const { page } = await rig.open(t, { bypassPolicy: true })
    const invited = await inviteCustomer(rig, 'Looks')
    await page.goto(invited.link)
    await checkLooks(page, 'setup-link')
    await openSetup(page, invited)
    await page.locator('summary').first().click()
    await checkLooks(page, 'setup')
    const { clientId, secret } = await registerAsShown(rig, page, CONTOSO)
    await enterApplication(page, clientId, 'contoso.example')
    await press(page, 'Make a certificate')
    await page.getByText('Download it').waitFor()
    await checkLooks(page, 'setup-certificate')
    await enterSecret(page, secret)
    await testAs(page, people.alice)
    await see(page, 'The connection works')
    await checkLooks(page, 'setup-test')
    await page.getByRole('link', { name: 'Back to the set-up' }).click()
    await press(page, 'Turn on')
    await see(page, 'The connection is on')
    await checkLooks(page, 'setup-done')
  })
})

/** Presses Tab until the control with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : ''
      return label || element?.textContent || ''
    })
    if (focused.trim() === name) return
  }
  throw new Error(`Tab never reaches ${name}`)
}
