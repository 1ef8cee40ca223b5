/** Change without an outage: a new credential in addition to the old one, another address in addition to the registered one, and scopes. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { changeConnection } from '../src/connections/change-connection.ts'
import { createEntrada } from '../src/entrada.ts'
import { createSetupLink } from '../src/setup/setup-link.ts'
import type { Connection } from '../src/storage/records.ts'
import { type Customer, createCustomer, operator } from './support/customers.ts'
import { browserAcross } from './support/replicas.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { openLink, submit, test } from './support/setup.ts'
import { auditEvents, openRig } from './support/steps.ts'

const NEW_SECRET = 'development~only.the-new-one'
const OTHER_URL = 'http://other.localhost:3000'

async function openCustomer(t: TestContext, own: Parameters<typeof openRig>[1] = {}) {
  const rig = await openRig(t, own)
  const customer = await createCustomer(rig)
  return { rig, customer }
}

async function openRenewal(rig: Rig, { connection }: Customer) {
  const { address } = await createSetupLink(rig.services, operator, connection.id)
  const browser = rig.browser()
  const page = await openLink(browser, address)
  assert.match(page.text, /Renew the credential of Contoso/)
  return browser
}

/** Replaces the secret through a link, and revokes the old one at Entra in the middle. */
async function swapSecret(rig: Rig, customer: Customer): Promise<void> {
  const { clientId } = customer.connection
  const browser = await openRenewal(rig, customer)
  rig.emulator.addSecret(clientId, NEW_SECRET)
  await submit(browser, { do: 'secret', client_secret: NEW_SECRET })
  await test(rig, browser, people.alice)
  const [old, pending] = await credentialsOf(rig, customer)
  await submit(browser, { do: 'use', credential: pending?.id ?? '' })
  rig.emulator.setSecret(clientId, NEW_SECRET)
  await submit(browser, { do: 'remove', credential: old?.id ?? '' })
}

async function credentialsOf(rig: Rig, { connection }: Customer) {
  const now = await rig.services.storage.findConnection(connection.id)
  return now?.credentials ?? []
}

function hidden(text: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? ''
}

