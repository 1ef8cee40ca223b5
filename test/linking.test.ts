import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IdTokenFault } from '../src/emulator/faults.ts'
import { createEntrada } from '../src/entrada.ts'
import type { Plan } from '../src/storage/plan.ts'
import { ask } from './support/api-calls.ts'
import { createUser, postUser, sessionJson, usersOf } from './support/people.ts'
import { goToEntra, openRigForTenants, rowCounts } from './support/refusals.ts'
import { browserAcross } from './support/replicas.ts'
import { CONTOSO, FABRIKAM, people, type RigOptions } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001'
const linking = { policies: { linking: 'verified' } } as const
const verified: RigOptions = { entra: linking }
const beforehand = { username: 'invited', email: 'Alice@Contoso.Example' }

describe('two people with the same object id in two tenants', () => {
  it('are two users (B07)', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO, FABRIKAM])
    await rig.signIn(people.alice)
    rig.emulator.setFault({ kind: 'id_token', setClaims: { oid: ALICE, name: 'Not Alice' } })
    const { text } = await rig.signIn(people.frank)
    assert.match(text, /Hello, Not Alice/)
    const found = await usersOf(rig)
    assert.deepEqual(found.map(({ identities }) => identities[0]?.key.directory).sort(), [
      CONTOSO,
      FABRIKAM,
    ])
    assert.deepEqual(
      new Set(found.map(({ identities }) => identities[0]?.key.subject)),
      new Set([ALICE]),
    )
    assert.match((await rig.signIn(people.alice)).text, /Hello, Alice Example/)
  })
})

describe('a stranger with the address of somebody who is here', () => {
  it('becomes a user of their own and never the other (B01)', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO, FABRIKAM])
    const { browser } = await rig.signIn(people.alice)
    const victim = await sessionJson(browser)
    const setClaims = {
      email: 'alice@contoso.example',
      preferred_username: 'alice@contoso.example',
      xms_edov: true,
    }
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    const attacker = await sessionJson((await rig.signIn(people.frank)).browser)
    assert.notEqual(attacker.user.id, victim.user.id)
    assert.equal((await rowCounts(rig)).identities, 2)
  })

  it('is not linked to a user made beforehand with that address (B02)', async (t) => {
    const rig = await openRig(t)
    const id = await createUser(rig, { username: 'alice', email: 'alice@contoso.example' })
    const { browser } = await rig.signIn(people.alice)
    assert.notEqual((await sessionJson(browser)).user.id, id)
    assert.deepEqual((await rig.services.storage.findUser(id))?.identities, [])
  })
})

