import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from './conformance.ts'
import {
  at,
  createPerson,
  newConnection,
  newIdentity,
  newKey,
  newMembership,
  newSession,
  newUser,
} from './conformance-samples.ts'
import { newPlan, type Plan, type PlanWrite, planOfEvents } from './plan.ts'
import type { SignInQuestion, SignInState } from './sign-in-state.ts'
import type { Storage, StorageTransaction } from './storage.ts'
import { RETIRED_USERNAMES_KEY } from './username-storage.ts'

const ofPerson = (n: number): SignInQuestion => ({
  connectionId: 'default',
  person: newKey(n),
  presentedTokenHashes: [],
})

/** Tests what a sign-in reads and how its plan is written. */
export function describePlans(subject: Subject): void {
  describe('claimAttemptOf', () => describeClaims(subject))
  describe('readSignIn', () => describeStates(subject))
  describe('writePlan', () => describeWrites(subject))
  describe('a plan', () => describeConditions(subject))
}

function describeClaims(subject: Subject): void {
  it('claims an attempt once, and returns its connection as it is', async () => {
    const { storage } = subject
    const claim = { id: 'att_1', until: at(900) }
    assert.deepEqual(await storage.claimAttemptOf('default', claim), newConnection())
    const again = storage.claimAttemptOf('default', claim)
    await assert.rejects(again, { code: 'attempt_already_used' })
    await assert.rejects(storage.claimAttempt('att_1', at(900)), { code: 'attempt_already_used' })
    const changed = newConnection({ status: 'off' })
    await storage.atomically((transaction) => transaction.putConnection(changed))
    const next = { id: 'att_2', until: at(900) }
    assert.deepEqual(await storage.claimAttemptOf('default', next), changed)
  })

  it('claims the attempt of a connection that was removed', async () => {
    const claim = { id: 'att_1', until: at(900) }
    assert.equal(await subject.storage.claimAttemptOf('absent', claim), undefined)
    const again = subject.storage.claimAttempt('att_1', at(900))
    await assert.rejects(again, { code: 'attempt_already_used' })
  })
}

function describeStates(subject: Subject): void {
  it('finds nothing for a connection that does not exist', async () => {
    const question = { ...ofPerson(1), connectionId: 'absent' }
    assert.equal(await subject.storage.readSignIn(question), undefined)
  })

  it('returns the connection and the organization of a person who is not known', async () => {
    const state = await stateOf(subject.storage, 1)
    assert.deepEqual(state.connection, newConnection())
    assert.equal(state.organization.id, 'default')
    assert.deepEqual(
      [state.known, state.roles, state.replaced, state.hasManySessions, state.sendsWebhooks],
      [undefined, [], [], false, false],
    )
  })

  it('returns a known person with membership and roles, and the earlier session of the browser', async () => {
    const { storage } = subject
    const session = newSession(1)
    await storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      await transaction.giveRole('mem_0001', 'auditor')
      await transaction.writeAll([
        {
          write: 'replace_rule_roles',
          id: 'mem_0001',
          roles: [{ role: 'member', source: 'default' }],
        },
      ])
      await transaction.createSession(session)
    })
    const question = { ...ofPerson(1), presentedTokenHashes: ['absent', session.tokenHash] }
    const state = await storage.readSignIn(question)
    assert.deepEqual(state?.known, await storage.findPerson(newKey(1), 'default'))
    assert.deepEqual(state?.roles, [
      { role: 'member', source: 'default' },
      { role: 'auditor', source: 'manual' },
    ])
    assert.deepEqual(state?.replaced, [session])
  })

  it('returns the same mark while nothing is changed that a decision relies on', async () => {
    const { storage } = subject
    await storage.atomically((transaction) => createPerson(transaction, 1))
    const { mark } = await stateOf(storage, 1)
    await storage.atomically((transaction) =>
      transaction.writeAll([
        {
          write: 'refresh_membership',
          membership: newMembership(1),
          profile: {},
          lastSignInAt: at(99),
        },
      ]),
    )
    assert.equal((await stateOf(storage, 1)).mark, mark)
  })

  const changes: readonly [string, (transaction: StorageTransaction) => Promise<unknown>][] = [
    ['the connection is off', (is) => is.putConnection(newConnection({ status: 'off' }))],
    ['a rule of the connection', (is) => is.putConnection(newConnection({ roleRules: [] }))],
    ['the user is disabled', (is) => is.setUserStatus('usr_0001', 'disabled', at(9))],
    ['the membership is disabled', (is) => is.setMembershipStatus('mem_0001', 'disabled')],
    ['a role by hand', (is) => is.giveRole('mem_0001', 'auditor')],
    ['the first username is retired', (is) => is.createSealedKey(RETIRED_USERNAMES_KEY, 'sealed')],
    [
      'required single sign-on',
      async (is) => {
        const organization = await is.findOrganization('default')
        assert(organization !== undefined)
        const ssoRequired = { connectionId: 'other', since: at(1).toISOString() }
        await is.putOrganization({ ...organization, settings: { ssoRequired } })
      },
    ],
  ]
  for (const [what, change] of changes) {
    it(`returns another mark, and no plan is written with the earlier one: ${what}`, async () => {
      const { storage } = subject
      await storage.atomically((transaction) => createPerson(transaction, 1))
      const state = await stateOf(storage, 1)
      await storage.atomically(change)
      assert.notEqual((await stateOf(storage, 1)).mark, state.mark)
      const plan = planFor(ofPerson(1), state, { write: 'create_session', session: newSession(1) })
      assert.equal(await storage.writePlan(plan), 'read_again')
      assert.equal(await storage.findSession(newSession(1).tokenHash, at(2)), undefined)
    })
  }
}

