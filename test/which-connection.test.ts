/** The choice of a connection: by a work email, a short name, the directory of an invitation, or the last sign-in of the browser. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { changeConnection, turnOff } from '../src/connections/change-connection.ts'
import {
  addDomain,
  routeDomain,
  verifyDomain,
  vouchForDomain,
} from '../src/organizations/domains.ts'
import { changeOrganization } from '../src/organizations/organizations.ts'
import type { Domain } from '../src/storage/records.ts'
import type { TestBrowser } from './support/browser.ts'
import {
  type Customer,
  type CustomerOptions,
  createCustomer,
  loginAddress,
  operator,
} from './support/customers.ts'
import { createTestDns } from './support/dns.ts'
import { sessionJson } from './support/people.ts'
import {
  CONTOSO,
  ENTRA_URL,
  FABRIKAM,
  people,
  type Rig,
  type RigOptions,
  requestsAt,
  SERVER_URL,
} from './support/rig.ts'
import { HTTPS_URL, openHttpsRig, openRig, postForm } from './support/steps.ts'

const withoutDefault = { withoutEntra: true } as const

async function proveDomain(
  { services }: Rig,
  { organization }: Customer,
  name: string,
): Promise<Domain> {
  const domain = await addDomain(services, operator, { organization: organization.id, name })
  return vouchForDomain(services, operator, domain.id)
}

async function openRigWithContoso(t: TestContext, options: RigOptions = withoutDefault) {
  const rig = await openRig(t, options)
  const contoso = await createCustomer(rig, { name: 'Contoso Holdings', slug: 'contoso' })
  await proveDomain(rig, contoso, 'contoso.example')
  return { rig, contoso }
}

/** Types into the field of the login page and presses the button. */
async function type(browser: TestBrowser, who: string, more: Record<string, string> = {}) {
  const response = await postForm(browser, `${SERVER_URL}/login`, { fields: { who, ...more } })
  return { response, text: await response.text() }
}

/** Where the page sends the browser by itself. */
function goesTo(text: string): URL | undefined {
  const [, url] = /<meta http-equiv="refresh" content="0; url=([^"]+)">/.exec(text) ?? []
  return url === undefined ? undefined : new URL(url.replaceAll('&amp;', '&'))
}

function clientIdOf(url: URL | undefined): string | null | undefined {
  return url?.searchParams.get('client_id')
}

/** The page without what is another one each time. */
function stable(text: string, typed = ''): string {
  return text.replaceAll(typed === '' ? '\0' : typed, 'TYPED').replace(/[0-9a-f-]{36}/g, 'ID')
}

describe('the login page', () => {
  it('has the field where there are customers, and the button where there is a default connection', async (t) => {
    const field = /<input id="who" name="who" type="email"/
    const button = /Sign in with Microsoft Entra ID/
    const both = await openRig(t)
    const page = async (rig: Rig) => (await rig.browser().visit(`${SERVER_URL}/login`)).text
    assert.doesNotMatch(await page(both), field)
    await createCustomer(both)
    assert.match(await page(both), field)
    assert.match(await page(both), button)

    const customersOnly = await openRig(t, withoutDefault)
    assert.match(await page(customersOnly), /not set up here yet/)
    const customer = await createCustomer(customersOnly)
    assert.match(await page(customersOnly), field)
    assert.doesNotMatch(await page(customersOnly), button)
    await turnOff(customersOnly.services, operator, customer.connection.id)
    assert.doesNotMatch(await page(customersOnly), field)
  })
})

