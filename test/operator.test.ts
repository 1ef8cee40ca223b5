import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseOperators } from '../src/access/operators.ts'
import { Secret } from '../src/keys/secret.ts'
import { type Route, routes } from '../src/routes.ts'
import type { OrganizationId } from '../src/storage/records.ts'
import { ask } from './support/api-calls.ts'
import type { TestBrowser } from './support/browser.ts'
import { createCustomer } from './support/customers.ts'
import { newDatabaseFile, openReplica, sameBrowserAcross } from './support/replicas.ts'
import {
  CONTOSO,
  ENGINEERING,
  FABRIKAM,
  OPERATOR_TOKEN,
  people,
  type Rig,
  SERVER_URL,
} from './support/rig.ts'
import {
  asOperator,
  auditEvents,
  codeOf,
  liveSessions,
  openRig,
  sessionCookieOf,
  signInWithToken,
  signOut,
} from './support/steps.ts'

const ALICE_OID = 'aaaaaaaa-0000-4000-8000-000000000001'
const BOB_OID = 'aaaaaaaa-0000-4000-8000-000000000002'
const WRONG_TOKEN = 'x'.repeat(50)

function statusAt(browser: TestBrowser, path: string): Promise<number> {
  return browser.request(SERVER_URL + path).then(({ status }) => status)
}

describe('POST /login/token', () => {
  it('opens the pages and the API of operators with the right token', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    const response = await signInWithToken(browser, SERVER_URL)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/admin')
    assert.equal(await statusAt(browser, '/admin'), 200)
    assert.equal(await statusAt(browser, '/api/v1/users'), 200)
  })

  it('opens nothing any more once the token that was used is not configured (S2)', async (t) => {
    const database = await newDatabaseFile(t)
    const rig = await openRig(t, { database })
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const used = new Secret(OPERATOR_TOKEN)
    const other = new Secret('another-token-9876543210-zyxwvutsrqponmlkjihgfedcba')
    const statusWith = (...operatorTokens: readonly Secret[]) => {
      const replica = openReplica(t, rig, { operatorTokens })
      return statusAt(sameBrowserAcross(rig, [replica], browser), '/api/v1/users')
    }
    assert.equal(await statusWith(other, used), 200)
    assert.equal(await statusWith(other), 401)
    assert.equal(await statusAt(browser, '/api/v1/users'), 200, 'where it still is')
  })

  it('opens nothing with a wrong, an empty or a cut token', async (t) => {
    const rig = await openRig(t)
    for (const offered of [WRONG_TOKEN, '', OPERATOR_TOKEN.slice(0, -1), `${OPERATOR_TOKEN}x`]) {
      const browser = rig.browser()
      const response = await signInWithToken(browser, SERVER_URL, offered)
      assert.equal(response.status, 401)
      assert.equal(await codeOf(response), 'operator_token_invalid')
      assert.deepEqual(sessionCookieOf(browser, SERVER_URL), ['', ''])
    }
    assert.deepEqual(await liveSessions(rig), [])
  })

  it('takes the line break that copying from a file brings along', async (t) => {
    const rig = await openRig(t)
    const response = await signInWithToken(rig.browser(), SERVER_URL, ` ${OPERATOR_TOKEN}\n`)
    assert.equal(response.status, 303)
  })

  it('makes a session without user or organization, for one hour at most', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const [session] = await liveSessions(rig)
    assert.deepEqual(
      [session?.kind, session?.userId, session?.organizationId],
      ['operator', undefined, undefined],
    )
    assert.equal(await statusAt(browser, '/api/v1/session'), 401)

    for (let minutes = 10; minutes < 60; minutes += 10) {
      rig.clock.advanceSeconds(600)
      assert.equal(await statusAt(browser, '/admin'), 200, `${minutes} minutes`)
    }
    rig.clock.advanceSeconds(600)
    assert.equal(await statusAt(browser, '/admin'), 401)
  })

  it('makes a session that is no person’s: neither at home nor for an application', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    for (const path of ['/', '/account']) {
      const response = await browser.request(SERVER_URL + path)
      assert.equal(response.headers.get('location'), '/admin', path)
    }
    const [name, value] = sessionCookieOf(browser, SERVER_URL)
    const headers = { cookie: `${name}=${value}` }
    const request = new Request(`${SERVER_URL}/orders/7`, { headers })
    assert.equal(await rig.entrada.getSession(request), undefined)
  })

  it('replaces the session that the browser had, with a new id (C02)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    const [, before] = sessionCookieOf(browser, SERVER_URL)
    await signInWithToken(browser, SERVER_URL)
    assert.notEqual(sessionCookieOf(browser, SERVER_URL)[1], before)
    assert.deepEqual(
      (await liveSessions(rig)).map(({ kind }) => kind),
      ['operator'],
    )
  })

  it('is audited, the wrong tokens as well, and never with their value', async (t) => {
    const rig = await openRig(t)
    rig.clock.advanceSeconds(1)
    await signInWithToken(rig.browser(), SERVER_URL, WRONG_TOKEN)
    rig.clock.advanceSeconds(1)
    await signInWithToken(rig.browser(), SERVER_URL)
    const [opened, refused] = await auditEvents(rig)
    assert.equal(opened?.type, 'operator.signed_in')
    assert.equal(refused?.type, 'operator.sign_in_refused')
    assert.deepEqual(opened?.actor, { kind: 'operator', id: 'operator_token' })
    assert.deepEqual(refused?.actor, { kind: 'anonymous' })
    for (const event of [opened, refused]) {
      assert.equal(event?.ip, '127.0.0.1')
      assert.match(event?.correlationId ?? '', /^[0-9a-f-]{36}$/)
    }
    const kept = JSON.stringify(await auditEvents(rig)) + rig.logLines.join()
    assert.ok(!kept.includes(WRONG_TOKEN) && !kept.includes(OPERATOR_TOKEN))
  })
})

