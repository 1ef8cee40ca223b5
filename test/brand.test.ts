/** Whose pages these are: name, logo, colour and whom to ask, on every page that a person sees. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { brandOptions } from '../src/cli/brand-options.ts'
import { createEntrada } from '../src/entrada.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { createCustomer } from './support/customers.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { problemsOfSettings, readTestSettings } from './support/settings.ts'
import { openRig } from './support/steps.ts'

const evil =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script></svg>'
const brand = {
  name: 'Contoso <b>',
  color: '#ffd400',
  logo: evil,
  supportContact: 'help@contoso.example',
}

describe('the brand', () => {
  it('stands on every page that a person sees', async (t) => {
    const rig = await openRig(t, { brand })
    const { browser, text } = await rig.signIn(people.alice)
    const pages = [text]
    for (const path of ['/login', '/login/token', '/account', '/auth/logout', '/nothing']) {
      pages.push((await browser.visit(SERVER_URL + path)).text)
    }
    for (const page of pages) {
      assert.match(page, /<title>[^<]+ · Contoso &lt;b&gt;<\/title>/)
      assert.match(page, /<header class="brand"><img src="\/auth\/assets\/logo\?v=\w+"/)
      assert.match(page, /href="\/auth\/assets\/brand\.css\?v=\w+"/)
      assert.match(page, /href="mailto:help@contoso\.example/)
      assert.doesNotMatch(page.replace(/<details[\s\S]*<\/details>/, ''), /Entrada/)
    }
  })

  it('is Entrada, without a support line, when nothing is said', async (t) => {
    const rig = await openRig(t)
    const { text } = await rig.browser().visit(`${SERVER_URL}/login`)
    assert.match(text, / · Entrada<\/title>/)
    assert.doesNotMatch(text, /brand\.css|class="support"/)
    const logo = await rig.browser().request(`${SERVER_URL}/auth/assets/logo`)
    assert.equal(logo.status, 404)
  })

  it('lets a logo with a script in it do nothing, even opened by itself (I19)', async (t) => {
    const rig = await openRig(t, { brand })
    const response = await rig.browser().request(`${SERVER_URL}/auth/assets/logo`)
    assert.equal(await response.text(), evil)
    assert.equal(response.headers.get('content-type'), 'image/svg+xml')
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /default-src 'none'.*sandbox$/,
    )
  })

  it('tells a refused person whom to ask, and what to say', async (t) => {
    const rig = await openRig(t, { brand })
    const { text } = await rig.signIn(people.grace)
    const [, id] = /<dt>Correlation id<\/dt><dd><code>([^<]+)</.exec(text) ?? []
    assert.ok(text.includes(`mailto:help@contoso.example?subject=Sign-in%20problem%20${id}"`))
    assert.ok(text.includes(`Please give the correlation id <code>${id}</code>`))
  })

  it('is checked before anything starts, every problem at once', () => {
    const wrong = { name: ' ', color: 'teal', logo: 'gif', supportContact: 'x', colour: '#fff' }
    const options = {
      serverUrl: SERVER_URL,
      database: ':memory:',
      secretKeys: [newSecretKey()],
      brand: wrong,
    }
    assert.throws(
      () => createEntrada(options),
      ({ detail }: { detail: { problems: string[] } }) => {
        assert.deepEqual(
          detail.problems.map((problem) => problem.split(' ')[0]),
          ['brand.colour', 'brand.name', 'brand.color', 'brand.supportContact', 'brand.logo'],
        )
        return true
      },
    )
    assert.deepEqual(
      problemsOfSettings({
        ENTRADA_BRAND_COLOR: 'teal',
        ENTRADA_SUPPORT_CONTACT: 'http://x.example',
      }),
      [
        'ENTRADA_BRAND_COLOR must be a colour such as #12766f',
        'ENTRADA_SUPPORT_CONTACT must be an email address, or an address that starts with https://',
      ],
    )
  })

  it('reads the logo of the settings from its file, or says why not', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'entrada-brand-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'logo.svg')
    const optionsOf = (file: string) =>
      brandOptions(
        readTestSettings({ ENTRADA_BRAND_LOGO_FILE: file, ENTRADA_BRAND_NAME: 'C' }).settings,
      )
    writeFileSync(path, evil)
    assert.equal(new TextDecoder().decode(optionsOf(path).logo as Uint8Array), evil)
    writeFileSync(path, 'GIF89a')
    const problem = (problems: string[]) => ({ code: 'settings_invalid', detail: { problems } })
    assert.throws(() => optionsOf(path), problem(['ENTRADA_BRAND_LOGO_FILE must be an SVG or PNG']))
    assert.throws(
      () => optionsOf(join(folder, 'absent')),
      problem(['ENTRADA_BRAND_LOGO_FILE cannot be read: there is no such file']),
    )
  })
})

describe('the name of a customer on the page of a refusal', () => {
  it('is shown to a person whom their directory has vouched for, and to nobody else', async (t) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, {
      name: 'Tailspin Toys',
      policies: { unmatched: { kind: 'refuse' } },
    })
    const own = await customer.signIn(people.alice)
    assert.equal(own.response.status, 403)
    assert.match(own.text, /Tailspin Toys/)
    const guest = await customer.signIn(people.grace)
    assert.doesNotMatch(guest.text, /Tailspin/)
  })
})
