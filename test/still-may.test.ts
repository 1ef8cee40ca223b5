/** Who may change something is looked at again when it is written, after whatever took its time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createApiKey, revokeApiKey } from '../src/access/api-keys.ts'
import { addDomain, challengeRecord } from '../src/organizations/domains.ts'
import { createSetupLink, withdrawSetupLink } from '../src/setup/setup-link.ts'
import { openMember, openOperator } from './support/admin-pages.ts'
import { createCustomer, operator } from './support/customers.ts'
import { openInterrupted } from './support/during.ts'
import { ENTRA_URL, people, type Rig, SERVER_URL } from './support/rig.ts'
import { fillIn, type Invited, invite, openLink, register, submit, test } from './support/setup.ts'
import {
  auditEvents,
  codeOf,
  formTokenOf,
  liveSessions,
  openRig,
  postForm,
} from './support/steps.ts'

const withdraw = (rig: Rig, { connection, linkId }: Invited) =>
  withdrawSetupLink(rig.services, operator, { connectionId: connection.id, linkId })

describe('a set-up link', () => {
  it('changes nothing once it is withdrawn, while the directory is still looked up (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const invited = await invite(rig)
    const { connection } = invited
    const browser = rig.browser()
    await openLink(browser, invited.link)
    const { clientId } = register(rig, connection)
    during('openid-configuration', () => withdraw(rig, invited))
    const fields = { client_id: clientId, directory: 'contoso.example', cloud: ENTRA_URL }
    const { response } = await submit(browser, { do: 'application', ...fields })
    assert.equal(response.status, 410)
    assert.equal((await rig.services.storage.findConnection(connection.id))?.clientId, '')
  })

  it('changes nothing once another browser has taken it over (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const { connection, link } = await invite(rig)
    const browser = rig.browser()
    await openLink(browser, link)
    const { clientId } = register(rig, connection)
    during('openid-configuration', () => openLink(rig.browser(), link))
    const fields = { client_id: clientId, directory: 'contoso.example', cloud: ENTRA_URL }
    const { text } = await submit(browser, { do: 'application', ...fields })
    assert.match(text, /setup_superseded/)
    assert.equal((await rig.services.storage.findConnection(connection.id))?.clientId, '')
  })

  it('proves nothing by a test that comes back after it was withdrawn (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const invited = await invite(rig)
    const browser = rig.browser()
    await openLink(browser, invited.link)
    await fillIn(browser, register(rig, invited.connection))
    during('/token', () => withdraw(rig, invited))
    const { response } = await test(rig, browser, people.alice)
    assert.equal(response.status, 410)
    const connection = await rig.services.storage.findConnection(invited.connection.id)
    assert.equal(connection?.settings.tested, undefined)
    assert.deepEqual(await auditEvents(rig, { type: 'connection.tested' }), [])
  })

  it('is finished once, by the browser that holds it', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { address, link } = await createSetupLink(rig.services, operator, connection.id)
    const browser = rig.browser()
    await openLink(browser, address)
    await submit(browser, { do: 'finish' })
    const { closed } = (await rig.services.storage.findSetupLink(link.id)) ?? {}
    assert.equal(closed?.as, 'finished')
  })
})

describe('an operator', () => {
  it('proves nothing by a test that comes back after their session was ended (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const { connection } = await createCustomer(rig)
    const browser = await openOperator(rig)
    const page = `${SERVER_URL}/admin/connections/${connection.id}`
    const { text } = await browser.visit(page)
    during('/token', () =>
      rig.services.storage.atomically((transaction) =>
        transaction.endSessionsIn({ of: 'deployment' }),
      ),
    )
    rig.emulator.signInAutomaticallyAs(people.alice)
    rig.clock.advanceSeconds(60)
    const begun = await postForm(browser, `${page}/test`, {
      fields: { form_token: formTokenOf(text) },
    })
    const { response } = await browser.visit(begun.headers.get('location') ?? '')
    assert.equal(response.status, 401)
    const after = await rig.services.storage.findConnection(connection.id)
    assert.deepEqual(after?.settings.tested, connection.settings.tested)
  })
})

describe('an administrator of an organization', () => {
  for (const [what, take] of [
    ['the session was ended', endEverySession],
    ['the right was taken', takeRights],
  ] as const) {
    it(`proves no domain once ${what}, while DNS is still asked (S2)`, async (t) => {
      let texts: () => Promise<string[]> = async () => []
      const rig = await openRig(t, { resolveTxt: () => texts() })
      const { customer, browser } = await openMember(rig, 'organization_admin')
      const { id: organization } = customer.organization
      const domain = await addDomain(rig.services, operator, { organization, name: 'corp.example' })
      texts = async () => {
        await take(rig)
        return [challengeRecord(domain).value]
      }
      const { text } = await browser.visit(`${SERVER_URL}/admin/organizations/${organization}`)
      const headers = { 'x-form-token': formTokenOf(text) }
      const path = `${SERVER_URL}/api/v1/domains/${domain.id}/verify`
      const answer = await browser.request(path, { method: 'POST', headers })
      assert.match((await codeOf(answer)) ?? '', /sign_in_required|operator_required/)
      assert.equal((await rig.services.storage.findDomain(domain.id))?.status, 'pending')
    })
  }
})

async function endEverySession({ services: { storage } }: Rig): Promise<void> {
  await storage.atomically((transaction) => transaction.endSessionsIn({ of: 'deployment' }))
}

async function takeRights(rig: Rig): Promise<void> {
  const [session] = await liveSessions(rig)
  const { storage } = rig.services
  const user = session?.userId && (await storage.findUser(session.userId))
  const [membership] = user ? user.memberships : []
  assert(membership !== undefined)
  await storage.atomically((transaction) =>
    transaction.takeRole(membership.id, 'organization_admin'),
  )
}

describe('a key of the API', () => {
  it('changes nothing once it is revoked, while the body of the call still trickles in (S2)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { apiKey, value } = await createApiKey(rig.services, operator, {
      name: 'Deployment',
      scopes: ['connections:write'],
    })
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await revokeApiKey(rig.services, operator, apiKey.id)
          controller.enqueue(new TextEncoder().encode('{"name":"Mine"}'))
          controller.close()
        },
      },
      // The body is empty until it is read.
      { highWaterMark: 0 },
    )
    const init = {
      method: 'PATCH',
      headers: { authorization: `Bearer ${value.reveal()}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    }
    const url = `${SERVER_URL}/api/v1/connections/${connection.id}`
    const answer = await rig.entrada.fetch(new Request(url, init), { remoteAddress: '127.0.0.1' })
    assert.deepEqual([answer.status, await codeOf(answer)], [401, 'api_key_invalid'])
    assert.equal((await rig.services.storage.findConnection(connection.id))?.name, connection.name)
  })
})
