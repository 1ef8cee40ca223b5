import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { rotateKeys } from '../src/admin/rotate-keys.ts'
import { changeConnection } from '../src/connections/change-connection.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { openServices } from '../src/open-services.ts'
import { createRechecking } from '../src/recheck/start-rechecking.ts'
import type { Connection, ConnectionPolicies, RoleRule } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import { type Customer, createCustomer, operator } from './support/customers.ts'
import { openInterrupted } from './support/during.ts'
import { onlyUser, sessionJson } from './support/people.ts'
import { newDatabaseFile } from './support/replicas.ts'
import {
  CONTOSO,
  ENGINEERING,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  requestsAt,
  SALES,
  SERVER_URL,
} from './support/rig.ts'
import {
  asOperator,
  auditEvents,
  codeOf,
  liveSessions,
  openRig,
  recheckFailures,
  signOut,
} from './support/steps.ts'

const MINUTES = 15
const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001'
const rules: readonly RoleRule[] = [
  { id: 'engineers', match: 'group', value: ENGINEERING, role: 'developer' },
  { id: 'sellers', match: 'group', value: SALES, role: 'seller' },
  { id: 'admins', match: 'app_role', value: 'Admin', role: 'owner' },
]

type Watched = {
  readonly rig: Rig
  readonly customer: Customer
  readonly browser: TestBrowser
  /** Moves the clock to the next check and lets it happen. */
  check(): Promise<void>
}

async function signInWatched(
  t: TestContext,
  policies: Partial<ConnectionPolicies> = {},
  name: string = people.alice,
): Promise<Watched> {
  const rig = await openRig(t)
  const customer = await createCustomer(rig, {
    policies: { groupsOverage: 'refuse', ...policies },
    roleRules: rules,
    settings: { recheckMinutes: MINUTES },
  })
  rig.emulator.assign(customer.connection.clientId, ALICE, 'Admin')
  const { browser, response, text } = await customer.signIn(name)
  assert.equal(response.status, 200, text)
  return { rig, customer, browser, check: () => checkNow(rig) }
}

describe('a sign-in without a refresh token', () => {
  it('is in the log where sessions are to be checked again, and the session lasts unchecked (O20)', async (t) => {
    const rig = await openRig(t, {
      fetch: async (url, init) => {
        const answer = await rig.emulator.fetch(new Request(url, init))
        if (!String(url).includes('/oauth2/v2.0/token')) return answer
        const { refresh_token: _, ...body } = (await answer.json()) as Record<string, unknown>
        return Response.json(body, { status: answer.status })
      },
    })
    const settings = { recheckMinutes: MINUTES }
    const customer = await createCustomer(rig, { roleRules: rules, settings })
    const { browser } = await customer.signIn(people.alice)
    const written = rig.logLines.filter((line) => line.includes('session_recheck_without_token'))
    assert.equal(written.length, 1)
    assert.ok(written[0]?.includes(customer.connection.id))
    await checkNow(rig)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 200)

    const others = await createCustomer(rig, { name: 'Fabrikam' })
    await others.signIn(people.alice)
    const after = rig.logLines.filter((line) => line.includes('session_recheck_without_token'))
    assert.equal(after.length, 1)
  })
})

async function checkNow(rig: Rig, minutes = MINUTES): Promise<void> {
  rig.clock.advanceSeconds(minutes * 60)
  await createRechecking(rig.services).round()
}

async function rolesIn(browser: TestBrowser): Promise<readonly string[]> {
  return [...(await sessionJson(browser)).roles].sort()
}

