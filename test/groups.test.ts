import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ConnectionPolicies, GroupSource, RoleRule } from '../src/storage/records.ts'
import { type Customer, createCustomer } from './support/customers.ts'
import { onlyUser, sessionJson } from './support/people.ts'
import { detailsOf, noRows, rowCounts } from './support/refusals.ts'
import {
  CONTOSO,
  ENGINEERING,
  ENTRA_URL,
  people,
  type Rig,
  type RigOptions,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import { openRig } from './support/steps.ts'

const ALL_STAFF = '1a000000-0000-4000-8000-000000000003'
const refuse = { unmatched: { kind: 'refuse' } } as const
const graph = { groupsOverage: 'graph', ...refuse } as const
const everything = { from: 'graph', nested: true, names: false } as const

const ruleOn = (value: string): RoleRule => ({ id: 'crew', match: 'group', value, role: 'crew' })

/** Dave is in 250 groups; the last of them decides. */
function lastGroupOf({ emulator }: Rig, userPrincipalName: string = people.dave): string {
  const users = emulator.directory.tenants.flatMap(({ users }) => users)
  const user = users.find((user) => user.userPrincipalName === userPrincipalName)
  return user?.memberOf.at(-1) ?? ''
}

async function openGraphRig(
  t: TestContext,
  {
    policies,
    groups,
    group,
    ...options
  }: RigOptions & {
    readonly policies?: Partial<ConnectionPolicies>
    readonly groups?: GroupSource
    readonly group?: string
  } = {},
): Promise<{ readonly rig: Rig; readonly customer: Customer }> {
  const rig = await openRig(t, options)
  const customer = await createCustomer(rig, {
    policies: { ...graph, ...policies },
    roleRules: [ruleOn(group ?? lastGroupOf(rig))],
    ...(groups ? { settings: { groups } } : {}),
  })
  return { rig, customer }
}

async function rolesOf(customer: Customer, name: string): Promise<readonly string[]> {
  const { browser, response, text } = await customer.signIn(name)
  assert.equal(response.status, 200, text)
  return (await sessionJson(browser)).roles
}

/** Refused by name with the remedy of this reason, having written nothing new. */
async function assertGroupsNotKnown(rig: Rig, customer: Customer, remedy: RegExp): Promise<void> {
  const before = await rowCounts(rig)
  const { response, text } = await customer.signIn(people.dave)
  const details = detailsOf(text)
  assert.deepEqual([response.status, details.Code], [403, 'groups_not_known'], text)
  assert.match(details['What to do'] ?? '', remedy)
  assert.deepEqual(await rowCounts(rig), before)
}

async function snapshotOf(rig: Rig) {
  const { membership, identities } = await onlyUser(rig)
  const [identity] = identities
  assert(identity !== undefined)
  return (await rig.services.storage.findPerson(identity.key, membership.organizationId))?.groups
}

describe('the person in 250 groups', () => {
  it('has the right roles with Graph up (A50)', async (t) => {
    const { rig, customer } = await openGraphRig(t)
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    assert.equal(requestsAt(rig, 'graph'), 1)
    const { groups, ...snapshot } = (await snapshotOf(rig)) ?? { groups: [] }
    assert.equal(groups.length, 250)
    assert.deepEqual(snapshot, {
      appRoles: [],
      complete: true,
      connectionId: customer.connection.id,
      source: 'graph',
      takenAt: rig.clock.now(),
    })
  })

  it('is refused by name with Graph down, and let in once it is up again (A50)', async (t) => {
    const { rig, customer } = await openGraphRig(t)
    const downs = [
      [{ kind: 'status', status: 503 }, /Graph host of the cloud/],
      [{ kind: 'status', status: 500 }, /Graph host of the cloud/],
      [{ kind: 'hang' }, /Graph host of the cloud/],
      [{ kind: 'html' }, /proxy on the way/],
      [{ kind: 'cut_body' }, /Graph host of the cloud/],
      [{ kind: 'redirect', location: 'https://evil.example/' }, /proxy on the way/],
      [{ kind: 'members', set: { value: 'none' } }, /proxy on the way/],
      [{ kind: 'members', set: { value: ['Engineering'] } }, /proxy on the way/],
      [{ kind: 'members', set: { value: { 0: 'x', length: 1 } } }, /proxy on the way/],
      [{ kind: 'members', remove: ['value'] }, /proxy on the way/],
      [{ kind: 'status', status: 403, body: '{"error":{}}' }, /User\.Read/],
      [{ kind: 'status', status: 401, body: '{"error":{}}' }, /User\.Read/],
      [
        {
          kind: 'status',
          status: 400,
          body: '{"error":{"code":"Directory_ResultSizeLimitExceeded"}}',
        },
        /10,000/,
      ],
    ] as const
    for (const [fault, remedy] of downs) {
      rig.emulator.setFault({ on: 'graph', ...fault })
      await assertGroupsNotKnown(rig, customer, remedy)
    }
    assert.deepEqual(await rowCounts(rig), noRows)
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
  })

  it('is refused by name when Graph says that its answer is a part of the whole (S12)', async (t) => {
    const next = `${ENTRA_URL}/v1.0/me/getMemberObjects?$skiptoken=x`
    const parts = [
      { '@odata.nextLink': next },
      { '@odata.nextLink': null },
      { '@odata.nextLink': 5 },
    ]
    const { rig, customer } = await openGraphRig(t)
    for (const set of parts) {
      rig.emulator.setFault({ on: 'graph', kind: 'members', set })
      await assertGroupsNotKnown(rig, customer, /proxy on the way/)
    }
    const groups = { from: 'graph', nested: false, names: false } as const
    const listed = await openGraphRig(t, { groups })
    const odd = [
      { '@odata.nextLink': 'https://evil.example/v1.0/me/memberOf' },
      { '@odata.nextLink': ['x'] },
      { '@odata.count': 251 },
      { '@odata.count': '250' },
      { value: [{ id: lastGroupOf(listed.rig), securityEnabled: 'false' }] },
      { value: [{ id: lastGroupOf(listed.rig), displayName: 5 }] },
      { value: [null] },
    ]
    for (const set of odd) {
      listed.rig.emulator.setFault({ on: 'graph', kind: 'members', set })
      await assertGroupsNotKnown(listed.rig, listed.customer, /proxy on the way/)
    }
    assert.deepEqual(await rolesOf(listed.customer, people.dave), ['crew'])
  })

  it('is asked about without the cut-off of an app role in the token (OctopusDeploy 9029)', async (t) => {
    const { rig, customer } = await openGraphRig(t)
    const dave = rig.emulator.directory.tenants
      .flatMap(({ users }) => users)
      .find(({ userPrincipalName }) => userPrincipalName === people.dave)
    rig.emulator.assign(customer.connection.clientId, dave?.id ?? '', 'Reader')
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    assert.deepEqual((await snapshotOf(rig))?.appRoles, ['Reader'])
  })

  it('is never looked up at the address in the token (canary)', async (t) => {
    const hosts = new Set<string>()
    const { rig, customer } = await openGraphRig(t, {
      fetch: (url, init) => {
        const request = new Request(url, init)
        hosts.add(new URL(request.url).host)
        return rig.emulator.fetch(request)
      },
    })
    rig.emulator.setFault({
      kind: 'id_token',
      setClaims: {
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://canary.example/getMemberObjects' } },
        hasgroups: true,
      },
    })
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    assert.deepEqual(hosts, new Set([new URL(ENTRA_URL).host]))
  })

  it('is nobody else’s trouble: throttled for one, others come in at the same time', async (t) => {
    const { rig, customer } = await openGraphRig(t)
    const other = rig.emulator.addUser(CONTOSO, {
      id: 'aaaaaaaa-0000-4000-8000-0000000000d2',
      userPrincipalName: 'dora@contoso.example',
    })
    assert.ok(other)
    rig.emulator.setUserGroups('dora@contoso.example', groupsOf(rig, people.dave))
    const throttled = { kind: 'status', status: 429, retryAfterSeconds: 3600 } as const
    rig.emulator.setFault({ ...throttled, on: 'graph', forUser: people.dave })
    await assertGroupsNotKnown(rig, customer, /asked too often/)
    assert.deepEqual(await rolesOf(customer, 'dora@contoso.example'), ['crew'])
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
  })

  it('is asked about once more when Graph names a short pause, and no more than that', async (t) => {
    const { rig, customer } = await openGraphRig(t)
    const busy = { on: 'graph', kind: 'status', status: 429, retryAfterSeconds: 0 } as const
    rig.emulator.setFault(busy)
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    assert.equal(requestsAt(rig, 'graph'), 2)
    rig.emulator.setFault({ ...busy, times: 2 })
    await assertGroupsNotKnown(rig, customer, /asked too often/)
    assert.equal(requestsAt(rig, 'graph'), 4)
  })

  it('comes in without groups where no rule needs them, and they are told as unknown', async (t) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, { policies: { groupsOverage: 'graph' } })
    rig.emulator.setFault({ on: 'graph', kind: 'status', status: 503 })
    const { browser } = await customer.signIn(people.dave)
    const session = await sessionJson(browser)
    assert.deepEqual([session.roles, session.groups], [['member'], null])
    assert.equal((await snapshotOf(rig))?.complete, false)
  })

  it('keeps the last known groups while Graph is down, if the connection says so', async (t) => {
    const policies = { groupsOverage: 'graph_or_keep_last' } as const
    const { rig, customer } = await openGraphRig(t, { policies })
    const down = { on: 'graph', kind: 'status', status: 503 } as const
    rig.emulator.setFault(down)
    await assertGroupsNotKnown(rig, customer, /Graph host/)
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    const takenAt = rig.clock.now()
    rig.clock.advanceSeconds(86_400)
    rig.emulator.setFault(down)
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    assert.deepEqual((await snapshotOf(rig))?.takenAt, takenAt)
    rig.clock.advanceSeconds(30 * 86_400)
    rig.emulator.setFault(down)
    await assertGroupsNotKnown(rig, customer, /Graph host/)
  })

  it('loses the role with the group (B23)', async (t) => {
    const policies = { unmatched: { kind: 'default_role', role: 'visitor' } } as const
    const { rig, customer } = await openGraphRig(t, { policies })
    assert.deepEqual(await rolesOf(customer, people.dave), ['crew'])
    rig.emulator.setUserGroups(people.dave, groupsOf(rig, people.dave).slice(0, -1))
    assert.deepEqual(await rolesOf(customer, people.dave), ['visitor'])
  })

  it('works for the default connection too', async (t) => {
    const rig = await openRig(t)
    const group = lastGroupOf(rig)
    const withGraph = await openRig(t, { entra: { policies: graph, roleRules: [ruleOn(group)] } })
    const { browser, response, text } = await withGraph.signIn(people.dave)
    assert.equal(response.status, 200, text)
    assert.deepEqual((await sessionJson(browser)).roles, ['crew'])
  })
})