describe('a work email', () => {
  it('leads to the connection of the organization that has proven its domain, and is signed in', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const { response, text } = await type(browser, people.alice, { return_to: '/account' })
    assert.equal(response.status, 200)
    const onwards = goesTo(text)
    assert.equal(onwards?.origin, ENTRA_URL)
    assert.equal(clientIdOf(onwards), contoso.connection.clientId)
    assert.equal(onwards?.searchParams.get('login_hint'), people.alice)

    const { url, text: account } = await browser.visit(onwards ?? '')
    assert.equal(url.pathname, '/account')
    assert.match(account, /Where you are signed in/)
  })

  const same = ['Alice@CONTOSO.example', ' nobody@contoso.example ', 'ａ@ｃontoso.example']
  for (const typed of same) {
    it(`is read as people write it: ${JSON.stringify(typed)} (B10)`, async (t) => {
      const { rig, contoso } = await openRigWithContoso(t)
      const { text } = await type(rig.browser(), typed)
      assert.equal(clientIdOf(goesTo(text)), contoso.connection.clientId)
    })
  }

  it('finds an international domain in either spelling', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    await proveDomain(rig, contoso, 'bücher.example')
    for (const typed of ['a@BÜCHER.example', 'a@xn--bcher-kva.example']) {
      const { text } = await type(rig.browser(), typed)
      assert.equal(clientIdOf(goesTo(text)), contoso.connection.clientId, typed)
    }
  })

  const leadsNowhere = [
    'a@evil.example@contoso.example',
    'a@contoso.example.evil.example',
    'a@sub.contoso.example',
    'a@example',
    'a@contoso.example.',
    '"a@contoso.example"@evil.example',
    'a@contoso.example,b@evil.example',
    'a@gmail.com',
    'a@contoso.example\0.evil.example',
    '<script>alert(1)</script>@contoso.example',
    '@contoso.example',
    '',
    '   ',
    'x'.repeat(10_000),
  ]
  it('leads nowhere when it is not plainly one of the domain (B10)', async (t) => {
    const { rig } = await openRigWithContoso(t)
    for (const typed of leadsNowhere) {
      const { response, text } = await type(rig.browser(), typed)
      assert.equal(response.status, 200, typed)
      assert.equal(goesTo(text), undefined, typed)
      assert.match(text, /Where do you sign in\?/)
      assert.doesNotMatch(text, /<script/)
    }
  })

  it('tells nothing about people, and nothing of why a domain leads nowhere (I22)', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const { services } = rig
    const hidden = await createCustomer(rig, { name: 'Hidden', tenantId: FABRIKAM })
    await proveDomain(rig, hidden, 'hidden.example')
    await changeOrganization(services, operator, {
      id: hidden.organization.id,
      change: (before) => ({ ...before, settings: { emailDiscovery: false } }),
    })
    const pending = { organization: contoso.organization.id, name: 'pending.example' }
    await addDomain(services, operator, pending)
    const off = await createCustomer(rig, { name: 'Off', tenantId: FABRIKAM })
    await proveDomain(rig, off, 'off.example')
    await turnOff(services, operator, off.connection.id)

    const nowhere = ['unknown', 'hidden', 'pending', 'off'].map((name) => `a@${name}.example`)
    const answers = await Promise.all(
      nowhere.map(async (typed) => {
        const { response, text } = await type(rig.browser(), typed)
        return [response.status, response.headers.getSetCookie(), stable(text, typed)]
      }),
    )
    for (const answer of answers) assert.deepEqual(answer, answers[0])

    const known = people.alice
    const [one, two] = await Promise.all(
      [known, 'nobody-here@contoso.example'].map(async (typed) => {
        const { response, text } = await type(rig.browser(), typed)
        return [response.status, [...(goesTo(text)?.searchParams.keys() ?? [])]]
      }),
    )
    assert.deepEqual(one, two)
    assert.equal(one?.[0], answers[0]?.[0], 'the same status for a domain that is known')
  })

  it('is answered as fast whether the domain is known or not (I22)', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const browser = rig.browser()
    await type(browser, people.alice)
    const fastest = async (typed: string) => {
      const times = []
      for (let n = 0; n < 15; n += 1) {
        const startedAt = performance.now()
        await type(browser, typed)
        times.push(performance.now() - startedAt)
      }
      return Math.min(...times)
    }
    const difference = (await fastest(people.alice)) - (await fastest('a@unknown.example'))
    assert.ok(Math.abs(difference) < 10, `${difference} ms`)
  })

  it('is in no address, no log and no metric of ours', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const secret = 'canary.person@contoso.example'
    const { text } = await type(browser, secret)
    const { locations } = await browser.visit(goesTo(text) ?? '')
    await type(browser, 'canary.person@unknown.example')
    const ours = locations.filter((location) => new URL(location, SERVER_URL).origin === SERVER_URL)
    const metrics = await rig.entrada.fetch(
      new Request(`${SERVER_URL}/metrics`, {
        headers: { authorization: `Bearer ${rig.options.operatorTokens?.[0]?.reveal()}` },
      }),
    )
    assert.equal(metrics.status, 200)
    for (const place of [...ours, rig.logLines.join('\n'), await metrics.text()]) {
      assert.doesNotMatch(place, /canary/)
    }
  })

  it('is not taken from another site’s form, nor from an address', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const headers = { 'sec-fetch-site': 'cross-site' }
    const fields = { who: people.alice }
    const refused = await postForm(rig.browser(), `${SERVER_URL}/login`, { fields, headers })
    assert.equal(refused.status, 403)
    assert.deepEqual(refused.headers.getSetCookie(), [])
    const { response, text } = await rig.browser().visit(`${SERVER_URL}/login?who=${people.alice}`)
    assert.equal(response.status, 200)
    assert.equal(goesTo(text), undefined)
    const twice = new URLSearchParams([
      ['who', 'a@contoso.example'],
      ['who', 'b@contoso.example'],
    ])
    const repeated = await rig
      .browser()
      .request(`${SERVER_URL}/login`, { method: 'POST', body: twice })
    assert.equal(repeated.status, 400)
  })

  it('of a domain whose record is lost still signs people in', async (t) => {
    const dns = createTestDns()
    const rig = await openRig(t, { ...withoutDefault, resolveTxt: dns.resolveTxt })
    const customer = await createCustomer(rig)
    const added = await addDomain(rig.services, operator, {
      organization: customer.organization.id,
      name: 'contoso.example',
    })
    dns.add(added)
    const proven = await verifyDomain(rig.services, operator, added.id)
    await rig.services.storage.atomically((transaction) =>
      transaction.putDomain({ ...proven, status: 'lost' }),
    )
    const { text } = await type(rig.browser(), people.alice)
    assert.equal(clientIdOf(goesTo(text)), customer.connection.clientId)
  })
})