describe('linking to a user made beforehand, where the address is proven', () => {
  it('takes the user over, and records why', async (t) => {
    const rig = await openRig(t, verified)
    const id = await createUser(rig, beforehand)
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).user.id, id)
    assert.deepEqual(await rowCounts(rig), { users: 1, identities: 1, memberships: 1, sessions: 1 })
    const [event] = await auditEvents(rig, { type: 'identity.linked' })
    assert.deepEqual(event?.detail, {
      tid: CONTOSO,
      oid: ALICE,
      space: 'entra:login.entra.localhost',
      directory: CONTOSO,
      subject: ALICE,
      reason: 'email_domain_owner_verified',
    })
    const [user] = await usersOf(rig)
    assert.equal(user?.memberships[0]?.username, 'invited')

    const again = await rig.signIn(people.alice)
    assert.equal((await sessionJson(again.browser)).user.id, id)
  })

  const claims = (setClaims: Readonly<Record<string, unknown>>) => ({ setClaims })
  const unproven: readonly (readonly [string, Omit<IdTokenFault, 'kind'>])[] = [
    ['Entra does not vouch for its domain', claims({ xms_edov: false })],
    ['Entra says nothing about its domain', { removeClaims: ['xms_edov'] }],
    ['it is only the username', { removeClaims: ['email'] }],
    ['it is another', claims({ email: 'alice@contoso.example.evil.example' })],
    ['it is another with ours in front', claims({ email: 'alice@contoso.example,x@evil.example' })],
    ['it is another with ours inside', claims({ email: '"alice@contoso.example"@evil.example' })],
    ['it ends with a dot', claims({ email: 'alice@contoso.example.' })],
    ['it is a pattern that ours fits', claims({ email: '%@contoso.example' })],
  ]
  for (const [why, fault] of unproven) {
    it(`does not happen when ${why}: ${JSON.stringify(fault)} (B02, B10)`, async (t) => {
      const rig = await openRig(t, verified)
      const id = await createUser(rig, beforehand)
      rig.emulator.setFault({ kind: 'id_token', ...fault })
      const { browser } = await rig.signIn(people.alice)
      assert.notEqual((await sessionJson(browser)).user.id, id)
      assert.deepEqual((await rig.services.storage.findUser(id))?.identities, [])
    })
  }

  it('does not happen for a guest', async (t) => {
    const policies = { linking: 'verified', guests: 'allow' } as const
    const rig = await openRig(t, { entra: { policies } })
    const id = await createUser(rig, { username: 'invited', email: 'grace@fabrikam.example' })
    const { browser } = await rig.signIn(people.grace)
    assert.notEqual((await sessionJson(browser)).user.id, id)
  })

  it('does not happen where several tenants may sign in', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO, FABRIKAM], linking)
    const id = await createUser(rig, { username: 'invited', email: 'frank@fabrikam.example' })
    const { browser } = await rig.signIn(people.frank)
    assert.notEqual((await sessionJson(browser)).user.id, id)
  })

  it('does not happen onto a user who signs in with another account (B01)', async (t) => {
    const rig = await openRig(t, verified)
    const { browser } = await rig.signIn(people.alice)
    const victim = await sessionJson(browser)
    const setClaims = { email: 'alice@contoso.example', xms_edov: true }
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    const other = await sessionJson((await rig.signIn(people.bob)).browser)
    assert.notEqual(other.user.id, victim.user.id)
  })

  it('does not happen when the address could be of two users', async (t) => {
    const rig = await openRig(t, verified)
    const user = await createUser(rig, beforehand)
    const two = await createUser(rig, { ...beforehand, username: 'another' })
    const { browser } = await rig.signIn(people.alice)
    assert.equal([user, two].includes((await sessionJson(browser)).user.id as `usr_`), false)
  })

  it('happens whoever else took the address without proof, however many they are (S8)', async (t) => {
    const rig = await openRig(t, verified)
    const id = await createUser(rig, { username: 'boss', email: 'alice@contoso.example' })
    const setClaims = { email: 'Alice@contoso.example', xms_edov: false }
    for (const person of [people.bob, people.erin, people.heidi]) {
      rig.emulator.setFault({ kind: 'id_token', setClaims })
      const { browser } = await rig.signIn(person)
      assert.notEqual((await sessionJson(browser)).user.id, id)
    }
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).user.id, id)
  })

  it('passes over who was made an administrator beforehand with the same address (S8)', async (t) => {
    const rig = await openRig(t, verified)
    const administrator = await createUser(rig, { ...beforehand, username: 'administrator' })
    const [membership] = (await rig.services.storage.findUser(administrator))?.memberships ?? []
    const path = `/memberships/${membership?.id}/roles/organization_admin`
    const response = await ask(rig, path, { method: 'PUT' })
    assert.ok(response.status < 300, JSON.stringify(response.body))
    const id = await createUser(rig, beforehand)
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).user.id, id)
  })

  it('refuses who is disabled, instead of making a second user beside the disabled one (B16)', async (t) => {
    const rig = await openRig(t, verified)
    const id = await createUser(rig, beforehand)
    await rig.entrada.api.disableUser({ actor: { kind: 'operator', id: 'test' } }, id)
    const { response, text } = await rig.signIn(people.alice)
    assert.equal(response.status, 403)
    assert.match(text, /user_disabled/)
    assert.equal((await rig.services.storage.listUsers({ limit: 10 })).items.length, 1)
  })

  it('keeps other sign-ins of the user waiting while it is written, unlike a sign-in that changes nothing', async (t) => {
    const rig = await openRig(t, verified)
    await createUser(rig, beforehand)
    const { storage } = rig.services
    const plans: Plan[] = []
    const writePlan: typeof storage.writePlan = (plan) => {
      plans.push(plan)
      return storage.writePlan(plan)
    }
    const services = { ...rig.services, storage: { ...storage, writePlan } }
    const entrada = createEntrada(rig.options, services)
    for (const browser of [browserAcross(rig, [entrada]), browserAcross(rig, [entrada])]) {
      const { callback } = await goToEntra(rig, people.alice, { browser })
      assert.equal((await browser.request(callback)).status, 303)
    }
    assert.deepEqual(
      plans.map(({ alone }) => alone),
      [true, false],
    )
  })

  it('happens once for two people with that address at once', async (t) => {
    const rig = await openRig(t, verified)
    const id = await createUser(rig, beforehand)
    const setClaims = { email: 'alice@contoso.example', xms_edov: true }
    rig.emulator.setFault({ kind: 'id_token', setClaims, forUser: people.bob })
    const attempts = [await goToEntra(rig, people.alice), await goToEntra(rig, people.bob)]
    await Promise.all(attempts.map(({ browser, callback }) => browser.visit(callback)))
    const ids = await Promise.all(
      attempts.map(async ({ browser }) => (await sessionJson(browser)).user.id),
    )
    assert.equal(new Set(ids).size, 2)
    assert.equal((await rig.services.storage.findUser(id))?.identities.length, 1)
  })
})

describe('POST /api/v1/users with a person who is linked already', () => {
  it('is refused, and nothing moves (B20)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const { user } = await sessionJson(browser)
    const rows = await rowCounts(rig)
    const response = await postUser(rig, { username: 'thief', tid: CONTOSO, oid: ALICE })
    assert.equal(response.status, 409)
    const problem: { readonly code: string } = JSON.parse(await response.text())
    assert.equal(problem.code, 'identity_in_use')
    assert.deepEqual(await rowCounts(rig), rows)
    assert.equal((await sessionJson((await rig.signIn(people.alice)).browser)).user.id, user.id)
  })
})
