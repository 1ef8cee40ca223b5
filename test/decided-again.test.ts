import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { openInterrupted } from './support/during.ts'
import { createUser, sessionJson } from './support/people.ts'
import {
  CONTOSO,
  createRig,
  ENGINEERING,
  FABRIKAM,
  people,
  type Rig,
  type RigOptions,
} from './support/rig.ts'

/** A rig in which something happens after a sign-in was decided and before it is written. */
async function openRig(
  t: TestContext,
  between: (rig: Rig) => Promise<void>,
  options: RigOptions = {},
): Promise<Rig> {
  let happened = false
  const rig: Rig = await createRig({
    ...options,
    hooks: {
      async decideSignIn() {
        if (happened) return { refuse: false }
        happened = true
        await between(rig)
        return { refuse: false }
      },
    },
  })
  t.after(() => rig.close())
  return rig
}

async function users(rig: Rig) {
  return (await rig.entrada.api.listUsers({ limit: 10 })).items
}

async function sessions(rig: Rig) {
  return (await rig.entrada.api.listSessions({}, { limit: 10 })).items
}

describe('what happens between the decision and the writing of a sign-in', () => {
  it('counts: a person who came in elsewhere meanwhile stays one user (B13)', async (t) => {
    const rig = await openRig(t, async (itself) => {
      assert.equal((await itself.signIn(people.alice)).response.status, 200)
    })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const found = await users(rig)
    assert.deepEqual(
      found.map(({ identities, memberships }) => [identities.length, memberships.length]),
      [[1, 1]],
    )
    assert.equal((await sessions(rig)).length, 2)
  })

  it('counts: a user who is disabled meanwhile does not get in (B16)', async (t) => {
    const rig = await openRig(t, async (itself) => {
      await itself.signIn(people.alice)
      const [user] = await users(itself)
      const operator = { actor: { kind: 'operator', id: 'test' } } as const
      await itself.entrada.api.disableUser(operator, user?.user.id ?? '')
    })
    const { response, text } = await rig.signIn(people.alice)
    assert.equal(response.status, 403)
    assert.match(text, /user_disabled/)
    assert.deepEqual(await sessions(rig), [])
    assert.equal((await users(rig)).length, 1)
  })

  it('counts: the first username that is ever retired is not given (S3)', async (t) => {
    const rig = await openRig(t, async (itself) => {
      const id = await createUser(itself, { username: 'alice' })
      const removed = await ask(itself, `/users/${id}`, { method: 'DELETE' })
      assert.ok(removed.status < 300, JSON.stringify(removed.body))
    })
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).membership.username, 'alice-2')
  })

  it('counts: a user who is made beforehand meanwhile is linked, and no second one is created (B02)', async (t) => {
    const rig = await openRig(
      t,
      async (itself) => {
        await createUser(itself, { username: 'invited', email: 'alice@contoso.example' })
      },
      linking,
    )
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).membership.username, 'invited')
    assert.equal((await users(rig)).length, 1)
  })

  it('counts: of two users with the address, one of them made meanwhile, none is linked (B02)', async (t) => {
    const ids: string[] = []
    const invite = async (rig: Rig, username: string) => {
      ids.push(await createUser(rig, { username, email: 'alice@contoso.example' }))
    }
    const rig = await openRig(t, (itself) => invite(itself, 'another'), linking)
    await invite(rig, 'invited')
    const { browser } = await rig.signIn(people.alice)
    const { user } = await sessionJson(browser)
    assert.ok(!ids.includes(user.id))
  })

  it('counts: groups that were learnt meanwhile are not replaced by the last known ones (A50)', async (t) => {
    let meanwhile: (() => Promise<unknown>) | undefined
    const rig = await createRig({
      entra: { policies: { groupsOverage: 'keep_last' } },
      hooks: {
        async decideSignIn() {
          const work = meanwhile
          meanwhile = undefined
          await work?.()
          return { refuse: false }
        },
      },
    })
    t.after(() => rig.close())
    const isEngineer = async () => {
      const [user] = await users(rig)
      const [identity] = user?.identities ?? []
      assert(identity !== undefined)
      const { storage } = rig.services
      return (await storage.findPerson(identity.key, 'default'))?.groups?.groups.includes(
        ENGINEERING,
      )
    }
    await rig.signIn(people.alice)
    assert.equal(await isEngineer(), true)
    rig.emulator.setFault({
      kind: 'id_token',
      removeClaims: ['groups'],
      setClaims: { _claim_names: { groups: 'src1' } },
    })
    meanwhile = async () => {
      rig.clock.advanceSeconds(1)
      rig.emulator.setFault({ kind: 'id_token', setClaims: { groups: [] } })
      await rig.signIn(people.alice)
    }
    const { response, text } = await rig.signIn(people.alice)
    assert.equal(response.status, 200, text)
    assert.equal(await isEngineer(), false)
  })
})

