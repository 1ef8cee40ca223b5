/** Customers of one multi-tenant application: admin consent names a directory, and a test from there proves it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { changeConnection } from '../src/connections/change-connection.ts'
import { Secret } from '../src/keys/secret.ts'
import type { TestBrowser } from './support/browser.ts'
import { NORTHWIND, operator } from './support/customers.ts'
import {
  CONTOSO,
  createRig,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import {
  form,
  type Invited,
  invite,
  openLink,
  SHARED_CLIENT_ID,
  SHARED_SECRET,
  submit,
  test,
  tokenOf,
} from './support/setup.ts'

const NORA = 'nora@northwind.example'
const CALLBACK = `${SERVER_URL}/login/callback`

let rig: Rig
let invited: Invited
let browser: TestBrowser

before(async () => {
  rig = await createRig({
    sharedApplication: {
      clientId: SHARED_CLIENT_ID,
      clientSecret: new Secret(SHARED_SECRET),
      authority: new URL(ENTRA_URL),
    },
  })
  rig.emulator.addRedirectUri(SHARED_CLIENT_ID, CALLBACK)
})
after(() => rig.close())
beforeEach(async () => {
  rig.emulator.signInAutomaticallyAs(undefined)
  invited = await invite(rig, { name: 'Northwind' })
  browser = rig.browser()
  await openLink(browser, invited.link)
  await submit(browser, { do: 'shared' })
})

async function consent(as: string) {
  rig.emulator.signInAutomaticallyAs(as)
  return submit(browser, { do: 'consent' })
}

/** Goes to Entra and comes no further: the state of an attempt of this browser. */
async function startConsent(): Promise<string> {
  const init = form({ ...(await tokenOf(browser)), do: 'consent' })
  const { headers } = await browser.request(`${SERVER_URL}/setup`, init)
  return new URL(headers.get('location') ?? '').searchParams.get('state') ?? ''
}

function connectionNow() {
  return rig.services.storage.findConnection(invited.connection.id)
}