function groupsOf({ emulator }: Rig, userPrincipalName: string): readonly string[] {
  const users = emulator.directory.tenants.flatMap(({ users }) => users)
  return users.find((user) => user.userPrincipalName === userPrincipalName)?.memberOf ?? []
}

describe('an authority that names no host of Microsoft Graph', () => {
  it('refuses whom it cannot ask about by name, says what is missing, and has asked nobody (E9)', async (t) => {
    for (const msgraph_host of [undefined, '', 'https://graph.example', 'other.example']) {
      const { rig, customer } = await openGraphRig(t, {
        fetch: async (url, init) => {
          const answer = await rig.emulator.fetch(new Request(url, init))
          if (!String(url).includes('openid-configuration')) return answer
          return Response.json({ ...((await answer.json()) as object), msgraph_host })
        },
      })
      await assertGroupsNotKnown(rig, customer, /names no usable host of Graph.*`?msgraph_host`?/)
      assert.equal(requestsAt(rig, 'graph'), 0)
      const { items } = await rig.services.storage.listSignInTraces({}, { limit: 1 })
      assert.match(JSON.stringify(items[0]?.steps), /"reason":"graph_host_unknown"/)
    }
  })
})

describe('groups always from Graph', () => {
  it('are nested ones too, or direct ones alone', async (t) => {
    const nested = await openGraphRig(t, { groups: everything, group: ALL_STAFF })
    assert.deepEqual(await rolesOf(nested.customer, people.alice), ['crew'])
    const direct = await openGraphRig(t, {
      groups: { ...everything, nested: false },
      group: ALL_STAFF,
    })
    const { response, text } = await direct.customer.signIn(people.alice)
    assert.deepEqual([response.status, detailsOf(text).Code], [403, 'no_role_matched'])
  })

  it('count in place of those in the token', async (t) => {
    const { rig, customer } = await openGraphRig(t, { groups: everything, group: ENGINEERING })
    rig.emulator.setFault({ kind: 'id_token', setClaims: { groups: [ENGINEERING] } })
    const { response, text } = await customer.signIn(people.bob)
    assert.deepEqual([response.status, detailsOf(text).Code], [403, 'no_role_matched'])
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['groups'] })
    assert.deepEqual(await rolesOf(customer, people.alice), ['crew'])
  })

  it('are read in pages, on the same Graph alone', async (t) => {
    const { rig, customer } = await openGraphRig(t, {
      groups: { ...everything, nested: false },
      group: ENGINEERING,
    })
    const many = Array.from({ length: 1_100 }, (_, n) =>
      rig.emulator.addGroup(CONTOSO, { displayName: `Team ${n}` }),
    )
    rig.emulator.setUserGroups(people.alice, [...many, ENGINEERING])
    assert.deepEqual(await rolesOf(customer, people.alice), ['crew'])
    assert.equal(requestsAt(rig, 'graph'), 2)
    assert.equal((await snapshotOf(rig))?.groups.length, 1_101)

    for (const next of ['https://evil.example/v1.0/me', 'https://u:p@evil.example/', 7, '']) {
      rig.emulator.setFault({ kind: 'members', on: 'graph', set: { '@odata.nextLink': next } })
      const { text } = await customer.signIn(people.alice)
      assert.equal(detailsOf(text).Code, 'groups_not_known', String(next))
    }
    const loop = `${ENTRA_URL}/v1.0/me/memberOf/microsoft.graph.group?$select=id&$top=1&$count=true`
    const endless = { kind: 'members', on: 'graph', set: { '@odata.nextLink': loop } } as const
    rig.emulator.setFault({ ...endless, times: 100 })
    const before = requestsAt(rig, 'graph')
    const { text } = await customer.signIn(people.alice)
    assert.equal(detailsOf(text).Code, 'groups_not_known')
    assert.equal(requestsAt(rig, 'graph') - before, 11)
  })

  it('are shown by name where an administrator allowed it, and never matched by it (B23)', async (t) => {
    const groups = { ...everything, names: true } as const
    const { rig, customer } = await openGraphRig(t, { groups, group: ENGINEERING })
    const { clientId } = customer.connection
    rig.emulator.setApplication(clientId, { consent: 'required' })
    rig.emulator.grantAdminConsent(clientId, CONTOSO, { scopes: ['User.Read'] })
    assert.deepEqual(await rolesOf(customer, people.alice), ['crew'])
    assert.equal((await snapshotOf(rig))?.names, undefined, 'without the right, ids alone')
    rig.emulator.grantAdminConsent(clientId, CONTOSO, {
      scopes: ['User.Read', 'GroupMember.Read.All'],
    })
    assert.deepEqual(await rolesOf(customer, people.alice), ['crew'])
    assert.deepEqual((await snapshotOf(rig))?.names, {
      [ENGINEERING]: 'Engineering',
      [ALL_STAFF]: 'All staff',
    })
  })
})