describe('an organization with several connections', () => {
  async function openTwo(t: TestContext) {
    const { rig, contoso } = await openRigWithContoso(t)
    const { organization } = contoso
    const more: CustomerOptions = { organization, slug: 'contoso-partners', name: 'Contoso' }
    const partners = await createCustomer(rig, more)
    const change = {
      id: partners.connection.id,
      change: (c: Customer['connection']) => ({ ...c, name: 'Partners' }),
    }
    await changeConnection(rig.services, operator, change)
    const domain = (await rig.services.storage.findOwnedDomain('contoso.example')) as Domain // proven above
    return { rig, contoso, partners, domain }
  }

  it('lets people choose, by names that were given for that and not by the organization’s (design rule 19)', async (t) => {
    const { rig, partners } = await openTwo(t)
    const browser = rig.browser()
    const { response, text } = await type(browser, people.alice, { return_to: '/account' })
    assert.equal(response.status, 200)
    assert.match(text, /Choose how you sign in/)
    assert.match(text, /value="contoso-partners">Partners</)
    assert.match(text, /value="contoso">contoso</)
    assert.doesNotMatch(text, /Contoso Holdings/)
    assert.deepEqual(response.headers.getSetCookie(), [])

    const chosen = { connection: 'contoso-partners', return_to: '/account' }
    const next = await type(browser, people.alice, chosen)
    const onwards = goesTo(next.text)
    assert.equal(clientIdOf(onwards), partners.connection.clientId)
    assert.equal(onwards?.searchParams.get('login_hint'), people.alice)
  })

  it('has no choice where the domain names one of them, while that one is on', async (t) => {
    const { rig, contoso, partners, domain } = await openTwo(t)
    const connectionId = partners.connection.id
    await routeDomain(rig.services, operator, { id: domain.id, route: () => connectionId })
    const first = await type(rig.browser(), people.alice)
    assert.equal(clientIdOf(goesTo(first.text)), partners.connection.clientId)
    await turnOff(rig.services, operator, partners.connection.id)
    const second = await type(rig.browser(), people.alice)
    assert.equal(clientIdOf(goesTo(second.text)), contoso.connection.clientId)
  })

  it('has no choice where the organization demands one of them', async (t) => {
    const { rig, contoso, partners } = await openTwo(t)
    const since = rig.clock.now().toISOString()
    await rig.services.storage.atomically(async (transaction) => {
      const ssoRequired = { connectionId: partners.connection.id, since }
      const organization = { ...contoso.organization, settings: { ssoRequired } }
      await transaction.putOrganization(organization)
    })
    const { text } = await type(rig.browser(), people.alice)
    assert.equal(clientIdOf(goesTo(text)), partners.connection.clientId)
  })

  it('is found by its own short name, typed, sent or opened as an address', async (t) => {
    const rig = await openRig(t, withoutDefault)
    const one = await createCustomer(rig, { name: 'Northwind', slug: 'north-one' })
    for (const typed of ['northwind', 'NORTHWIND', ' northwind ']) {
      const { text } = await type(rig.browser(), typed)
      assert.equal(clientIdOf(goesTo(text)), one.connection.clientId, typed)
    }
    const opened = await rig.browser().request(`${SERVER_URL}/enterprise-login/northwind`)
    const location = new URL(opened.headers.get('location') ?? '')
    assert.equal(clientIdOf(location), one.connection.clientId)

    await createCustomer(rig, { organization: one.organization, slug: 'north-two' })
    const choice = await rig.browser().visit(`${SERVER_URL}/enterprise-login/northwind`)
    assert.match(choice.text, /Choose how you sign in/)
    const { text } = await type(rig.browser(), loginAddress(one.connection))
    assert.equal(clientIdOf(goesTo(text)), one.connection.clientId)
  })

  it('is not found by a short name that nobody has, nor by one that is off', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const off = await createCustomer(rig, { name: 'Off', tenantId: FABRIKAM })
    await turnOff(rig.services, operator, off.connection.id)
    for (const typed of ['absent', 'off', 'default', '../contoso?', '%', '*', '__proto__']) {
      const { response, text } = await type(rig.browser(), typed)
      assert.equal(response.status, 200)
      if (typed !== '../contoso?') assert.equal(goesTo(text), undefined, typed)
    }
    const { response } = await rig.browser().visit(`${SERVER_URL}/enterprise-login/absent`)
    assert.equal(response.status, 404)
  })
})

