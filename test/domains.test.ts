/** Domains of customers: who has one, how it is proven, how it is lost, and what that does to linking (design rule 3). */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { checkDueDomains } from '../src/organizations/check-domains.ts'
import {
  addDomain,
  removeDomain,
  routeDomain,
  verifyDomain,
  vouchForDomain,
} from '../src/organizations/domains.ts'
import type { Domain } from '../src/storage/records.ts'
import { type Customer, createCustomer, operator } from './support/customers.ts'
import { createTestDns, type TestDns } from './support/dns.ts'
import { sessionJson } from './support/people.ts'
import { FABRIKAM, people, type Rig } from './support/rig.ts'
import { auditEvents, openRig } from './support/steps.ts'

const DAY = 24 * 3600

type DomainRig = Rig & { readonly dns: TestDns }

async function openDomainRig(t: TestContext): Promise<DomainRig> {
  const dns = createTestDns()
  return { ...(await openRig(t, { resolveTxt: dns.resolveTxt })), dns }
}

function add({ services }: Rig, { organization }: Customer, name: string): Promise<Domain> {
  return addDomain(services, operator, { organization: organization.slug, name })
}

async function prove(rig: DomainRig, customer: Customer, name: string): Promise<Domain> {
  const domain = await add(rig, customer, name)
  rig.dns.add(domain)
  return verifyDomain(rig.services, operator, domain.id)
}

async function statusOf({ services }: Rig, { id }: Domain) {
  return (await services.storage.findDomain(id))?.status
}

async function domainEvents(rig: Rig) {
  const events = await auditEvents(rig)
  return events.filter(({ type }) => type.startsWith('domain.')).map(({ type }) => type)
}

