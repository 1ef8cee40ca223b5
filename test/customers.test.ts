/** Several customers in one deployment, each with a directory of its own. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Customer, createCustomer, redirectUriOf } from './support/customers.ts'
import {
  createRig,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'

describe('customers with directories of their own', () => {
  let rig: Rig
  let contoso: Customer
  let fabrikam: Customer

  before(async () => {
    rig = await createRig()
    contoso = await createCustomer(rig, { name: 'Contoso', id: 'contoso-deployment' })
    fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
  })
  after(() => rig.close())

  it('sign in at their own address, through the redirect URI with the deployment id', async () => {
    const { response, text, locations } = await contoso.signIn(people.alice)
    assert.equal(response.status, 200, text)
    assert.match(text, /Hello, Alice Example/)
    const authorize = new URL(locations[0] ?? '')
    assert.equal(
      authorize.searchParams.get('redirect_uri'),
      `${SERVER_URL}/login/callback?connection=contoso-deployment`,
    )
    assert.ok(locations.some((location) => location.startsWith(redirectUriOf(contoso.connection))))
  })

  it('each have their own people: one session names one organization', async () => {
    const { browser } = await fabrikam.signIn(people.frank)
    const session = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    assert.equal(session.organization.name, 'Fabrikam')
    assert.equal(session.session.connectionId, fabrikam.connection.id)
  })

  it('never share a code: delivered to another connection it is refused, and sent nowhere (A41)', async () => {
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.frank)
    const start = await browser.request(`${SERVER_URL}/enterprise-login/fabrikam`)
    const authorized = await browser.request(start.headers.get('location') ?? '')
    const callback = new URL(authorized.headers.get('location') ?? '')
    const tokenRequests = requestsAt(rig, 'token')

    for (const other of [
      redirectUriOf(contoso.connection),
      `${SERVER_URL}/login/callback?x=1`,
      `${SERVER_URL}/auth/entra/callback?x=1`,
    ]) {
      const moved = new URL(other)
      for (const name of ['code', 'state']) {
        moved.searchParams.set(name, callback.searchParams.get(name) ?? '')
      }
      const refused = await browser.clone().visit(moved)
      assert.equal(refused.response.status, 400, other)
      assert.match(refused.text, /sign_in_attempt_mismatch/)
    }
    assert.equal(requestsAt(rig, 'token'), tokenRequests)
    assert.equal((await browser.visit(callback)).response.status, 200)
  })

  it('refuse a person of another directory at their address', async () => {
    const { response } = await contoso.signIn(people.frank)
    assert.ok([400, 403].includes(response.status) || response.url.startsWith(ENTRA_URL))
    const users = await rig.services.storage.listUsers({
      limit: 50,
      organizationId: contoso.organization.id,
    })
    assert.ok(
      users.items.every(({ identities }) =>
        identities.every(({ key }) => key.directory !== FABRIKAM),
      ),
    )
  })

  it('are told apart by unknown, repeated and foreign connection parameters', async () => {
    for (const query of ['connection=absent', 'connection=a&connection=b', 'connection=']) {
      const { response } = await rig
        .browser()
        .visit(`${SERVER_URL}/login/callback?${query}&code=c&state=${'0'.repeat(32)}.s`)
      assert.equal(response.status, 400, query)
    }
    const { response } = await rig.browser().visit(`${SERVER_URL}/enterprise-login/absent`)
    assert.equal(response.status, 404)
  })
})