describe('GET /login/organization', () => {
  it('asks, and keeps where somebody wanted to go, on this server', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const page = (query: string) => rig.browser().visit(`${SERVER_URL}/login/organization${query}`)
    assert.match((await page('?return_to=/account')).text, /name="return_to" value="\/account"/)
    assert.doesNotMatch((await page('?return_to=//evil.example')).text, /evil/)
    const { response, text } = await page('')
    assert.equal(response.status, 200)
    assert.doesNotMatch(text, /We could not tell/)
  })
})

describe('third-party-initiated login (C20)', () => {
  const issuer = (tenantId: string) => `${ENTRA_URL}/${tenantId}/v2.0`
  const address = (parameters: Record<string, string>) =>
    `${SERVER_URL}/login/initiate?${new URLSearchParams(parameters)}`
  const locationOf = (response: Response) =>
    new URL(response.headers.get('location') ?? '', SERVER_URL)

  it('starts an ordinary sign-in with the one connection of that directory', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    const parameters = {
      iss: issuer(CONTOSO),
      login_hint: people.alice,
      target_link_uri: '/account',
    }
    const started = await browser.request(address(parameters))
    const authorize = locationOf(started)
    assert.equal(clientIdOf(authorize), contoso.connection.clientId)
    assert.equal(authorize.searchParams.get('login_hint'), people.alice)
    const { url } = await browser.visit(authorize)
    assert.equal(url.href, `${SERVER_URL}/account`)
  })

  it('does so for a form of another site too, without its cookies', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const fields = { iss: issuer(CONTOSO), login_hint: people.alice, target_link_uri: '/account' }
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://portal.example' }
    const posted = await postForm(rig.browser(), `${SERVER_URL}/login/initiate`, {
      fields,
      headers,
    })
    assert.equal(posted.status, 303)
    assert.deepEqual(posted.headers.getSetCookie(), [], 'the POST itself starts nothing')
    const started = await rig.browser().request(locationOf(posted))
    assert.equal(clientIdOf(locationOf(started)), contoso.connection.clientId)
  })

  it('ends no session, and spends nothing', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const { browser } = await contoso.signIn(people.alice)
    const before = await sessionJson(browser)
    await postForm(browser, `${SERVER_URL}/login/initiate`, { fields: { iss: issuer(CONTOSO) } })
    await browser.request(address({ iss: issuer(CONTOSO) }))
    await browser.request(address({ iss: issuer(FABRIKAM) }))
    assert.deepEqual(await sessionJson(browser), before)
    assert.equal(requestsAt(rig, 'token'), 1)
  })

  it('does nothing for a HEAD', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const head = await rig.browser().request(address({ iss: issuer(CONTOSO) }), { method: 'HEAD' })
    assert.equal(head.status, 405)
    assert.deepEqual(head.headers.getSetCookie(), [])
  })

  const nobody: readonly Record<string, string>[] = [
    {},
    { iss: '' },
    { iss: 'https://evil.example' },
    { iss: issuer(FABRIKAM) },
    { iss: `${ENTRA_URL}/organizations/v2.0` },
    { iss: `${issuer(CONTOSO)}/` },
    { iss: issuer(CONTOSO).toUpperCase() },
    { iss: issuer(CONTOSO).replace('login.entra', 'evil.entra') },
    { iss: 'x'.repeat(5_000) },
    { login_hint: people.alice },
  ]
  // The list of cases wants 400 here; the issue wants a page that asks, which helps a person on.
  it('asks for the organization when no connection has that issuer, exactly', async (t) => {
    const { rig } = await openRigWithContoso(t)
    for (const parameters of nobody) {
      const all = { ...parameters, target_link_uri: '/account' }
      const response = await rig.browser().request(address(all))
      const { pathname, search } = locationOf(response)
      assert.equal(pathname, '/login/organization', JSON.stringify(parameters).slice(0, 100))
      assert.equal(search, '?return_to=%2Faccount')
      assert.deepEqual(response.headers.getSetCookie(), [])
    }
  })

  it('refuses what is said twice', async (t) => {
    const { rig } = await openRigWithContoso(t)
    const twice = `${address({ iss: issuer(CONTOSO) })}&iss=${issuer(FABRIKAM)}`
    assert.equal((await rig.browser().request(twice)).status, 400)
  })

  const targets = [
    ['/account', '/account'],
    [`${SERVER_URL}/account?x=1`, '/account?x=1'],
    ['https://evil.example/', '/'],
    ['//evil.example', '/'],
    [`${SERVER_URL}.evil.example/`, '/'],
    [`${SERVER_URL}//evil.example/`, '/'],
    [`${SERVER_URL}@evil.example/`, '/'],
    ['/.//evil.example', '/'],
    ['/login/initiate?iss=x', '/'],
    [`${SERVER_URL}/auth/logout`, '/'],
    ['javascript:alert(1)', '/'],
  ] as const
  for (const [target, ends] of targets) {
    it(`ends at ${ends} for the target ${target}`, async (t) => {
      const { rig } = await openRigWithContoso(t)
      const browser = rig.browser()
      rig.emulator.signInAutomaticallyAs(people.alice)
      const { url } = await browser.visit(
        address({ iss: issuer(CONTOSO), target_link_uri: target }),
      )
      assert.equal(url.href, SERVER_URL + ends)
    })
  }

  it('is not confused by an organization that only lists the directory of another (S7)', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const lists = { tenants: { kind: 'allow_list', tenantIds: [FABRIKAM, CONTOSO] } } as const
    const stranger = await createCustomer(rig, { name: 'Stranger', ...lists })
    const started = async (tenantId: string) =>
      locationOf(await rig.browser().request(address({ iss: issuer(tenantId) })))
    assert.equal(clientIdOf(await started(CONTOSO)), contoso.connection.clientId)
    assert.equal(clientIdOf(await started(FABRIKAM)), stranger.connection.clientId)

    const another = await createCustomer(rig, { name: 'Another', ...lists })
    assert.equal((await started(FABRIKAM)).pathname, '/login/organization')
    await another.signIn(people.frank)
    assert.equal(clientIdOf(await started(FABRIKAM)), another.connection.clientId)
    assert.equal(clientIdOf(await started(CONTOSO)), contoso.connection.clientId)
    await another.signIn(people.alice)
    assert.equal((await started(CONTOSO)).pathname, '/login/organization', 'people come both ways')
  })

  it('tells connections of one directory apart by the proven domain of the hint, and no other way', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const subsidiary = await createCustomer(rig, { name: 'Subsidiary' })
    await proveDomain(rig, subsidiary, 'subsidiary.example')
    const elsewhere = await createCustomer(rig, { name: 'Elsewhere', tenantId: FABRIKAM })
    await proveDomain(rig, elsewhere, 'elsewhere.example')
    const started = async (login_hint: string) => {
      const parameters = { iss: issuer(CONTOSO), ...(login_hint ? { login_hint } : {}) }
      return locationOf(await rig.browser().request(address(parameters)))
    }
    assert.equal(clientIdOf(await started('a@contoso.example')), contoso.connection.clientId)
    assert.equal(clientIdOf(await started('a@subsidiary.example')), subsidiary.connection.clientId)
    for (const hint of [
      '',
      'a@unknown.example',
      'a@elsewhere.example',
      'alice',
      'a@b@contoso.example',
    ]) {
      assert.equal((await started(hint)).pathname, '/login/organization', hint)
    }
    await changeOrganization(rig.services, operator, {
      id: subsidiary.organization.id,
      change: (before) => ({ ...before, settings: { emailDiscovery: false } }),
    })
    assert.equal((await started('a@subsidiary.example')).pathname, '/login/organization')
  })
})

