/** What a set-up link withstands: scanners, second browsers, time, other sites' forms, and who is curious. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { changeConnection, turnOff, turnOn } from '../src/connections/change-connection.ts'
import { createSetupLink, listSetupLinks, withdrawSetupLink } from '../src/setup/setup-link.ts'
import type { TestBrowser } from './support/browser.ts'
import { operator, turnOnUntested } from './support/customers.ts'
import { createRig, ENTRA_URL, people, type Rig, SERVER_URL } from './support/rig.ts'
import {
  fillIn,
  form,
  type Invited,
  invite,
  openLink,
  register,
  submit,
  test,
  tokenOf,
} from './support/setup.ts'
import { auditEvents } from './support/steps.ts'

const DAY_SECONDS = 86_400

let rig: Rig
let invited: Invited
let browser: TestBrowser

before(async () => {
  rig = await createRig()
})
after(() => rig.close())
beforeEach(async () => {
  invited = await invite(rig)
  browser = rig.browser()
})

async function stateOf({ connection }: Invited): Promise<string | undefined> {
  return (await listSetupLinks(rig.services, connection.id))[0]?.state
}

describe('GET of a set-up link', () => {
  it('spends nothing, however often it is followed, and shows one button', async () => {
    for (const method of ['GET', 'HEAD', 'GET']) {
      const response = await rig.browser().request(invited.link, { method })
      assert.equal(response.status, 200)
      assert.deepEqual(response.headers.getSetCookie(), [])
    }
    assert.equal(await stateOf(invited), 'waiting')
    const { text } = await browser.visit(invited.link)
    assert.equal(text.match(/<button/g)?.length, 1)
    assert.match((await openLink(browser, invited.link)).text, /Connect Contoso/)
  })

  it('tells its address to nobody: no referrer, no log line, no trail (I08)', async () => {
    const token = invited.link.split('/').at(-1) ?? ''
    const response = await browser.request(invited.link)
    assert.equal(response.headers.get('referrer-policy'), 'strict-origin')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    await openLink(browser, invited.link)
    await browser.request(`${SERVER_URL}/setup/link/${token}/more`)
    await browser.request(`${SERVER_URL}/SETUP/LINK/${token}`)
    assert.ok(!rig.logLines.join().includes(token))
    assert.ok(!JSON.stringify(await auditEvents(rig)).includes(token))
    const stored = await rig.services.storage.listSetupLinks(invited.connection.id, 10)
    assert.ok(!JSON.stringify(stored).includes(token))
    assert.equal(token.length, 43)
  })

  it('of no link, cut or made up, says so', async () => {
    for (const link of [
      invited.link.slice(0, -1),
      `${invited.link}A`,
      `${SERVER_URL}/setup/link/${'A'.repeat(43)}`,
    ]) {
      const { response, text } = await browser.visit(link)
      assert.equal(response.status, 404)
      assert.match(text, /setup_link_not_found/)
    }
  })

  it('has a policy that lets no script in but the one that copies', async () => {
    const { response } = await openLink(browser, invited.link)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /script-src 'self'/)
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /frame-ancestors 'none'/)
    const other = await browser.request(`${SERVER_URL}/login`)
    assert.doesNotMatch(other.headers.get('content-security-policy') ?? '', /script-src/)
  })
})

describe('a browser that opens the link', () => {
  it('takes over from an earlier one, which is told, and the trail says so', async () => {
    await openLink(browser, invited.link)
    const later = rig.browser()
    await openLink(later, invited.link)
    const early = await browser.visit(`${SERVER_URL}/setup`)
    assert.equal(early.response.status, 409)
    assert.match(early.text, /continued in another browser/)
    assert.equal((await later.visit(`${SERVER_URL}/setup`)).response.status, 200)
    const opened = (await auditEvents(rig, { type: 'setup_link.opened' })).filter(
      ({ connectionId }) => connectionId === invited.connection.id,
    )
    assert.deepEqual(
      opened.map(({ detail }) => detail.superseded),
      [true, false],
    )
  })

  it('keeps what it has when it opens the link again', async () => {
    await openLink(browser, invited.link)
    const before = browser.cookies(new URL(SERVER_URL).host).get('entrada-setup')
    await openLink(browser, invited.link)
    assert.equal(browser.cookies(new URL(SERVER_URL).host).get('entrada-setup'), before)
  })

  it('holds nothing that a made-up or changed cookie would not', async () => {
    const host = new URL(SERVER_URL).host
    await openLink(browser, invited.link)
    const cookie = browser.cookies(host).get('entrada-setup') ?? ''
    for (const [value, status] of [
      [`${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`, 409],
      ['sul_absent.x', 401],
      ['%E0%A4%A', 401],
      ['x'.repeat(8000), 401],
      ['', 401],
    ] as const) {
      browser.setCookie(host, 'entrada-setup', value)
      const { response } = await browser.visit(`${SERVER_URL}/setup`)
      assert.equal(response.status, status, value.slice(0, 40))
    }
  })

  it('two at once leave one that holds it', async () => {
    const browsers = [rig.browser(), rig.browser(), rig.browser()]
    await Promise.all(browsers.map((browser) => openLink(browser, invited.link)))
    const visits = await Promise.all(
      browsers.map((browser) => browser.visit(`${SERVER_URL}/setup`)),
    )
    const statuses = visits.map(({ response }) => response.status).sort()
    assert.deepEqual(statuses, [200, 409, 409])
  })
})

describe('a set-up link ends', () => {
  async function refuses(code: RegExp, status: number): Promise<void> {
    const page = await browser.visit(`${SERVER_URL}/setup`)
    assert.equal(page.response.status, status)
    assert.match(page.text, code)
    const again = await openLink(rig.browser(), invited.link)
    assert.equal(again.response.status, 410)
    assert.equal((await rig.browser().visit(invited.link)).response.status, 410)
  }

  it('after three days', async (t) => {
    const own = await createRig()
    t.after(() => own.close())
    const { link } = await invite(own)
    const one = own.browser()
    await openLink(one, link)
    own.clock.advanceSeconds(3 * DAY_SECONDS - 1)
    assert.equal((await one.visit(`${SERVER_URL}/setup`)).response.status, 200)
    own.clock.advanceSeconds(1)
    assert.equal((await one.visit(`${SERVER_URL}/setup`)).response.status, 410)
    assert.equal((await openLink(own.browser(), link)).response.status, 410)
  })

  it('when it is withdrawn, for the browser that holds it too', async () => {
    await openLink(browser, invited.link)
    const { form_token } = await tokenOf(browser)
    const { connection, linkId } = invited
    await withdrawSetupLink(rig.services, operator, { connectionId: connection.id, linkId })
    await refuses(/setup_link_ended/, 410)
    const fields = { form_token, do: 'certificate' }
    const { response } = await browser.visit(`${SERVER_URL}/setup`, form(fields))
    assert.equal(response.status, 410)
    assert.equal(await stateOf(invited), 'withdrawn')
  })

  it('when a newer one is made', async () => {
    await openLink(browser, invited.link)
    const newer = await createSetupLink(rig.services, operator, invited.connection.id)
    await refuses(/setup_link_ended/, 410)
    assert.match((await openLink(browser, newer.address)).text, /Connect Contoso/)
  })

  it('when the connection is turned on, whoever did so: nothing can be changed any more', async () => {
    await openLink(browser, invited.link)
    await fillIn(browser, register(rig, invited.connection))
    const { form_token } = await tokenOf(browser)
    await turnOnUntested(rig, invited.connection.id)
    const { text } = await browser.visit(`${SERVER_URL}/setup`)
    assert.match(text, /The connection is on/)
    assert.doesNotMatch(text, /form_token/)
    const fields = { form_token, do: 'secret', client_secret: 'another~secret.value' }
    const { response } = await browser.visit(`${SERVER_URL}/setup`, form(fields))
    assert.equal(response.status, 410)
    assert.equal((await openLink(rig.browser(), invited.link)).response.status, 410)

    await turnOff(rig.services, operator, invited.connection.id)
    assert.equal((await openLink(rig.browser(), invited.link)).response.status, 410)
  })

  it('and none is made for the connection of the environment', async () => {
    await assert.rejects(createSetupLink(rig.services, operator, 'default'), {
      code: 'setup_link_not_possible',
    })
    await assert.rejects(createSetupLink(rig.services, operator, 'absent'), {
      code: 'record_not_found',
    })
  })

  it('is withdrawn by the id of its own connection only', async () => {
    const other = await invite(rig, { name: 'Other' })
    await assert.rejects(
      withdrawSetupLink(rig.services, operator, {
        connectionId: other.connection.id,
        linkId: invited.linkId,
      }),
      { code: 'record_not_found' },
    )
  })
})

describe('forms of the set-up page', () => {
  beforeEach(() => openLink(browser, invited.link))

  it('from another site are refused, and so is the form behind the link (C24)', async () => {
    const token = await tokenOf(browser)
    const token2 = invited.link.split('/').at(-1) ?? ''
    for (const [path, fields] of [
      ['/setup', { ...token, do: 'certificate' }],
      ['/setup/link', { token: token2 }],
    ] as const) {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
      ]) {
        const init = form(fields)
        const response = await browser.request(`${SERVER_URL}${path}`, {
          ...init,
          headers: { ...(init.headers as Record<string, string>), ...headers },
        })
        assert.equal(response.status, 403, `${path} ${JSON.stringify(headers)}`)
      }
    }
  })

  it('need the token of this very browser', async () => {
    const later = rig.browser()
    const { form_token } = await tokenOf(browser)
    await openLink(later, invited.link)
    for (const fields of [{}, { form_token: '' }, { form_token }]) {
      const { response } = await later.visit(`${SERVER_URL}/setup`, form({ ...fields, do: 'own' }))
      assert.equal(response.status, 403)
    }
  })

  it('of ten megabytes, of another kind, repeated or unknown are refused', async () => {
    const { form_token } = await tokenOf(browser)
    const big = form({ form_token, do: 'secret', client_secret: 'x'.repeat(10_000_000) })
    assert.equal((await browser.request(`${SERVER_URL}/setup`, big)).status, 413)
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    assert.equal((await browser.request(`${SERVER_URL}/setup`, json)).status, 415)
    for (const fields of [
      { do: 'absent' },
      { do: '__proto__' },
      { do: 'constructor' },
      { do: 'use' },
      {},
    ]) {
      assert.equal((await submit(browser, fields)).response.status, 400, JSON.stringify(fields))
    }
    const twice = form({ form_token })
    twice.body = `${twice.body}&do=certificate&do=own`
    assert.equal((await browser.request(`${SERVER_URL}/setup`, twice)).status, 400)
  })

  it('keep what was typed beside the problem, but never a secret', async () => {
    const canary = '11111111-2222-4333-8444-555555555555'
    const secret = await submit(browser, { do: 'secret', client_secret: canary })
    assert.equal(secret.response.status, 400)
    assert.match(secret.text, /looks like the secret&#39;s ID|looks like the secret's ID/)
    assert.ok(!secret.text.includes(canary))

    const typed = {
      do: 'application',
      client_id: 'not "a" <guid>',
      directory: 'contoso.example',
      cloud: ENTRA_URL,
    }
    const application = await submit(browser, typed)
    assert.equal(application.response.status, 400)
    assert.match(application.text, /value="not &quot;a&quot; &lt;guid&gt;"/)
    assert.match(application.text, /role="alert"/)
    assert.ok(!rig.logLines.join().includes(canary))
  })

  it('never show a secret or a private key again, on a page, in a log or in the trail (I08)', async () => {
    const registered = register(rig, invited.connection)
    await fillIn(browser, registered)
    await submit(browser, { do: 'certificate' })
    await fillIn(browser, registered)
    const tested = await test(rig, browser, people.alice)
    const { text } = await browser.visit(`${SERVER_URL}/setup`)
    const texts = [text, tested.text, rig.logLines.join(), JSON.stringify(await auditEvents(rig))]
    for (const text of texts) {
      assert.ok(!text.includes(registered.secret))
      assert.doesNotMatch(text, /PRIVATE KEY/)
    }
  })

  it('name a directory by id or domain, which is looked up; what is no directory is refused by name', async () => {
    const { clientId } = register(rig, invited.connection)
    const application = { do: 'application', client_id: clientId, cloud: ENTRA_URL }
    const named = await submit(browser, { ...application, directory: 'Contoso.Example' })
    assert.match(
      named.text,
      /contoso\.example<\/strong> is the directory <code>11111111-1111-4111-8111-111111111111/,
    )
    for (const [directory, code] of [
      ['common', 'directory_is_alias'],
      ['9188040d-6c67-4c5b-b112-36a304b66dad', 'directory_is_personal'],
      ['nobody.example', 'directory_not_found'],
      ['99999999-9999-4999-8999-999999999999', 'directory_not_found'],
      ['https://contoso.example', 'directory_invalid'],
      ['', 'directory_invalid'],
    ] as const) {
      const { response, text } = await submit(browser, { ...application, directory })
      assert.equal(response.status, 400, directory)
      assert.match(text, new RegExp(code))
    }
    const kept = await rig.services.storage.findConnection(invited.connection.id)
    assert.equal(
      kept?.tenants.kind === 'pinned' && kept.tenants.tenantId,
      '11111111-1111-4111-8111-111111111111',
    )
  })

  it('send this server to no address but the clouds that the page offers (I16)', async () => {
    const { clientId } = register(rig, invited.connection)
    const requested: string[] = []
    const isolated = rig.emulator.requests.length
    for (const cloud of [
      'http://127.0.0.1',
      'http://169.254.169.254',
      'https://evil.example',
      'http://[::1]:22',
      `${ENTRA_URL}@evil.example`,
      `${ENTRA_URL}/`,
      'file:///etc/passwd',
      '',
    ]) {
      const { response, text } = await submit(browser, {
        do: 'application',
        client_id: clientId,
        directory: 'contoso.example',
        cloud,
      })
      assert.equal(response.status, 400, cloud)
      assert.match(text, /request_invalid/)
      requested.push(cloud)
    }
    assert.equal(rig.emulator.requests.length, isolated)
  })

  it('make a certificate, whose key stays here, and give it out as PEM and DER', async () => {
    await submit(browser, { do: 'certificate' })
    const pem = await browser.request(`${SERVER_URL}/setup/certificate/entrada.pem`)
    assert.match(await pem.text(), /^-----BEGIN CERTIFICATE-----/)
    const der = await browser.request(`${SERVER_URL}/setup/certificate/entrada.cer`)
    assert.equal(der.headers.get('content-type'), 'application/pkix-cert')
    assert.equal(new Uint8Array(await der.arrayBuffer())[0], 0x30)
    assert.equal((await browser.request(`${SERVER_URL}/setup/certificate/key`)).status, 404)
    assert.equal(
      (await rig.browser().request(`${SERVER_URL}/setup/certificate/entrada.pem`)).status,
      401,
    )
  })

  it('make so many certificates and no more: each takes a second of the machine', async () => {
    for (let made = 0; made < 10; made += 1) await submit(browser, { do: 'certificate' })
    const { response, text } = await submit(browser, { do: 'certificate' })
    assert.equal(response.status, 429)
    assert.match(text, /too_many_requests/)
  })

  it('take an end date to come, and nothing else', async () => {
    for (const expires_at of ['2020-01-01', '2028-02-31', 'tomorrow', '2026-11-22', '20280131']) {
      const secret = { do: 'secret', client_secret: 'a~good.secret-value', expires_at }
      const { response, text } = await submit(browser, secret)
      assert.equal(response.status, 400, expires_at)
      assert.match(text, /The end date has to be a day to come/)
    }
  })

  it('turn on nothing that was not tested', async () => {
    await fillIn(browser, register(rig, invited.connection))
    const { response, text } = await submit(browser, { do: 'turn_on' })
    assert.equal(response.status, 409)
    assert.match(text, /connection_not_tested/)
  })
})

describe('an operator', () => {
  it('who changes what was tested keeps the customer from turning it on', async () => {
    await openLink(browser, invited.link)
    const registered = register(rig, invited.connection)
    await fillIn(browser, registered)
    assert.match((await test(rig, browser, people.alice)).text, /The connection works/)
    await changeConnection(rig.services, operator, {
      id: invited.connection.id,
      change: (before) => ({ ...before, clientId: '99999999-9999-4999-8999-999999999999' }),
    })
    assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
    await assert.rejects(turnOn(rig.services, operator, invited.connection.id), {
      code: 'connection_not_tested',
    })
  })

  it('brings ids and slugs along from another system, and they never change', async () => {
    const { connection, link } = await invite(rig, {
      name: 'Legacy',
      id: 'abc-123_X',
      slug: 'Legacy-9',
    })
    assert.equal(connection.id, 'abc-123_X')
    const { text } = await openLink(browser, link)
    assert.ok(text.includes(`${SERVER_URL}/login/callback?connection=abc-123_X`))
    assert.ok(text.includes(`${SERVER_URL}/enterprise-login/legacy-9`))
    await assert.rejects(invite(rig, { name: 'Again', id: 'abc-123_X' }), { code: 'record_in_use' })
    await assert.rejects(invite(rig, { name: 'Again', slug: 'legacy-9' }), { code: 'slug_in_use' })
  })
})
