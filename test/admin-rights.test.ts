/** Who may see and do what on the pages under /admin. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { adminPages } from '../src/admin/pages/admin-pages.ts'
import { fillIn, formOf, openMember, openOperator, send } from './support/admin-pages.ts'
import type { TestBrowser } from './support/browser.ts'
import { createCustomer } from './support/customers.ts'
import { people, type Rig, SERVER_URL } from './support/rig.ts'
import { formTokenOf, openRig } from './support/steps.ts'

const FORM = 'application/x-www-form-urlencoded'

type Records = Readonly<Record<string, string>>

/** Another customer's organization, with one record of every kind. */
async function openVictim(
  rig: Rig,
): Promise<{ readonly records: Records; readonly secret: string }> {
  const victim = await createCustomer(rig, { name: 'Victim Industries', slug: 'victim' })
  await victim.signIn(people.bob)
  const organizationId = victim.organization.id
  const { storage } = rig.services
  const users = await storage.listUsers({ limit: 9, organizationId })
  const traces = await storage.listSignInTraces({ organizationId }, { limit: 1 })
  return {
    secret: 'Victim Industries',
    records: {
      '/admin/organizations/:id': organizationId,
      '/admin/connections/:id': victim.connection.id,
      '/admin/users/:id': users.items[0]?.user.id ?? '',
      '/admin/sign-ins/:id': traces.items[0]?.id ?? '',
      ':credential': victim.connection.credentials[0]?.id ?? '',
    },
  }
}

/** The address with ids of these records. */
function addressOf(path: string, records: Records): string {
  const kind = Object.keys(records).find((prefix) => path.startsWith(prefix)) ?? ''
  return path
    .replace(':credential', records[':credential'] ?? '')
    .replace(':id', records[kind] ?? 'unknown')
}

async function stateOf({ services }: Rig): Promise<string> {
  const { storage } = services
  return JSON.stringify([
    await storage.listOrganizations({ limit: 50 }),
    await storage.listConnections({}, { limit: 50 }),
    (await storage.listUsers({ limit: 50 })).items.map(({ user }) => user),
    (await storage.listSessions({}, { limit: 50 }, services.now())).items.map(({ id }) => id),
  ])
}

async function askAll(
  browser: TestBrowser,
  records: Records,
): Promise<
  readonly { readonly address: string; readonly status: number; readonly text: string }[]
> {
  const answers = []
  for (const { method, path } of adminPages) {
    const address = addressOf(path, records)
    const visit =
      method === 'GET'
        ? await browser.visit(SERVER_URL + address)
        : await send(browser, address, { status: 'off', do: 'remove', name: 'Mine now' })
    answers.push({
      address: `${method} ${address}`,
      status: visit.response.status,
      text: visit.text,
    })
  }
  assert.ok(answers.length > 20)
  return answers
}

async function openScene(t: TestContext) {
  const rig = await openRig(t)
  return { rig, ...(await openVictim(rig)) }
}

describe('every address under /admin', () => {
  it('asks a stranger to sign in, and shows nothing (I14)', async (t) => {
    const { rig, records, secret } = await openScene(t)
    const before = await stateOf(rig)
    for (const { address, status, text } of await askAll(rig.browser(), records)) {
      assert.equal(status, 401, address)
      assert.ok(!text.includes(secret), address)
    }
    assert.equal(await stateOf(rig), before)
  })

  it('refuses a person without a right (I14)', async (t) => {
    const { rig, records, secret } = await openScene(t)
    const { browser } = await rig.signIn(people.erin)
    const before = await stateOf(rig)
    for (const { address, status, text } of await askAll(browser, records)) {
      assert.equal(status, 403, address)
      assert.ok(!text.includes(secret), address)
    }
    assert.equal(await stateOf(rig), before)
  })

  for (const right of ['organization_admin', 'auditor'] as const) {
    it(`knows nothing of another organization for an ${right} (I14, design rule 19)`, async (t) => {
      const { rig, records, secret } = await openScene(t)
      const { browser } = await openMember(rig, right)
      const before = await stateOf(rig)
      const answers = await askAll(browser, records)
      for (const { address, status, text } of answers) {
        assert.ok(!text.includes(secret), `${address} shows the other organization`)
        assert.doesNotMatch(text, /Bob Example|bob@/, address)
        if (/\/(org_|con_|usr_|trc_)/.test(address)) {
          assert.ok([403, 404].includes(status), `${address} answers ${status}`)
        }
      }
      for (const query of [
        'search=Victim',
        'search=bob',
        `organization=${records['/admin/organizations/:id']}`,
      ]) {
        for (const list of [
          'users',
          'connections',
          'sign-ins',
          'audit',
          'audit/export.csv',
          'audit/export.jsonl',
        ]) {
          const { text } = await browser.visit(`${SERVER_URL}/admin/${list}?${query}`)
          assert.ok(!text.includes(secret), `${list}?${query}`)
          assert.doesNotMatch(text, /Bob Example|bob@contoso/, `${list}?${query}`)
          assert.ok(!text.includes(records['/admin/users/:id'] ?? '?'), `${list}?${query}`)
        }
      }
      assert.equal(await stateOf(rig), before)
    })
  }
})