async function assertSignInAgain(
  rig: Rig,
  browser: TestBrowser,
  code: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const api = await browser.request(`${SERVER_URL}/api/v1/session`)
  assert.deepEqual([api.status, await codeOf(api)], [401, 'sign_in_again'])
  const account = await browser.request(`${SERVER_URL}/account`)
  const page = await account.text()
  assert.equal(account.status, 401)
  assert.match(page, /Microsoft asks you to sign in again/)
  assert.match(page, /href="\/enterprise-login\//)
  const login = await browser.visit(`${SERVER_URL}/`)
  assert.match(login.text, /Microsoft asks you to sign in again/)
  assert.deepEqual(await liveSessions(rig), [])
  const [event] = await auditEvents(rig, { type: 'session.ended' })
  assert.deepEqual(event?.detail, { reason: 'recheck', code, ...more })
  assert.deepEqual(event?.actor, { kind: 'entra' })
}

describe('a session whose connection is checked again', () => {
  it('asks for a refresh token at the sign-in, and keeps it sealed (I03)', async (t) => {
    const { rig, customer } = await signInWatched(t)
    const start = await rig
      .browser()
      .request(`${SERVER_URL}/enterprise-login/${customer.connection.slug}`)
    const scope = new URL(start.headers.get('location') ?? '').searchParams.get('scope')
    assert.match(scope ?? '', /(^| )offline_access( |$)/)
    const [session] = await liveSessions(rig)
    const grant = session && (await rig.services.storage.findSessionGrant(session.id))
    assert.match(grant?.sealed ?? '', /^v1\./)
    assert.doesNotMatch(JSON.stringify(grant), /emulator-refresh/)
    assert.equal(rig.logLines.filter((line) => line.includes('emulator-refresh')).length, 0)
  })

  it('is not checked before its time, and goes on when nothing has changed', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    const before = requestsAt(rig, 'token')
    await checkNow(rig, MINUTES - 1)
    assert.equal(requestsAt(rig, 'token'), before)
    await checkNow(rig, 1)
    assert.equal(requestsAt(rig, 'token'), before + 1)
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    await check()
    await check()
    assert.equal(requestsAt(rig, 'token'), before + 3)
    assert.deepEqual(await auditEvents(rig, { type: 'session.ended' }), [])
  })

  it('has other roles once Entra says other groups', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.setUserGroups(people.alice, ['Sales'])
    await check()
    assert.deepEqual(await rolesIn(browser), ['owner', 'seller'])
    const changes = await auditEvents(rig, { type: 'membership.roles_changed' })
    assert.deepEqual(changes[0]?.detail, {
      before: ['developer', 'owner'],
      after: ['owner', 'seller'],
    })
    assert.deepEqual(changes[0]?.actor, { kind: 'entra' })
    const { groups } = await sessionJson(browser)
    assert.deepEqual([groups?.includes(SALES), groups?.includes(ENGINEERING)], [true, false])
  })

  it('keeps its groups when the refreshed token does not mention any', async (t) => {
    const { rig, customer, browser, check } = await signInWatched(t)
    rig.emulator.setApplication(customer.connection.clientId, { omitGroupsOnRefresh: true })
    rig.emulator.setUserGroups(people.alice, ['Sales'])
    const { groups } = await sessionJson(browser)
    await check()
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    assert.deepEqual((await sessionJson(browser)).groups, groups)
  })

  it('keeps its groups when they do not fit any more, or Graph does not tell', async (t) => {
    const { rig, browser, check } = await signInWatched(t, { groupsOverage: 'graph' })
    const users = rig.emulator.directory.tenants.flatMap(({ users }) => users)
    const many = users.find(({ userPrincipalName }) => userPrincipalName === people.dave)?.memberOf
    rig.emulator.setUserGroups(people.alice, many ?? [])
    rig.emulator.setFault({ on: 'graph', kind: 'status', status: 503 })
    await check()
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    await check()
    assert.deepEqual(await rolesIn(browser), ['owner'], 'Graph is up, and tells')
  })

  it('keeps its app roles when a token with nothing optional leaves them out', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['roles', 'groups'] })
    await check()
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['roles'] })
    await check()
    assert.deepEqual(await rolesIn(browser), ['developer'])
  })
})