describe('admin consent', () => {
  it('leads from nothing to a first sign-in, without anything to register or copy', async () => {
    const response = await browser.request(
      `${SERVER_URL}/setup`,
      form({ ...(await tokenOf(browser)), do: 'consent' }),
    )
    const address = new URL(response.headers.get('location') ?? '')
    assert.equal(address.pathname, '/organizations/v2.0/adminconsent')
    assert.equal(address.searchParams.get('redirect_uri'), CALLBACK)
    assert.equal(address.searchParams.get('scope'), 'openid profile email User.Read')

    assert.match(
      (await consent(NORA)).text,
      new RegExp(`Consent came back for the directory <code>${NORTHWIND}`),
    )
    assert.equal((await connectionNow())?.tenants.kind, 'allow_list', 'nothing is believed yet')
    assert.match((await test(rig, browser, NORA)).text, /The connection works/)
    assert.match(
      (await browser.visit(`${SERVER_URL}/setup`)).text,
      new RegExp(`Connected to the directory <code>${NORTHWIND}`),
    )
    assert.match((await submit(browser, { do: 'turn_on' })).text, /The connection is on/)

    rig.emulator.signInAutomaticallyAs(NORA)
    const { text } = await rig
      .browser()
      .visit(`${SERVER_URL}/enterprise-login/${invited.connection.slug}`)
    assert.match(text, /Hello, Nora Northwind/)
  })

  it('that is refused says why, though Entra sends admin_consent=True with it', async () => {
    const state = await startConsent()
    const query = new URLSearchParams({
      state,
      admin_consent: 'True',
      tenant: NORTHWIND,
      error: 'access_denied',
      error_description: 'AADSTS65004: declined <script>',
    })
    const { text } = await browser.visit(`${CALLBACK}?${query}`)
    assert.match(text, /AADSTS65004/)
    assert.doesNotMatch(text, /<script>/)
    assert.doesNotMatch((await browser.visit(`${SERVER_URL}/setup`)).text, /Consent came back/)
  })

  it('by somebody who may not consent changes nothing', async () => {
    const { text } = await consent(people.bob)
    assert.match(text, /AADSTS90094/)
    assert.doesNotMatch((await browser.visit(`${SERVER_URL}/setup`)).text, /Consent came back/)
  })

  it('with a made-up directory is believed of nobody: a test from there is what counts', async () => {
    const state = await startConsent()
    const forged = new URLSearchParams({ state, admin_consent: 'True', tenant: FABRIKAM })
    assert.match((await browser.visit(`${CALLBACK}?${forged}`)).text, /Consent came back/)
    const tested = await test(rig, browser, NORA)
    assert.doesNotMatch(tested.text, /The connection works/)
    assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
    const now = await connectionNow()
    assert.deepEqual(now?.tenants, { kind: 'allow_list', tenantIds: [] })
  })

  it('is not proven by a guest of that directory', async () => {
    await changeConnection(rig.services, operator, {
      id: invited.connection.id,
      change: (before) => ({ ...before, policies: { ...before.policies, guests: 'allow' } }),
    })
    assert.match((await consent(people.alice)).text, new RegExp(CONTOSO))
    const { text } = await test(rig, browser, people.grace)
    assert.match(text, /The test did not succeed/)
    assert.match(text, /tested_by_guest/)
    assert.match((await submit(browser, { do: 'turn_on' })).text, /connection_not_tested/)
  })

  it('answered with a wrong state, another browser, repeated or empty parameters is refused', async () => {
    const state = await startConsent()
    const answer = (query: string) => browser.clone().visit(`${CALLBACK}?${query}`)
    const good = `admin_consent=True&tenant=${NORTHWIND}`
    for (const [query, code] of [
      [`${good}&state=${state.slice(0, -2)}xx`, 'sign_in_attempt_not_yours'],
      [`${good}&state=${state}&state=${state}`, 'authorization_response_invalid'],
      [
        `admin_consent=True&tenant=${NORTHWIND}&tenant=${FABRIKAM}&state=${state}`,
        'consent_answer_invalid',
      ],
    ] as const) {
      assert.match((await answer(query)).text, new RegExp(code), query)
    }
    assert.match(
      (await rig.browser().visit(`${CALLBACK}?${good}&state=${state}`)).text,
      /sign_in_attempt_not_yours/,
    )
  })

  for (const [name, query] of [
    ['no directory', 'admin_consent=True'],
    ['no directory’s id', 'admin_consent=True&tenant=contoso.example'],
    ['no consent', `tenant=${NORTHWIND}`],
    ['consent refused in passing', `admin_consent=False&tenant=${NORTHWIND}`],
    ['a code in its place', `code=abc&admin_consent=True&tenant=${NORTHWIND}`],
  ] as const) {
    it(`with ${name} is refused, and spent`, async () => {
      const state = await startConsent()
      const copy = browser.clone()
      const tokenRequests = requestsAt(rig, 'token')
      const { response, text } = await browser.visit(`${CALLBACK}?${query}&state=${state}`)
      assert.equal(response.status, 400)
      assert.match(text, /consent_answer_invalid/)
      const again = await copy.visit(
        `${CALLBACK}?admin_consent=True&tenant=${NORTHWIND}&state=${state}`,
      )
      assert.match(again.text, /attempt_already_used/)
      assert.equal(requestsAt(rig, 'token'), tokenRequests)
    })
  }

  it('for the directory of personal accounts is refused', async () => {
    const state = await startConsent()
    const tenant = '9188040d-6c67-4c5b-b112-36a304b66dad'
    const { text } = await browser.visit(
      `${CALLBACK}?admin_consent=True&tenant=${tenant}&state=${state}`,
    )
    assert.match(text, /directory_is_personal/)
  })

  it('delivered to the redirect URI of a connection is refused', async () => {
    const state = await startConsent()
    const { text } = await browser.visit(
      `${CALLBACK}?connection=${invited.connection.id}&admin_consent=True&tenant=${NORTHWIND}&state=${state}`,
    )
    assert.match(text, /sign_in_attempt_mismatch/)
  })

  it('found in one browser is nothing in the one that took over', async () => {
    await consent(NORA)
    const later = rig.browser()
    await openLink(later, invited.link)
    assert.doesNotMatch((await later.visit(`${SERVER_URL}/setup`)).text, /Consent came back/)
    assert.match((await submit(later, { do: 'test' })).text, /connection_incomplete/)
  })

  it('can be given up for an application of one’s own', async () => {
    await consent(NORA)
    const { text } = await submit(browser, { do: 'own' })
    assert.match(text, /Register an application in Entra/)
    assert.equal((await connectionNow())?.clientId, '')
  })
})

describe('a directory of the shared application', () => {
  it('has one connection that is on, unless an operator allows another', async () => {
    await consent(people.alice)
    await test(rig, browser, people.alice)
    assert.match((await submit(browser, { do: 'turn_on' })).text, /The connection is on/)

    const second = await invite(rig, { name: 'Contoso again' })
    browser = rig.browser()
    await openLink(browser, second.link)
    await submit(browser, { do: 'shared' })
    await consent(people.alice)
    assert.match((await test(rig, browser, people.alice)).text, /The connection works/)
    const refused = await submit(browser, { do: 'turn_on' })
    assert.equal(refused.response.status, 409)
    assert.match(refused.text, /shared_tenant_in_use/)
    assert.doesNotMatch(refused.text, new RegExp(`${invited.connection.id}`))

    await changeConnection(rig.services, operator, {
      id: second.connection.id,
      change: (before) => ({
        ...before,
        settings: { ...before.settings, tenantMayBeShared: true },
      }),
    })
    assert.match((await submit(browser, { do: 'turn_on' })).text, /The connection is on/)
  })
})