describe('the way that was taken last', () => {
  const login = async (browser: TestBrowser) => (await browser.visit(`${SERVER_URL}/login`)).text

  it('is offered again by name, to the browser that took it and to no other (design rule 19)', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const { browser } = await contoso.signIn(people.alice)
    assert.match(await login(browser), /Sign in to Contoso Holdings<\/a>/)
    assert.match(await login(browser), /href="\/enterprise-login\/contoso\?prompt=select_account"/)
    assert.doesNotMatch(await login(rig.browser()), /Contoso Holdings/)

    const [name, value] =
      [...browser.cookies(new URL(SERVER_URL).host)].find(([one]) => one.includes('last')) ?? []
    assert.doesNotMatch(String(value), /alice|contoso/i)
    for (const forged of ['contoso', contoso.connection.id, `${value}x`, '']) {
      const other = rig.browser()
      other.setCookie(new URL(SERVER_URL).host, name ?? '', forged)
      assert.doesNotMatch(await login(other), /Contoso Holdings/)
    }
  })

  it('is forgotten when the connection is off, and after a sign-in with the default connection', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t, {})
    const { browser } = await contoso.signIn(people.alice)
    const kept = browser.clone()
    await rig.signIn(people.bob, { browser })
    assert.doesNotMatch(await login(browser), /Contoso Holdings/)
    assert.match(await login(kept), /Contoso Holdings/)
    await createCustomer(rig, { name: 'Other', tenantId: FABRIKAM })
    await turnOff(rig.services, operator, contoso.connection.id)
    assert.doesNotMatch(await login(kept), /Contoso Holdings/)
  })

  it('is a __Host- cookie on https, and counts on its own host only', async (t) => {
    const rig = await openHttpsRig(t)
    const customer = await createCustomer(rig)
    rig.emulator.addRedirectUri(
      customer.connection.clientId,
      `${HTTPS_URL}/login/callback?connection=${customer.connection.id}`,
    )
    const browser = rig.browser()
    rig.emulator.signInAutomaticallyAs(people.alice)
    await browser.visit(`${HTTPS_URL}/enterprise-login/${customer.connection.slug}`)
    const names = [...browser.cookies('sso.example.com').keys()]
    assert.ok(names.includes('__Host-entrada-last-connection'), names.join())
  })

  it('is where "start again" leads, also when no attempt says so', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const { browser } = await contoso.signIn(people.alice)
    const stranger = `${SERVER_URL}/login/callback?code=c&state=${'0'.repeat(32)}.s`
    rig.clock.advanceSeconds(25 * 3600)
    const { text } = await browser.visit(stranger)
    assert.match(text, /href="\/enterprise-login\/contoso"/)
    const { text: unknown } = await rig.browser().visit(stranger)
    assert.doesNotMatch(unknown, /enterprise-login/)
    assert.match(unknown, /href="\/login"/)
  })
})