describe('the end of a session by a check', () => {
  it('comes when the account is disabled at Entra', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.updateUser(people.alice, { accountEnabled: false })
    await check()
    await assertSignInAgain(rig, browser, 'code_refused')
  })

  it('comes when the sessions are revoked at Entra', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.revokeSessions(people.alice)
    await check()
    await assertSignInAgain(rig, browser, 'code_refused')
    const again = await browser.visit(`${SERVER_URL}/`)
    assert.match(again.text, /href="\/enterprise-login\//)
  })

  it('comes when a policy asks for one more step', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.addPolicy({ require: 'mfa' })
    await check()
    await assertSignInAgain(rig, browser, 'interaction_required')
  })

  it('comes when what Entra says would refuse a sign-in', async (t) => {
    const { rig, browser, check } = await signInWatched(
      t,
      { unmatched: { kind: 'refuse' } },
      people.bob,
    )
    rig.emulator.setUserGroups(people.bob, ['All staff'])
    await check()
    await assertSignInAgain(rig, browser, 'no_role_matched')
  })

  const others = {
    oid: { oid: 'aaaaaaaa-0000-4000-8000-000000000002' },
    sub: { sub: 'other' },
    tid: { tid: FABRIKAM, iss: `${ENTRA_URL}/${FABRIKAM}/v2.0` },
  } as const
  for (const [claim, setClaims] of Object.entries(others)) {
    it(`comes when Entra answers about another person, by ${claim} (S6)`, async (t) => {
      const rig = await openRig(t)
      const { signIn } = await createCustomer(rig, {
        tenants: { kind: 'allow_list', tenantIds: [CONTOSO, FABRIKAM] },
        settings: { recheckMinutes: MINUTES },
      })
      const { browser } = await signIn(people.alice)
      rig.emulator.setFault({ kind: 'id_token', setClaims })
      await checkNow(rig)
      await assertSignInAgain(rig, browser, 'recheck_other_person', { claim })
      assert.deepEqual(await recheckFailures(rig), [])
    })
  }

  it('is over with the next sign-in', async (t) => {
    const { rig, customer, browser, check } = await signInWatched(t)
    rig.emulator.revokeSessions(people.alice)
    await check()
    const { response } = await customer.signIn(people.alice, { browser })
    assert.equal(response.status, 200)
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    await signOut(browser, SERVER_URL)
    const api = await browser.request(`${SERVER_URL}/api/v1/session`)
    assert.equal(await codeOf(api), 'sign_in_required')
  })
})

describe('a check during which the connection is changed', () => {
  it('gives no role back that was taken while Entra was asked (S2)', async (t) => {
    const { rig, during } = await openInterrupted(t)
    const settings = { recheckMinutes: MINUTES }
    const { connection, signIn } = await createCustomer(rig, { roleRules: rules, settings })
    const { browser } = await signIn(people.alice)
    assert.deepEqual(await rolesIn(browser), ['developer'])
    const change = (before: Connection): Connection => ({ ...before, roleRules: [] })
    during('/token', () => changeConnection(rig.services, operator, { id: connection.id, change }))
    await checkNow(rig)
    assert.deepEqual(await rolesIn(browser), ['member'])
  })
})

