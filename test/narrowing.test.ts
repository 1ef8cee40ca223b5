/** What a change takes away is gone from live sessions at once, on the replica that made the change and on every other. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { createConnection } from '../src/connections/change-connection.ts'
import type { Entrada } from '../src/entrada.ts'
import { Secret } from '../src/keys/secret.ts'
import type { RoleRule } from '../src/storage/records.ts'
import { ask } from './support/api-calls.ts'
import type { TestBrowser } from './support/browser.ts'
import {
  type Customer,
  type CustomerOptions,
  createCustomer,
  loginAddress,
  operator,
  turnOnUntested,
} from './support/customers.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { goToEntra } from './support/refusals.ts'
import { newDatabaseFile, openReplica, sameBrowserAcross } from './support/replicas.ts'
import {
  CONTOSO,
  ENGINEERING,
  FABRIKAM,
  people,
  type Rig,
  SALES,
  SERVER_URL,
} from './support/rig.ts'
import { SHARED_CLIENT_ID, SHARED_SECRET } from './support/setup.ts'
import { auditEvents, codeOf, liveSessions, openRig } from './support/steps.ts'

const engineers: RoleRule = { id: 'staff', match: 'group', value: ENGINEERING, role: 'admin' }
const readers: RoleRule = { id: 'readers', match: 'group', value: ENGINEERING, role: 'reader' }
const refuse = { unmatched: { kind: 'refuse' } } as const
const guestsAllowed = { guests: 'allow', groupsOverage: 'refuse' } as const
const both = { kind: 'allow_list', tenantIds: [CONTOSO, FABRIKAM] } as const

let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

type Site = {
  readonly rig: Rig
  /** Changes the connection through the first replica. */
  change(customer: Customer, body: unknown): Promise<void>
  /** What the other replica answers to a browser: the code of a refusal, or the roles. */
  standing(browser: TestBrowser): Promise<string | readonly string[]>
}

async function openSite(t: TestContext, database: string): Promise<Site> {
  const accessRules = { rules: [{ allow: { organizations: ['*'] } }] }
  const rig = await openRig(t, { database, accessRules })
  const second = openReplica(t, rig)
  return {
    rig,
    async change({ connection }, body) {
      const { status, body: answer } = await ask(rig, `/connections/${connection.id}`, {
        method: 'PATCH',
        body,
      })
      assert.equal(status, 200, JSON.stringify(answer))
    },
    standing: (browser) => standingAt(rig, second, browser),
  }
}

/** Of `/api/v1/session` and `/auth/verify`, which have to agree. */
async function standingAt(rig: Rig, replica: Entrada, known: TestBrowser) {
  const browser = sameBrowserAcross(rig, [replica], known)
  const verified = await browser.request(`${SERVER_URL}/auth/verify`)
  const session = await browser.request(`${SERVER_URL}/api/v1/session`)
  if (session.status !== 200) {
    assert.equal(verified.status, session.status)
    return (await codeOf(session)) ?? ''
  }
  const { roles }: { readonly roles: readonly string[] } = await session.json()
  assert.equal(verified.status, 204)
  assert.equal(verified.headers.get('x-auth-request-roles'), roles.join(','))
  return roles
}

const databases = {
  SQLite: newDatabaseFile,
  PostgreSQL: () => postgres.createDatabase(),
}