describe('guessing operator tokens', () => {
  const from = (rig: Rig, remoteAddress: string, authorization: string) =>
    rig.entrada.fetch(new Request(`${SERVER_URL}/api/v1/users`, { headers: { authorization } }), {
      remoteAddress,
    })

  it('stops after ten tries from one address, which is told when to come back (I20)', async (t) => {
    const rig = await openRig(t)
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const { status } = await signInWithToken(rig.browser(), SERVER_URL, WRONG_TOKEN)
      assert.equal(status, 401, `try ${attempt}`)
    }
    const refused = await signInWithToken(rig.browser(), SERVER_URL, WRONG_TOKEN)
    assert.equal(refused.status, 429)
    // The right token is accepted: clients that share the address must not keep the operator from repairing things.
    assert.equal((await signInWithToken(rig.browser(), SERVER_URL)).status, 303)
    const retryAfter = Number(refused.headers.get('retry-after'))
    assert.ok(retryAfter >= 1 && retryAfter <= 60, String(retryAfter))
    assert.equal(await codeOf(refused), 'too_many_requests')
  })

  it('keeps nobody else out: not other addresses, not people, not the right token (I20)', async (t) => {
    const rig = await openRig(t)
    for (let attempt = 1; attempt <= 11; attempt += 1) {
      await from(rig, '127.0.0.1', `Bearer ${WRONG_TOKEN}`)
    }
    assert.equal((await from(rig, '127.0.0.1', `Bearer ${WRONG_TOKEN}`)).status, 429)
    assert.equal((await from(rig, '127.0.0.1', asOperator.authorization)).status, 200)
    assert.equal((await from(rig, '192.0.2.9', `Bearer ${WRONG_TOKEN}`)).status, 401)
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('counts a whole IPv6 network as one (I20)', async (t) => {
    const rig = await openRig(t)
    const statuses: number[] = []
    for (let host = 1; host <= 11; host += 1) {
      const { status } = await from(rig, `2001:db8:0:1::${host}`, `Bearer ${WRONG_TOKEN}`)
      statuses.push(status)
    }
    assert.deepEqual(statuses, [...Array(10).fill(401), 429])
    assert.equal((await from(rig, '2001:db8:0:2::1', `Bearer ${WRONG_TOKEN}`)).status, 401)
  })

  it('cannot be hidden behind a forwarding header of one’s own (I20)', async (t) => {
    const rig = await openRig(t)
    const statuses: number[] = []
    for (let host = 1; host <= 11; host += 1) {
      const headers = {
        authorization: `Bearer ${WRONG_TOKEN}`,
        'x-forwarded-for': `10.0.0.${host}`,
      }
      const request = new Request(`${SERVER_URL}/api/v1/users`, { headers })
      const { status } = await rig.entrada.fetch(request, { remoteAddress: '192.0.2.1' })
      statuses.push(status)
    }
    assert.equal(statuses.at(-1), 429)
  })
})

describe('two operator tokens', () => {
  it('both work, so that one can be replaced by the other without a gap', async (t) => {
    const [older, newer] = ['older', 'newer'].map((name) => `${name}-${OPERATOR_TOKEN}`)
    assert.ok(older && newer)
    const rig = await openRig(t, { operatorTokens: [new Secret(newer), new Secret(older)] })
    for (const operatorToken of [older, newer]) {
      assert.equal((await signInWithToken(rig.browser(), SERVER_URL, operatorToken)).status, 303)
    }
    assert.equal((await signInWithToken(rig.browser(), SERVER_URL)).status, 401)
  })
})

describe('ENTRADA_OPERATORS', () => {
  const listings: Readonly<Record<string, string>> = {
    'by tenant and object id': `user:${CONTOSO}/${ALICE_OID}`,
    'by tenant and object id in capitals': `user:${CONTOSO}/${ALICE_OID.toUpperCase()}`,
    'by group': `group:${ENGINEERING}`,
    'by app role': 'app_role:Admin',
  }
  for (const [how, listed] of Object.entries(listings)) {
    it(`makes the listed person an operator ${how}, and nobody else`, async (t) => {
      const rig = await openRig(t, { operators: parseOperators(listed) })
      const { browser: alices } = await rig.signIn(people.alice)
      const { browser: bobs } = await rig.signIn(people.bob)
      assert.equal(await statusAt(alices, '/admin'), 200)
      assert.equal(await statusAt(bobs, '/admin'), 403)
    })
  }

  const others: Readonly<Record<string, string>> = {
    'the same object id in another tenant': `user:${FABRIKAM}/${ALICE_OID}`,
    'an app role spelled otherwise': 'app_role:admin',
    'a group they are not in': 'group:1a000000-0000-4000-8000-000000000002',
  }
  for (const [what, listed] of Object.entries(others)) {
    it(`does not mean a person by ${what}`, async (t) => {
      const rig = await openRig(t, { operators: parseOperators(listed) })
      const { browser } = await rig.signIn(people.alice)
      assert.equal(await statusAt(browser, '/admin'), 403)
    })
  }

  it('by group counts only while the groups are known', async (t) => {
    const rig = await openRig(t, { operators: parseOperators(`group:${ENGINEERING}`) })
    const inMany = rig.emulator.directory.tenants.flatMap(({ users }) =>
      users.filter(({ userPrincipalName }) => userPrincipalName === people.dave),
    )
    const memberOf = [...(inMany[0]?.memberOf ?? []), ENGINEERING]
    const statuses: number[] = []
    for (const groups of [memberOf, [ENGINEERING], memberOf]) {
      rig.emulator.setUserGroups(people.dave, groups)
      const { browser } = await rig.signIn(people.dave)
      statuses.push(await statusAt(browser, '/admin'))
    }
    assert.deepEqual(statuses, [403, 200, 403], 'too many for the token, few, too many again')
  })

  it('is not met by an app role that another connection of the same organization tells', async (t) => {
    const rig = await openRig(t, { operators: parseOperators('app_role:Admin') })
    const organization = await rig.services.storage.findOrganization('default' as OrganizationId)
    assert.ok(organization)
    const { connection, signIn } = await createCustomer(rig, { organization })
    rig.emulator.assign(connection.clientId, BOB_OID, 'Admin')
    const { browser: bobs } = await rig.signIn(people.bob)
    const { browser: elsewhere } = await signIn(people.bob)
    assert.deepEqual(
      [await statusAt(bobs, '/admin'), await statusAt(elsewhere, '/admin')],
      [403, 403],
    )
  })

  it('is not closed out by whoever administers that organization alone', async (t) => {
    const rig = await openRig(t, { operators: parseOperators('app_role:Admin') })
    const organization = await rig.services.storage.findOrganization('default' as OrganizationId)
    assert.ok(organization)
    const { connection } = await createCustomer(rig, { organization })
    const { body: key } = await ask(rig, '/api-keys', {
      method: 'POST',
      body: { name: 'k', scopes: ['sso:write'], organizationId: 'default' },
    })
    const { status, body } = await ask(rig, '/organizations/default/sso', {
      method: 'PUT',
      body: { connectionId: connection.id },
      as: { authorization: `Bearer ${key.value}` },
    })
    assert.deepEqual([status, body.code], [403, 'access_not_granted'])
  })

  it('ends with the sign-in in which Entra no longer says so', async (t) => {
    const rig = await openRig(t, { operators: parseOperators(`group:${ENGINEERING}`) })
    const { browser } = await rig.signIn(people.alice)
    rig.emulator.setUserGroups(people.alice, ['Sales'])
    await rig.signIn(people.alice, { browser })
    assert.equal(await statusAt(browser, '/admin'), 403)
  })

  it('is not met by a role of the application, whatever it is called', async (t) => {
    const rule = { id: 'r', match: 'group', value: ENGINEERING, role: 'operator' } as const
    const rig = await openRig(t, {
      operators: parseOperators('app_role:operator'),
      entra: { roleRules: [rule] },
    })
    const { browser, text } = await rig.signIn(people.alice)
    assert.match(text, /operator/)
    assert.equal(await statusAt(browser, '/admin'), 403)
  })

  it('empty means nobody: the first to sign in is a user like any other (B22)', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    assert.equal(await statusAt(browser, '/admin'), 403)
    assert.equal(await statusAt(browser, '/api/v1/users'), 403)
  })

  it('does not help a disabled user, nor one who signed out', async (t) => {
    const rig = await openRig(t, { operators: parseOperators('app_role:Admin') })
    const { browser: disabled } = await rig.signIn(people.alice)
    const { browser: gone } = await rig.signIn(people.alice)
    const stolen = gone.clone()
    await signOut(gone, SERVER_URL)
    assert.equal(await statusAt(stolen, '/admin'), 401)
    const [session] = await liveSessions(rig)
    const api = await rig.entrada.api
    await api.disableUser({ actor: { kind: 'system' } }, session?.userId ?? '')
    assert.equal(await statusAt(disabled, '/admin'), 401)
  })
})

