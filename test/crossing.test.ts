/** A code never crosses connections, and what ends in one ends nothing in another. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { createConnection } from '../src/connections/change-connection.ts'
import { addClientSecret } from '../src/connections/credentials.ts'
import { createEmulator } from '../src/emulator/emulator.ts'
import { Secret } from '../src/keys/secret.ts'
import { createOrganization } from '../src/organizations/organizations.ts'
import type { Connection } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import {
  type Customer,
  createCustomer,
  loginAddress,
  operator,
  redirectUriOf,
  turnOnUntested,
} from './support/customers.ts'
import { sessionJson } from './support/people.ts'
import {
  type AtCallback,
  assertRefused,
  assertRefusedForGood,
  hasSessionCookie,
  locationOf,
} from './support/refusals.ts'
import {
  CONTOSO,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import { liveSessions, openRig, signOut } from './support/steps.ts'

const mismatch = { code: 'sign_in_attempt_mismatch', status: 400 }

/** Goes to Entra from a customer's address, and stops with the callback in hand. */
async function goFrom(
  rig: Rig,
  connection: Connection,
  {
    person = people.alice,
    browser = rig.browser(),
  }: { person?: string; browser?: TestBrowser } = {},
): Promise<AtCallback> {
  rig.emulator.signInAutomaticallyAs(person)
  const start = await browser.request(loginAddress(connection))
  const answer = await browser.request(locationOf(start))
  return { browser, callback: locationOf(answer) }
}

/** Code and state of one answer, at the address of another connection. */
function moved(callback: URL, to: string): URL {
  const target = new URL(to)
  for (const name of ['code', 'state']) {
    target.searchParams.set(name, callback.searchParams.get(name) ?? '')
  }
  return target
}

/** Two customers that share one directory: only the attempt distinguishes their sign-ins. */
async function openTwoOfOneTenant(t: TestContext) {
  const rig = await openRig(t)
  const first = await createCustomer(rig, { name: 'One', id: 'deployment-One' })
  const two = await createCustomer(rig, { name: 'Two', id: 'deployment-one' })
  return { rig, one: first, two }
}

describe('two connections of one directory', () => {
  it('do not take each other’s answers, though their ids differ by letter case alone (A41)', async (t) => {
    const { rig, one, two } = await openTwoOfOneTenant(t)
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const { browser, callback } = await goFrom(rig, from.connection)
      const elsewhere = moved(callback, redirectUriOf(to.connection))
      await assertRefused(rig, { browser: browser.clone(), callback: elsewhere }, mismatch)
      assert.equal(requestsAt(rig, 'token'), 0)
    }
  })

  const spellings = [
    'connection=DEPLOYMENT-ONE',
    'connection=deployment-One%20',
    'connection=%20deployment-One',
    'connection=deployment-One%00',
    'Connection=deployment-One',
    'connection[]=deployment-One',
    'connection=deployment-One,deployment-one',
    '',
  ]
  for (const query of spellings) {
    it(`refuse another spelling of their own address: ${query || 'without the parameter'}`, async (t) => {
      const { rig, one } = await openTwoOfOneTenant(t)
      const { browser, callback } = await goFrom(rig, one.connection)
      const other = moved(callback, `${SERVER_URL}/login/callback?${query}`)
      await assertRefused(rig, { browser: browser.clone(), callback: other }, mismatch)
      assert.equal(requestsAt(rig, 'token'), 0)
      assert.equal((await browser.visit(callback)).response.status, 200, 'its own still counts')
    })
  }

  it('refuse an answer that names both', async (t) => {
    const { rig, one } = await openTwoOfOneTenant(t)
    const { browser, callback } = await goFrom(rig, one.connection)
    const both = new URL(`${callback.href}&connection=deployment-one`)
    const { response } = await browser.visit(both)
    assert.equal(response.status, 400)
    assert.equal(requestsAt(rig, 'token'), 0)
  })

  it('do not take a code with the other’s state, nor its state with the other’s code', async (t) => {
    const { rig, one, two } = await openTwoOfOneTenant(t)
    const browser = rig.browser()
    const first = await goFrom(rig, one.connection, { browser })
    const second = await goFrom(rig, two.connection, { browser })
    const mixed = new URL(first.callback)
    mixed.searchParams.set('code', second.callback.searchParams.get('code') ?? '')
    // At its own address with its own state the code goes to its own directory, which knows whose it is.
    await assertRefused(
      rig,
      { browser: browser.clone(), callback: mixed },
      { code: 'code_refused', status: 400 },
    )
    const sent = rig.emulator.requests.filter(({ endpoint }) => endpoint === 'token')
    assert.deepEqual(
      sent.map(({ params }) => params.client_id),
      [one.connection.clientId],
    )
    const state = new URL(second.callback)
    state.searchParams.set('state', first.callback.searchParams.get('state') ?? '')
    await assertRefused(rig, { browser, callback: state }, mismatch)
  })
})

