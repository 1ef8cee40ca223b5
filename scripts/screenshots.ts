/** Makes the pictures of docs/images/ from a real sign-in. Run it when the pages look different. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { type BrowserRig, createBrowserRig } from '../test/browser/browser-rig.ts'
import { crowd } from '../test/browser/crowded.ts'
import {
  enterApplication,
  enterSecret,
  inviteCustomer,
  openSetup,
  registerAsShown,
  testAs,
} from '../test/browser/setup-steps.ts'
import { open, see } from '../test/browser/steps.ts'
import { refused, refusedByEntra, to, withOperatorToken } from '../test/browser/ways.ts'
import { CONTOSO, people } from '../test/support/rig.ts'

const folder = join(import.meta.dirname, '../docs/images')
const WIDTH = 1000
const HEIGHT = 640
/** Fonts that Windows has; elsewhere the most similar free font replaces each of them. */
const FONTS = `
@font-face { font-family: "Segoe UI"; src: local("Segoe UI"), local("Liberation Sans"); }
@font-face { font-family: "Segoe UI"; font-weight: 600; src: local("Segoe UI Semibold"), local("Liberation Sans Bold"); }
`

const rig = await createBrowserRig({ port: 3000 })
try {
  mkdirSync(folder, { recursive: true })
  await keepPicture('login', async (page) => {
    await to('/login')(rig, page)
    await see(page, 'Sign in')
  })
  await keepPicture('error', async (page) => {
    await refusedByEntra('interaction_required', 50105)(rig, page)
    await see(page, 'No access')
  })
  await keepPicture('setup', (page) => fillInSetup(page))
  await keepPicture('setup-test', async (page) => {
    await fillInSetup(page)
    await testAs(page, people.alice)
    await see(page, 'The connection works')
  })
  await keepAdminPictures()
} finally {
  await rig.close()
}

/** A customer's set-up page with everything entered but the test. */
async function fillInSetup(page: Page): Promise<void> {
  await openSetup(page, await inviteCustomer(rig, 'Contoso'))
  const { clientId, secret } = await registerAsShown(rig, page, CONTOSO)
  await enterApplication(page, clientId, 'contoso.example')
  await enterSecret(page, secret)
}

/** A deployment with customers, one of which has let its secret end. */
async function keepAdminPictures(): Promise<void> {
  const page = await rig.chromium.newPage()
  await refused(people.grace)(rig, page)
  await page.close()
  const { connectionIds } = await crowd(rig.services, {
    plain: 'Fabrikam',
    script: 'Northwind Traders',
    rightToLeft: 'Adventure Works',
    emoji: 'Tailspin Toys',
    long: 'Woodgrove Bank',
    noSpaces: 'Litware',
  })
  const [trace] = (await rig.services.storage.listSignInTraces({}, { limit: 1 })).items
  const pictures = [
    ['admin-overview', '/admin'],
    ['admin-connection', `/admin/connections/${connectionIds.emoji}`],
    ['admin-sign-in', `/admin/sign-ins/${trace?.id}`],
  ] as const
  for (const [name, path] of pictures) {
    await keepPicture(name, async (shown) => {
      await withOperatorToken()(rig, shown)
      await open(rig, shown, path)
    })
  }
}

async function keepPicture(name: string, way: (page: Page) => Promise<void>): Promise<void> {
  const page = await openPage(rig)
  await way(page)
  await page.addStyleTag({ content: FONTS })
  await page.evaluate(() => document.fonts.ready)
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path, fullPage: true })
  console.log(path)
}

function openPage({ chromium }: BrowserRig): Promise<Page> {
  return chromium.newPage({
    viewport: { width: WIDTH, height: HEIGHT },
    colorScheme: 'light',
    bypassCSP: true, // lets the font in
  })
}