describe('an address for operators', () => {
  const forAnybody = ['/api/v1/session', '/api/v1/openapi.json']
  const forOperators = routes.filter(
    ({ path }) => path === '/admin' || (path.startsWith('/api/') && !forAnybody.includes(path)),
  )
  const ask = (browser: TestBrowser, { method, path }: Route, headers = {}) =>
    browser.request(SERVER_URL + path.replace(':id', 'usr_1'), { method, headers })

  for (const route of forOperators) {
    it(`${route.method} ${route.path} is closed to everybody else (I14)`, async (t) => {
      const rig = await openRig(t)
      const { browser: users } = await rig.signIn(people.alice)
      const eventsBefore = (await auditEvents(rig)).length
      const answers = [
        await ask(rig.browser(), route),
        await ask(users, route),
        await ask(users, route, { authorization: `Bearer ${WRONG_TOKEN}` }),
      ]
      const statuses = await Promise.all(
        answers.map(async (answer) => [answer.status, await codeOf(answer)]),
      )
      assert.deepEqual(statuses, [
        [401, 'sign_in_required'],
        [403, 'operator_required'],
        [401, 'operator_token_invalid'],
      ])
      assert.equal((await auditEvents(rig)).length, eventsBefore, 'nothing changed')
      const { status } = await ask(rig.browser(), route, asOperator)
      assert.ok(![401, 403].includes(status), `an operator gets in, ${status}`)
    })
  }

  it('takes the word of the header, not of a session beside it', async (t) => {
    const rig = await openRig(t)
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const headers = { authorization: `Bearer ${WRONG_TOKEN}` }
    assert.equal((await browser.request(`${SERVER_URL}/admin`, { headers })).status, 401)
  })
})
