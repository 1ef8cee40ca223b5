/** The settings of a connection under /admin: what its page shows, and what its form changes. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fillIn, formOf, openMember, openOperator } from './support/admin-pages.ts'
import { createCustomer } from './support/customers.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { liveSessions, openRig } from './support/steps.ts'

async function openCustomer(t: TestContext) {
  const rig = await openRig(t)
  const browser = await openOperator(rig)
  const customer = await createCustomer(rig)
  const address = `/admin/connections/${customer.connection.id}`
  const connection = async () => {
    const found = await rig.services.storage.findConnection(customer.connection.id)
    assert.ok(found)
    return found
  }
  return { rig, browser, customer, address, page: `${address}/settings`, connection }
}

describe('settings of a connection', () => {
  it('are changed by a form, and the page of the connection shows all of them', async (t) => {
    const { browser, address, page, connection } = await openCustomer(t)
    const fields = {
      name: 'Contoso Ltd',
      contact: 'it@contoso.com',
      groups: 'graph_direct',
      emailDomains: 'contoso.com, contoso.example',
      recheckMinutes: '60',
    }
    const { text } = await fillIn(browser, { page, fields })
    assert.match(text, /The connection was saved/)
    const { name, settings } = await connection()
    assert.equal(name, 'Contoso Ltd')
    const { tested: _, ...others } = settings
    assert.deepEqual(others, {
      contact: { email: 'it@contoso.com' },
      groups: { from: 'graph', nested: false, names: false },
      emailDomains: ['contoso.com', 'contoso.example'],
      recheckMinutes: 60,
    })
    const shown = (await browser.visit(SERVER_URL + address)).text
    for (const words of [
      'only contoso.com, contoso.example',
      'every 60 minutes',
      'from Graph, without groups that hold groups',
      'it@contoso.com',
    ]) {
      assert.ok(shown.includes(words), words)
    }
  })

  it('lose a value whose field is emptied', async (t) => {
    const { browser, page, connection } = await openCustomer(t)
    await fillIn(browser, { page, fields: { emailDomains: 'contoso.com', recheckMinutes: '60' } })
    await fillIn(browser, { page, fields: { emailDomains: '', recheckMinutes: '' } })
    const { tested: _, ...others } = (await connection()).settings
    assert.deepEqual(others, {})
  })

  it('end the sessions of users whom a list of email domains now refuses', async (t) => {
    const { rig, browser, customer, page } = await openCustomer(t)
    await customer.signIn(people.alice)
    const before = await liveSessions(rig)
    await fillIn(browser, { page, fields: { emailDomains: 'example.net' } })
    assert.equal((await liveSessions(rig)).length, before.length - 1)
  })

  for (const [what, fields] of [
    ['a number that is too small', { recheckMinutes: '4' }],
    ['a text that is no number', { recheckMinutes: 'often' }],
    ['a domain that is none', { emailDomains: 'not a domain!' }],
    ['a choice that there is not', { groups: 'everywhere' }],
    ['an address that is none', { contact: 'nobody' }],
  ] as const) {
    it(`are not changed to ${what}, and the field is named`, async (t) => {
      const { browser, page, connection } = await openCustomer(t)
      const before = await connection()
      const { response, text } = await fillIn(browser, { page, fields })
      assert.equal(response.status, 400)
      assert.ok(text.includes(`<code>${Object.keys(fields)[0]}</code>`), text)
      assert.deepEqual(await connection(), before)
    })
  }

  it('are not changed by an old form, and may be sent twice', async (t) => {
    const { browser, page, connection } = await openCustomer(t)
    const old = formOf((await browser.visit(SERVER_URL + page)).text, page)
    const changed = new URLSearchParams(old)
    changed.set('recheckMinutes', '30')
    const send = (body: URLSearchParams) =>
      browser.visit(SERVER_URL + page, { method: 'POST', body: new URLSearchParams(body) })
    assert.match((await send(changed)).text, /The connection was saved/)
    assert.match((await send(changed)).text, /The connection was saved/)
    old.set('contact', 'it@contoso.com')
    assert.equal((await send(old)).response.status, 412)
    assert.equal((await connection()).settings.contact, undefined)
  })

  it('of operators alone are neither offered to an organization nor taken from it', async (t) => {
    const rig = await openRig(t)
    const { customer, browser } = await openMember(rig, 'organization_admin')
    const page = `/admin/connections/${customer.connection.id}/settings`
    const { text } = await browser.visit(SERVER_URL + page)
    assert.match(text, /name="recheckMinutes"/)
    assert.doesNotMatch(text, /name="application"/)
    const body = formOf(text, page)
    body.set('authority', 'https://entra.example')
    const { response } = await browser.visit(SERVER_URL + page, { method: 'POST', body })
    assert.equal(response.status, 403)
  })
})