for (const [name, newDatabase] of Object.entries(databases)) {
  describe(`on ${name}, a live session`, () => {
    async function signedIn(t: TestContext, options: CustomerOptions, person: string) {
      const site = await openSite(t, await newDatabase(t))
      const customer = await createCustomer(site.rig, options)
      const { browser, response, text } = await customer.signIn(person)
      assert.equal(response.status, 200, text)
      return { ...site, customer, browser }
    }

    it('loses the role of a rule that says something else under the same id (S1)', async (t) => {
      const roleRules = [engineers, readers]
      const { customer, browser, change, standing } = await signedIn(t, { roleRules }, people.alice)
      assert.deepEqual(await standing(browser), ['admin', 'reader'])
      for (const rule of [
        { ...engineers, value: SALES, role: 'viewer' },
        { ...engineers, match: 'app_role', value: 'Admin' },
      ]) {
        await change(customer, { roleRules: [rule, readers] })
        assert.deepEqual(await standing(browser), ['reader'])
      }
    })

    it('keeps the roles of another connection whose rule has the same id', async (t) => {
      const first = await signedIn(t, { roleRules: [engineers] }, people.alice)
      const { organization } = first.customer
      const other = await createCustomer(first.rig, { organization, roleRules: [engineers] })
      const { browser } = await other.signIn(people.heidi)
      first.rig.emulator.setUserGroups(people.heidi, ['Engineering'])
      const again = await other.signIn(people.heidi, { browser })
      assert.equal(again.response.status, 200)
      await first.change(first.customer, { roleRules: [] })
      assert.deepEqual(await first.standing(first.browser), [])
      assert.deepEqual(await first.standing(browser), ['admin'])
    })

    it('ends when no rule matches any more and unmatched people are refused (S1)', async (t) => {
      const options = { roleRules: [engineers], policies: refuse }
      const { rig, customer, browser, change, standing } = await signedIn(t, options, people.alice)
      await change(customer, { roleRules: [{ ...engineers, value: SALES }] })
      assert.equal(await standing(browser), 'access_changed')
      const page = await (await browser.request(`${SERVER_URL}/account`)).text()
      assert.match(page, /access to this service was changed/)
      assert.match(page, /href="\/enterprise-login\//)
      const [event] = await auditEvents(rig, { type: 'connection.changed' })
      assert.deepEqual([event?.detail.rolesRemoved, event?.detail.sessionsEnded], [1, 1])
    })

    it('loses the default role, and ends with it when unmatched people are refused now (S10)', async (t) => {
      const roleRules = [engineers]
      const site = await signedIn(t, { roleRules }, people.bob)
      const { customer, browser, change, standing } = site
      const alice = await customer.signIn(people.alice)
      assert.deepEqual(await standing(browser), ['member'])
      await change(customer, { policies: { defaultRole: 'visitor' } })
      assert.deepEqual(await standing(browser), ['visitor'])
      await change(customer, { policies: { defaultRole: null } })
      assert.equal(await standing(browser), 'access_changed')
      assert.deepEqual(await standing(alice.browser), ['admin'], 'a rule matches her')
      const users = (await site.rig.services.storage.listUsers({ limit: 9 })).items
      const roles = users.flatMap((user) => user.roles.map(({ role }) => role))
      assert.deepEqual(roles, ['admin'])
    })

    it('keeps the default role of another connection of the organization (S10)', async (t) => {
      const first = await signedIn(t, {}, people.alice)
      const { organization } = first.customer
      const other = await createCustomer(first.rig, { organization })
      const { browser } = await other.signIn(people.bob)
      await first.change(first.customer, { policies: { defaultRole: null } })
      assert.equal(await first.standing(first.browser), 'access_changed')
      assert.deepEqual(await first.standing(browser), ['member'])
    })

    it('ends with the directory that is taken off the list, whose people are refused from then on (S9)', async (t) => {
      const { rig, customer, browser, change, standing } = await signedIn(
        t,
        { tenants: both },
        people.frank,
      )
      const alice = await customer.signIn(people.alice)
      await change(customer, { allowedTenantIds: [CONTOSO] })
      assert.equal(await standing(browser), 'access_changed')
      assert.deepEqual(await standing(alice.browser), ['member'])
      const refused = await customer.signIn(people.frank)
      assert.match(refused.text, /tenant_not_allowed/)
      const [event] = await auditEvents(rig, { type: 'connection.changed' })
      const { managedBy, ...detail } = event?.detail ?? {}
      assert.deepEqual(detail, { members: ['tenants'], sessionsEnded: 1 })

      await change(customer, { allowedTenantIds: [CONTOSO, FABRIKAM] })
      assert.equal((await customer.signIn(people.frank)).response.status, 200)
      await change(customer, { allowedTenantIds: null, tenant: CONTOSO })
      assert.deepEqual(
        (await liveSessions(rig)).map(({ id }) => id).length,
        1,
        'narrowed to one directory of the list',
      )
    })

    it('ends when guests may not come in any more', async (t) => {
      const options = { policies: guestsAllowed }
      const { customer, browser, change, standing } = await signedIn(t, options, people.grace)
      const alice = await customer.signIn(people.alice)
      await change(customer, { policies: { guests: null } })
      assert.equal(await standing(browser), 'access_changed')
      assert.deepEqual(await standing(alice.browser), ['member'])
    })

    it('ends by what is known of a guest whose last sign-in was through another connection', async (t) => {
      const options = { policies: guestsAllowed }
      const first = await signedIn(t, options, people.grace)
      const { organization } = first.customer
      const other = await createCustomer(first.rig, { ...options, organization })
      const { browser } = await other.signIn(people.grace)
      await first.change(first.customer, { policies: { guests: 'refuse' } })
      assert.equal(await first.standing(first.browser), 'access_changed')
      assert.deepEqual(await first.standing(browser), ['member'])
    })

    it('is not opened by a sign-in that is written at the same time as the change (S2)', async (t) => {
      const { rig, customer, change } = await signedIn(t, { tenants: both }, people.alice)
      const attempts = []
      for (let n = 0; n < 12; n += 1) {
        attempts.push(
          await goToEntra({ ...rig, startAt: loginAddress(customer.connection) }, people.frank),
        )
      }
      await Promise.all([
        ...attempts.map(({ browser, callback }) => browser.visit(callback)),
        change(customer, { allowedTenantIds: [CONTOSO] }),
      ])
      assert.equal((await liveSessions(rig)).length, 1, 'hers alone')
    })

    it('ends when the domain of its address is not among those that come in', async (t) => {
      const { customer, browser, change, standing } = await signedIn(t, {}, people.alice)
      await change(customer, { settings: { emailDomains: ['contoso.example', 'corp.example'] } })
      assert.deepEqual(await standing(browser), ['member'])
      await change(customer, { settings: { emailDomains: ['corp.example'] } })
      assert.equal(await standing(browser), 'access_changed')
    })

    it('goes on when a connection is turned off, or changed in what refuses nobody', async (t) => {
      const { rig, customer, browser, change, standing } = await signedIn(t, {}, people.alice)
      await change(customer, { name: 'Another name', policies: { provisioning: 'off' } })
      await change(customer, { policies: { linking: 'verified', signOutOfMicrosoft: true } })
      await ask(rig, `/connections/${customer.connection.id}/turn-off`, { method: 'POST' })
      assert.deepEqual(await standing(browser), ['member'])
      assert.deepEqual(await auditEvents(rig, { type: 'session.ended' }), [])
    })
  })
}

describe('the rules of the environment', () => {
  it('take the role of a rule that says something else under the same id, from those who are signed in (S1)', async (t) => {
    const database = await newDatabaseFile(t)
    const start = (roleRules: readonly RoleRule[], rig?: Rig) =>
      openRig(t, {
        database,
        ...(rig ? { secretKeys: rig.options.secretKeys } : {}),
        entra: { roleRules, policies: refuse },
      })
    const rig = await start([engineers, readers])
    const { browser } = await rig.signIn(people.alice)
    const bob = { ...engineers, value: SALES, role: 'viewer' }
    await start([bob, readers], rig)
    assert.deepEqual(await standingAt(rig, rig.entrada, browser), ['reader'])
    await start([bob], rig)
    assert.equal(await standingAt(rig, rig.entrada, browser), 'access_changed')
  })

  it('take the default role that is not given any more (S10)', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, { database })
    const { browser } = await rig.signIn(people.alice)
    assert.deepEqual(await standingAt(rig, rig.entrada, browser), ['member'])
    const { secretKeys } = rig.options
    const unmatched = { kind: 'default_role', role: 'visitor' } as const
    await openRig(t, { database, secretKeys, entra: { policies: { unmatched } } })
    assert.deepEqual(await standingAt(rig, rig.entrada, browser), ['visitor'])
    await openRig(t, { database, secretKeys, entra: { policies: refuse } })
    assert.equal(await standingAt(rig, rig.entrada, browser), 'access_changed')
  })
})