describe('a refusal of a customer’s sign-in', () => {
  it('leads back to the customer’s own address', async (t) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, { slug: 'contoso-login' })
    rig.emulator.setFault({ kind: 'id_token', setClaims: { acct: 1 } })
    const { response, text } = await customer.signIn(people.alice)
    assert.equal(response.status, 403)
    assert.match(text, /href="\/enterprise-login\/contoso-login"/)
  })

  it('does so also when it could not even begin', async (t) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, { slug: 'contoso-login' })
    rig.emulator.setFault({ kind: 'status', on: 'discovery', status: 500 })
    const { response, text } = await customer.signIn(people.alice)
    assert.equal(response.status, 502)
    assert.match(text, /href="\/enterprise-login\/contoso-login"/)
  })
})

describe('an application that sends people back to sign in', () => {
  it('is stopped after five rounds, with a page that says why; another account is still possible', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const browser = rig.browser()
    const round = async () => (await contoso.signIn(people.alice, { browser })).response.status
    const statuses = []
    for (let n = 0; n < 7; n += 1) {
      statuses.push(await round())
      rig.clock.advanceSeconds(1)
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200, 400])
    const { text } = await browser.visit(loginAddress(contoso.connection))
    assert.doesNotMatch(text, /sign_in_loop/, 'the picker is asked for now: a person decides')
  })

  it('is not what somebody is who signs in now and then, or opens many pages at once', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    const browser = rig.browser()
    for (let n = 0; n < 8; n += 1) {
      assert.equal((await contoso.signIn(people.alice, { browser })).response.status, 200)
      rig.clock.advanceSeconds(31)
    }
    const tabs = rig.browser()
    const starts = await Promise.all(
      Array.from({ length: 8 }, () => tabs.request(loginAddress(contoso.connection))),
    )
    for (const start of starts) assert.equal(start.status, 303)
  })

  it('cannot be talked out of it, nor into it, by a made-up cookie', async (t) => {
    const { rig, contoso } = await openRigWithContoso(t)
    for (const value of ['999.9999999999999', 'x', '-1.0', '5', '5.1e3', '']) {
      const browser = rig.browser()
      browser.setCookie(new URL(SERVER_URL).host, 'entrada-rounds', value)
      assert.equal((await contoso.signIn(people.alice, { browser })).response.status, 200, value)
    }
  })
})

