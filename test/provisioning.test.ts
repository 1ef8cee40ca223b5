import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createUser, onlyUser, sessionJson, usersOf } from './support/people.ts'
import {
  assertRefused,
  assertRefusedForGood,
  goToEntra,
  hasSessionCookie,
  noRows,
  oneOfEach,
  rowCounts,
} from './support/refusals.ts'
import { newDatabaseFile, openReplica, sameBrowserAcross } from './support/replicas.ts'
import { CONTOSO, people, SERVER_URL } from './support/rig.ts'
import { asOperator, auditEvents, openRig } from './support/steps.ts'

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001'
const PROFILE = new Set(['displayName', 'email', 'userPrincipalName'])
const BOB = 'aaaaaaaa-0000-4000-8000-000000000002'

describe('a first sign-in', () => {
  it('creates the user and links it to the person in Entra (A01)', async (t) => {
    const rig = await openRig(t)
    const { text } = await rig.signIn(people.alice)
    assert.match(text, /Hello, Alice Example/)
    assert.deepEqual(await rowCounts(rig), oneOfEach)
    const { membership, identities } = await onlyUser(rig)
    assert.equal(membership.username, 'alice')
    assert.equal(membership.organizationId, 'default')
    const [identity] = identities
    assert.deepEqual(identity?.key, {
      space: 'entra:login.entra.localhost',
      directory: CONTOSO,
      subject: ALICE,
    })
    const [event, ...others] = await auditEvents(rig, { type: 'sign_in.succeeded' })
    assert.deepEqual(others, [])
    assert.deepEqual(event?.detail, {
      tid: CONTOSO,
      oid: ALICE,
      space: 'entra:login.entra.localhost',
      directory: CONTOSO,
      subject: ALICE,
      roles: ['member'],
    })
    assert.equal(event?.connectionId, 'default')
    assert.match(event?.correlationId ?? '', /^[0-9a-f-]{36}$/)
    const types = (await auditEvents(rig)).map(({ type }) => type).sort()
    assert.deepEqual(types, [
      'connection.changed',
      'identity.linked',
      'membership.created',
      'membership.roles_changed',
      'sign_in.succeeded',
      'user.created',
    ])
  })

  it('needs neither an email nor a name', async (t) => {
    const rig = await openRig(t)
    const { text } = await rig.signIn(people.erin)
    assert.match(text, /Hello, erin/)
    const { membership } = await onlyUser(rig)
    assert.equal(membership.username, 'erin')
    assert.equal(membership.profile.displayName, undefined)
    assert.equal(membership.profile.email?.source, 'preferred_username')
    assert.equal(membership.profile.email?.proven, false)
  })

  it('works with a token that has no name, address or username at all', async (t) => {
    const rig = await openRig(t)
    const removeClaims = ['name', 'preferred_username', 'email', 'upn', 'login_hint', 'sid', 'acct']
    rig.emulator.setFault({ kind: 'id_token', removeClaims })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    assert.equal((await onlyUser(rig)).membership.username, 'user')
  })

  it('makes a username of letters, digits, dashes and underscores only', async (t) => {
    const rig = await openRig(t)
    const { text } = await rig.signIn("J.O'Connor@Contoso.Example")
    assert.match(text, /Hello, Jürgen O&#39;Connor-Müller/)
    assert.equal((await onlyUser(rig)).membership.username, 'J-O-Connor')
  })

  it('numbers a username that another person has, whatever its letter case', async (t) => {
    const rig = await openRig(t)
    await createUser(rig, { username: 'ALICE' })
    await rig.signIn(people.alice)
    const names = (await usersOf(rig)).flatMap(({ memberships }) => memberships)
    assert.deepEqual(names.map(({ username }) => username).sort(), ['ALICE', 'alice-2'])
  })
})

describe('a later sign-in', () => {
  it('finds the same user: one user, however often', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const { user } = await onlyUser(rig)
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.alice, { browser })
    assert.equal((await onlyUser(rig)).user.id, user.id)
    assert.equal((await auditEvents(rig, { type: 'user.created' })).length, 1)
    assert.equal((await auditEvents(rig, { type: 'identity.linked' })).length, 1)
    assert.equal((await rowCounts(rig)).sessions, 2)
  })

  it('knows a person who got another name, username and address, and takes them over (B05)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const before = await onlyUser(rig)
    rig.emulator.updateUser(people.alice, {
      userPrincipalName: 'alice.married@contoso.example',
      displayName: 'Alice Married',
      mail: 'alice.married@contoso.example',
    })
    const { text } = await rig.signIn('alice.married@contoso.example')
    assert.match(text, /Hello, Alice Married/)
    const { user, membership } = await onlyUser(rig)
    assert.equal(user.id, before.user.id)
    assert.equal(membership.username, 'alice')
    assert.equal(membership.profile.email?.address, 'alice.married@contoso.example')
    const [event] = await auditEvents(rig, { type: 'membership.profile_changed' })
    assert.deepEqual(new Set(event?.detail.members as string[]), PROFILE)
    assert.equal(JSON.stringify(event).includes('Married'), false)
  })

  it('knows a person whose username and object id come in capitals (B05)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const setClaims = { oid: ALICE.toUpperCase(), preferred_username: 'ALICE@CONTOSO.EXAMPLE' }
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    await onlyUser(rig)
  })

  it('takes away what Entra no longer says', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    rig.emulator.updateUser(people.alice, { displayName: undefined, mail: undefined })
    await rig.signIn(people.alice)
    const { profile } = (await onlyUser(rig)).membership
    assert.equal(profile.displayName, undefined)
    assert.equal(profile.email?.source, 'preferred_username')
  })

  it("gives a person who took over another's address a user of their own (B01)", async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    rig.emulator.updateUser(people.alice, { userPrincipalName: 'gone@contoso.example' })
    rig.emulator.updateUser(people.bob, {
      userPrincipalName: 'alice@contoso.example',
      mail: 'alice@contoso.example',
      displayName: 'Alice Example',
    })
    await rig.signIn('alice@contoso.example')
    const found = await usersOf(rig)
    assert.equal(found.length, 2)
    assert.deepEqual(found.map(({ identities }) => identities[0]?.key.subject).sort(), [ALICE, BOB])
  })
})