function describeWrites(subject: Subject): void {
  it('writes a first sign-in as the functions of a transaction do', async () => {
    const { storage } = subject
    const session = newSession(1)
    const state = await stateOf(storage, 1)
    const plan = planFor(
      ofPerson(1),
      state,
      { write: 'create_user', user: newUser(1) },
      { write: 'link_identity', identity: newIdentity(1) },
      { write: 'create_membership', membership: newMembership(1) },
      {
        write: 'replace_rule_roles',
        id: 'mem_0001',
        roles: [{ role: 'member', source: 'default' }],
      },
      { write: 'create_session', session },
    )
    assert.equal(await storage.writePlan(plan), 'written')
    const found = await storage.findUser('usr_0001')
    assert.deepEqual(found?.identities, [newIdentity(1)])
    assert.deepEqual(found?.memberships, [newMembership(1)])
    assert.deepEqual((await storage.findSession(session.tokenHash, at(2)))?.roles, ['member'])
  })

  it('makes one user of twenty first sign-ins of one person at once, on two replicas (B13)', async () => {
    const replicas = [subject.storage, await subject.openAnother()] as const
    const state = await stateOf(subject.storage, 0)
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const identity = newIdentity(n, { key: newKey(0) })
        const plan = planFor(
          ofPerson(0),
          state,
          { write: 'create_user', user: newUser(n) },
          { write: 'link_identity', identity },
          { write: 'create_membership', membership: newMembership(n) },
        )
        return replicas[n % 2 === 0 ? 0 : 1].writePlan(plan)
      }),
    )
    assert.deepEqual(outcomes.toSorted(), [...Array(19).fill('read_again'), 'written'])
    assert.equal((await subject.storage.listUsers({ limit: 50 })).items.length, 1)
  })

  it('writes nothing where a username is taken', async () => {
    const { storage } = subject
    await storage.atomically((transaction) => createPerson(transaction, 1))
    const username = newMembership(1).username.toUpperCase()
    const state = await stateOf(storage, 2)
    const plan = planFor(
      ofPerson(2),
      state,
      { write: 'create_user', user: newUser(2) },
      { write: 'create_membership', membership: newMembership(2, { username }) },
    )
    assert.equal(await storage.writePlan(plan), 'read_again')
    assert.equal(await storage.findUser('usr_0002'), undefined)
  })

  it('appends events although nothing is read before', async () => {
    const { storage } = subject
    const event = {
      id: 'evt_1',
      at: at(1),
      type: 'sign_in.refused',
      actor: { kind: 'entra' },
      organizationId: 'default',
      detail: { code: 'guest_not_allowed' },
    } as const
    const plan = planOfEvents('default', [{ write: 'append_audit_event', event, toOutbox: true }])
    assert.equal(await storage.writePlan(plan), 'written')
    assert.deepEqual((await storage.listAuditEvents({}, { limit: 9 })).items, [event])
    assert.equal((await storage.listOutbox(9)).length, 1)
  })
}