describe('a check that tells nothing of the person', () => {
  const faults = [
    ['503', { on: 'token', kind: 'status', status: 503 }, 'provider_unreachable'],
    ['500', { on: 'token', kind: 'status', status: 500 }, 'provider_unreachable'],
    [
      '429',
      { on: 'token', kind: 'status', status: 429, retryAfterSeconds: 3600 },
      'provider_unreachable',
    ],
    ['a page in place of JSON', { on: 'token', kind: 'html' }, 'provider_answer_invalid'],
    ['a cut answer', { on: 'token', kind: 'cut_body' }, 'provider_unreachable'],
    ['broken JSON', { on: 'token', kind: 'invalid_json' }, 'provider_answer_invalid'],
    [
      'a redirect',
      { on: 'token', kind: 'redirect', location: 'https://evil.example' },
      'provider_answer_invalid',
    ],
    ['no ID token', { on: 'token', kind: 'members', remove: ['id_token'] }, 'id_token_missing'],
    [
      'temporarily_unavailable',
      { on: 'token', kind: 'oauth_error', error: 'temporarily_unavailable', code: 90033 },
      'provider_unreachable',
    ],
    [
      'an error that nobody knows',
      { on: 'token', kind: 'oauth_error', error: 'invalid_request', code: 900144 },
      'token_request_refused',
    ],
    ['a forged token', { kind: 'id_token', signature: 'other_key' }, 'id_token_signature_invalid'],
    ['an old token', { kind: 'id_token', setClaims: { exp: 1 } }, 'id_token_claim_invalid'],
    [
      'a token for another application',
      { kind: 'id_token', setClaims: { aud: 'x' } },
      'id_token_claim_invalid',
    ],
    [
      'a nonce out of nowhere',
      { kind: 'id_token', setClaims: { nonce: 'x' } },
      'id_token_claim_invalid',
    ],
  ] as const
  for (const [what, fault, code] of faults) {
    it(`keeps the session and tells those who watch: ${what}`, async (t) => {
      const { rig, browser, check, customer } = await signInWatched(t)
      rig.emulator.setFault(fault)
      await check()
      assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
      const line = rig.logLines.find((entry) => entry.includes('session_recheck_failed'))
      assert.match(line ?? '', new RegExp(`"code":"${code}"`))
      const connectionId = customer.connection.id
      assert.deepEqual(await recheckFailures(rig), [code])
      await rig.services.signInNotes.store()
      const health = await rig.services.storage.findConnectionHealth([connectionId])
      assert.equal(health.get(connectionId)?.lastFailureCode, code)
      const metrics = await rig.browser().request(`${SERVER_URL}/metrics`, { headers: asOperator })
      assert.match(
        await metrics.text(),
        new RegExp(`entrada_session_rechecks_total\\{outcome="failed",code="${code}"\\} 1`),
      )
      await checkNow(rig, 1)
      assert.deepEqual(await recheckFailures(rig), [])
    })
  }

  it('keeps everybody in when the secret has expired, and asks for no more than a few of them', async (t) => {
    const { rig, customer, check } = await signInWatched(t)
    const browsers = await Promise.all(
      Array.from({ length: 100 }, async () => (await customer.signIn(people.bob)).browser),
    )
    rig.emulator.expireSecret(customer.connection.clientId)
    const before = requestsAt(rig, 'token')
    await check()
    assert.equal((await liveSessions(rig)).length, 101)
    assert.ok(requestsAt(rig, 'token') - before <= 48, 'one batch and what was under way')
    rig.emulator.setSecret(customer.connection.clientId, customer.secret)
    await checkNow(rig, 2)
    await checkNow(rig, 2)
    assert.deepEqual(await recheckFailures(rig), [])
    assert.deepEqual(await rolesIn(browsers[7] ?? rig.browser()), ['seller'])
  })

  it('waits longer each time', async (t) => {
    const { rig, check } = await signInWatched(t)
    rig.emulator.setFault({ on: 'token', kind: 'status', status: 503, times: 100 })
    const before = requestsAt(rig, 'token')
    await check()
    for (let minute = 0; minute < 30; minute += 1) await checkNow(rig, 1)
    assert.equal(requestsAt(rig, 'token') - before, 1 + 5, 'after 1, 2, 4, 8 and 15 minutes')
  })

  it('is told when Entra never answers, within the time limit', async (t) => {
    const { rig, browser, check } = await signInWatched(t)
    rig.emulator.setFault({ on: 'token', kind: 'hang' })
    const startedAt = performance.now()
    await check()
    assert.ok(performance.now() - startedAt < 9_000)
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    assert.deepEqual(await recheckFailures(rig), ['provider_timeout'])
  })
})

