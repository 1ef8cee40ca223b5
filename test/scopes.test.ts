/**
 * A sign-in and a change that takes something away, at the same time on two replicas of one PostgreSQL, in every order: the later one
 * sees the earlier one, and no client waits for a stranger.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { createApiKey, revokeApiKey } from '../src/access/api-keys.ts'
import { endSessionsIn } from '../src/admin/end-sessions-in.ts'
import { changeMembership } from '../src/admin/memberships.ts'
import { changeConnection, turnOff } from '../src/connections/change-connection.ts'
import { createEntrada, type Entrada } from '../src/entrada.ts'
import { removeOrganization, removeUser } from '../src/organizations/removal.ts'
import type { Services } from '../src/services.ts'
import { type DatabaseAddress, openStorage } from '../src/storage/open-storage.ts'
import type { Storage, UserListItem } from '../src/storage/storage.ts'
import { ask } from './support/api-calls.ts'
import { type Customer, createCustomer, loginAddress, operator } from './support/customers.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { locationOf } from './support/refusals.ts'
import { sameBrowserAcross } from './support/replicas.ts'
import { CONTOSO, FABRIKAM, people, type Rig } from './support/rig.ts'
import { liveSessions, openRig } from './support/steps.ts'

let postgres: TestPostgres
let template = ''
before(async () => {
  postgres = await startPostgres()
  template = await postgres.createDatabase()
  await (await open(template)).close()
})
after(() => postgres.close())

type Place = {
  readonly services: Services
  readonly entrada: Entrada
  readonly customer: Customer
  /** Of the same organization. */
  readonly another: Customer
  readonly alice: UserListItem
}
type Change = {
  readonly what: string
  readonly run: (place: Place) => Promise<unknown>
  /** How many sessions of Alice are left: when the change commits first, when the sign-in does, and when it comes between. */
  readonly left: readonly [number, number, number]
}

const idOf = ({ customer }: Place) => customer.connection.id
const changes: readonly Change[] = [
  {
    what: 'the connection is turned off',
    run: (place) => turnOff(place.services, operator, idOf(place)),
    // Who is signed in stays signed in.
    left: [0, 1, 0],
  },
  {
    what: 'people without a rule are refused',
    run: (place) =>
      changeConnection(place.services, operator, {
        id: idOf(place),
        change: (now) => ({ ...now, policies: { ...now.policies, unmatched: { kind: 'refuse' } } }),
      }),
    left: [0, 0, 0],
  },
  {
    what: 'the connection gets another name, which takes nothing from anybody',
    run: (place) =>
      changeConnection(place.services, operator, {
        id: idOf(place),
        change: (now) => ({ ...now, name: 'Another name' }),
      }),
    left: [1, 1, 1],
  },
  {
    what: 'another connection of the organization is required',
    run: ({ services, customer: { organization }, another: { connection } }) =>
      services.storage.atomically(
        async (transaction) => {
          const { id } = connection
          const ssoRequired = { connectionId: id, since: services.now().toISOString() }
          await transaction.putOrganization({ ...organization, settings: { ssoRequired } })
          const end = { reason: 'sso_session_ended', until: new Date(9e12) } as const
          await transaction.endSessionsOfOthers(organization.id, id, end)
        },
        // As requireSso(), without what it proves before.
        { scope: { organizationId: organization.id } },
      ),
    left: [0, 0, 0],
  },
  {
    what: 'the user is disabled',
    run: ({ entrada, alice }) => entrada.api.disableUser(operator, alice.user.id),
    left: [0, 0, 0],
  },
  {
    what: 'the membership is disabled',
    run: ({ services, alice }) =>
      changeMembership(services, operator, {
        id: alice.memberships[0]?.id ?? '',
        change: { kind: 'disable' },
      }),
    left: [0, 0, 0],
  },
  {
    what: 'the user is removed',
    run: ({ services, alice }) => removeUser(services, operator, alice.user.id),
    // Who signs in afterwards is another user.
    left: [1, 0, 1],
  },
  {
    what: 'the organization is removed',
    run: ({ services, customer: { organization } }) =>
      removeOrganization(services, operator, organization),
    left: [0, 0, 0],
  },
  {
    what: 'the sessions of the connection are ended',
    run: (place) => endSessionsIn(place.services, operator, { of: 'connection', id: idOf(place) }),
    left: [1, 0, 1],
  },
]

