/** What operators do on the pages under /admin: forms that do once what is sent twice, keep what was typed, and never show a secret. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { changeConnection } from '../src/connections/change-connection.ts'
import { fillIn, formOf, openOperator, send } from './support/admin-pages.ts'
import { createCustomer, operator } from './support/customers.ts'
import { createTestDns } from './support/dns.ts'
import { ENGINEERING, people, SALES, SERVER_URL } from './support/rig.ts'
import { auditEvents, liveSessions, openRig } from './support/steps.ts'

async function openScene(t: TestContext) {
  const rig = await openRig(t)
  const browser = await openOperator(rig)
  const read = async (path: string) => (await browser.visit(SERVER_URL + path)).text
  return { rig, browser, read }
}

async function openCustomer(t: TestContext) {
  const scene = await openScene(t)
  const customer = await createCustomer(scene.rig)
  const page = `/admin/connections/${customer.connection.id}`
  const connection = async () => {
    const found = await scene.rig.services.storage.findConnection(customer.connection.id)
    assert.ok(found)
    return found
  }
  return { ...scene, customer, page, connection }
}

describe('a new organization', () => {
  const page = '/admin/organizations/new'
  const action = '/admin/organizations'

  it('is made from a form, and the next page says so once', async (t) => {
    const { rig, browser, read } = await openScene(t)
    const fields = { name: 'Fabrikam & Söhne', slug: 'fabrikam' }
    const made = await fillIn(browser, { page, action, fields })
    assert.match(made.url.pathname, /^\/admin\/organizations\/org_[\w-]+$/)
    assert.match(made.text, /<p class="flash" role="status">The organization was created\.<\/p>/)
    assert.match(made.text, /Fabrikam &amp; Söhne/)
    assert.doesNotMatch(await read(made.url.pathname), /class="flash"/)
    const [event] = await auditEvents(rig, { type: 'organization.created' })
    assert.equal(event?.actor.kind, 'operator')
  })

  it('is made once by a form that is sent twice, even at the same time', async (t) => {
    const { rig, browser, read } = await openScene(t)
    const body = formOf(await read(page), action)
    body.set('name', 'Fabrikam')
    const post = () => browser.request(SERVER_URL + action, { method: 'POST', body })
    const responses = [...(await Promise.all([post(), post()])), await post()]
    const { items } = await rig.services.storage.listOrganizations({ limit: 9, search: 'fabrikam' })
    assert.equal(items.length, 1)
    assert.deepEqual(
      responses.map(({ status }) => status),
      [303, 303, 303],
    )
    assert.equal(responses.at(-1)?.headers.get('location'), `/admin/organizations/${items[0]?.id}`)
  })

  it('keeps what was typed when the short name is taken, and says why', async (t) => {
    const { browser } = await openScene(t)
    await fillIn(browser, { page, action, fields: { name: 'One', slug: 'taken' } })
    const fields = { name: 'Two <b>', slug: 'taken' }
    const { response, text } = await fillIn(browser, { page, action, fields })
    assert.equal(response.status, 409)
    assert.match(text, /role="alert"><p><strong>This short name is taken already/)
    const form = formOf(text, action)
    assert.deepEqual([form.get('name'), form.get('slug')], ['Two <b>', 'taken'])
    const again = await browser.visit(SERVER_URL + action, {
      method: 'POST',
      body: new URLSearchParams(
        [...form, ['slug', 'free']].filter(([, v]) => v !== 'taken') as string[][],
      ),
    })
    assert.match(again.text, /The organization was created/)
  })

  for (const name of ['', ' ', 'x'.repeat(129), 'a\u202eb', 'two\nlines']) {
    it(`is refused the name ${JSON.stringify(name.slice(0, 12))}`, async (t) => {
      const { rig, browser } = await openScene(t)
      const { response, text } = await fillIn(browser, { page, action, fields: { name } })
      assert.equal(response.status, 400)
      assert.match(text, /id="name"[^>]*aria-invalid="true"/)
      const { items } = await rig.services.storage.listOrganizations({ limit: 9 })
      assert.equal(items.length, 1)
    })
  }
})

describe('the name of an organization', () => {
  it('is not changed by a form that is older than another change', async (t) => {
    const { rig, browser, customer, read } = await openCustomer(t)
    const action = `/admin/organizations/${customer.organization.id}`
    const old = formOf(await read(action), action)
    await fillIn(browser, { page: action, fields: { name: 'First' } })
    old.set('name', 'Second')
    const late = await browser.visit(SERVER_URL + action, { method: 'POST', body: old })
    assert.equal(late.response.status, 412)
    assert.match(late.text, /This has been changed by another user in the meantime/)
    const found = await rig.services.storage.findOrganization(customer.organization.id)
    assert.equal(found?.name, 'First')
    old.set('name', 'First')
    const same = await browser.visit(SERVER_URL + action, { method: 'POST', body: old })
    assert.equal(same.response.status, 200, 'what is so already is done')
  })
})

describe('a connection', () => {
  it('is made as a draft of an organization, once', async (t) => {
    const { rig, browser, customer, read } = await openCustomer(t)
    const page = `/admin/organizations/${customer.organization.id}`
    const body = formOf(await read(page), `${page}/connections`)
    body.set('connection_name', 'Second way in')
    const post = () => browser.visit(`${SERVER_URL}${page}/connections`, { method: 'POST', body })
    const made = await post()
    assert.match(made.text, /<span class="badge quiet">draft<\/span>/)
    assert.equal((await post()).url.pathname, made.url.pathname)
    const { items } = await rig.services.storage.listConnections(
      { organizationId: customer.organization.id },
      { limit: 9 },
    )
    assert.deepEqual(items.map(({ name }) => name).sort(), ['Contoso', 'Second way in'])
  })

  it('is turned off and on again, after asking', async (t) => {
    const { browser, page, connection, customer, rig } = await openCustomer(t)
    const off = await fillIn(browser, { page, action: `${page}/status`, fields: {} })
    assert.match(
      off.text,
      /Nobody signs in through it any more|nobody signs in through it any more/,
    )
    assert.equal((await connection()).status, 'off')
    assert.equal((await customer.signIn(people.alice)).response.status, 403)
    const on = await fillIn(browser, { page, action: `${page}/status`, fields: {} })
    assert.match(on.text, /people can sign in through it/)
    assert.equal((await connection()).status, 'on')
    const actors = (await auditEvents(rig, { type: 'connection.changed' })).map(
      ({ actor }) => actor.kind,
    )
    assert.ok(actors.every((kind) => kind !== 'anonymous'))
  })

  it('is not turned on untested', async (t) => {
    const { browser, page, connection } = await openCustomer(t)
    await send(browser, `${page}/status`, { status: 'off' })
    await send(browser, `${page}/credentials`, {
      clientSecret: 'another~secret.value',
      state: 'active',
    })
    const { response, text } = await send(browser, `${page}/status`, { status: 'on' })
    assert.equal(response.status, 409)
    assert.match(text, /has to be tested before it can be turned on/)
    assert.equal((await connection()).status, 'off')
  })

  it('of the environment is shown, and not changed', async (t) => {
    const { browser, read } = await openScene(t)
    const text = await read('/admin/connections/default')
    assert.match(text, /managed by the settings of the server/)
    const forms = [...text.matchAll(/<form[^>]*action="(\/admin\/[^"]*)"/g)].map(([, to]) => to)
    assert.deepEqual(forms, ['/admin/connections/default/test'])
    for (const action of ['policies', 'rules', 'credentials', 'status']) {
      const { response } = await send(browser, `/admin/connections/default/${action}`, {
        status: 'off',
      })
      assert.equal(response.status, 409, action)
    }
  })

  it('shows how it does: the last failure, its code, and what mends it', async (t) => {
    const { rig, customer, page, read } = await openCustomer(t)
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'token',
      error: 'invalid_client',
      code: 7000222,
    })
    await customer.signIn(people.alice)
    await rig.services.signInNotes.store()
    const text = await read(page)
    assert.match(text, /failing<\/span> since <time datetime="2026-11-22T12:00:00\.000Z">/)
    assert.match(text, /client_credentials_refused/)
    assert.match(text, /Add a new secret here/)
    const overview = await read('/admin')
    assert.match(overview, /<strong>1 of 2<\/strong> connections fails/)
    const list = await read('/admin/connections?show=failing')
    assert.match(list, /Contoso/)
    assert.doesNotMatch(list, /Microsoft Entra ID<\/bdi>/)
  })
})

describe('the overview', () => {
  it('names a connection that is on and lets nobody in (P1)', async (t) => {
    const { rig, customer, page, read } = await openCustomer(t)
    assert.match(await read('/admin'), /Nothing needs attention/)
    const refuse = { unmatched: { kind: 'refuse' } } as const
    await changeConnection(rig.services, operator, {
      id: customer.connection.id,
      change: (before) => ({
        ...before,
        roleRules: [],
        policies: { ...before.policies, ...refuse },
      }),
    })
    const overview = await read('/admin')
    assert.doesNotMatch(overview, /Nothing needs attention/)
    assert.match(overview, /Nobody is let in: no rule gives a role/)
    assert.ok(overview.includes(`href="${page}"`))
    const list = await read('/admin/connections?show=closed')
    assert.ok(list.includes(customer.connection.id))
    assert.ok(!list.includes('/admin/connections/default'))
  })
})

describe('credentials of a connection', () => {
  const secret = 'a~very.secret-value-0123456789'

  it('are added, used, retired and removed, and their values never shown', async (t) => {
    const { browser, page, connection, read } = await openCustomer(t)
    const action = `${page}/credentials`
    const fields = { clientSecret: secret, expires: '2027-05-31', state: 'pending' }
    const added = await fillIn(browser, { page, action, fields })
    assert.match(added.text, /The client secret was added/)
    assert.ok(!added.text.includes(secret))
    const [first, second] = (await connection()).credentials
    assert.equal(second?.state, 'pending')
    assert.equal(second?.expiresAt?.toISOString(), '2027-05-31T23:59:59.999Z')

    await send(browser, `${action}/${second?.id}`, { do: 'use' })
    await send(browser, `${action}/${first?.id}`, { do: 'retire' })
    const states = async () => (await connection()).credentials.map(({ state }) => state)
    assert.deepEqual(await states(), ['retired', 'active'])
    await send(browser, `${action}/${first?.id}`, { do: 'remove' })
    assert.deepEqual(await states(), ['active'])

    const last = await send(browser, `${action}/${second?.id}`, { do: 'remove' })
    assert.equal(last.response.status, 409)
    assert.match(last.text, /This is the last credential that works/)
    assert.ok(!(await read(page)).includes(secret))
  })

  it('are not typed again for whoever made a mistake', async (t) => {
    const { browser, page, connection, rig } = await openCustomer(t)
    const wrong = [
      { clientSecret: '5d3f6a0e-1111-4111-8111-111111111111', expires: '' },
      { clientSecret: secret, expires: '31.5.2027' },
      { clientSecret: 'white space', expires: '' },
    ]
    for (const fields of wrong) {
      const action = `${page}/credentials`
      const { response, text } = await fillIn(browser, { page, action, fields })
      assert.equal(response.status, 400)
      assert.match(text, /role="alert"/)
      assert.ok(!text.includes(fields.clientSecret), text)
    }
    assert.equal((await connection()).credentials.length, 1)
    assert.doesNotMatch(rig.logLines.join(''), /a~very\.secret|5d3f6a0e/)
  })
})

describe('policies of a connection', () => {
  it('are changed by a form, and say what they mean', async (t) => {
    const { browser, page, connection } = await openCustomer(t)
    const fields = { guests: 'allow', unmatched: 'refuse', signOutOfMicrosoft: 'true' }
    const { text } = await fillIn(browser, { page: `${page}/policies`, fields })
    assert.match(text, /The policies were saved/)
    const { policies } = await connection()
    assert.equal(policies.guests, 'allow')
    assert.deepEqual(policies.unmatched, { kind: 'refuse' })
    assert.equal(policies.signOutOfMicrosoft, true)
    assert.equal(policies.linking, 'never')
  })

  for (const [what, fields] of [
    ['a choice that there is not', { guests: 'maybe' }],
    ['a default role without a name', { unmatched: 'default_role', defaultRole: '' }],
    ['a default role with markup', { unmatched: 'default_role', defaultRole: '<b>' }],
  ] as const) {
    it(`are not changed to ${what}`, async (t) => {
      const { browser, page, connection } = await openCustomer(t)
      const before = await connection()
      const { response } = await fillIn(browser, { page: `${page}/policies`, fields })
      assert.equal(response.status, 400)
      assert.deepEqual(await connection(), before)
    })
  }

  it('are not changed by an old form', async (t) => {
    const { browser, page, connection, read } = await openCustomer(t)
    const action = `${page}/policies`
    const old = formOf(await read(action), action)
    await fillIn(browser, { page: action, fields: { guests: 'allow' } })
    old.set('linking', 'verified')
    const late = await browser.visit(SERVER_URL + action, { method: 'POST', body: old })
    assert.equal(late.response.status, 412)
    const { policies } = await connection()
    assert.deepEqual([policies.guests, policies.linking], ['allow', 'never'])
  })
})

describe('role rules of a connection', () => {
  const rows = (...list: (readonly [string, string, string, string])[]) =>
    list.flatMap(([id, match, value, role]) => [
      ['id', id],
      ['match', match],
      ['value', value],
      ['role', role],
    ])

  it('are added, kept and removed; a removed or changed one takes its roles back at once', async (t) => {
    const { rig, browser, page, connection, customer, read } = await openCustomer(t)
    const action = `${page}/rules`
    const save = async (...list: Parameters<typeof rows>) => {
      const form = formOf(await read(action), action)
      const kept = [...form].filter(([name]) => ['form_token', 'version'].includes(name))
      const body = new URLSearchParams([...kept, ...rows(...list)] as string[][])
      return browser.visit(SERVER_URL + action, { method: 'POST', body })
    }
    const saved = await save(
      ['', 'group', ENGINEERING.toUpperCase(), 'engineer'],
      ['', 'group', SALES, 'seller'],
      ['', 'group', '', ''],
    )
    assert.match(saved.text, /The role rules were saved/)
    const [engineers, sellers] = (await connection()).roleRules
    assert.equal(engineers?.value, ENGINEERING)

    await customer.signIn(people.alice)
    const rolesOf = async () => {
      const { items } = await rig.services.storage.listUsers({ limit: 9, search: 'alice' })
      return items[0]?.roles.map(({ role }) => role)
    }
    assert.ok((await rolesOf())?.includes('engineer'))
    // The same row under its id, but for another role: what it gave before is taken back.
    await save(
      [engineers?.id ?? '', 'group', ENGINEERING, 'builder'],
      [sellers?.id ?? '', 'group', SALES, 'seller'],
    )
    assert.ok(!(await rolesOf())?.includes('engineer'))
    const after = (await connection()).roleRules
    assert.equal(after[1]?.id, sellers?.id)
    assert.equal(after[0]?.role, 'builder')
  })

  for (const [what, row] of [
    ['a group by its name', ['', 'group', 'Engineering', 'engineer']],
    ['a rule without a role', ['', 'app_role', 'Admin', '']],
    ['a rule about something else', ['', 'email', 'a@b.example', 'engineer']],
  ] as const) {
    it(`do not take ${what}, and keep the row`, async (t) => {
      const { browser, page, connection, read } = await openCustomer(t)
      const action = `${page}/rules`
      const form = formOf(await read(action), action)
      const body = new URLSearchParams([
        ['form_token', form.get('form_token') ?? ''],
        ['version', form.get('version') ?? ''],
        ...rows(row),
      ] as string[][])
      const { response, text } = await browser.visit(SERVER_URL + action, { method: 'POST', body })
      assert.equal(response.status, 400)
      assert.match(text, /Field: <code>rule 1<\/code>/)
      assert.ok(text.includes(`value="${row[2]}"`))
      assert.deepEqual((await connection()).roleRules, [])
    })
  }
})

describe('a user', () => {
  it('is disabled, twice or once, with all sessions, and enabled again', async (t) => {
    const { rig, browser, read } = await openScene(t)
    const alice = await rig.signIn(people.alice)
    const { items } = await rig.services.storage.listUsers({ limit: 1 })
    const page = `/admin/users/${items[0]?.user.id}`
    assert.match(await read(page), /Alice Example/)
    await send(browser, `${page}/status`, { status: 'disabled' })
    const { text } = await send(browser, `${page}/status`, { status: 'disabled' })
    assert.match(text, /The user was disabled/)
    assert.equal((await auditEvents(rig, { type: 'user.disabled' })).length, 1)
    assert.equal((await alice.browser.request(`${SERVER_URL}/account`)).status, 401)
    await send(browser, `${page}/status`, { status: 'active' })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('has sessions that are ended one by one, or all', async (t) => {
    const { rig, browser, read } = await openScene(t)
    for (let n = 0; n < 3; n += 1) await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const [alice] = (await rig.services.storage.listUsers({ limit: 9, search: 'alice' })).items
    const [bob] = (await rig.services.storage.listUsers({ limit: 9, search: 'bob' })).items
    const page = `/admin/users/${alice?.user.id}`
    const [session] = (await liveSessions(rig)).filter(({ userId }) => userId === alice?.user.id)
    const left = async () => (await liveSessions(rig)).filter(({ kind }) => kind === 'user').length
    // The session of another user is not ended from here.
    await send(browser, `/admin/users/${bob?.user.id}/sessions`, { session: session?.id ?? '' })
    assert.equal(await left(), 4)
    await send(browser, `${page}/sessions`, { session: session?.id ?? '' })
    assert.equal(await left(), 3)
    await fillIn(browser, { page, action: `${page}/sessions`, fields: { session: '' } })
    assert.equal(await left(), 1)
    assert.match(await read(page), /Not signed in anywhere/)
  })

  it('is found by name, email, sign-in name, object id and tenant', async (t) => {
    const { rig, read } = await openScene(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const [alice] = (await rig.services.storage.listUsers({ limit: 9, search: 'alice' })).items
    const { subject: oid = '', directory: tid = '' } = alice?.identities[0]?.key ?? {}
    for (const search of ['alice exam', 'ALICE@contoso', oid, tid, alice?.user.id ?? '']) {
      const text = await read(`/admin/users?search=${encodeURIComponent(search)}`)
      assert.match(text, /Alice Example/, search)
      if (search !== tid) assert.doesNotMatch(text, /Bob Example/, search)
    }
    assert.match(await read('/admin/users?search=nobody%40x.example'), /Nobody here fits/)
  })
})

describe('why can’t she get in?', () => {
  it('is answered from the correlation id, the address she signs in with, her object id', async (t) => {
    const { rig, read } = await openScene(t)
    const { text } = await rig.signIn(people.grace)
    await rig.signIn(people.bob)
    const correlationId = /<dt>Correlation id<\/dt><dd><code>([^<]+)</.exec(text)?.[1] ?? ''
    const [trace] = (
      await rig.services.storage.listSignInTraces({ outcome: 'refused' }, { limit: 1 })
    ).items
    const oid = trace?.person?.subject ?? ''
    for (const search of [correlationId, 'Grace@fabrikam.example', oid]) {
      const list = await read(`/admin/sign-ins?search=${encodeURIComponent(search)}`)
      assert.match(list, new RegExp(`/admin/sign-ins/${trace?.id}"`), search)
      assert.doesNotMatch(list, /Bob Example/, search)
    }
    const page = await read(`/admin/sign-ins/${trace?.id}`)
    assert.match(page, /Guests of this directory may not sign in here/)
    assert.match(page, /guest_not_allowed/)
    assert.match(page, /ENTRADA_ENTRA_GUESTS=allow/)
    assert.match(page, /Microsoft said who it is, and every check passed/)
    assert.ok(page.includes(correlationId))
    const nothing = await read('/admin/sign-ins?search=stranger%40x.example')
    assert.match(nothing, /No sign-in of the last thirty days fits/)
  })

  it('explains Microsoft’s own number', async (t) => {
    const { rig, customer, read } = await openCustomer(t)
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'authorize',
      error: 'interaction_required',
      code: 50105,
    })
    await customer.signIn(people.alice)
    const [trace] = (await rig.services.storage.listSignInTraces({}, { limit: 1 })).items
    assert.match(await read(`/admin/sign-ins/${trace?.id}`), /AADSTS50105[\s\S]*Remedy/)
  })
})

describe('text that somebody else chose, on the pages under /admin', () => {
  it('is text in every name that is shown (I19, C27)', async (t) => {
    const { rig, browser, read } = await openScene(t)
    const evil = '"><img src=x onerror=alert(1)>'
    rig.emulator.updateUser(people.alice, { displayName: evil })
    const customer = await createCustomer(rig, {
      name: evil,
      roleRules: [{ id: 'r1', match: 'app_role', value: evil, role: 'reader' }],
    })
    const hostile = rig.browser()
    await customer.signIn(people.alice, {
      browser: hostile,
      query: `?login_hint=${encodeURIComponent(evil)}`,
    })
    const [user] = (await rig.services.storage.listUsers({ limit: 9, search: 'onerror' })).items
    const [trace] = (await rig.services.storage.listSignInTraces({}, { limit: 1 })).items
    const encoded = encodeURIComponent(evil)
    const shown = [
      '/admin',
      `/admin/organizations?search=${encoded}`,
      `/admin/organizations/${customer.organization.id}`,
      `/admin/connections?search=${encoded}&show=${encoded}`,
      `/admin/connections/${customer.connection.id}`,
      `/admin/connections/${customer.connection.id}/rules`,
      `/admin/users?search=${encoded}&organization=${encoded}`,
      `/admin/users/${user?.user.id}`,
      `/admin/sign-ins?search=${encoded}&outcome=${encoded}&connection=${encoded}`,
      `/admin/sign-ins/${trace?.id}`,
      `/admin/audit?person=${encoded}&connection=${encoded}&correlation=${encoded}`,
      '/admin/audit',
    ]
    let seen = 0
    for (const path of shown) {
      const text = await read(path)
      assert.doesNotMatch(text, /<img src=x/, path)
      if (text.includes('&quot;&gt;&lt;img src=x')) seen += 1
    }
    assert.ok(seen >= 10, `${seen} pages show the name`)
    const flash = await browser.clone()
    flash.setCookie('sso.localhost:3000', 'entrada-flash', encodeURIComponent(evil))
    assert.doesNotMatch((await flash.visit(`${SERVER_URL}/admin`)).text, /onerror|class="flash"/)
  })
})

describe('lists under /admin', () => {
  it('are read in pages, however many there are, and lose nobody on the way', async (t) => {
    const { rig, read } = await openScene(t)
    const { storage, now } = rig.services
    await storage.atomically(async (transaction) => {
      for (let n = 0; n < 120; n += 1) {
        const id = `org_many${String(n).padStart(4, '0')}` as const
        const createdAt = new Date(now().getTime() + n)
        await transaction.putOrganization({
          id,
          name: `Customer ${n}`,
          slug: `customer-${n}`,
          settings: {},
          createdAt,
          updatedAt: createdAt,
        })
      }
    })
    const seen = new Set<string>()
    let next: string | undefined = '/admin/organizations?search=customer'
    for (let pages = 0; next !== undefined; pages += 1) {
      assert.ok(pages < 4)
      const text: string = await read(next)
      for (const [, id = ''] of text.matchAll(/\/admin\/organizations\/(org_many\d+)"/g))
        seen.add(id)
      next = /<a href="([^"]+)" rel="next">/.exec(text)?.[1]?.replaceAll('&amp;', '&')
    }
    assert.equal(seen.size, 120)
    const wrong = await (await openOperator(rig)).request(
      `${SERVER_URL}/admin/organizations?after=nonsense`,
    )
    assert.equal(wrong.status, 400)
  })

  it('take a repeated or endless question for what it is', async (t) => {
    const { rig } = await openScene(t)
    const browser = await openOperator(rig)
    const status = async (query: string) =>
      (await browser.request(`${SERVER_URL}/admin/users?${query}`)).status
    assert.equal(await status('search=a&search=b'), 400)
    assert.equal(await status(`search=${'x'.repeat(5_000)}`), 200)
    assert.equal(await status('search=%00%25_%27%22'), 200)
  })
})

describe('a set-up link', () => {
  it('is made by a button, shown once, replaced and withdrawn', async (t) => {
    const { rig, browser, read } = await openScene(t)
    const fields = { name: 'Fabrikam' }
    const page = '/admin/organizations/new'
    const made = await fillIn(browser, { page, action: '/admin/organizations', fields })
    const organization = made.url.pathname
    const { url } = await fillIn(browser, {
      page: organization,
      action: `${organization}/connections`,
      fields: {},
    })
    const connection = url.pathname
    const action = `${connection}/setup-links`
    const first = await fillIn(browser, { page: connection, action, fields: {} })
    const address = /id="setup-link" value="([^"]+)"/.exec(first.text)?.[1] ?? ''
    assert.equal(new URL(address).origin, SERVER_URL)
    const customer = rig.browser()
    assert.equal((await customer.visit(address)).response.status, 200)
    assert.ok(!(await read(connection)).includes(address))
    await fillIn(browser, { page: connection, action, fields: {} })
    const shown = await read(connection)
    assert.match(shown, /replaced by a newer one/)
    const withdraw = /action="([^"]+\/withdraw)"/.exec(shown)?.[1] ?? ''
    assert.match((await send(browser, withdraw)).text, /The link was withdrawn/)
    assert.doesNotMatch(await read(connection), /\/withdraw"/)
    assert.doesNotMatch(
      JSON.stringify(await auditEvents(rig)),
      new RegExp(address.split('/').at(-1) ?? '-'),
    )
  })
})

describe('a domain of an organization', () => {
  it('is named, proven by its record, and removed', async (t) => {
    const dns = createTestDns()
    const rig = await openRig(t, { resolveTxt: dns.resolveTxt })
    const browser = await openOperator(rig)
    const { organization } = await createCustomer(rig)
    const page = `/admin/organizations/${organization.id}`
    const fields = { domain: 'Contoso.example' }
    const added = await fillIn(browser, { page, action: `${page}/domains`, fields })
    assert.match(added.text, /_entrada-challenge\.contoso\.example/)
    const list = () =>
      rig.services.storage.listDomains({ organizationId: organization.id }, { limit: 9 })
    const [domain] = (await list()).items
    assert.ok(domain)
    const action = `${page}/domains/${domain.id}`
    const early = await send(browser, action, { do: 'verify' })
    assert.equal(early.response.status, 409)
    dns.setDown(true)
    assert.equal((await send(browser, action, { do: 'verify' })).response.status, 502)
    dns.setDown(false)
    dns.add(domain)
    assert.match((await send(browser, action, { do: 'verify' })).text, /The domain is proven/)
    await send(browser, action, { do: 'remove' })
    assert.deepEqual((await list()).items, [])
  })

  it('that anybody can have a mailbox in is refused, and what was typed stays', async (t) => {
    const { browser, customer } = await openCustomer(t)
    const page = `/admin/organizations/${customer.organization.id}`
    const fields = { domain: 'gmail.com' }
    const { response, text } = await fillIn(browser, { page, action: `${page}/domains`, fields })
    assert.equal(response.status, 400)
    assert.match(text, /id="domain"[^>]*value="gmail\.com"/)
  })
})
