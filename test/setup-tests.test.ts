/** Test sign-ins: what they show, to which browser, and that they store no user. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { changeConnection } from '../src/connections/change-connection.ts'
import { findingTable } from '../src/doctor/doctor.ts'
import { errorEntry } from '../src/errors/errors.ts'
import { createSetupLink } from '../src/setup/setup-link.ts'
import { testFindingRow } from '../src/setup/test-findings.ts'
import type { Connection } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import { createCustomer, operator } from './support/customers.ts'
import {
  createRig,
  ENGINEERING,
  ENTRA_URL,
  FABRIKAM,
  OPERATOR_TOKEN,
  people,
  type Rig,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import {
  fillIn,
  form,
  type Invited,
  invite,
  openLink,
  type Registered,
  register,
  submit,
  test,
} from './support/setup.ts'
import { auditEvents, formTokenOf } from './support/steps.ts'

let rig: Rig
let invited: Invited
let browser: TestBrowser
let registered: Registered

before(async () => {
  rig = await createRig()
})
after(() => rig.close())
beforeEach(async () => {
  rig.emulator.clearFaults()
  invited = await invite(rig)
  browser = rig.browser()
  await openLink(browser, invited.link)
  registered = register(rig, invited.connection)
  await fillIn(browser, registered)
})

function change(change: (before: Connection) => Connection): Promise<Connection> {
  return changeConnection(rig.services, operator, { id: invited.connection.id, change })
}

async function written() {
  const { storage, now } = rig.services
  const users = await storage.listUsers({ limit: 200 })
  const sessions = await storage.listSessions({}, { limit: 200 }, now())
  const traces = await storage.listSignInTraces({}, { limit: 200 })
  return [users.items.length, sessions.items.length, traces.items.length]
}

describe('a test sign-in', () => {
  it('writes no user, identity, session or trace, and signs nobody in', async () => {
    const before = await written()
    await test(rig, browser, people.alice)
    await test(rig, browser, people.bob)
    assert.deepEqual(await written(), before)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    const { items } = await rig.services.storage.listUsers({
      limit: 10,
      organizationId: invited.connection.organizationId,
    })
    assert.deepEqual(items, [])
    const events = await auditEvents(rig, { type: 'connection.tested' })
    assert.deepEqual(events[0]?.detail, { outcome: 'works' })
    assert.ok(!JSON.stringify(events).includes('alice'))
  })

  it('shows what Entra sent, by name and value, and the groups by id', async () => {
    const { text, url } = await test(rig, browser, people.alice)
    assert.match(url.pathname, /^\/setup\/test\/tst_/)
    assert.match(text, /<code>preferred_username<\/code><\/td><td>alice@contoso.example/)
    assert.ok(text.includes(ENGINEERING))
    assert.doesNotMatch(text, /<code>nonce<\/code>/)
    assert.match(text, /Nothing: all claims came/)
  })

  it('decides as a sign-in would: role by rule, refusal by name, a known user by name', async () => {
    await change((before) => ({
      ...before,
      roleRules: [{ id: 'r1', match: 'group', value: ENGINEERING, role: 'editor' }],
      policies: { ...before.policies, unmatched: { kind: 'refuse' } },
    }))
    const alice = await test(rig, browser, people.alice)
    assert.match(alice.text, /<strong>editor<\/strong>, by rule <code>r1<\/code>: group/)
    const bob = await test(rig, browser, people.bob)
    assert.match(bob.text, /The connection works/)
    assert.match(bob.text, /<strong>No\.<\/strong>/)
    assert.match(bob.text, /no_role_matched/)

    await submit(browser, { do: 'turn_on' })
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { slug } = invited.connection
    const { text } = await rig.browser().visit(`${SERVER_URL}/enterprise-login/${slug}`)
    assert.match(text, /Hello, Alice/)
  })

  it('names the missing groups claim, with the remedy that the doctor has too (E6)', async () => {
    rig.emulator.setApplication(registered.clientId, { groupMembershipClaims: 'None' })
    await change((before) => ({
      ...before,
      roleRules: [{ id: 'r1', match: 'group', value: ENGINEERING, role: 'editor' }],
      policies: { ...before.policies, unmatched: { kind: 'refuse' } },
    }))
    const { text } = await test(rig, browser, people.alice)
    assert.match(text, /<code>groups_claim_missing<\/code>/)
    assert.match(text, /Entra sent no groups claim/)
    for (const { fix, what } of [
      errorEntry('groups_claim_missing'),
      testFindingRow('groups_missing'),
      findingTable.groups_claim_missing,
    ].map((row) => ({ what: '', ...row }))) {
      assert.match(`${what} ${fix}`, /Entra sent no groups claim/)
      assert.match(fix, /Token configuration.*Add groups claim/)
    }
  })

  it('tells a member by name, and nothing of whom another organization knows (design rule 19)', async () => {
    const elsewhere = await createCustomer(rig, { name: 'Elsewhere' })
    await elsewhere.signIn(people.erin)
    assert.match((await test(rig, browser, people.erin)).text, /a new user, made by their/)
    await submit(browser, { do: 'turn_on' })
    rig.emulator.signInAutomaticallyAs(people.erin)
    await rig.browser().visit(`${SERVER_URL}/enterprise-login/${invited.connection.slug}`)
    const { address } = await createSetupLink(rig.services, operator, invited.connection.id)
    const renewing = rig.browser()
    await openLink(renewing, address)
    await submit(renewing, { do: 'secret', client_secret: registered.secret })
    const { text } = await test(rig, renewing, people.erin)
    assert.match(text, /the user <strong>erin<\/strong>, who is linked to this account already/)
  })

  it('says what is missing in the registration, and what to do', async () => {
    rig.emulator.setApplication(registered.clientId, {
      optionalClaims: [],
      groupMembershipClaims: 'None',
    })
    await change((before) => ({
      ...before,
      roleRules: [
        { id: 'r1', match: 'group', value: ENGINEERING, role: 'editor' },
        { id: 'r2', match: 'app_role', value: 'Admin', role: 'admin' },
      ],
    }))
    const { text } = await test(rig, browser, people.bob)
    for (const finding of [
      'claim_missing_xms_edov',
      'claim_missing_acct',
      'claim_missing_sid',
      'groups_missing',
      'app_roles_missing',
    ]) {
      assert.ok(text.includes(finding), finding)
    }
  })

  it('tells of a guest, and of an account of another directory, which prove nothing', async () => {
    const guest = await test(rig, browser, people.grace)
    assert.match(guest.text, /The test did not succeed/)
    assert.match(guest.text, /guest_not_allowed/)
    assert.match(guest.text, /tested_by_guest/)
    assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
  })

  for (const [name, prepare, number, words] of [
    [
      'a wrong secret',
      () => rig.emulator.setSecret(registered.clientId, 'another~secret.value'),
      7000215,
      /column &quot;Value&quot;/,
    ],
    [
      'a secret that has ended',
      () => rig.emulator.expireSecret(registered.clientId),
      7000222,
      /has ended/,
    ],
    [
      'a redirect URI registered as SPA',
      () =>
        rig.emulator.setFault({
          kind: 'oauth_error',
          on: 'token',
          error: 'invalid_request',
          code: 9002325,
        }),
      9002325,
      /Single-page application/,
    ],
    [
      'a person who is not assigned',
      () =>
        rig.emulator.setFault({
          kind: 'oauth_error',
          on: 'authorize',
          error: 'access_denied',
          code: 50105,
        }),
      50105,
      /assign the person/,
    ],
  ] as const) {
    it(`explains ${name} on its page, with Microsoft's number`, async () => {
      prepare()
      const { response, text } = await test(rig, browser, people.alice)
      assert.equal(response.status, 200)
      assert.match(text, /The test did not succeed/)
      assert.ok(text.includes(`AADSTS${number}`), text)
      assert.match(text, words)
      assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
    })
  }

  it('names the customer, whose secret is wrong, as who can fix it (P5)', async () => {
    rig.emulator.setSecret(registered.clientId, 'another~secret.value')
    const { text } = await test(rig, browser, people.alice)
    assert.match(text, /<dt>Who can fix it<\/dt><dd>you: on the set-up page or in Entra<\/dd>/)
    assert.doesNotMatch(text, /the operator of this server/)
  })

  it('that failed can be run again, and then succeeds', async () => {
    rig.emulator.setSecret(registered.clientId, 'the~new.secret-value')
    assert.match((await test(rig, browser, people.alice)).text, /7000215/)
    await submit(browser, { do: 'secret', client_secret: 'the~new.secret-value' })
    assert.match((await test(rig, browser, people.alice)).text, /The connection works/)
  })

  it('is shown to nobody but the browser that began it, and for an hour (design rule 19)', async (t) => {
    const { url } = await test(rig, browser, people.alice)
    const other = await invite(rig, { name: 'Other' })
    const stranger = rig.browser()
    await openLink(stranger, other.link)
    assert.equal((await stranger.visit(url)).response.status, 404)
    assert.equal((await rig.browser().visit(url)).response.status, 401)
    const later = rig.browser()
    await openLink(later, invited.link)
    assert.equal((await later.visit(url)).response.status, 404)
    assert.doesNotMatch((await later.visit(`${SERVER_URL}/setup`)).text, /Result of the last test/)

    const own = await createRig()
    t.after(() => own.close())
    const again = await invite(own)
    const ownBrowser = own.browser()
    await openLink(ownBrowser, again.link)
    await fillIn(ownBrowser, register(own, again.connection))
    const tested = await test(own, ownBrowser, people.alice)
    own.clock.advanceSeconds(3599)
    assert.equal((await ownBrowser.visit(tested.url)).response.status, 200)
    own.clock.advanceSeconds(1)
    assert.equal((await ownBrowser.visit(tested.url)).response.status, 404)
  })

  it('is kept sealed: no claim can be read in the database (I03)', async () => {
    const { url } = await test(rig, browser, people.alice)
    const id = url.pathname.split('/').at(-1) as `tst_${string}`
    const stored = await rig.services.storage.findTestResult(id, rig.services.now())
    assert.ok(stored)
    assert.doesNotMatch(JSON.stringify(stored), /alice|Alice|contoso\.example/)
  })

  it('that comes back to a browser which was superseded is refused before any call', async () => {
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { form_token } = {
      form_token: formTokenOf((await browser.visit(`${SERVER_URL}/setup`)).text),
    }
    const start = await browser.request(`${SERVER_URL}/setup`, form({ form_token, do: 'test' }))
    const authorized = await browser.request(start.headers.get('location') ?? '')
    const tokenRequests = requestsAt(rig, 'token')
    await openLink(rig.browser(), invited.link)
    const { response, text } = await browser.visit(authorized.headers.get('location') ?? '')
    assert.equal(response.status, 409)
    assert.match(text, /setup_superseded/)
    assert.equal(requestsAt(rig, 'token'), tokenRequests)
  })

  it('counts once, and opens no session when its code is delivered as that of a sign-in', async () => {
    rig.emulator.signInAutomaticallyAs(people.alice)
    const form_token = formTokenOf((await browser.visit(`${SERVER_URL}/setup`)).text)
    const start = await browser.request(`${SERVER_URL}/setup`, form({ form_token, do: 'test' }))
    const authorized = await browser.request(start.headers.get('location') ?? '')
    const callback = authorized.headers.get('location') ?? ''
    const copy = browser.clone()
    assert.match((await browser.visit(callback)).text, /The connection works/)
    const again = await copy.visit(callback)
    assert.equal(again.response.status, 400)
    assert.match(again.text, /attempt_already_used/)
  })

  it('vouches only for the connection as it was: one changed meanwhile stays untested', async () => {
    rig.emulator.signInAutomaticallyAs(people.alice)
    const form_token = formTokenOf((await browser.visit(`${SERVER_URL}/setup`)).text)
    const start = await browser.request(`${SERVER_URL}/setup`, form({ form_token, do: 'test' }))
    const authorized = await browser.request(start.headers.get('location') ?? '')
    await submit(browser, {
      do: 'application',
      client_id: registered.clientId,
      directory: FABRIKAM,
      cloud: ENTRA_URL,
    })
    await browser.visit(authorized.headers.get('location') ?? '')
    assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
  })

  it('cannot be begun before there is enough to try it with', async () => {
    const bare = await invite(rig, { name: 'Bare' })
    const one = rig.browser()
    await openLink(one, bare.link)
    const { response, text } = await submit(one, { do: 'test' })
    assert.equal(response.status, 409)
    assert.match(text, /connection_incomplete/)
  })
})

describe('an operator’s test', () => {
  async function operatorBrowser(): Promise<{ one: TestBrowser; form_token: string }> {
    const one = rig.browser()
    const { text } = await one.visit(
      `${SERVER_URL}/login/token`,
      form({ operator_token: OPERATOR_TOKEN }),
    )
    return { one, form_token: formTokenOf(text) }
  }

  it('runs from their own session, tells what it found, and lets the connection be turned on', async () => {
    const { one, form_token } = await operatorBrowser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const address = `${SERVER_URL}/admin/connections/${invited.connection.id}/test`
    const { text, url } = await one.visit(address, form({ form_token }))
    assert.match(text, /The connection works/)
    assert.match(url.pathname, /^\/admin\/tests\/tst_/)
    assert.equal((await rig.browser().visit(url)).response.status, 401)
    assert.equal((await browser.visit(url)).response.status, 401)
    const kept = await rig.services.storage.findConnection(invited.connection.id)
    assert.ok(kept?.settings.tested)
    assert.equal(
      (await one.visit(`${SERVER_URL}/admin`)).response.status,
      200,
      'still the operator',
    )
  })

  it('of the environment’s connection changes nothing', async () => {
    const { one, form_token } = await operatorBrowser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const before = await rig.services.storage.findConnection('default')
    const { text } = await one.visit(
      `${SERVER_URL}/admin/connections/default/test`,
      form({ form_token }),
    )
    assert.match(text, /The connection works/)
    assert.deepEqual(await rig.services.storage.findConnection('default'), before)
  })

  it('resolves a domain first: a connection made through the API with a domain can be tested', async () => {
    await change((before) => ({
      ...before,
      tenants: { kind: 'pinned', tenant: 'contoso.example' },
    }))
    const { one, form_token } = await operatorBrowser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const address = `${SERVER_URL}/admin/connections/${invited.connection.id}/test`
    const { text } = await one.visit(address, form({ form_token }))
    assert.match(text, /The connection works/)
    const kept = await rig.services.storage.findConnection(invited.connection.id)
    assert.ok(kept?.settings.tested)
  })

  it('needs an operator, their form and a connection', async () => {
    const { one, form_token } = await operatorBrowser()
    const address = (id: string) => `${SERVER_URL}/admin/connections/${id}/test`
    const { id } = invited.connection
    assert.equal((await browser.visit(address(id), form({ form_token }))).response.status, 401)
    assert.equal((await one.visit(address(id), form({ form_token: 'x' }))).response.status, 403)
    assert.equal((await one.visit(address('absent'), form({ form_token }))).response.status, 404)
    const customer = await createCustomer(rig, { name: 'Signed in' })
    const person = await customer.signIn(people.alice)
    assert.equal(
      (await person.browser.visit(address(id), form({ form_token }))).response.status,
      403,
    )
  })
})