describe('the directories of a connection that is on', () => {
  it('may lose one whose people are disabled, and the last one (S9)', async (t) => {
    const rig = await openRig(t)
    const { connection, signIn } = await createCustomer(rig, { tenants: both })
    await signIn(people.frank)
    const [user] = (await rig.services.storage.listUsers({ limit: 2 })).items
    await ask(rig, `/users/${user?.user.id}/disable`, { method: 'POST' })
    for (const allowedTenantIds of [[CONTOSO], [], [FABRIKAM]]) {
      const { status, body } = await ask(rig, `/connections/${connection.id}`, {
        method: 'PATCH',
        body: { allowedTenantIds },
      })
      assert.deepEqual([status, body.status], [200, 'on'], JSON.stringify(body))
    }
  })

  it('may lose one while it is off, people or not (S9)', async (t) => {
    const rig = await openRig(t)
    const { connection, signIn } = await createCustomer(rig, { tenants: both })
    const { browser } = await signIn(people.frank)
    await ask(rig, `/connections/${connection.id}/turn-off`, { method: 'POST' })
    const { status } = await ask(rig, `/connections/${connection.id}`, {
      method: 'PATCH',
      body: { allowedTenantIds: [CONTOSO] },
    })
    assert.equal(status, 200)
    assert.equal(await standingAt(rig, rig.entrada, browser), 'access_changed')
  })

  it('do not become none while the organization demands this connection (S9)', async (t) => {
    const rig = await openRig(t)
    const { connection, organization } = await createCustomer(rig, { tenants: both })
    const ssoRequired = { connectionId: connection.id, since: rig.clock.now().toISOString() }
    await rig.services.storage.atomically((transaction) =>
      transaction.putOrganization({ ...organization, settings: { ssoRequired } }),
    )
    const narrow = (allowedTenantIds: readonly string[]) =>
      ask(rig, `/connections/${connection.id}`, { method: 'PATCH', body: { allowedTenantIds } })
    const { status, body } = await narrow([])
    assert.deepEqual([status, body.code], [409, 'sso_connection_needed'])
    assert.equal((await narrow([FABRIKAM])).status, 200)
  })

  it('do not gain one that another connection of the shared application has (S9)', async (t) => {
    const sharedApplication = {
      clientId: SHARED_CLIENT_ID,
      clientSecret: new Secret(SHARED_SECRET),
    }
    const rig = await openRig(t, { sharedApplication })
    const { id: organizationId } = (await createCustomer(rig)).organization
    const connect = async (tenantId: string) => {
      const tenants = { kind: 'allow_list', tenantIds: [tenantId] } as const
      const input = { organizationId, application: 'shared', tenants } as const
      const { id } = await createConnection(rig.services, operator, input)
      return turnOnUntested(rig, id)
    }
    await connect(CONTOSO)
    const { id } = await connect(FABRIKAM)
    const { status, body } = await ask(rig, `/connections/${id}`, {
      method: 'PATCH',
      body: { allowedTenantIds: [FABRIKAM, CONTOSO] },
    })
    assert.deepEqual([status, body.code], [409, 'shared_tenant_in_use'])
  })

  it('keep one while everybody has to sign in there, and are not changed for others (B27, S9)', async (t) => {
    const rig = await openRig(t)
    const pinned = await createCustomer(rig, { name: 'Pinned' })
    const listed = await createCustomer(rig, { name: 'Listed', tenants: both })
    const patch = ({ connection }: Customer, body: unknown) =>
      ask(rig, `/connections/${connection.id}`, { method: 'PATCH', body })
    for (const [customer, body] of [
      [pinned, { tenant: FABRIKAM }],
      [pinned, { tenant: null, allowedTenantIds: [CONTOSO, FABRIKAM] }],
      [pinned, { tenant: null }],
      [listed, { allowedTenantIds: null, tenant: '66666666-6666-4666-8666-666666666666' }],
      [listed, { allowedTenantIds: null, tenant: 'contoso.example' }],
      [listed, { allowedTenantIds: [CONTOSO], clientId: pinned.connection.clientId }],
    ] as const) {
      const { status, body: answer } = await patch(customer, body)
      assert.deepEqual([status, answer.code], [409, 'connection_is_on'], JSON.stringify(body))
    }
  })
})