describe('an organization’s own', () => {
  it('is read and changed by its administrator', async (t) => {
    const rig = await openRig(t)
    const { customer, browser } = await openMember(rig, 'organization_admin')
    const address = `/admin/connections/${customer.connection.id}`
    for (const page of ['', '/policies', '/rules']) {
      assert.equal((await browser.visit(SERVER_URL + address + page)).response.status, 200, page)
    }
    const policies = await fillIn(browser, {
      page: `${address}/policies`,
      fields: { guests: 'allow' },
    })
    assert.match(policies.text, /The policies were saved/)
    // But not turned off by who came in through it.
    const off = await send(browser, `${address}/status`, { status: 'off' })
    assert.equal(off.response.status, 409)
    const overview = await browser.visit(`${SERVER_URL}/admin`)
    assert.equal(overview.response.status, 200)
    assert.doesNotMatch(overview.text, /Organizations<|new organization/i)
    const organization = await browser.visit(
      `${SERVER_URL}/admin/organizations/${customer.organization.id}`,
    )
    assert.match(organization.text, /Alice Example/)
  })

  it('is only read by its auditor, who is shown no forms', async (t) => {
    const rig = await openRig(t)
    const { customer, browser } = await openMember(rig, 'auditor')
    const address = `/admin/connections/${customer.connection.id}`
    const { text, response } = await browser.visit(SERVER_URL + address)
    assert.equal(response.status, 200)
    assert.throws(() => formOf(text, `${address}/status`))
    assert.throws(() => formOf(text, `${address}/credentials`))
    for (const page of ['/policies', '/rules']) {
      assert.equal((await browser.visit(SERVER_URL + address + page)).response.status, 403)
    }
    const before = await stateOf(rig)
    for (const [action, fields] of [
      ['status', { status: 'off' }],
      ['credentials', { clientSecret: 'a~secret.value', state: 'active' }],
      ['policies', { guests: 'allow' }],
      ['rules', { match: 'app_role', value: 'Admin', role: 'organization_admin' }],
    ] as const) {
      const { response: refused } = await send(browser, `${address}/${action}`, fields)
      assert.equal(refused.status, 403, action)
    }
    assert.equal(await stateOf(rig), before)
  })
})

describe('every form under /admin', () => {
  const forgeries: readonly (readonly [string, RequestInit])[] = [
    ['from another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['from another host of the site', { headers: { 'sec-fetch-site': 'same-site' } }],
    ['as plain text', { headers: { 'content-type': 'text/plain' } }],
    ['as JSON', { headers: { 'content-type': 'application/json' } }],
  ]
  for (const [what, init] of forgeries) {
    it(`is not carried out when it comes ${what} (C24)`, async (t) => {
      const { rig, records } = await openScene(t)
      const browser = await openOperator(rig)
      const formToken = formTokenOf((await browser.visit(`${SERVER_URL}/admin`)).text)
      await assertRefused(rig, browser, { records, init, formToken })
    })
  }

  it('needs the token of this very session (C24)', async (t) => {
    const { rig, records } = await openScene(t)
    const [browser, other] = [await openOperator(rig), await openOperator(rig)]
    const others = formTokenOf((await other.visit(`${SERVER_URL}/admin`)).text)
    for (const formToken of ['', 'A'.repeat(43), others]) {
      await assertRefused(rig, browser, { records, init: {}, formToken })
    }
  })
})

async function assertRefused(
  rig: Rig,
  browser: TestBrowser,
  sent: { readonly records: Records; readonly init: RequestInit; readonly formToken: string },
): Promise<void> {
  const before = await stateOf(rig)
  const posts = adminPages.filter(({ method }) => method === 'POST')
  assert.ok(posts.length > 8)
  for (const { path } of posts) {
    const body = new URLSearchParams({
      form_token: sent.formToken,
      status: 'off',
      do: 'remove',
      name: 'X',
    })
    const address = SERVER_URL + addressOf(path, sent.records)
    const headers = new Headers(sent.init.headers)
    if (!headers.has('content-type')) headers.set('content-type', FORM)
    const response = await browser.request(address, {
      method: 'POST',
      body: body.toString(),
      headers: headers,
    })
    assert.ok([403, 415].includes(response.status), `${path} answers ${response.status}`)
  }
  assert.equal(await stateOf(rig), before)
}
