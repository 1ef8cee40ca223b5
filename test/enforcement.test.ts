import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { changeConnection, turnOff } from '../src/connections/change-connection.ts'
import { changeOrganization } from '../src/organizations/organizations.ts'
import { findByText } from '../src/sign-in/find-connection.ts'
import type { Organization } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import { type Customer, createCustomer, operator } from './support/customers.ts'
import { sessionJson } from './support/people.ts'
import { detailsOf, goToEntra, locationOf } from './support/refusals.ts'
import { FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { asOperator, auditEvents, codeOf, liveSessions, openRig } from './support/steps.ts'

type Two = {
  readonly rig: Rig
  /** The one that will be demanded. */
  readonly entra: Customer
  readonly other: Customer
  readonly organization: Organization
  api(method: string, path: string, body?: unknown): Promise<Response>
}

/** One organization with two connections, to the directories of Contoso and of Fabrikam. */
async function openTwo(t: TestContext): Promise<Two> {
  const rig = await openRig(t)
  const entra = await createCustomer(rig, { name: 'Contoso', slug: 'contoso-sso' })
  const { organization } = entra
  const other = await createCustomer(rig, {
    organization,
    tenantId: FABRIKAM,
    slug: 'contoso-other',
  })
  return {
    rig,
    entra,
    other,
    organization,
    api: (method, path, body) =>
      rig.browser().request(`${SERVER_URL}/api/v1/organizations/${organization.id}${path}`, {
        method,
        headers: {
          ...asOperator,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

async function signInAdministrator({ rig, entra }: Two): Promise<TestBrowser> {
  const { browser } = await entra.signIn(people.alice)
  const membership = await membershipOf(browser)
  await rig.services.storage.atomically((transaction) =>
    transaction.giveRole(membership, 'organization_admin'),
  )
  return browser
}

async function membershipOf(browser: TestBrowser): Promise<`mem_${string}`> {
  const response = await browser.request(`${SERVER_URL}/api/v1/session`)
  const { membership }: { membership: { id: `mem_${string}` } } = JSON.parse(await response.text())
  return membership.id
}

const requirementOf = ({ entra }: Two) => ({ connectionId: entra.connection.id })

async function ssoRequiredIn(browser: TestBrowser): Promise<boolean> {
  const response = await browser.request(`${SERVER_URL}/api/v1/session`)
  const { organization }: { organization: { ssoRequired: boolean } } = JSON.parse(
    await response.text(),
  )
  return organization.ssoRequired
}

describe('requiring single sign-on', () => {
  it('is refused before an administrator has signed in through that very connection', async (t) => {
    const two = await openTwo(t)
    const { rig, entra, other, api } = two
    const refused = async () => {
      const response = await api('PUT', '/sso', requirementOf(two))
      assert.deepEqual([response.status, await codeOf(response)], [409, 'sso_not_proven'])
    }
    await refused()
    await entra.signIn(people.alice)
    await refused()

    const { browser } = await other.signIn(people.frank)
    const frank = await membershipOf(browser)
    await rig.services.storage.atomically((transaction) =>
      transaction.giveRole(frank, 'organization_admin'),
    )
    await refused()

    await signInAdministrator(two)
    assert.equal((await api('PUT', '/sso', requirementOf(two))).status, 200)
  })

  it('asks for another sign-in after the directory or the application was changed', async (t) => {
    const two = await openTwo(t)
    await signInAdministrator(two)
    const { rig, entra, api } = two
    const { id } = entra.connection
    await turnOff(rig.services, operator, id)
    const change = { clientId: '77777777-7777-4777-8777-777777777777' }
    await changeConnection(rig.services, operator, {
      id,
      change: (connection) => ({ ...connection, ...change }),
    })
    const off = await api('PUT', '/sso', requirementOf(two))
    assert.equal(await codeOf(off), 'sso_not_proven')
    const preview = await (await api('GET', `/sso?connection=${id}`)).json()
    assert.deepEqual(preview.missing, ['connection_off', 'administrator_sign_in'])
  })

  it('does not count a right that a rule or a default gave', async (t) => {
    const rig = await openRig(t)
    const entra = await createCustomer(rig, {
      policies: { unmatched: { kind: 'default_role', role: 'organization_admin' } },
    })
    const { browser } = await entra.signIn(people.alice)
    assert.deepEqual((await sessionJson(browser)).roles, ['organization_admin'])
    const { organization, connection } = entra
    const address = `${SERVER_URL}/api/v1/organizations/${organization.id}`
    assert.equal((await browser.request(address)).status, 403)
    const response = await rig.browser().request(`${address}/sso`, {
      method: 'PUT',
      headers: { ...asOperator, 'content-type': 'application/json' },
      body: JSON.stringify({ connectionId: connection.id }),
    })
    assert.equal(await codeOf(response), 'sso_not_proven')
  })

  it('lists before who would lose access, and changes nothing by it', async (t) => {
    const two = await openTwo(t)
    const { entra, other, organization, api, rig } = two
    await signInAdministrator(two)
    await entra.signIn(people.bob)
    await other.signIn(people.frank)
    const preview = await (await api('GET', `/sso?connection=${entra.connection.id}`)).json()
    assert.deepEqual(preview.missing, [])
    assert.equal(preview.administrator.username, 'alice')
    assert.deepEqual([preview.losing, preview.sessionsThatEnd], [1, 1])
    assert.deepEqual(
      preview.losers.items.map(({ username, why }: { username: string; why: string }) => [
        username,
        why,
      ]),
      [['frank', 'other_directory']],
    )
    const after = await rig.services.storage.findOrganization(organization.id)
    assert.equal(after?.settings.ssoRequired, undefined)
    assert.equal((await liveSessions(rig)).length, 3)
    assert.equal((await api('GET', '/sso?connection=con_absent')).status, 404)
  })

  it('closes the other connections at once, with the right address, and ends their sessions', async (t) => {
    const two = await openTwo(t)
    const { rig, other, entra, api } = two
    const administrator = await signInAdministrator(two)
    const { browser: frank } = await other.signIn(people.frank)
    assert.equal((await api('PUT', '/sso', requirementOf(two))).status, 200)

    assert.equal(await ssoRequiredIn(administrator), true)
    const api401 = await frank.request(`${SERVER_URL}/api/v1/session`)
    assert.deepEqual([api401.status, await codeOf(api401)], [401, 'sso_session_ended'])
    const home = await frank.visit(`${SERVER_URL}/`)
    assert.match(home.text, /signs in at its own address only/)
    assert.match(home.text, /href="\/enterprise-login\/contoso-sso"/)

    const { response, text } = await other.signIn(people.frank)
    assert.deepEqual([response.status, detailsOf(text).Code], [403, 'sso_required'])
    assert.match(text, /href="\/enterprise-login\/contoso-sso"/)
    assert.equal((await entra.signIn(people.alice)).response.status, 200)
    const found = await findByText(rig.services, two.organization.slug)
    assert.equal(found.kind === 'one' && found.connection.id, entra.connection.id)

    const [event] = await auditEvents(rig, { type: 'organization.sso_required' })
    assert.deepEqual(event?.detail, { losing: 1, sessionsEnded: 1 })
    assert.equal(event?.connectionId, entra.connection.id)
  })

  it('refuses a sign-in that was on its way when it was switched on', async (t) => {
    const two = await openTwo(t)
    const { rig, other, api } = two
    await signInAdministrator(two)
    rig.emulator.signInAutomaticallyAs(people.frank)
    const browser = rig.browser()
    const start = await browser.request(`${SERVER_URL}/enterprise-login/${other.connection.slug}`)
    const callback = locationOf(await browser.request(locationOf(start)))
    assert.equal((await api('PUT', '/sso', requirementOf(two))).status, 200)
    const { response, text } = await browser.visit(callback)
    assert.deepEqual([response.status, detailsOf(text).Code], [403, 'sso_required'])
    assert.match(text, /href="\/enterprise-login\/contoso-sso/)
  })

  it('leaves other organizations alone', async (t) => {
    const two = await openTwo(t)
    await signInAdministrator(two)
    const stranger = await createCustomer(two.rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const { browser } = await stranger.signIn(people.frank)
    const byDefault = await two.rig.signIn(people.bob)
    assert.equal((await two.api('PUT', '/sso', requirementOf(two))).status, 200)
    assert.equal(await ssoRequiredIn(browser), false)
    assert.equal(await ssoRequiredIn(byDefault.browser), false)
    assert.equal((await stranger.signIn(people.frank)).response.status, 200)
    const at = await goToEntra(two.rig, people.alice)
    assert.equal((await at.browser.visit(at.callback)).response.status, 200)
  })

  it('keeps the only door open: it cannot be switched off, nor forgotten by another change', async (t) => {
    const two = await openTwo(t)
    const { rig, entra, organization, api } = two
    await signInAdministrator(two)
    await api('PUT', '/sso', requirementOf(two))
    await assert.rejects(turnOff(rig.services, operator, entra.connection.id), {
      code: 'sso_connection_needed',
    })
    await changeOrganization(rig.services, operator, {
      id: organization.id,
      change: (before) => ({ ...before, settings: { emailDiscovery: false } }),
    })
    const patched = await api('PATCH', '', { name: 'Contoso Ltd', settings: null })
    assert.equal((await patched.json()).ssoRequired.connectionId, entra.connection.id)
  })

  it('is lifted again', async (t) => {
    const two = await openTwo(t)
    const { rig, other, api } = two
    await signInAdministrator(two)
    await api('PUT', '/sso', requirementOf(two))
    const lifted = await api('DELETE', '/sso')
    assert.equal((await lifted.json()).ssoRequired, null)
    assert.equal((await other.signIn(people.frank)).response.status, 200)
    assert.equal((await auditEvents(rig, { type: 'organization.sso_lifted' })).length, 1)
    await api('DELETE', '/sso')
    assert.equal((await auditEvents(rig, { type: 'organization.sso_lifted' })).length, 1)
  })

  it('does not keep the organization from being removed', async (t) => {
    const two = await openTwo(t)
    await signInAdministrator(two)
    await two.api('PUT', '/sso', requirementOf(two))
    const removed = await two.api('DELETE', `?slug=${two.organization.slug}`)
    assert.equal(removed.status, 204, await removed.text())
    assert.equal(await two.rig.services.storage.findOrganization(two.organization.id), undefined)
  })

  it('is the organization administrator’s to do, the way around it is not (I14)', async (t) => {
    const two = await openTwo(t)
    const { organization, entra } = two
    const administrator = await signInAdministrator(two)
    const page = await administrator.visit(`${SERVER_URL}/`)
    const formToken = /name="form_token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const send = (method: string, path: string, body: unknown) =>
      administrator.request(`${SERVER_URL}/api/v1/organizations/${organization.id}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'x-form-token': formToken,
        },
        body: JSON.stringify(body),
      })
    const bypass = { reason: 'me', hours: 1 }
    assert.equal((await send('PUT', '/sso', { connectionId: entra.connection.id })).status, 200)
    assert.equal((await send('POST', '/sso/bypass', bypass)).status, 403)
    const stranger = await createCustomer(two.rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const other = `${SERVER_URL}/api/v1/organizations/${stranger.organization.id}/sso`
    const preview = await administrator.request(`${other}?connection=${stranger.connection.id}`)
    assert.equal(preview.status, 404)
  })
})

describe('the way around required single sign-on', () => {
  it('names a reason, ends by itself, and its sessions end with it', async (t) => {
    const two = await openTwo(t)
    const { rig, other, api } = two
    const administrator = await signInAdministrator(two)
    await api('PUT', '/sso', requirementOf(two))
    const opened = await api('POST', '/sso/bypass', { reason: 'Entra is down', hours: 2 })
    const until = new Date(rig.clock.now().getTime() + 2 * 3_600_000).toISOString()
    assert.deepEqual((await opened.json()).ssoRequired.bypass, {
      reason: 'Entra is down',
      since: rig.clock.now().toISOString(),
      until,
    })
    const { browser, response } = await other.signIn(people.frank)
    assert.equal(response.status, 200)
    assert.equal(await ssoRequiredIn(administrator), false)

    rig.clock.advanceSeconds(2 * 3600 - 1)
    assert.equal(await ssoRequiredIn(browser), false)
    rig.clock.advanceSeconds(1)
    const over = await browser.request(`${SERVER_URL}/api/v1/session`)
    assert.deepEqual([over.status, await codeOf(over)], [401, 'sso_session_ended'])
    assert.equal((await other.signIn(people.frank)).response.status, 403)
    assert.equal(await ssoRequiredIn(administrator), true)
    assert.deepEqual(
      (await auditEvents(rig, { type: 'session.ended' })).map(({ detail, actor }) => [
        detail,
        actor,
      ]),
      [[{ reason: 'sso_required' }, { kind: 'system' }]],
    )
    const [event] = await auditEvents(rig, { type: 'organization.sso_bypassed' })
    assert.deepEqual(event?.detail, { reason: 'Entra is down', until })
    assert.deepEqual(event?.actor, { kind: 'operator', id: 'operator_token' })
  })

  it('can be closed before its time', async (t) => {
    const two = await openTwo(t)
    const { other, api, rig } = two
    await signInAdministrator(two)
    await api('PUT', '/sso', requirementOf(two))
    await api('POST', '/sso/bypass', { reason: 'x', hours: 72 })
    assert.equal((await other.signIn(people.frank)).response.status, 200)
    const closed = await api('DELETE', '/sso/bypass')
    assert.equal((await closed.json()).ssoRequired.bypass, null)
    assert.equal((await other.signIn(people.frank)).response.status, 403)
    assert.equal((await auditEvents(rig, { type: 'organization.sso_bypass_ended' })).length, 1)
  })

  it('is refused without a reason, for too long, and where nothing is required', async (t) => {
    const two = await openTwo(t)
    const ask = async (body: unknown) => {
      const response = await two.api('POST', '/sso/bypass', body)
      return [response.status, await codeOf(response)]
    }
    assert.deepEqual(await ask({ reason: 'x', hours: 1 }), [409, 'sso_not_required'])
    await signInAdministrator(two)
    await two.api('PUT', '/sso', requirementOf(two))
    const invalid = [
      { hours: 1 },
      { reason: '', hours: 1 },
      { reason: '   ', hours: 1 },
      { reason: 'x', hours: 0 },
      { reason: 'x', hours: 73 },
      { reason: 'x', hours: 1.5 },
      { reason: 'x', hours: '4' },
      { reason: 'x'.repeat(501), hours: 1 },
      { reason: 'x', hours: 1, until: '2099-01-01T00:00:00Z' },
    ]
    for (const body of invalid) {
      assert.deepEqual(await ask(body), [400, 'request_invalid'], JSON.stringify(body))
    }
    assert.equal((await two.other.signIn(people.frank)).response.status, 403)
  })
})