describe('a domain', () => {
  it('is proven by its TXT record, and not before', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig)
    const domain = await add(rig, customer, 'Contoso.Example.')
    assert.equal(domain.name, 'contoso.example')
    assert.match(domain.challenge, /^[\w-]{22}$/)
    const verify = () => verifyDomain(rig.services, operator, domain.id)
    await assert.rejects(verify(), { code: 'domain_not_proven' })
    rig.dns.add({ ...domain, challenge: 'somebody-elses' })
    await assert.rejects(verify(), { code: 'domain_not_proven' })

    rig.dns.add(domain)
    assert.equal((await verify()).status, 'proven')
    assert.equal(rig.dns.asked.at(-1), '_entrada-challenge.contoso.example')
    assert.deepEqual(await domainEvents(rig), ['domain.proven', 'domain.added'])
    const again = await verify()
    assert.equal(again.status, 'proven')
    assert.deepEqual(await domainEvents(rig), ['domain.proven', 'domain.added'])
  })

  it('is not decided while DNS does not answer', async (t) => {
    const rig = await openDomainRig(t)
    const domain = await add(rig, await createCustomer(rig), 'contoso.example')
    rig.dns.setDown(true)
    await assert.rejects(verifyDomain(rig.services, operator, domain.id), {
      code: 'dns_unavailable',
    })
    assert.equal(await statusOf(rig, domain), 'pending')
  })

  const refused = [
    ['gmail.com', 'domain_is_public'],
    ['Outlook.COM', 'domain_is_public'],
    ['yahoo.co.jp', 'domain_is_public'],
    ['onmicrosoft.com', 'domain_is_public'],
    ['com', 'request_invalid'],
    ['*.contoso.example', 'request_invalid'],
    ['user@contoso.example', 'request_invalid'],
    ['https://contoso.example', 'request_invalid'],
    ['127.0.0.1', 'request_invalid'],
    ['contoso.example..', 'request_invalid'],
    ['', 'request_invalid'],
  ] as const
  it('cannot be one of everybody, nor something else', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig)
    for (const [name, code] of refused)
      await assert.rejects(add(rig, customer, name), { code }, name)
    for (const name of [
      'mail.contoso.example',
      'contoso.onmicrosoft.com',
      'gmail.com.contoso.example',
    ]) {
      assert.equal((await add(rig, customer, name)).status, 'pending')
    }
    await assert.rejects(
      addDomain(rig.services, operator, { organization: 'absent', name: 'a.example' }),
      { code: 'record_not_found' },
    )
  })

  it('is in an organization once, however it is spelled', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig)
    await add(rig, customer, 'bücher.example')
    await assert.rejects(add(rig, customer, 'XN--BCHER-KVA.example'), {
      code: 'domain_named_already',
    })
  })

  it('belongs to who has proven it, and moves to who has the record when the other has not', async (t) => {
    const rig = await openDomainRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const first = await prove(rig, contoso, 'shared.example')
    const second = await add(rig, fabrikam, 'shared.example')
    assert.notEqual(first.challenge, second.challenge)
    rig.dns.add(second)
    const verify = () => verifyDomain(rig.services, operator, second.id)
    await assert.rejects(verify(), { code: 'domain_in_use' })
    assert.equal(await statusOf(rig, first), 'proven')

    rig.dns.remove(first)
    assert.equal((await verify()).status, 'proven')
    assert.equal(await statusOf(rig, first), 'pending')
    const [lost] = await auditEvents(rig, { type: 'domain.lost' })
    assert.equal(lost?.organizationId, contoso.organization.id)
    assert.deepEqual(lost?.detail, { name: 'shared.example', reason: 'moved' })
    assert.deepEqual(lost?.actor, { kind: 'system' }, 'who did it is another organization’s')
    assert.equal(rig.logLines.filter((line) => line.includes('"domain_lost"')).length, 1)
  })

  it('that an operator vouches for is taken by no record, and by no other word', async (t) => {
    const rig = await openDomainRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const first = await add(rig, contoso, 'shared.example')
    assert.equal((await vouchForDomain(rig.services, operator, first.id)).proof, 'operator')
    const second = await add(rig, fabrikam, 'shared.example')
    rig.dns.add(second)
    for (const attempt of [verifyDomain, vouchForDomain]) {
      await assert.rejects(attempt(rig.services, operator, second.id), { code: 'domain_in_use' })
    }
    await removeDomain(rig.services, operator, first.id)
    assert.equal((await verifyDomain(rig.services, operator, second.id)).status, 'proven')
  })

  it('may name one of the connections of its organization, and no other', async (t) => {
    const rig = await openDomainRig(t)
    const contoso = await createCustomer(rig, { name: 'Contoso' })
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const { id } = await add(rig, contoso, 'contoso.example')
    const route = (connectionId: string | undefined) =>
      routeDomain(rig.services, operator, { id, route: () => connectionId })
    assert.equal((await route(contoso.connection.id)).connectionId, contoso.connection.id)
    await assert.rejects(route(fabrikam.connection.id), { code: 'record_not_found' })
    await assert.rejects(route('absent'), { code: 'record_not_found' })
    assert.equal((await route(undefined)).connectionId, undefined)
  })
})