describe('a credential', () => {
  it('is renewed years later: added beside the old one, tested alone, used beside it, then the old one goes', async (t) => {
    const { rig, customer } = await openCustomer(t)
    rig.clock.advanceSeconds(2 * 365 * 86_400)
    const browser = await openRenewal(rig, customer)
    rig.emulator.addSecret(customer.connection.clientId, NEW_SECRET)
    await submit(browser, { do: 'secret', client_secret: NEW_SECRET, expires_at: '2030-01-31' })
    assert.deepEqual(
      (await credentialsOf(rig, customer)).map(({ state }) => state),
      ['active', 'pending'],
    )
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)

    assert.match((await test(rig, browser, people.alice)).text, /The new credential works/)
    const page = await browser.visit(`${SERVER_URL}/setup`)
    const pending = (await credentialsOf(rig, customer))[1]
    assert.ok(page.text.includes(pending?.id ?? '-'))
    const used = await submit(browser, { do: 'use', credential: pending?.id ?? '' })
    assert.deepEqual(
      (await credentialsOf(rig, customer)).map(({ state }) => state),
      ['active', 'active'],
    )
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)

    const [old] = await credentialsOf(rig, customer)
    assert.ok(used.text.includes(old?.id ?? '-'))
    await submit(browser, { do: 'remove', credential: old?.id ?? '' })
    assert.deepEqual(
      (await credentialsOf(rig, customer)).map(({ id }) => id),
      [pending?.id],
    )
    rig.emulator.setSecret(customer.connection.clientId, NEW_SECRET)
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)
    assert.match((await submit(browser, { do: 'finish' })).text, /This link has ended/)
  })

  it('that does not work is never used', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const browser = await openRenewal(rig, customer)
    await submit(browser, { do: 'secret', client_secret: 'not~a-secret-of.theirs' })
    assert.match((await test(rig, browser, people.alice)).text, /AADSTS7000215/)
    const { text } = await browser.visit(`${SERVER_URL}/setup`)
    assert.equal(hidden(text, 'credential'), '')
    const pending = (await credentialsOf(rig, customer))[1]
    const refused = await submit(browser, { do: 'use', credential: pending?.id ?? '' })
    assert.match(refused.text, /credential_not_tested/)
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)
  })

  it('may be a certificate in place of a secret', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const browser = await openRenewal(rig, customer)
    await submit(browser, { do: 'certificate' })
    const pem = await browser.request(`${SERVER_URL}/setup/certificate/entrada.pem`)
    rig.emulator.addCertificate(customer.connection.clientId, await pem.text())
    assert.match((await test(rig, browser, people.alice)).text, /The new credential works/)
    const pending = (await credentialsOf(rig, customer))[1]
    await submit(browser, { do: 'use', credential: pending?.id ?? '' })
    rig.emulator.setApplication(customer.connection.clientId, { secrets: [] })
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)
  })

  it('may be trust in the token of this deployment', async (t) => {
    const claims = { subject: 'system:serviceaccount:entrada:entrada' }
    let federatedToken = ''
    const { rig, customer } = await openCustomer(t, { readFederatedToken: () => federatedToken })
    federatedToken = await rig.emulator.issueFederatedToken(claims)
    const browser = await openRenewal(rig, customer)
    const { text } = await browser.visit(`${SERVER_URL}/setup`)
    const issuer = /id="issuer" value="([^"]+)"/.exec(text)?.[1] ?? ''
    assert.ok(text.includes(claims.subject))
    rig.emulator.addFederatedCredential(customer.connection.clientId, { issuer, ...claims })
    await submit(browser, { do: 'federated' })
    assert.match((await test(rig, browser, people.alice)).text, /The new credential works/)
    assert.ok(!text.includes(federatedToken))
  })

  it('is all that such a link changes', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const browser = await openRenewal(rig, customer)
    for (const action of ['application', 'shared', 'own', 'consent', 'turn_on']) {
      assert.equal((await submit(browser, { do: action })).response.status, 400, action)
    }
    const [only] = await credentialsOf(rig, customer)
    const { text } = await submit(browser, { do: 'remove', credential: only?.id ?? '' })
    assert.match(text, /credential_in_use/)
    const events = await auditEvents(rig, { type: 'setup_link.created' })
    assert.equal(events[0]?.detail.kind, 'renewal')
    assert.doesNotMatch(JSON.stringify(await auditEvents(rig)), /development~only/)
  })

  it('is swapped after a sign-in has read the old one, and the person is not refused (I01)', async (t) => {
    const { rig, customer } = await openCustomer(t)
    const { storage } = rig.services
    let swaps = 0
    const claimAttemptOf: typeof storage.claimAttemptOf = async (...claim) => {
      const connection = await storage.claimAttemptOf(...claim)
      swaps += 1
      if (swaps === 1) await swapSecret(rig, customer)
      return connection
    }
    const services = { ...rig.services, storage: { ...storage, claimAttemptOf } }
    const browser = browserAcross(rig, [createEntrada(rig.options, services)])
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { slug } = customer.connection
    const { text } = await browser.visit(`${SERVER_URL}/enterprise-login/${slug}`)
    assert.match(text, /Hello, Alice/)
    assert.equal(swaps, 1)
  })

  it('is swapped while fifty people sign in, and nobody is refused (I01)', async (t) => {
    const { rig, customer } = await openCustomer(t)
    rig.emulator.signInAutomaticallyAs(people.alice)
    const address = `${SERVER_URL}/enterprise-login/${customer.connection.slug}`
    const outcomes: string[] = []
    const signIns = Array.from({ length: 50 }, async (_, n) => {
      for (let turn = 0; turn < n % 7; turn += 1) await new Promise((next) => setImmediate(next))
      const { text } = await rig.browser().visit(address)
      outcomes.push(/Hello, Alice/.test(text) ? 'in' : text.slice(0, 2000))
    })
    await swapSecret(rig, customer)
    await Promise.all(signIns)
    assert.deepEqual(new Set(outcomes), new Set(['in']))
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)
  })
})

