/** Who may call what: every operation of the API against people of two organizations, by their own sessions. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ScopeRow, scopeTable } from '../src/access/scope-table.ts'
import type { Operation } from '../src/api/operation.ts'
import { operationList } from '../src/api/operations.ts'
import { ask, items } from './support/api-calls.ts'
import type { TestBrowser } from './support/browser.ts'
import { type Customer, createCustomer } from './support/customers.ts'
import { FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

type Person = {
  readonly browser: TestBrowser
  readonly membershipId: string
  readonly sessionId: string
}
type Sides = { readonly rig: Rig; readonly own: Customer; readonly other: Customer }

async function openSides(t: Parameters<typeof openRig>[0]): Promise<Sides> {
  const rig = await openRig(t)
  const own = await createCustomer(rig, { name: 'Own' })
  const other = await createCustomer(rig, { name: 'Other', tenantId: FABRIKAM })
  return { rig, own, other }
}

/** Signs in, is given the role, and signs in again. */
async function signInAs(
  rig: Rig,
  customer: Customer,
  { person, role }: { readonly person: string; readonly role?: string },
): Promise<Person> {
  const { browser } = await customer.signIn(person)
  const { membership, session } = await (
    await browser.request(`${SERVER_URL}/api/v1/session`)
  ).json()
  if (role) await ask(rig, `/memberships/${membership.id}/roles/${role}`, { method: 'PUT' })
  return { browser, membershipId: membership.id, sessionId: session.id }
}

type Answered = {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
}