describe('what is asked of Entra', () => {
  const scopesAt = async (rig: Rig, address: string) => {
    const start = await rig.browser().request(address)
    const scope = new URL(start.headers.get('location') ?? '').searchParams.get('scope') ?? ''
    return scope.split(' ').sort()
  }

  it('is User.Read without the name of a host, where sign-ins begin and where the code is redeemed (E1)', async (t) => {
    const scopes: (string | null)[] = []
    const rig = await openRig(t, {
      fetch: async (url, init) => {
        const request = new Request(url, init)
        if (new URL(request.url).pathname.endsWith('/token')) {
          scopes.push(new URLSearchParams(await request.clone().text()).get('scope'))
        }
        return rig.emulator.fetch(request)
      },
    })
    const customer = await createCustomer(rig, {
      policies: graph,
      roleRules: [ruleOn(ENGINEERING)],
    })
    const { slug } = customer.connection
    const requested = await scopesAt(rig, `${SERVER_URL}/enterprise-login/${slug}`)
    assert.ok(requested.includes('User.Read'))
    assert.deepEqual(await rolesOf(customer, people.alice), ['crew'])
    assert.equal(scopes.length, 1)
    assert.ok(scopes[0]?.split(' ').includes('User.Read'), String(scopes[0]))
    assert.doesNotMatch([...scopes, ...scopes].join(' '), /:\/\//)
  })

  it('is User.Read only where groups may come from Graph, and no refresh token', async (t) => {
    const rig = await openRig(t)
    const address = (slug: string) => `${SERVER_URL}/enterprise-login/${slug}`
    const without = await createCustomer(rig, { policies: { groupsOverage: 'refuse' } })
    assert.deepEqual(await scopesAt(rig, address(without.connection.slug)), [
      'email',
      'openid',
      'profile',
    ])
    const withGraph = await createCustomer(rig, { policies: graph })
    assert.deepEqual(await scopesAt(rig, address(withGraph.connection.slug)), [
      'User.Read',
      'email',
      'openid',
      'profile',
    ])
    assert.deepEqual(await scopesAt(rig, `${SERVER_URL}/auth/entra/login`), [
      'email',
      'openid',
      'profile',
    ])
  })
})