for (const { what, run, left } of changes) {
  describe(`while a person signs in, ${what}`, () => {
    it('and commits first: the sign-in waits for it and sees it, and a stranger does not wait', async (t) => {
      const { rig, place, held, stranger, url } = await openPair(t)
      held.hold()
      const changing = run(place)
      await held.reached
      const signingIn = place.customer.signIn(people.alice)
      await untilWaiting(url, 1)
      assert.equal((await stranger.signIn(people.frank)).response.status, 200)
      held.release()
      await changing
      await signingIn
      assert.equal((await liveSessions(rig)).length, left[0] + 1)
    })

    it('and commits second: it waits for the sign-in and sees it', async (t) => {
      const { rig, place, url } = await openPair(t)
      const other = new pg.Client({ connectionString: url })
      await other.connect()
      t.after(() => other.end())
      // A sign-in writes its trace, which no change reads.
      await other.query('begin; lock table sign_in_traces in exclusive mode')
      const signingIn = place.customer.signIn(people.alice)
      await untilWaiting(url, 1)
      const changing = run(place)
      await untilWaiting(url, 2)
      await other.query('commit')
      assert.equal((await signingIn).response.status < 500, true)
      await changing
      assert.equal((await liveSessions(rig)).length, left[1])
    })

    it('and commits between its decision and its write: it is decided again', async (t) => {
      const { rig, place, between } = await openPair(t)
      between(() => run(place))
      await place.customer.signIn(people.alice)
      assert.equal((await liveSessions(rig)).length, left[2])
    })
  })
}

describe('a user who becomes a member elsewhere while they are removed', () => {
  it('leaves no username there for the next person (S3)', async (t) => {
    const { rig, place, url } = await openPair(t)
    const elsewhere = await createCustomer(rig, { name: 'Elsewhere' })
    const namesake = 'alice@eu.contoso.example'
    rig.emulator.addUser(CONTOSO, { userPrincipalName: namesake })
    const { storage } = place.services
    const waiting: ReturnType<Customer['signIn']>[] = []
    const atomically: Storage['atomically'] = (work, options) =>
      storage.atomically(async (transaction) => {
        const result = await work({
          ...transaction,
          async lockScope(scope) {
            if (typeof scope === 'object' && 'userId' in scope) {
              assert.equal((await elsewhere.signIn(people.alice)).response.status, 200)
            }
            await transaction.lockScope(scope)
          },
        })
        waiting.push(elsewhere.signIn(namesake))
        await untilWaiting(url, 1)
        return result
      }, options)
    const services = { ...place.services, storage: { ...storage, atomically } }
    await removeUser(services, operator, place.alice.user.id)
    const [came] = await Promise.all(waiting)
    assert.equal(came?.response.status, 200)
    const [{ memberships } = { memberships: [] }] = (
      await rig.services.storage.listUsers({ limit: 5 })
    ).items
    assert.deepEqual(
      memberships.map(({ username }) => username),
      ['alice-2'],
    )
  })
})

type CallOf = (place: Awaited<ReturnType<typeof openPair>>['place']) => {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

describe('a key of the API that is revoked while its call waits', () => {
  /** Sends a call that has to wait for another change of the organization, and revokes the key of the call meanwhile. */
  async function callWhileRevoked(t: TestContext, scope: string, callOf: CallOf) {
    const { rig, place, url } = await openPair(t)
    const { organization } = place.customer
    const key = { name: 'Key', scopes: [scope] }
    const { apiKey, value } = await createApiKey(rig.services, operator, key)
    const released = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const hold = () => {
      locked.resolve()
      return released.promise
    }
    const held = { scope: { organizationId: organization.id } }
    const holding = place.services.storage.atomically(hold, held)
    await locked.promise
    const { path, method, body } = callOf(place)
    const as = { authorization: `Bearer ${value.reveal()}` }
    const calling = ask(rig, path, { method, as, ...(body ? { body } : {}) })
    await untilWaiting(url, 1)
    await revokeApiKey(rig.services, operator, apiKey.id)
    released.resolve()
    await holding
    assert.equal((await calling).status, 401)
    return { storage: rig.services.storage, organization }
  }

  it('gives no role (S2)', async (t) => {
    const { storage, organization } = await callWhileRevoked(t, 'memberships:write', (place) => ({
      method: 'PUT',
      path: `/memberships/${place.alice.memberships[0]?.id}/roles/editor`,
    }))
    const filter = { organizationId: organization.id, role: 'editor' }
    assert.deepEqual((await storage.listMemberships(filter, { limit: 9 })).items, [])
  })

  it('changes no organization (S2)', async (t) => {
    const { storage, organization } = await callWhileRevoked(t, 'organizations:write', (place) => ({
      method: 'PATCH',
      path: `/organizations/${place.customer.organization.id}`,
      body: { name: 'Taken over' },
    }))
    assert.equal((await storage.findOrganization(organization.id))?.name, organization.name)
  })
})

describe('people who sign in for the first time, at once and on two replicas', () => {
  it('never make each other fail: none is refused, and no transaction is rolled back (S5)', async (t) => {
    const { rig, place, stranger, url } = await openPair(t)
    const before = await countRollbacks(url)
    const { customer } = place
    const persons = Array.from({ length: 12 }, (_, n) => `person-${n}@contoso.example`)
    for (const userPrincipalName of persons) rig.emulator.addUser(CONTOSO, { userPrincipalName })
    const begun = [await comeBack(rig, stranger, people.frank)]
    for (const person of persons) begun.push(await comeBack(rig, customer, person))
    const answers = await Promise.all(
      begun.map(({ browser, callback }, n) =>
        sameBrowserAcross(rig, [n % 2 === 0 ? rig.entrada : place.entrada], browser).request(
          callback,
        ),
      ),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 303),
    )
    assert.equal((await liveSessions(rig)).length, begun.length)
    assert.equal(await countRollbacks(url), before)
  })
})

