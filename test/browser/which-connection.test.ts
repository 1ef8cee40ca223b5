/** Customers' ways in, with a real browser: the field, the tile, another site's form. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { addDomain, vouchForDomain } from '../../src/organizations/domains.ts'
import type { Connection } from '../../src/storage/records.ts'
import { type CustomerOptions, connectCustomer, operator } from '../support/customers.ts'
import { people } from '../support/rig.ts'
import { type BrowserRig, createBrowserRig, keepScreenshot, views } from './browser-rig.ts'
import { checkPages, type PageToCheck } from './check-pages.ts'
import { open, pick, press, see, seePicker, words } from './steps.ts'
import type { Way } from './ways.ts'

const DOMAIN = 'contoso.example'

/** A customer whose domain is proven, made once in each rig. */
async function connect(rig: BrowserRig, options: CustomerOptions = {}): Promise<Connection> {
  const { services, emulator, serverUrl, entraUrl } = rig
  const site = { services, emulator, serverOrigin: serverUrl.origin, entraOrigin: entraUrl.origin }
  const organizations = await services.storage.listOrganizations({ limit: 1, search: 'contoso' })
  const [organization] = organizations.items
  const own = { name: 'Contoso', ...options, ...(organization ? { organization } : {}) }
  const customer = await connectCustomer(site, own)
  if (organization === undefined) {
    const domain = { organization: customer.organization.id, name: DOMAIN }
    const { id } = await addDomain(services, operator, domain)
    await vouchForDomain(services, operator, id)
  }
  return customer.connection
}

async function typeEmail(page: Page, email: string): Promise<void> {
  await page.getByLabel('Work email').fill(email)
  await page.keyboard.press('Enter')
}

describe('a customer’s people in a browser', () => {
  let rig: BrowserRig
  let connection: Connection
  before(async () => {
    rig = await createBrowserRig()
    connection = await connect(rig)
  })
  after(() => rig.close())

  for (const view of views) {
    it(`come in by typing their work email, which is in no address of ours, ${view.width} pixels wide`, async (t) => {
      const { page } = await rig.open(t, view)
      const addresses: string[] = []
      page.on('request', (request) => void addresses.push(request.url()))
      await open(rig, page, '/login?return_to=/account')
      await keepScreenshot(page, 'customer-login')
      await typeEmail(page, people.alice)
      await seePicker(page)
      await pick(page, people.alice)
      await see(page, 'Where you are signed in')
      assert.match(await words(page), /in Contoso/)

      const ours = addresses.filter((address) => address.startsWith(rig.serverUrl.origin))
      assert.ok(ours.some((address) => address.includes('/login/callback?connection=')))
      assert.deepEqual(
        ours.filter((address) => /alice|%40/.test(address)),
        [],
      )
    })
  }

  it('are sent on without scripts, and from a page that stands still', async (t) => {
    const { page } = await rig.open(t, { javaScript: 'off' })
    await open(rig, page, '/login')
    await typeEmail(page, people.alice)
    await seePicker(page)
  })

  it('can be sent further by Microsoft, to a provider that no policy of ours names', async (t) => {
    const { page } = await rig.open(t)
    const elsewhere = `${rig.secondUrl.origin}/healthz?federated`
    await page.route('**/oauth2/v2.0/authorize?**', (route) =>
      route.fulfill({ status: 302, headers: { location: elsewhere } }),
    )
    await open(rig, page, '/login')
    await typeEmail(page, people.alice)
    await page.waitForURL(elsewhere)
  })

  it('come in without a click from the tile in My Apps, with Entra’s session (IdP-initiated)', async (t) => {
    const { page, context } = await rig.open(t)
    const tile = `/enterprise-login/${connection.slug}`
    await open(rig, page, tile)
    await pick(page, people.alice)
    await see(page, 'Hello, Alice Example')

    await context.clearCookies({ domain: rig.serverUrl.hostname })
    const tab = await context.newPage()
    await tab.goto(new URL(tile, rig.serverUrl).href)
    await see(tab, 'Hello, Alice Example')
    assert.match(await words(tab), /Contoso/)
  })

  it('are sent by a form of another site, and end in their own account', async (t) => {
    const { page } = await rig.open(t, { bypassPolicy: true })
    await page.goto(rig.entraUrl.href)
    const fields = {
      iss: `${rig.entraUrl.origin}/11111111-1111-4111-8111-111111111111/v2.0`,
      login_hint: people.alice,
      target_link_uri: `${rig.serverUrl.origin}/account`,
    }
    await sendForm(page, new URL('/login/initiate', rig.serverUrl).href, fields)
    await seePicker(page)
    await pick(page, people.alice)
    await see(page, 'Where you are signed in')
  })

  it('are offered the way they took last, by a keyboard alone', async (t) => {
    const { page, context } = await rig.open(t, views[0])
    await open(rig, page, `/enterprise-login/${connection.slug}`)
    await pick(page, people.alice)
    await see(page, 'Hello, Alice Example')
    await press(page, 'Sign out')
    await see(page, 'You are signed out')
    await open(rig, page, '/login')
    await keepScreenshot(page, 'customer-login-again')
    const button = page.getByRole('link', { name: 'Sign in to Contoso' })
    await button.focus()
    await page.keyboard.press('Enter')
    await seePicker(page)
    const kept = (await context.cookies(rig.serverUrl.href)).find(({ name }) => /last/.test(name))
    assert.deepEqual([kept?.httpOnly, kept?.sameSite], [true, 'Lax'])
  })

  it('are asked for more when nobody knows their domain, with what they typed still there', async (t) => {
    const { page } = await rig.open(t, views[0])
    await open(rig, page, '/login')
    await typeEmail(page, 'a@unknown.example')
    await see(page, 'Where do you sign in?')
    const field = page.getByLabel('Work email, or your organization’s short name')
    assert.equal(await field.inputValue(), 'a@unknown.example')
    await field.fill(connection.slug)
    await press(page, 'Continue')
    await seePicker(page)
  })

  it('choose where their organization has several ways in', async (t) => {
    const second = await connect(rig, { slug: 'contoso-partners' })
    const { page } = await rig.open(t, views[0])
    await open(rig, page, '/login')
    await typeEmail(page, people.alice)
    await see(page, 'Choose how you sign in')
    await press(page, second.slug)
    await seePicker(page)
    assert.match(page.url(), new RegExp(second.clientId))
  })
})