describe('the weekly check', () => {
  const lines = ({ logLines }: Rig, event: string) =>
    logLines.filter((line) => line.includes(event))

  it('leaves alone what is still there, and asks nobody in between', async (t) => {
    const rig = await openDomainRig(t)
    const domain = await prove(rig, await createCustomer(rig), 'contoso.example')
    rig.clock.advanceSeconds(6 * DAY)
    await checkDueDomains(rig.services)
    assert.equal(rig.dns.asked.length, 1)
    rig.clock.advanceSeconds(DAY)
    await checkDueDomains(rig.services)
    await checkDueDomains(rig.services)
    assert.equal(rig.dns.asked.length, 2)
    assert.equal(await statusOf(rig, domain), 'proven')
    assert.deepEqual(await domainEvents(rig), ['domain.proven', 'domain.added'])
  })

  it('tells of a record that is gone, looks every day, and takes it back', async (t) => {
    const rig = await openDomainRig(t)
    const domain = await prove(rig, await createCustomer(rig), 'contoso.example')
    rig.dns.remove(domain)
    rig.clock.advanceSeconds(7 * DAY)
    await checkDueDomains(rig.services)
    assert.equal(await statusOf(rig, domain), 'lost')
    assert.equal(lines(rig, 'domain_lost').length, 1)
    assert.deepEqual(await rig.services.storage.countDomains(), { pending: 0, proven: 0, lost: 1 })
    rig.clock.advanceSeconds(DAY)
    await checkDueDomains(rig.services)
    assert.equal(lines(rig, 'domain_lost').length, 1, 'told once')

    rig.dns.add(domain)
    rig.clock.advanceSeconds(DAY)
    await checkDueDomains(rig.services)
    assert.equal(await statusOf(rig, domain), 'proven')
    assert.deepEqual(await domainEvents(rig), [
      'domain.proven',
      'domain.lost',
      'domain.proven',
      'domain.added',
    ])
  })

  it('decides nothing without an answer, and asks again within the hour', async (t) => {
    const rig = await openDomainRig(t)
    const domain = await prove(rig, await createCustomer(rig), 'contoso.example')
    rig.dns.setDown(true)
    rig.clock.advanceSeconds(7 * DAY)
    await checkDueDomains(rig.services)
    assert.equal(await statusOf(rig, domain), 'proven')
    assert.equal(lines(rig, 'domain_not_checked').length, 1)
    rig.dns.setDown(false)
    rig.clock.advanceSeconds(3600)
    await checkDueDomains(rig.services)
    const checked = await rig.services.storage.findDomain(domain.id)
    assert.deepEqual(checked?.checkedAt, rig.clock.now())
  })

  it('is made by one replica in each interval', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig)
    await prove(rig, customer, 'contoso.example')
    rig.clock.advanceSeconds(7 * DAY)
    const before = rig.dns.asked.length
    await Promise.all([1, 2, 3].map(() => checkDueDomains(rig.services, { alone: true })))
    assert.equal(rig.dns.asked.length, before + 1)
    await prove(rig, customer, 'second.example')
    rig.clock.advanceSeconds(7 * DAY)
    await checkDueDomains(rig.services, { alone: true })
    assert.equal(rig.dns.asked.length, before + 4, 'two domains, after one more was proven')
  })

  it('does not touch what an operator vouches for, nor what was removed meanwhile', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig)
    const vouched = await prove(rig, customer, 'vouched.example')
    await vouchForDomain(rig.services, operator, vouched.id)
    const removed = await prove(rig, customer, 'removed.example')
    const due = rig.services.storage.listDomainsToCheck
    rig.clock.advanceSeconds(7 * DAY)
    const listDomainsToCheck: typeof due = async (...parameters) => {
      const found = await due(...parameters)
      await removeDomain(rig.services, operator, removed.id)
      return found
    }
    rig.dns.remove(vouched)
    const storage = { ...rig.services.storage, listDomainsToCheck }
    await checkDueDomains({ ...rig.services, storage })
    assert.equal(await statusOf(rig, vouched), 'proven')
    assert.equal(await statusOf(rig, removed), undefined)
  })
})