describe('an answer that says who it is from (A40)', () => {
  const issuer = (tenantId: string, authority = ENTRA_URL) => `${authority}/${tenantId}/v2.0`
  const foreign = [
    issuer(FABRIKAM),
    issuer(CONTOSO, 'https://evil.example'),
    `${ENTRA_URL}/organizations/v2.0`,
    `${issuer(CONTOSO)}/`,
    '',
  ]
  for (const iss of foreign) {
    it(`is refused before the code is sent anywhere: ${iss || 'nobody'}`, async (t) => {
      const rig = await openRig(t)
      const { connection } = await createCustomer(rig)
      const { browser, callback } = await goFrom(rig, connection)
      callback.searchParams.set('iss', iss)
      await assertRefused(rig, { browser, callback }, mismatch)
      assert.equal(requestsAt(rig, 'token'), 0)
    })
  }

  it('is taken when that is the connection’s own, and refused when it is said twice', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { browser, callback } = await goFrom(rig, connection)
    callback.searchParams.append('iss', issuer(CONTOSO))
    const twice = new URL(`${callback.href}&iss=${encodeURIComponent(issuer(CONTOSO))}`)
    assert.equal((await browser.clone().visit(twice)).response.status, 400)
    assert.equal((await browser.visit(callback)).response.status, 200)
  })
})

describe('a connection whose authority means harm (A41)', () => {
  const EVIL_URL = 'http://evil.localhost:5000'

  async function openWithEvil(t: TestContext) {
    const holder: { rig?: Rig } = {}
    const evil = createEmulator({
      origin: EVIL_URL,
      now: () => holder.rig?.clock.now() ?? new Date(),
    })
    t.after(() => evil.close())
    const rig = await openRig(t, {
      fetch: (url, init) => {
        const request = new Request(url, init)
        const emulator = new URL(request.url).origin === EVIL_URL ? evil : holder.rig?.emulator
        assert(emulator !== undefined)
        return emulator.fetch(request)
      },
    })
    holder.rig = rig
    const honest = await createCustomer(rig, { name: 'Honest' })
    const organization = await createOrganization(rig.services, operator, { name: 'Evil' })
    const { id } = await createConnection(rig.services, operator, {
      organizationId: organization.id,
      authority: new URL(EVIL_URL),
      // It claims to be the honest one, in every member that can be forged.
      clientId: honest.connection.clientId,
      tenants: { kind: 'pinned', tenant: CONTOSO, tenantId: CONTOSO },
      policies: { unmatched: { kind: 'default_role', role: 'member' } },
    })
    const secret = { value: new Secret('development~only.evil') }
    await addClientSecret(rig.services, operator, { connectionId: id, secret })
    const connection = await turnOnUntested(rig, id)
    evil.addApplication({
      clientId: connection.clientId,
      displayName: 'Evil',
      homeTenantId: CONTOSO,
      audience: 'single_tenant',
      secrets: [{ value: 'development~only.evil' }],
      redirectUris: [redirectUriOf(connection)],
    })
    return { rig, evil, honest, connection }
  }

  it('never gets a code of another connection', async (t) => {
    const { rig, evil, honest, connection } = await openWithEvil(t)
    const browser = rig.browser()
    const atEvil = await browser.request(loginAddress(connection))
    const evilState = locationOf(atEvil).searchParams.get('state') ?? ''
    const { callback } = await goFrom(rig, honest.connection, { browser })

    // The evil one sends the browser on to Entra with its own state; Entra answers to the honest redirect URI.
    const withEvilState = new URL(callback)
    withEvilState.searchParams.set('state', evilState)
    await assertRefused(rig, { browser: browser.clone(), callback: withEvilState }, mismatch)
    // The honest answer, at the evil one's redirect URI.
    const atEvilAddress = moved(callback, redirectUriOf(connection))
    await assertRefused(rig, { browser: browser.clone(), callback: atEvilAddress }, mismatch)
    assert.equal(evil.requests.filter(({ endpoint }) => endpoint === 'token').length, 0)
    assert.equal((await browser.visit(callback)).response.status, 200)
  })

  it('says that somebody is another connection’s person, and makes them somebody of its own', async (t) => {
    const { rig, evil, honest, connection } = await openWithEvil(t)
    const victim = await sessionJson((await honest.signIn(people.alice)).browser)

    evil.signInAutomaticallyAs(people.alice)
    const browser = rig.browser()
    const atEvil = locationOf(await browser.request(loginAddress(connection)))
    const callback = locationOf(await evil.fetch(new Request(atEvil)))
    assert.equal((await browser.visit(callback)).response.status, 200)
    const attacker = await sessionJson(browser)
    assert.notEqual(attacker.user.id, victim.user.id)
    const { items } = await rig.services.storage.listUsers({ limit: 10 })
    const [first, second] = items.map(({ identities: [identity] }) => identity)
    const { space, ...ids } = first?.key ?? { space: undefined }
    assert.deepEqual(second?.key, { ...ids, space: second?.key.space }, 'the same ids')
    assert.notEqual(space, second?.key.space)
  })
})

