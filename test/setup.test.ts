/** A customer connects their directory through a set-up link, without an account and without writing to support. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { loginAddress } from './support/customers.ts'
import { createRig, FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { fillIn, invite, openLink, register, submit, test } from './support/setup.ts'

describe('a set-up link', () => {
  let rig: Rig
  before(async () => {
    rig = await createRig()
  })
  after(() => rig.close())

  it('leads from nothing to a first sign-in', async () => {
    const { connection, link } = await invite(rig)
    const browser = rig.browser()
    const opened = await openLink(browser, link)
    assert.match(opened.text, /Connect Contoso to Microsoft Entra ID/)
    assert.ok(opened.text.includes(`${SERVER_URL}/login/callback?connection=${connection.id}`))
    assert.ok(opened.text.includes(`${SERVER_URL}/enterprise-login/${connection.slug}`))
    assert.ok(opened.text.includes(`${SERVER_URL}/auth/${connection.id}/frontchannel-logout`))

    await fillIn(browser, register(rig, connection))
    const tested = await test(rig, browser, people.alice)
    assert.match(tested.text, /The connection works/)
    assert.match(tested.text, /a new user, made by their first sign-in/)
    const done = await submit(browser, { do: 'turn_on' })
    assert.match(done.text, /The connection is on/)

    rig.emulator.signInAutomaticallyAs(people.alice)
    const { text } = await rig.browser().visit(loginAddress(connection))
    assert.match(text, /Hello, Alice Example/)
  })

  it('connects two customers, each seeing only its own', async () => {
    const contoso = await invite(rig, { name: 'Contoso two' })
    const fabrikam = await invite(rig, { name: 'Fabrikam' })
    for (const [invited, tenantId, directory, person] of [
      [contoso, undefined, 'contoso.example', people.alice],
      [fabrikam, FABRIKAM, FABRIKAM, people.frank],
    ] as const) {
      const browser = rig.browser()
      await openLink(browser, invited.link)
      await fillIn(browser, register(rig, invited.connection, tenantId), directory)
      assert.match((await test(rig, browser, person)).text, /The connection works/)
      const { text } = await submit(browser, { do: 'turn_on' })
      assert.match(text, /The connection is on/)
      const other = invited === contoso ? fabrikam : contoso
      assert.ok(!text.includes(other.connection.name))
    }
    rig.emulator.signInAutomaticallyAs(people.frank)
    const { text } = await rig.browser().visit(loginAddress(fabrikam.connection))
    assert.match(text, /Hello, Frank Fabrikam/)
  })
})