describe('twenty first sign-ins of one person at once', () => {
  it('make one user with twenty sessions (B13)', async (t) => {
    const rig = await openRig(t)
    const attempts = await Promise.all(
      Array.from({ length: 20 }, () => goToEntra(rig, people.alice)),
    )
    const answers = await Promise.all(attempts.map((at) => at.browser.request(at.callback)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([303]))
    assert.deepEqual(await rowCounts(rig), { ...oneOfEach, sessions: 20 })
    assert.equal((await auditEvents(rig, { type: 'user.created' })).length, 1)
  })

  it('make one user also on two replicas (B13)', async (t) => {
    const rig = await openRig(t, { database: await newDatabaseFile(t) })
    const replicas = [rig.entrada, openReplica(t, rig)]
    const attempts = await Promise.all(
      Array.from({ length: 20 }, () => goToEntra(rig, people.alice)),
    )
    const answers = await Promise.all(
      attempts.map(({ browser, callback }, index) =>
        sameBrowserAcross(rig, replicas.slice(index % 2), browser).request(callback),
      ),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([303]))
    assert.deepEqual(await rowCounts(rig), { ...oneOfEach, sessions: 20 })
    assert.equal((await auditEvents(rig, { type: 'user.created' })).length, 1)
  })

  it('of twenty people with the same name give twenty usernames', async (t) => {
    const rig = await openRig(t)
    const attempts = await Promise.all(
      Array.from({ length: 20 }, () => goToEntra(rig, people.alice)),
    )
    for (let n = 10; n < 30; n += 1) {
      const setClaims = { oid: `aaaaaaaa-0000-4000-8000-0000000000${n}` }
      rig.emulator.setFault({ kind: 'id_token', setClaims })
    }
    await Promise.all(attempts.map((at) => at.browser.request(at.callback)))
    const names = (await usersOf(rig)).flatMap(({ memberships }) => memberships)
    assert.equal(new Set(names.map(({ username }) => username.toLowerCase())).size, 20)
  })
})

describe('provisioning for users who exist already', () => {
  const existing = { entra: { policies: { provisioning: 'existing' } } } as const

  it('refuses whom nobody has created (B12)', async (t) => {
    const rig = await openRig(t, existing)
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'user_not_known', status: 403 })
    assert.deepEqual(await rowCounts(rig), noRows)
  })

  it('lets in whom an operator created with tenant and object id, in any letter case', async (t) => {
    const rig = await openRig(t, existing)
    const oid = ALICE.toUpperCase()
    const id = await createUser(rig, { username: 'boss', tid: CONTOSO.toUpperCase(), oid })
    const { browser } = await rig.signIn(people.alice)
    assert.equal((await sessionJson(browser)).user.id, id)
    const { membership } = await onlyUser(rig)
    assert.equal(membership.username, 'boss')
    assert.equal(membership.profile.displayName, 'Alice Example')
  })

  it('does not take an address for a user, not even a proven one', async (t) => {
    const policies = { provisioning: 'existing', linking: 'verified' } as const
    const rig = await openRig(t, { entra: { policies } })
    await createUser(rig, { username: 'alice', email: 'alice@contoso.example' })
    const at = await goToEntra(rig, people.alice)
    await assertRefused(rig, at, { code: 'user_not_known', status: 403 })
    assert.equal((await rowCounts(rig)).identities, 0)
  })
})