describe('a connection for some email domains only', () => {
  const settings = { emailDomains: ['contoso.example', 'corp.com'] }
  const only = async (t: TestContext, setClaims: Readonly<Record<string, unknown>>) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, { settings })
    rig.emulator.setFault({ kind: 'id_token', setClaims })
    return customer.signIn(people.alice)
  }

  for (const email of ['a@contoso.example', 'a@CORP.COM']) {
    it(`lets in ${email} (B10)`, async (t) => {
      const { response, text } = await only(t, { email })
      assert.equal(response.status, 200, text)
    })
  }

  const refused = [
    'a@evil.com@corp.com',
    'a@corp.com.evil.com',
    'a@corp.com.',
    '"a@corp.com"@evil.com',
    'a@corp.com,b@evil.com',
    'a@sub.corp.com',
    'a@ｃorp.com',
    'a@corp.com\u0000.evil.com',
    'corp.com',
    'a@evil.example',
  ]
  for (const email of refused) {
    it(`refuses ${JSON.stringify(email)}, whatever the other claims say (B10)`, async (t) => {
      const { response, text } = await only(t, { email, preferred_username: 'alice@corp.com' })
      assert.equal(response.status, 403)
      assert.match(text, /email_domain_not_allowed/)
    })
  }

  it('goes by the next address only where there is no email at all', async (t) => {
    const rig = await openRig(t)
    const customer = await createCustomer(rig, { settings })
    const removeClaims = ['email', 'upn']
    rig.emulator.setFault({ kind: 'id_token', removeClaims })
    assert.equal((await customer.signIn(people.alice)).response.status, 200)
    rig.emulator.setFault({
      kind: 'id_token',
      removeClaims: [...removeClaims, 'preferred_username'],
    })
    assert.equal((await customer.signIn(people.bob)).response.status, 403)
  })

  it('proves nothing and finds nobody: it only keeps people out', async (t) => {
    const rig = await openRig(t)
    await createCustomer(rig, { settings })
    const { text } = await type(rig.browser(), 'a@corp.com')
    assert.equal(goesTo(text), undefined)
  })
})
