/** The emulator's own pages in a real browser: they work without script and are accessible. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type StartedEmulator, startEmulator } from '../../src/emulator/start-emulator.ts'
import { launchChromium } from '../support/chromium.ts'
import { resolveTestPackage } from '../support/test-packages.ts'

const axe = readFileSync(resolveTestPackage('axe-core/axe.min.js'), 'utf8')
const multiTenant = '44444444-4444-4444-8444-444444444444'
const redirectUri = 'http://localhost:3000/auth/entra/callback'

describe('the emulator’s pages', () => {
  let browser: Browser
  let emulator: StartedEmulator
  before(async () => {
    browser = await launchChromium()
    emulator = await startOnTestHost()
  })
  after(async () => {
    await browser.close()
    await emulator.close()
  })

  /** Under the only kind of name that the test browser resolves. */
  async function startOnTestHost(): Promise<StartedEmulator> {
    const probe = await startEmulator()
    await probe.close()
    const { port } = probe
    return startEmulator({ port, publicOrigin: `http://login.entra.localhost:${port}` })
  }

  async function withPage(
    colorScheme: 'light' | 'dark',
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ colorScheme, viewport: { width: 320, height: 800 } })
    try {
      await look(await context.newPage())
    } finally {
      await context.close()
    }
  }

  const consent = new URLSearchParams({
    client_id: multiTenant,
    redirect_uri: redirectUri,
    scope: 'https://graph.microsoft.com/.default',
  })
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const path of [
      '/emulator',
      '/device',
      `/northwind.example/v2.0/adminconsent?${consent}`,
    ]) {
      it(`fits 320 pixels and breaks no accessibility rule, ${colorScheme}: ${path.split('?')[0]}`, async () => {
        await withPage(colorScheme, async (page) => {
          await page.goto(`${emulator.origin}${path}`)
          await page.evaluate(() => {
            for (const part of document.querySelectorAll('details')) part.open = true
          })
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
          await page.evaluate(axe)
          const violations = await page.evaluate(
            'axe.run().then((result) => result.violations.map(({ id, nodes }) => id + " " + nodes[0].html))',
          )
          assert.deepEqual(violations, [])
        })
      })
    }
  }

  it('let a device in by its code (M5)', async () => {
    await withPage('light', async (page) => {
      const ask = (path: string, form: Readonly<Record<string, string>>) =>
        fetch(`http://localhost:${emulator.port}/contoso.example/oauth2/v2.0/${path}`, {
          method: 'POST',
          body: new URLSearchParams(form),
        })
      const client = { client_id: '66666666-6666-4666-8666-666666666666' }
      const device = await (await ask('devicecode', { ...client, scope: 'openid profile' })).json()
      await page.goto(device.verification_uri)
      await page.getByLabel('Code').fill('WRONGCODE')
      await page.getByRole('button', { name: 'Next' }).click()
      await page.getByRole('alert').waitFor()
      await page.getByLabel('Code').fill(device.user_code)
      await page.getByRole('button', { name: 'Next' }).click()
      await page.getByRole('button', { name: 'Bob Example' }).click()
      await page.getByText('You have signed in').waitFor()
      const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }
      const answer = await ask('token', { ...client, ...grant, device_code: device.device_code })
      assert.equal(answer.status, 200)
    })
  })

  it('disable a person, who then cannot sign in', async () => {
    await withPage('light', async (page) => {
      await page.goto(`${emulator.origin}/emulator`)
      await page.locator('summary', { hasText: 'Bob Example' }).click()
      await page.getByRole('button', { name: 'Disable: bob@contoso.example' }).click()
      assert.equal(new URL(page.url()).pathname, '/emulator')
      assert.equal(emulator.directory.tenants[0]?.users[1]?.accountEnabled, false)
    })
  })

  it('post the answer of form_post to the application by themselves', async () => {
    await withPage('light', async (page) => {
      const posted = `${emulator.origin}/error`
      emulator.addRedirectUri(multiTenant, posted)
      const query = new URLSearchParams({
        client_id: multiTenant,
        redirect_uri: posted,
        response_type: 'code',
        response_mode: 'form_post',
        scope: 'openid',
        prompt: 'none',
      })
      const sent = page.waitForRequest((request) => request.url() === posted)
      await page.goto(`${emulator.origin}/contoso.example/oauth2/v2.0/authorize?${query}`)
      const request = await sent
      assert.equal(request.method(), 'POST')
      assert.match(request.postData() ?? '', /error=login_required/)
    })
  })
})