describe('provisioning that is off', () => {
  it('refuses everybody new and goes on for those who were here (B12)', async (t) => {
    const database = await newDatabaseFile(t)
    const before = await openRig(t, { database })
    await before.signIn(people.alice)
    await createUser(before, { username: 'bob', tid: CONTOSO, oid: BOB })

    const off = { policies: { provisioning: 'off' } } as const
    const { secretKeys } = before.options
    const rig = await openRig(t, { database, secretKeys, entra: off })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const rows = await rowCounts(rig)
    for (const name of [people.erin, people.bob]) {
      const at = await goToEntra(rig, name)
      await assertRefusedForGood(rig, at, { code: 'provisioning_off', status: 403 })
    }
    assert.deepEqual(await rowCounts(rig), rows)
  })
})

describe('a disabled user', () => {
  it('is out at once and stays out, whatever Entra says (B16)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const { user } = await onlyUser(rig)
    const change = (verb: string) =>
      rig.browser().request(`${SERVER_URL}/api/v1/users/${user.id}/${verb}`, {
        method: 'POST',
        headers: asOperator,
      })
    assert.equal((await change('disable')).status, 200)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    assert.equal((await rowCounts(rig)).sessions, 0)

    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'user_disabled', status: 403 })
    const refused = await auditEvents(rig, { type: 'sign_in.refused' })
    assert.equal(
      refused.some(({ detail }) => detail.code === 'user_disabled'),
      true,
    )

    assert.equal((await change('enable')).status, 200)
    const { browser: again } = await rig.signIn(people.alice)
    assert.equal(hasSessionCookie(again), true)
  })

  it('is out also when it was disabled while the person was at Entra (B16)', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    const at = await goToEntra(rig, people.alice)
    const { user } = await onlyUser(rig)
    const api = await rig.entrada.api
    await api.disableUser({ actor: { kind: 'operator', id: 'test' } }, user.id)
    await assertRefused(rig, at, { code: 'user_disabled', status: 403 })
    assert.equal((await rowCounts(rig)).sessions, 0)
  })

  it('who may not sign in at Entra does not come back at all', async (t) => {
    const rig = await openRig(t)
    const { response, text, url } = await rig.signIn(people.carol)
    assert.equal(url.host, 'login.entra.localhost:4000')
    assert.match(text, /AADSTS50057/)
    assert.equal(response.status >= 200, true)
    assert.deepEqual(await rowCounts(rig), noRows)
  })
})

describe('the first person on an empty server', () => {
  it('is no operator (B22)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    for (const path of ['/admin', '/api/v1/users', '/api/v1/audit-events']) {
      assert.equal((await browser.request(`${SERVER_URL}${path}`)).status, 403, path)
    }
  })

  it('is one if listed beforehand, by tenant and object id together (B22)', async (t) => {
    const rig = await openRig(t, { operators: [{ kind: 'user', tid: CONTOSO, oid: ALICE }] })
    const alice = await rig.signIn(people.alice)
    const bob = await rig.signIn(people.bob)
    assert.equal((await alice.browser.request(`${SERVER_URL}/admin`)).status, 200)
    assert.equal((await bob.browser.request(`${SERVER_URL}/admin`)).status, 403)
  })
})