describe('every page for customers', () => {
  const customers =
    (path: string, more?: (rig: BrowserRig, page: Page) => Promise<void>): Way =>
    async (rig, page) => {
      if (!(await rig.services.storage.hasConnectionsOfCustomers())) {
        await connect(rig)
        await connect(rig, { slug: 'contoso-partners' })
      }
      await open(rig, page, path)
      await more?.(rig, page)
    }
  const pages: readonly PageToCheck[] = [
    { name: 'customer-login', heading: 'Sign in', way: customers('/login') },
    {
      name: 'organization',
      heading: 'Where do you sign in?',
      way: customers('/login/organization'),
    },
    {
      name: 'organization-not-found',
      heading: 'Where do you sign in?',
      way: customers('/login', (_, page) => typeEmail(page, 'somebody@unknown.example')),
    },
    {
      name: 'choice',
      heading: 'Choose how you sign in',
      way: customers('/login', (_, page) => typeEmail(page, people.alice)),
    },
    {
      name: 'customer-account',
      heading: 'Where you are signed in',
      way: async (rig, page) => {
        await customers('/login')(rig, page)
        rig.emulator.signInAutomaticallyAs(people.alice)
        await open(rig, page, '/enterprise-login/contoso')
        await see(page, /^Hello, /)
        await open(rig, page, '/account')
      },
    },
    {
      name: 'login-again',
      heading: 'Sign in',
      way: async (rig, page) => {
        await customers('/login')(rig, page)
        rig.emulator.signInAutomaticallyAs(people.alice)
        await open(rig, page, '/enterprise-login/contoso')
        await see(page, /^Hello, /)
        await open(rig, page, '/login')
      },
    },
  ]
  checkPages(pages)
})

/** As a portal would, from its own page. */
async function sendForm(
  page: Page,
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await page.evaluate(
    ({ action, fields }) => {
      const form = document.createElement('form')
      form.method = 'post'
      form.action = action
      for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement('input')
        input.name = name
        input.value = value
        form.append(input)
      }
      document.body.append(form)
      form.submit()
    },
    { action, fields },
  )
}
