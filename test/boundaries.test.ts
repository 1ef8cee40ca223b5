/** What must not reach from one organization, connection, right or receiver into another. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changeConnection, turnOff } from '../src/connections/change-connection.ts'
import { addClientSecret } from '../src/connections/credentials.ts'
import { Secret } from '../src/keys/secret.ts'
import { createOrganization } from '../src/organizations/organizations.ts'
import { startDeliveries } from '../src/webhooks/deliver.ts'
import { createWebhook } from '../src/webhooks/webhooks.ts'
import { ask, items } from './support/api-calls.ts'
import type { TestBrowser } from './support/browser.ts'
import { createCustomer, operator } from './support/customers.ts'
import { ENGINEERING, FABRIKAM, people, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

describe('a right over Entrada', () => {
  it('is given only by who holds all of it: a key for members makes no administrator (I14)', async (t) => {
    const rig = await openRig(t)
    const { organization, signIn } = await createCustomer(rig)
    await signIn(people.alice)
    const [membership] = await items(rig, `/memberships?organization=${organization.id}`)
    const scopes = ['memberships:read', 'memberships:write']
    const body = { name: 'Members', organizationId: organization.id, scopes }
    const { body: key } = await ask(rig, '/api-keys', { method: 'POST', body })
    const as = { authorization: `Bearer ${key.value}` }
    const give = (role: string, caller?: typeof as) =>
      ask(rig, `/memberships/${membership?.id}/roles/${role}`, {
        method: 'PUT',
        ...(caller ? { as: caller } : {}),
      })
    for (const role of ['organization_admin', 'auditor']) {
      const refused = await give(role, as)
      assert.deepEqual([refused.status, refused.body.code], [403, 'access_not_granted'], role)
    }
    assert.equal((await give('developer', as)).status, 200)
    assert.equal((await give('organization_admin')).status, 200)
  })
})

describe('what one organization is told', () => {
  it('is not that a newcomer is known to another one (I22)', async (t) => {
    const rig = await openRig(t)
    const one = await createCustomer(rig, { name: 'One' })
    const two = await createCustomer(rig, { name: 'Two' })
    await one.signIn(people.alice)
    await two.signIn(people.alice)
    const [trace] = await items(rig, `/sign-in-traces?organization=${two.organization.id}`)
    const steps = trace?.steps as readonly { readonly step: string; readonly detail?: object }[]
    const decided = steps.find(({ step }) => step === 'decided')
    assert.equal((decided?.detail as { person?: string } | undefined)?.person, 'new')
  })

  it('is, in a session, nothing of the groups that another connection told last', async (t) => {
    const rig = await openRig(t)
    const first = await createCustomer(rig, { name: 'Contoso' })
    const second = await createCustomer(rig, { organization: first.organization, name: 'Second' })
    const { browser } = await first.signIn(people.alice)
    const groupsNow = async () => (await sessionOf(browser)).groups
    assert.ok((await groupsNow())?.includes(ENGINEERING))
    await second.signIn(people.alice)
    assert.equal(await groupsNow(), null)
  })
})

describe('a sign-in address', () => {
  it('of a connection is not taken by a new organization of somebody else (B28)', async (t) => {
    const rig = await openRig(t)
    await createCustomer(rig, { name: 'Contoso', slug: 'acme' })
    const created = createOrganization(rig.services, operator, { name: 'A', slug: 'acme' })
    await assert.rejects(created, { code: 'slug_in_use' })
    const made = await createOrganization(rig.services, operator, { name: 'Acme' })
    assert.equal(made.slug, 'acme-2')
  })
})

describe('the test of a credential', () => {
  it('counts for the directory that it was made with, and no other (B27)', async (t) => {
    const rig = await openRig(t)
    const { services } = rig
    const { connection } = await createCustomer(rig)
    const secret = {
      value: new Secret('another~secret.of-the-customer'),
      state: 'pending',
    } as const
    const { credentialId } = await addClientSecret(services, operator, {
      connectionId: connection.id,
      secret,
    })
    const id = connection.id
    const testedAt = services.now().toISOString()
    const tested = await changeConnection(services, operator, {
      id,
      change: (before) => ({
        ...before,
        credentials: before.credentials.map((credential) =>
          credential.id === credentialId ? { ...credential, testedAt } : credential,
        ),
      }),
    })
    assert.ok(tested.credentials.some((credential) => credential.testedAt === testedAt))
    await turnOff(services, operator, id)
    const moved = await changeConnection(services, operator, {
      id,
      change: (before) => ({
        ...before,
        tenants: { kind: 'pinned', tenant: FABRIKAM, tenantId: FABRIKAM },
      }),
    })
    assert.ok(moved.credentials.every((credential) => credential.testedAt === undefined))
  })
})

describe('a receiver that hangs', () => {
  it('holds up no other webhook', async (t) => {
    const rig = await openRig(t, { withoutBackgroundWork: true, webhooksToPrivateAddresses: true })
    const { services } = rig
    await createWebhook(services, operator, { url: 'http://127.0.0.1:9/hangs' })
    await createWebhook(services, operator, { url: 'http://127.0.0.1:9/answers' })
    let release = () => {}
    const hanging = new Promise<void>((resolve) => {
      release = resolve
    })
    const delivered: string[] = []
    const stop = startDeliveries(services, async ({ url, headers }) => {
      if (url.endsWith('/hangs')) await hanging
      else delivered.push(headers['webhook-id'] ?? '')
      return { status: 204, answer: '204' }
    })
    await until(() => delivered.length >= 1)
    const before = delivered.length
    await rig.signIn(people.alice)
    await until(() => delivered.length > before)
    release()
    await stop()
    assert.ok(delivered.length > before)
  })
})

async function sessionOf(browser: TestBrowser) {
  const response = await browser.request(`${SERVER_URL}/api/v1/session`)
  return (await response.json()) as { readonly groups: readonly string[] | null }
}

/** The deliveries look once a second. */
async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; waits < 300 && !isSo(); waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(isSo())
}