describe('a token of another directory in the answer to a connection', () => {
  it('is refused: the key speaks for any tenant, the connection for its own (A20)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const iss = `${ENTRA_URL}/${FABRIKAM}/v2.0`
    rig.emulator.setFault({ kind: 'id_token', setClaims: { iss, tid: FABRIKAM } })
    const refused = { code: 'id_token_claim_invalid', status: 401 }
    await assertRefusedForGood(rig, await goFrom(rig, connection), refused)
  })

  it('made for another connection’s application is refused (A23)', async (t) => {
    const { rig, one, two } = await openTwoOfOneTenant(t)
    rig.emulator.setFault({ kind: 'id_token', setClaims: { aud: two.connection.clientId } })
    const refused = { code: 'id_token_claim_invalid', status: 401 }
    await assertRefusedForGood(rig, await goFrom(rig, one.connection), refused)
  })
})

describe('customers of the shared application', () => {
  const clientId = randomUUID()
  const secret = 'development~only.shared'

  async function openShared(t: TestContext) {
    const sharedApplication = { clientId, clientSecret: new Secret(secret) }
    const rig = await openRig(t, { sharedApplication })
    rig.emulator.addApplication({
      clientId,
      displayName: 'Entrada',
      homeTenantId: CONTOSO,
      audience: 'multi_tenant',
      secrets: [{ value: secret }],
      redirectUris: [`${SERVER_URL}/login/callback`],
      optionalClaims: ['email', 'acct'],
    })
    rig.emulator.grantAdminConsent(clientId, CONTOSO)
    rig.emulator.grantAdminConsent(clientId, FABRIKAM)
    const customers = [
      ['Contoso', CONTOSO],
      ['Fabrikam', FABRIKAM],
    ] as const
    const made: Connection[] = []
    for (const [name, tenantId] of customers) {
      const organization = await createOrganization(rig.services, operator, { name })
      const { id } = await createConnection(rig.services, operator, {
        organizationId: organization.id,
        authority: new URL(ENTRA_URL),
        application: 'shared',
        clientId,
        tenants: { kind: 'pinned', tenant: tenantId, tenantId },
        policies: { unmatched: { kind: 'default_role', role: 'member' } },
      })
      made.push(await turnOnUntested(rig, id))
    }
    const [contoso, fabrikam] = made
    assert(contoso !== undefined && fabrikam !== undefined)
    return { rig, contoso, fabrikam }
  }

  it('share one redirect URI, and each attempt still belongs to one of them', async (t) => {
    const { rig, contoso, fabrikam } = await openShared(t)
    const browser = rig.browser()
    const first = await goFrom(rig, contoso, { browser })
    const second = await goFrom(rig, fabrikam, { browser, person: people.frank })
    assert.equal(first.callback.pathname, second.callback.pathname)
    const mixed = new URL(first.callback)
    mixed.searchParams.set('code', second.callback.searchParams.get('code') ?? '')
    const { response } = await browser.clone().visit(mixed)
    assert.ok([400, 502].includes(response.status), String(response.status))
    assert.deepEqual(await liveSessions(rig), [])

    const third = await goFrom(rig, contoso)
    assert.equal((await third.browser.visit(third.callback)).response.status, 200)
    assert.equal((await browser.visit(second.callback)).response.status, 200)
    const names = (await liveSessions(rig)).map(({ connectionId }) => connectionId)
    assert.deepEqual(names.sort(), [contoso.id, fabrikam.id].sort())
  })

  it('do not take an answer that names a connection', async (t) => {
    const { rig, contoso } = await openShared(t)
    const { browser, callback } = await goFrom(rig, contoso)
    const named = new URL(`${callback.href}&connection=${contoso.id}`)
    await assertRefused(rig, { browser, callback: named }, mismatch)
  })
})