describe('what keeps a session checked', () => {
  it('goes with the session: sign-out, disabled user, swept', async (t) => {
    const { rig, customer, browser } = await signInWatched(t)
    const grants = async () => Object.values(await rig.services.storage.countSealedValues())
    const [withGrant] = await grants()
    await signOut(browser, SERVER_URL)
    assert.deepEqual(await grants(), [(withGrant ?? 0) - 1])
    await customer.signIn(people.alice)
    assert.deepEqual(await grants(), [withGrant])
    const { user } = await onlyUser(rig)
    const headers = asOperator
    await rig.browser().request(`${SERVER_URL}/api/v1/users/${user.id}/disable`, {
      method: 'POST',
      headers,
    })
    assert.deepEqual(await grants(), [(withGrant ?? 0) - 1])
  })

  it('is used sooner once the connection is to be checked more often', async (t) => {
    const { rig, customer } = await signInWatched(t)
    const before = requestsAt(rig, 'token')
    await changeConnection(rig.services, operator, {
      id: customer.connection.id,
      change: (connection) => ({
        ...connection,
        settings: { ...connection.settings, recheckMinutes: 5 },
      }),
    })
    await checkNow(rig, 4)
    assert.equal(requestsAt(rig, 'token'), before)
    await checkNow(rig, 1)
    assert.equal(requestsAt(rig, 'token'), before + 1)
  })

  it('is removed once the connection does not ask for it any more', async (t) => {
    const { rig, customer, browser, check } = await signInWatched(t)
    await changeConnection(rig.services, operator, {
      id: customer.connection.id,
      change: ({ settings: { recheckMinutes: _, ...settings }, ...before }) => ({
        ...before,
        settings,
      }),
    })
    const before = requestsAt(rig, 'token')
    await check()
    assert.equal(requestsAt(rig, 'token'), before)
    const [session] = await liveSessions(rig)
    assert(session !== undefined)
    assert.equal(await rig.services.storage.findSessionGrant(session.id), undefined)
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
  })

  it('is the newest refresh token that Entra gave', async (t) => {
    const { rig, check } = await signInWatched(t)
    const [session] = await liveSessions(rig)
    assert(session !== undefined)
    const sealed = async () => (await rig.services.storage.findSessionGrant(session.id))?.sealed
    const first = await sealed()
    await check()
    const second = await sealed()
    assert.notEqual(first, second)
    rig.emulator.setFault({ on: 'token', kind: 'members', remove: ['refresh_token'] })
    await check()
    await check()
    assert.equal((await liveSessions(rig)).length, 1, 'the one before is used where none came')
  })

  it('is brought forward by use, and nothing waits for it', async (t) => {
    const { rig, browser } = await signInWatched(t)
    rig.emulator.revokeSessions(people.alice)
    rig.clock.advanceSeconds(MINUTES * 60)
    assert.deepEqual(await rolesIn(browser), ['developer', 'owner'])
    const ended = async () => (await auditEvents(rig, { type: 'session.ended' })).length > 0
    for (let tries = 0; tries < 200 && !(await ended()); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await assertSignInAgain(rig, browser, 'code_refused')
  })

  it('is sealed again when the key ring is rotated, and works under the new key alone (I02)', async (t) => {
    const [older, newer] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, {
      database,
      secretKeys: [older],
      entra: { recheckMinutes: MINUTES },
    })
    await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const both = await openServices({ ...rig.options, secretKeys: [newer, older] })
    t.after(() => both.close())
    const rotation = await rotateKeys(both, { kind: 'system' })
    assert.equal(rotation.resealed, 2)
    assert.deepEqual(
      rotation.keys.map(({ values }) => values),
      [2, 0],
    )
    const alone = await openServices({ ...rig.options, secretKeys: [newer] })
    t.after(() => alone.close())
    rig.clock.advanceSeconds(MINUTES * 60)
    const before = requestsAt(rig, 'token')
    assert.equal(await createRechecking(alone).round(), 2)
    assert.equal(requestsAt(rig, 'token') - before, 2)
    assert.deepEqual(await recheckFailures(rig), [])
    assert.equal((await liveSessions(rig)).length, 2)
    await assert.rejects(openServices({ ...rig.options, secretKeys: [older] }), {
      code: 'secret_key_missing',
    })
  })

  it('is noise in another row', async (t) => {
    const { rig, customer, check } = await signInWatched(t)
    await customer.signIn(people.bob)
    const sessions = await liveSessions(rig)
    await rig.services.storage.atomically(async (transaction) => {
      const [one, other] = await Promise.all(
        sessions.map(({ id }) => transaction.findSessionGrant(id)),
      )
      assert(one && other)
      await transaction.resealSessionGrant(one.sessionId, one.sealed, other.sealed)
    })
    const before = requestsAt(rig, 'token')
    await check()
    assert.equal(requestsAt(rig, 'token') - before, 1)
    assert.deepEqual(await recheckFailures(rig), ['sealed_value_invalid'])
    assert.equal((await liveSessions(rig)).length, 2)
  })

  it('works for the default connection', async (t) => {
    const rig = await openRig(t, { entra: { recheckMinutes: MINUTES } })
    const { browser } = await rig.signIn(people.alice)
    rig.emulator.revokeSessions(people.alice)
    await checkNow(rig)
    const api = await browser.request(`${SERVER_URL}/api/v1/session`)
    assert.equal(await codeOf(api), 'sign_in_again')
  })
})