describe('linking where the organization has proven the domain', () => {
  const linking = { policies: { linking: 'verified' } } as const
  /** Alice as an operator made her beforehand, in the customer's organization. */
  async function invite(
    { services }: Rig,
    { organization }: Customer,
    address = 'Alice@Contoso.Example',
  ) {
    const at = services.now()
    const id = `usr_invited-${organization.slug}` as const
    await services.storage.atomically(async (transaction) => {
      await transaction.createUser({ id, status: 'active', createdAt: at, updatedAt: at })
      await transaction.createMembership({
        id: `mem_invited-${organization.slug}`,
        userId: id,
        organizationId: organization.id,
        username: 'invited',
        profile: { email: { address, source: 'operator', proven: false } },
        status: 'active',
        createdAt: at,
      })
    })
    return id
  }
  const userOf = async (customer: Customer, person: string) =>
    (await sessionJson((await customer.signIn(person)).browser)).user.id
  const unproven = (rig: Rig) =>
    rig.emulator.setFault({ kind: 'id_token', removeClaims: ['xms_edov'] })

  it('takes the invited user over without xms_edov, and records why', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig, linking)
    await prove(rig, customer, 'contoso.example')
    const invited = await invite(rig, customer)
    unproven(rig)
    assert.equal(await userOf(customer, people.alice), invited)
    const [event] = await auditEvents(rig, { type: 'identity.linked' })
    assert.equal(event?.detail.reason, 'email_domain_proven')
  })

  const notLinked: readonly (readonly [
    string,
    (rig: DomainRig, customer: Customer) => Promise<unknown>,
  ])[] = [
    ['is only claimed', (rig, customer) => add(rig, customer, 'contoso.example')],
    ['is another one', (rig, customer) => prove(rig, customer, 'mail.contoso.example')],

    [
      'has lost its record',
      async (rig, customer) => {
        rig.dns.remove(await prove(rig, customer, 'contoso.example'))
        rig.clock.advanceSeconds(7 * DAY)
        await checkDueDomains(rig.services)
      },
    ],
    [
      'was not found in DNS for a month, because nobody looked',
      async (rig, customer) => {
        await prove(rig, customer, 'contoso.example')
        rig.clock.advanceSeconds(30 * DAY)
      },
    ],
    [
      'is another organization’s (B02)',
      async (rig) => {
        const other = await createCustomer(rig, { name: 'Other' })
        await prove(rig, other, 'contoso.example')
      },
    ],
  ]
  for (const [what, arrange] of notLinked) {
    it(`does not happen when the domain ${what}; the person comes in as somebody new`, async (t) => {
      const rig = await openDomainRig(t)
      const customer = await createCustomer(rig, linking)
      await arrange(rig, customer)
      const invited = await invite(rig, customer)
      unproven(rig)
      const { response, browser } = await customer.signIn(people.alice)
      assert.equal(response.status, 200)
      assert.notEqual((await sessionJson(browser)).user.id, invited)
    })
  }

  it('does not happen onto the same address in another organization (B01)', async (t) => {
    const rig = await openDomainRig(t)
    const customer = await createCustomer(rig, linking)
    await prove(rig, customer, 'contoso.example')
    const other = await createCustomer(rig, { name: 'Other' })
    const invited = await invite(rig, other)
    assert.notEqual(await userOf(customer, people.alice), invited)
  })

  const tricks = [
    'alice@contoso.example.',
    'alice@contoso.example.evil.example',
    '"alice@contoso.example"@evil.example',
    'alice@evil.example,alice@contoso.example',
    'alice@contoso.example@contoso.example',
    'ａlice@contoso.example',
    'alice@ｃontoso.example',
  ]
  for (const email of tricks) {
    it(`is not fooled by ${JSON.stringify(email)} (B10)`, async (t) => {
      const rig = await openDomainRig(t)
      const customer = await createCustomer(rig, linking)
      await prove(rig, customer, 'contoso.example')
      const [one, two] = [await invite(rig, customer), await createCustomer(rig, { name: 'Other' })]
      const sameText = await invite(rig, two, email)
      rig.emulator.setFault({
        kind: 'id_token',
        removeClaims: ['xms_edov'],
        setClaims: { email },
      })
      const user = await userOf(customer, people.alice)
      assert.ok(user !== one && user !== sameText)
    })
  }

  it('does not happen for a guest of the directory (B01)', async (t) => {
    const rig = await openDomainRig(t)
    const policies = { ...linking.policies, guests: 'allow' } as const
    const customer = await createCustomer(rig, { policies })
    await prove(rig, customer, 'fabrikam.example')
    const invited = await invite(rig, customer, 'grace@fabrikam.example')
    assert.notEqual(await userOf(customer, people.grace), invited)
  })
})