describe('an answer that nobody asked for (design rule 8)', () => {
  it('is refused before any call, at every redirect URI, whatever it carries', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const before = rig.emulator.requests.length
    const addresses = [
      redirectUriOf(connection),
      `${SERVER_URL}/login/callback?x=1`,
      `${SERVER_URL}/auth/entra/callback?x=1`,
    ]
    for (const address of addresses) {
      for (const state of ['', 'x', `${'0'.repeat(32)}.s`, `out.${'x'.repeat(50)}`]) {
        const browser = rig.browser()
        const { response } = await browser.visit(`${address}&code=stolen&state=${state}`)
        assert.equal(response.status, 400, `${address} ${state}`)
        assert.equal(hasSessionCookie(browser), false)
      }
    }
    assert.equal(rig.emulator.requests.length, before)
  })

  it('of another browser is refused, and still counts in its own (C01)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { browser, callback } = await goFrom(rig, connection)
    const victim = rig.browser()
    assert.equal((await victim.visit(callback)).response.status, 400)
    assert.equal(hasSessionCookie(victim), false)
    assert.equal(requestsAt(rig, 'token'), 0)
    assert.equal((await browser.visit(callback)).response.status, 200)
  })
})

describe('the end of sessions', () => {
  const withSid = (rig: Rig) =>
    rig.emulator.setFault({ kind: 'id_token', setClaims: { sid: 'one-sid' } })

  async function signInBoth(rig: Rig, customers: readonly Customer[]): Promise<void> {
    for (const customer of customers) {
      withSid(rig)
      assert.equal((await customer.signIn(people.alice)).response.status, 200)
    }
  }
  const connectionsOf = async (rig: Rig) =>
    (await liveSessions(rig)).map(({ connectionId }) => connectionId).sort()

  it('by Entra is each connection’s own, also for the same sid of the same directory', async (t) => {
    const { rig, one, two } = await openTwoOfOneTenant(t)
    await signInBoth(rig, [one, two])
    const frame = (place: string) =>
      rig.browser().visit(`${SERVER_URL}/auth/${place}/frontchannel-logout?sid=one-sid`)
    for (const stranger of ['entra', 'DEPLOYMENT-ONE', 'absent']) await frame(stranger)
    assert.equal((await connectionsOf(rig)).length, 2)
    assert.equal((await frame(one.connection.id)).response.status, 200)
    assert.deepEqual(await connectionsOf(rig), [two.connection.id])
  })

  it('at Microsoft comes back to the connection’s own redirect URI, and does nothing there', async (t) => {
    const { rig, one, two } = await openTwoOfOneTenant(t)
    const { browser } = await one.signIn(people.alice)
    const other = await two.signIn(people.alice)
    const left = await signOut(browser, SERVER_URL, 'microsoft')
    const atEntra = locationOf(left)
    assert.equal(
      atEntra.searchParams.get('post_logout_redirect_uri'),
      redirectUriOf(one.connection),
    )
    const state = atEntra.searchParams.get('state') ?? ''
    for (const { connection } of [one, two]) {
      const returned = `${redirectUriOf(connection)}&state=${encodeURIComponent(state)}`
      const { response, text } = await other.browser.visit(returned)
      assert.equal(response.status, 200)
      assert.match(text, /You are signed in/) // through the other connection, still
    }
    assert.deepEqual(await connectionsOf(rig), [two.connection.id])
    const withCode = `${redirectUriOf(one.connection)}&code=c&state=${encodeURIComponent(state)}`
    assert.equal((await other.browser.visit(withCode)).response.status, 400)
  })
})