describe('the registered address', () => {
  const urls = { extraUrls: [new URL(OTHER_URL)] }
  const moveTo = (rig: Rig, { connection }: Customer, redirectOrigin: string) =>
    changeConnection(rig.services, operator, {
      id: connection.id,
      change: (before: Connection) => ({
        ...before,
        settings: { ...before.settings, redirectOrigin },
      }),
    })

  it('moves to another one and back, both registered meanwhile, and nobody is refused', async (t) => {
    const { rig, customer } = await openCustomer(t, urls)
    const { id, clientId, slug } = customer.connection
    rig.emulator.addRedirectUri(clientId, `${OTHER_URL}/login/callback?connection=${id}`)
    rig.emulator.signInAutomaticallyAs(people.alice)

    // Under way while the operator flips the switch: it comes back to where it started.
    const early = rig.browser()
    const started = await early.request(`${SERVER_URL}/enterprise-login/${slug}`)
    await moveTo(rig, customer, OTHER_URL)
    assert.match((await early.visit(started.headers.get('location') ?? '')).text, /Hello, Alice/)

    for (const origin of [SERVER_URL, OTHER_URL]) {
      const { text, url } = await rig.browser().visit(`${origin}/enterprise-login/${slug}`)
      assert.match(text, /Hello, Alice/)
      assert.equal(url.origin, OTHER_URL)
    }
    await moveTo(rig, customer, SERVER_URL)
    const back = await rig.browser().visit(`${OTHER_URL}/enterprise-login/${slug}`)
    assert.match(back.text, /Hello, Alice/)
    assert.equal(back.url.origin, SERVER_URL)
    const after = await rig.services.storage.findConnection(id)
    assert.deepEqual([after?.id, after?.slug, after?.status], [id, slug, 'on'])
  })

  it('is the one that a set-up link begins with, and that its page shows', async (t) => {
    const { rig, customer } = await openCustomer(t, urls)
    await moveTo(rig, customer, OTHER_URL)
    const { address } = await createSetupLink(rig.services, operator, customer.connection.id)
    assert.ok(address.startsWith(`${OTHER_URL}/setup/link/`))
    const elsewhere = await rig.browser().visit(address.replace(OTHER_URL, SERVER_URL))
    assert.equal(elsewhere.url.origin, OTHER_URL)
  })
})

describe('scopes', () => {
  it('change in place: groups through Graph from now on, the same id, address and people', async (t) => {
    const { rig, customer } = await openCustomer(t)
    await customer.signIn(people.alice)
    const scopeOf = async () => {
      const { slug } = customer.connection
      const start = await rig.browser().request(`${SERVER_URL}/enterprise-login/${slug}`)
      return new URL(start.headers.get('location') ?? '').searchParams.get('scope') ?? ''
    }
    const set = (groups: Connection['settings']['groups'], overage: 'graph' | 'refuse') =>
      changeConnection(rig.services, operator, {
        id: customer.connection.id,
        change: ({ settings: { groups: _before, ...settings }, policies, ...before }) => ({
          ...before,
          policies: { ...policies, groupsOverage: overage },
          settings: { ...settings, ...(groups ? { groups } : {}) },
        }),
      })
    await set(undefined, 'refuse')
    assert.doesNotMatch(await scopeOf(), /User\.Read/)
    await set({ from: 'graph', nested: true, names: false }, 'graph')
    assert.match(await scopeOf(), /User\.Read/)
    assert.match((await customer.signIn(people.alice)).text, /Hello, Alice/)
    const { items } = await rig.services.storage.listUsers({
      limit: 10,
      organizationId: customer.organization.id,
    })
    assert.equal(items.length, 1)
    const after = await rig.services.storage.findConnection(customer.connection.id)
    assert.equal(after?.status, 'on')
  })
})