const linking: RigOptions = { entra: { policies: { linking: 'verified' } } }

describe('what is changed while the code is redeemed', () => {
  const both = { kind: 'allow_list', tenantIds: [CONTOSO, FABRIKAM] } as const
  const refusals: readonly (readonly [string, string, Sent[]])[] = [
    ['the connection is turned off', 'connection_off', [['POST', '/turn-off']]],
    ['nobody new comes in', 'provisioning_off', patch({ policies: { provisioning: 'off' } })],
    [
      'only users made beforehand',
      'user_not_known',
      patch({ policies: { provisioning: 'existing' } }),
    ],
    [
      'people without a rule are refused',
      'no_role_matched',
      patch({ policies: { defaultRole: null } }),
    ],
    [
      'another directory is left alone',
      'tenant_not_allowed',
      patch({ allowedTenantIds: [FABRIKAM] }),
    ],
    [
      'another domain is left alone',
      'email_domain_not_allowed',
      patch({ settings: { emailDomains: ['corp.example'] } }),
    ],
    [
      'the application is another',
      'connection_changed',
      [['POST', '/turn-off'], ...patch({ clientId: '77777777-7777-4777-8777-777777777777' })],
    ],
    [
      'the connection is removed',
      'connection_not_found',
      [
        ['POST', '/turn-off'],
        ['DELETE', ''],
      ],
    ],
  ]
  for (const [what, code, calls] of refusals) {
    it(`decides: ${what} (S2)`, async (t) => {
      const { rig, during } = await openInterrupted(t)
      const { connection, signIn } = await createCustomer(rig, { tenants: both })
      during('/token', async () => {
        for (const [method, path, body] of calls) {
          const answer = await ask(rig, `/connections/${connection.id}${path}`, { method, body })
          assert.ok(answer.status < 300, JSON.stringify(answer.body))
        }
      })
      const { response, text } = await signIn(people.alice)
      assert.equal(Math.floor(response.status / 100), 4)
      assert.match(text, new RegExp(`<code>${code}</code>`))
      assert.deepEqual(await sessions(rig), [])
      assert.deepEqual(await users(rig), [])
    })
  }

  it('decides: the roles are those of the rules as they are now (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const rule = { id: 'staff', match: 'group', value: ENGINEERING } as const
    const roleRules = [{ ...rule, role: 'admin' }]
    const { connection, signIn } = await createCustomer(rig, { roleRules })
    const path = `/connections/${connection.id}`
    const body = { roleRules: [{ ...rule, role: 'viewer' }] }
    during('/token', () => ask(rig, path, { method: 'PATCH', body }))
    const { browser } = await signIn(people.alice)
    assert.deepEqual((await sessionJson(browser)).roles, ['viewer'])
  })

  it('decides: single sign-on is required through another connection (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const first = await createCustomer(rig)
    const { organization } = first
    const second = await createCustomer(rig, { organization, roleRules: [] })
    const ssoRequired = { connectionId: second.connection.id, since: rig.clock.now().toISOString() }
    during('/token', () =>
      rig.services.storage.atomically((transaction) =>
        transaction.putOrganization({ ...organization, settings: { ssoRequired } }),
      ),
    )
    const { text } = await first.signIn(people.alice)
    assert.match(text, /<code>sso_required<\/code>/)
    assert.deepEqual(await sessions(rig), [])
  })

  it('decides for a domain that is looked up: a connection that is removed meanwhile stays removed (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const tenants = { kind: 'pinned', tenant: 'contoso.example' } as const
    const { connection, signIn } = await createCustomer(rig, { tenants })
    during('openid-configuration', async () => {
      await ask(rig, `/connections/${connection.id}/turn-off`, { method: 'POST' })
      await ask(rig, `/connections/${connection.id}`, { method: 'DELETE' })
    })
    await signIn(people.alice)
    assert.equal(await rig.services.storage.findConnection(connection.id), undefined)
    assert.deepEqual(await sessions(rig), [])
  })
})

type Sent = readonly [method: string, path: string, body?: unknown]

function patch(body: unknown): Sent[] {
  return [['PATCH', '', body]]
}