/** As our own page sends it: same origin, with the token of its forms. */
async function call(
  rig: Rig,
  { browser, sessionId }: Person,
  {
    method,
    path,
    body,
  }: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<Answered> {
  const formToken = rig.services.keyRing.mac('form-token', sessionId)
  const response = await browser.request(`${SERVER_URL}/api/v1${path}`, {
    method,
    headers: {
      ...(method === 'GET' ? {} : { 'sec-fetch-site': 'same-origin', 'x-form-token': formToken }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined
  return { status: response.status, code, text }
}

const forPeople = operationList.filter(([, { access }]) => typeof access !== 'string')
const isHeldBy = (role: 'organization_admin' | 'auditor', { access }: Operation) =>
  typeof access !== 'string' && (scopeTable[access.scope] as ScopeRow).roles.includes(role)

/** What of the other organization each parameter of a path could name. */
async function foreignIds({ rig, other }: Sides): Promise<Readonly<Record<string, string>>> {
  const { membershipId, sessionId } = await signInAs(rig, other, { person: people.frank })
  const [credential] = other.connection.credentials
  const [trace] = await items(rig, `/sign-in-traces?organization=${other.organization.id}`)
  return {
    '/organizations': other.organization.id,
    '/connections': other.connection.id,
    '/memberships': membershipId,
    '/sessions': sessionId,
    '/sign-in-traces': trace?.id ?? '',
    ':credential': credential?.id ?? '',
    ':role': 'member',
  }
}

function fill(path: string, ids: Readonly<Record<string, string>>): string {
  const own = ids[`/${path.split('/')[1]}`] ?? 'absent'
  return path.replace(':id', own).replaceAll(/:\w+/g, (name) => ids[name] ?? 'absent')
}

/** A body that the operation takes, as far as one is needed to get to the question whose record it is. */
const bodies: Readonly<Record<string, (organizationId: string) => unknown>> = {
  createConnection: (organizationId) => ({ organizationId }),
  addDomain: (organizationId) => ({ organizationId, name: 'contoso.example' }),
  changeConnection: () => ({ name: 'Mine' }),
  changeDomain: () => ({ connectionId: null }),
  changeOrganization: () => ({ name: 'Mine' }),
  requireSso: () => ({ connectionId: 'default' }),
  addCredential: () => ({ kind: 'client_secret', value: 'a-secret-of-the-attacker' }),
  changeCredential: () => ({ state: 'retired' }),
  findCredential: () => ({ value: 'a-secret-of-the-attacker' }),
  endSessions: (organizationId) => ({ of: 'organization', id: organizationId }),
}

describe('somebody without a role that Entrada knows', () => {
  it('gets nothing from any operation (I14)', async (t) => {
    const sides = await openSides(t)
    const bob = await signInAs(sides.rig, sides.own, { person: people.bob, role: 'member' })
    for (const [id, { method, path }] of forPeople) {
      const { status, code } = await call(sides.rig, bob, { method, path: fill(path, {}) })
      assert.deepEqual([status, code], [403, 'operator_required'], id)
    }
  })
})

for (const role of ['organization_admin', 'auditor'] as const) {
  describe(`somebody who is ${role}`, () => {
    it('finds nothing of another organization, whatever they name (I14)', async (t) => {
      const sides = await openSides(t)
      const { rig, own, other } = sides
      const ids = await foreignIds(sides)
      const person = await signInAs(rig, own, { person: people.alice, role })
      const before = await snapshot(rig, other)
      for (const [id, operation] of forPeople) {
        const body = bodies[id]?.(other.organization.id)
        const needsBody = operation.body !== undefined && isHeldBy(role, operation)
        assert.ok(!needsBody || body, `give ${id} a body in this test`)
        const path = fill(operation.path, ids)
        const { status, text } = await call(rig, person, { method: operation.method, path, body })
        if (isHeldBy(role, operation)) {
          const isList = operation.method === 'GET' && !operation.path.includes(':')
          assert.ok(
            isList ? status === 200 : [400, 404].includes(status),
            `${id}: ${status} ${text}`,
          )
        } else assert.equal(status, 403, `${id}: ${text}`)
        for (const secret of [other.organization.name, other.connection.id, people.frank]) {
          assert.ok(!text.includes(secret), `${id} tells ${secret}`)
        }
      }
      assert.deepEqual(await snapshot(rig, other), before)
    })

    it('sees their own', async (t) => {
      const { rig, own } = await openSides(t)
      const person = await signInAs(rig, own, { person: people.alice, role })
      for (const path of [
        `/organizations/${own.organization.id}`,
        `/connections/${own.connection.id}`,
        `/memberships/${person.membershipId}`,
        `/memberships?role=${role}`,
        '/sessions',
        '/audit-events',
        '/sign-in-traces',
      ]) {
        const { status, text } = await call(rig, person, { method: 'GET', path })
        assert.equal(status, 200, `${path}: ${text}`)
      }
    })
  })
}

async function snapshot(rig: Rig, { organization }: Customer): Promise<unknown> {
  const of = `organization=${organization.id}`
  return [
    await ask(rig, `/organizations/${organization.id}`),
    await items(rig, `/connections?${of}`),
    await items(rig, `/memberships?${of}`),
    await items(rig, `/sessions?${of}`),
    await items(rig, `/audit-events?${of}`),
  ].map((seen) => JSON.stringify(seen))
}

describe('an administrator of an organization', () => {
  it('changes members and connections of their own, and it is audited under their name', async (t) => {
    const { rig, own } = await openSides(t)
    const admin = await signInAs(rig, own, { person: people.alice, role: 'organization_admin' })
    const bob = await signInAs(rig, own, { person: people.bob })
    const path = `/memberships/${bob.membershipId}`
    const disabled = await call(rig, admin, { method: 'POST', path: `${path}/disable` })
    assert.equal(disabled.status, 200, disabled.text)
    assert.equal((await bob.browser.request(`${SERVER_URL}/api/v1/session`)).status, 401)
    assert.match((await own.signIn(people.bob)).text, /membership_disabled/)
    await call(rig, admin, { method: 'POST', path: `${path}/enable` })
    assert.equal((await own.signIn(people.bob)).response.status, 200)
    const response = await call(rig, admin, { method: 'PUT', path: `${path}/roles/editor` })
    assert.match(response.text, /"role":"editor","source":"manual"/)
    const events = await items(rig, `/audit-events?organization=${own.organization.id}&limit=200`)
    const [{ id: userId } = { id: '' }] = await items(rig, `/users?search=alice`)
    for (const type of ['membership.disabled', 'membership.enabled', 'membership.roles_changed']) {
      const event = events.find(
        (candidate) =>
          candidate.type === type && (candidate.actor as { kind: string }).kind === 'user',
      )
      assert.deepEqual(event?.actor, { kind: 'user', id: userId }, type)
    }
  })

  it('needs our own page for a change: another site’s request is refused', async (t) => {
    const { rig, own } = await openSides(t)
    const { browser, membershipId } = await signInAs(rig, own, {
      person: people.alice,
      role: 'organization_admin',
    })
    const url = `${SERVER_URL}/api/v1/memberships/${membershipId}/roles/x`
    for (const site of ['cross-site', 'same-site', 'same-origin']) {
      const headers = { 'sec-fetch-site': site }
      assert.equal((await browser.request(url, { method: 'PUT', headers })).status, 403, site)
    }
  })

  it('is not the one who takes their own right away, nor the last one to have it (I15)', async (t) => {
    const { rig, own } = await openSides(t)
    const alice = await signInAs(rig, own, { person: people.alice, role: 'organization_admin' })
    const path = `/memberships/${alice.membershipId}`
    const ways = [
      { method: 'DELETE', path: `${path}/roles/organization_admin` },
      { method: 'POST', path: `${path}/disable` },
      { method: 'POST', path: `/connections/${own.connection.id}/turn-off` },
    ]
    for (const way of ways) {
      const { status, code } = await call(rig, alice, way)
      assert.deepEqual([status, code], [409, 'own_access_kept'], way.path)
    }
    const scopes = ['memberships:write']
    const made = { name: 'k', scopes, organizationId: own.organization.id }
    const { body: key } = await ask(rig, '/api-keys', { method: 'POST', body: made })
    const as = { authorization: `Bearer ${key.value}` }
    const last = await ask(rig, `${path}/disable`, { method: 'POST', as })
    assert.deepEqual([last.status, last.body.code], [409, 'last_administrator'])
    const bob = await signInAs(rig, own, { person: people.bob, role: 'organization_admin' })
    const byOther = await call(rig, bob, {
      method: 'DELETE',
      path: `${path}/roles/organization_admin`,
    })
    assert.equal(byOther.status, 200, 'one of two may go')
    const bobPath = `/memberships/${bob.membershipId}/roles/organization_admin`
    const operator = await ask(rig, bobPath, { method: 'DELETE' })
    assert.equal(operator.status, 200, 'the operator has another way in')
  })
})