/** Goes to Entra and back, up to the callback. */
async function comeBack(rig: Rig, { connection }: Customer, person: string) {
  rig.emulator.signInAutomaticallyAs(person)
  const browser = rig.browser()
  const started = await browser.request(loginAddress(connection))
  const answered = await browser.request(locationOf(started))
  return { browser, callback: locationOf(answered) }
}

/** PostgreSQL has counted all transactions of a connection when it has ended. */
async function countRollbacks(url: string): Promise<number> {
  await postgres.cutConnections(url)
  const name = new URL(url).pathname.slice(1)
  const counted = `select xact_rollback as n from pg_stat_database where datname = '${name}'`
  const [row] = await postgres.run('postgres', counted)
  return Number(row?.n)
}

/** Two replicas, a customer with two connections whose Alice has been there, and a customer whom nothing of it concerns. */
async function openPair(t: TestContext) {
  const url = await postgres.createDatabase(template)
  let between: (() => Promise<unknown>) | undefined
  const rig = await openRig(t, {
    database: url,
    withoutBackgroundWork: true,
    withoutLimits: true,
    hooks: {
      async decideSignIn() {
        const run = between
        between = undefined
        await run?.()
        return { refuse: false }
      },
    },
  })
  const customer = await createCustomer(rig)
  const { organization } = customer
  const another = await createCustomer(rig, { organization, name: 'Contoso again' })
  const stranger = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
  const { storage, ...held } = holdable(await open(url))
  const services = { ...rig.services, storage }
  const entrada = createEntrada(rig.options, services)
  t.after(() => entrada.close())
  assert.equal((await customer.signIn(people.alice)).response.status, 200)
  const [alice] = (await rig.services.storage.listUsers({ limit: 5 })).items
  assert.ok(alice)
  await endSessionsIn(rig.services, operator, { of: 'deployment' })
  const place: Place = { services, entrada, customer, another, alice }
  return {
    rig,
    place,
    stranger,
    held,
    url,
    between(run: () => Promise<unknown>) {
      between = run
    },
  }
}

/** The next transaction after `hold` waits, with all that it has written, until it is released. */
function holdable(storage: Storage) {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let holds = false
  const atomically: Storage['atomically'] = (work, options) =>
    storage.atomically(async (transaction) => {
      const result = await work(transaction)
      if (holds) {
        holds = false
        reached.resolve()
        await released.promise
      }
      return result
    }, options)
  return {
    storage: { ...storage, atomically },
    reached: reached.promise,
    release: () => released.resolve(),
    hold() {
      holds = true
    },
  }
}

async function untilWaiting(url: string, count: number): Promise<void> {
  const name = new URL(url).pathname.slice(1)
  const waiting = `select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = '${name}'`
  for (let tries = 0; ; tries += 1) {
    const [row] = await postgres.run('postgres', waiting)
    if (Number(row?.n) >= count) return
    assert.ok(tries < 150, `${count} transactions do not wait`)
    await pause(10)
  }
}

function open(url: string): Promise<Storage> {
  return openStorage(url as DatabaseAddress, { mode: 'production', now: () => new Date() })
}