function describeConditions(subject: Subject): void {
  it('links a user only while the user has no identity', async () => {
    const { storage } = subject
    await storage.atomically(async (transaction) => {
      await transaction.createUser(newUser(1))
      await transaction.createMembership(newMembership(1))
    })
    const address = newMembership(1).profile.email?.address ?? ''
    const link = async (n: number) => {
      const plan = planFor(ofPerson(n), await stateOf(storage, n), {
        write: 'link_identity',
        identity: newIdentity(n, { userId: 'usr_0001' }),
      })
      plan.userId = 'usr_0001'
      plan.alone = true
      const wanted = {
        organizationId: 'default',
        address,
        withoutRoles: ['organization_admin'],
      } as const
      const candidates = [{ membership: newMembership(1), userStatus: 'active' }] as const
      plan.conditions.push({ still: 'same_candidates', wanted, candidates })
      return plan
    }
    const plans = [await link(1), await link(2)]
    const outcomes = await Promise.all(plans.map((plan) => storage.writePlan(plan)))
    assert.deepEqual(outcomes.toSorted(), ['read_again', 'written'])
    assert.equal((await storage.findUser('usr_0001'))?.identities.length, 1)
  })

  it('is written only while the same members could be linked', async () => {
    const { storage } = subject
    const address = newMembership(1).profile.email?.address ?? ''
    const withoutRoles = ['organization_admin']
    const wanted = { organizationId: 'default', address, withoutRoles } as const
    const first = { membership: newMembership(1), userStatus: 'active' } as const
    const second = { membership: newMembership(2), userStatus: 'active' } as const
    const seen = [[], [first], [first, second]]
    const outcomes = async () => {
      const found: string[] = []
      for (const candidates of seen) {
        const plan = planFor(ofPerson(9), await stateOf(storage, 9))
        plan.conditions.push({ still: 'same_candidates', wanted, candidates })
        found.push(await storage.writePlan(plan))
      }
      return found
    }
    const invite = (n: number) =>
      storage.atomically(async (transaction) => {
        await transaction.createUser(newUser(n))
        const { profile } = newMembership(1)
        await transaction.createMembership(newMembership(n, { profile }))
      })
    assert.deepEqual(await outcomes(), ['written', 'read_again', 'read_again'])
    await invite(1)
    assert.deepEqual(await outcomes(), ['read_again', 'written', 'read_again'])
    await invite(2)
    assert.deepEqual(await outcomes(), ['read_again', 'read_again', 'written'])
    await storage.atomically(async (transaction) => {
      await transaction.linkIdentity(newIdentity(2))
      await transaction.setUserStatus('usr_0001', 'disabled', at(9))
    })
    assert.deepEqual(await outcomes(), ['read_again', 'read_again', 'read_again'])
  })

  it('is written only while the last known groups are the same', async () => {
    const { storage } = subject
    await storage.atomically((transaction) => createPerson(transaction, 1))
    const outcome = async (takenAt: Date | undefined) => {
      const plan = planFor(ofPerson(1), await stateOf(storage, 1))
      plan.conditions.push({ still: 'same_groups', membershipId: 'mem_0001', takenAt })
      return storage.writePlan(plan)
    }
    const put = (takenAt: Date) =>
      storage.atomically((transaction) =>
        transaction.putGroupSnapshot('mem_0001', {
          groups: [],
          appRoles: [],
          complete: true,
          takenAt,
          source: 'claim',
          connectionId: 'default',
        }),
      )
    await put(at(1))
    assert.deepEqual([await outcome(undefined), await outcome(at(1))], ['read_again', 'written'])
    await put(at(2))
    assert.deepEqual([await outcome(at(1)), await outcome(at(2))], ['read_again', 'written'])
  })

  it('does not rely on a domain that is not proven', async () => {
    const { storage } = subject
    const plan = planFor(ofPerson(1), await stateOf(storage, 1))
    const domain = 'contoso.example'
    plan.conditions.push({ still: 'domain_proven', organizationId: 'default', domain })
    assert.equal(await storage.writePlan(plan), 'read_again')
  })

  it('does not give the username of a removed member', async () => {
    const { storage } = subject
    await storage.atomically(async (transaction) => {
      await createPerson(transaction, 1)
      const hashUsername = () => 'hash of a name'
      await transaction.removeUser('usr_0001', { hashUsername, vouchForErasure: () => '' })
    })
    const usernames: readonly (readonly [string, string])[] = [
      ['hash of a name', 'read_again'],
      ['another hash', 'written'],
    ]
    for (const [usernameHash, outcome] of usernames) {
      const plan = planFor(ofPerson(2), await stateOf(storage, 2))
      plan.conditions.push({ still: 'not_retired', organizationId: 'default', usernameHash })
      assert.equal(await storage.writePlan(plan), outcome)
    }
  })
}

async function stateOf(storage: Storage, n: number): Promise<SignInState> {
  const state = await storage.readSignIn(ofPerson(n))
  assert(state !== undefined)
  return state
}

function planFor(question: SignInQuestion, state: SignInState, ...writes: PlanWrite[]): Plan {
  const plan = newPlan(question, { ...state, organizationId: 'default' })
  plan.writes.push(...writes)
  return plan
}
