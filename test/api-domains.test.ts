/** Domains through the JSON API and the command line. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startHttpServer } from '../src/cli/http-server.ts'
import type { Domain } from '../src/storage/records.ts'
import { type Answer, ask, type Item, items } from './support/api-calls.ts'
import { type Customer, createCustomer } from './support/customers.ts'
import { createTestDns } from './support/dns.ts'
import { FABRIKAM, OPERATOR_TOKEN, people, type Rig, SERVER_URL } from './support/rig.ts'
import { freePort, temporaryFolder } from './support/server-process.ts'
import { auditEvents, formTokenOf, openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

async function openDomainRig(t: TestContext) {
  const dns = createTestDns()
  const rig = await openRig(t, { resolveTxt: dns.resolveTxt })
  const contoso = await createCustomer(rig, { name: 'Contoso' })
  const stored = async (id: unknown) =>
    (await rig.services.storage.findDomain(id as Domain['id'])) as Domain // made by the test
  return { rig, dns, contoso, stored }
}

function add(rig: Rig, body: unknown): Promise<Answer> {
  return ask(rig, '/domains', { method: 'POST', body })
}
const post = (rig: Rig, path: string) => ask(rig, path, { method: 'POST' })

describe('/api/v1/domains', () => {
  it('names one, says what to put into DNS, and looks it up', async (t) => {
    const { rig, dns, contoso, stored } = await openDomainRig(t)
    const { id: organizationId } = contoso.organization
    const added = await add(rig, { organizationId, name: 'Bücher.Example' })
    assert.equal(added.status, 201, JSON.stringify(added.body))
    const { id, status, name, record } = added.body
    assert.deepEqual([status, name], ['pending', 'xn--bcher-kva.example'])
    const { challenge } = await stored(id)
    assert.deepEqual(record, {
      type: 'TXT',
      name: '_entrada-challenge.xn--bcher-kva.example',
      value: `entrada-domain-verification=${challenge}`,
    })
    assert.equal(added.headers.get('location'), `/api/v1/domains/${id}`)

    const early = await post(rig, `/domains/${id}/verify`)
    assert.deepEqual([early.status, early.body.code], [409, 'domain_not_proven'])
    dns.add(await stored(id))
    const { body } = await post(rig, `/domains/${id}/verify`)
    assert.deepEqual([body.status, body.proof], ['proven', 'dns'])
    assert.deepEqual((await ask(rig, `/domains/${id}`)).body, body)

    const removed = await ask(rig, `/domains/${id}`, { method: 'DELETE' })
    assert.equal(removed.status, 204)
    assert.equal((await ask(rig, `/domains/${id}`)).status, 404)
    const types = (await auditEvents(rig)).map(({ type }) => type)
    assert.deepEqual(types.slice(0, 3), ['domain.removed', 'domain.proven', 'domain.added'])
  })

  it('lists them by organization, name and status', async (t) => {
    const { rig, contoso } = await openDomainRig(t)
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const { slug } = contoso.organization
    const { body: one } = await add(rig, { organizationId: slug, name: 'contoso.example' })
    const two = { organizationId: fabrikam.organization.id, name: 'fabrikam.example' }
    await post(rig, `/domains/${(await add(rig, two)).body.id}/vouch`)
    const names = async (query: string) =>
      (await items(rig, `/domains${query}`)).map((item: Item) => item.name)
    assert.deepEqual(await names(''), ['fabrikam.example', 'contoso.example'])
    assert.deepEqual(await names(`?organization=${one.organizationId}`), ['contoso.example'])
    assert.deepEqual(await names('?name=CONTOSO.example'), ['contoso.example'])
    assert.deepEqual(await names('?status=proven'), ['fabrikam.example'])
  })

  it('says which connection its people go to, and heeds If-Match', async (t) => {
    const { rig, contoso } = await openDomainRig(t)
    const { id: organizationId } = contoso.organization
    const { body, headers } = await add(rig, { organizationId, name: 'contoso.example' })
    const etag = headers.get('etag') ?? ''
    const change = (connectionId: unknown, tag = '*') =>
      ask(rig, `/domains/${body.id}`, {
        method: 'PATCH',
        body: { connectionId },
        headers: { 'if-match': tag },
      })
    const routed = await change(contoso.connection.id, etag)
    assert.equal(routed.body.connectionId, contoso.connection.id)
    assert.equal((await change(null, etag)).status, 412)
    assert.equal((await change('default')).status, 404)
    assert.equal((await change(null)).body.connectionId, null)
  })

  const wrong: readonly (readonly [unknown, number, string])[] = [
    [{ name: 'contoso.example' }, 400, 'request_invalid'],
    [{ organizationId: 'absent', name: 'contoso.example' }, 404, 'record_not_found'],
    [{ organizationId: 'contoso', name: 'https://contoso.example' }, 400, 'request_invalid'],
    [{ organizationId: 'contoso', name: 'gmail.com' }, 400, 'domain_is_public'],
    [{ organizationId: 'contoso', name: 'a.example', status: 'proven' }, 400, 'request_invalid'],
    [{ organizationId: 'contoso', name: 'a.example', connectionId: 'x' }, 404, 'record_not_found'],
    [{ organizationId: 'contoso', name: 'x'.repeat(321) }, 400, 'request_invalid'],
  ]
  it('refuses what is wrong', async (t) => {
    const { rig } = await openDomainRig(t)
    for (const [body, status, code] of wrong) {
      const answer = await add(rig, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body))
    }
    for (const path of ['/domains/absent', '/domains/absent/verify', '/domains/absent/vouch']) {
      const method = path.endsWith('absent') ? 'GET' : 'POST'
      assert.equal((await ask(rig, path, { method })).status, 404, path)
    }
    assert.deepEqual(await items(rig, '/domains'), [])
  })

  it('is each organization’s own: its administrator adds and looks up, sees no other, and cannot vouch (I14)', async (t) => {
    const { rig, dns, contoso, stored } = await openDomainRig(t)
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    const other = { organizationId: fabrikam.organization.id, name: 'fabrikam.example' }
    const { body: foreign } = await add(rig, other)
    const asAdministrator = await administratorOf(rig, contoso)
    const { body, status } = await asAdministrator('POST', '/domains', {
      organizationId: contoso.organization.id,
      name: 'contoso.example',
    })
    assert.equal(status, 201)
    dns.add(await stored(body.id))
    assert.equal((await asAdministrator('POST', `/domains/${body.id}/verify`)).status, 200)
    const listed = await asAdministrator('GET', '/domains')
    assert.deepEqual(
      (listed.body.items as readonly Item[]).map(({ name }) => name),
      ['contoso.example'],
    )
    assert.equal((await asAdministrator('POST', '/domains', other)).status, 404)
    assert.equal((await asAdministrator('GET', `/domains/${foreign.id}`)).status, 404)
    assert.equal((await asAdministrator('DELETE', `/domains/${foreign.id}`)).status, 404)
    assert.equal((await asAdministrator('POST', `/domains/${body.id}/vouch`)).status, 403)
  })
})

/** Signs in a user whose membership has the role `organization_admin`, in a browser. */
async function administratorOf({ services }: Rig, { signIn }: Customer) {
  const { browser, text } = await signIn(people.alice)
  const { membership } = (await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()) as {
    membership: { id: `mem_${string}` }
  }
  await services.storage.atomically((transaction) =>
    transaction.giveRole(membership.id, 'organization_admin'),
  )
  const formToken = formTokenOf(text)
  return async (method: string, path: string, sent?: unknown) => {
    const response = await browser.request(`${SERVER_URL}/api/v1${path}`, {
      method,
      headers: {
        'x-form-token': formToken,
        'sec-fetch-site': 'same-origin',
        ...(sent ? { 'content-type': 'application/json' } : {}),
      },
      ...(sent ? { body: JSON.stringify(sent) } : {}),
    })
    const answered = await response.text()
    return { status: response.status, body: answered ? JSON.parse(answered) : {} }
  }
}

describe('emailDomains of a connection', () => {
  it('are folded, and refused where they are none', async (t) => {
    const { rig, contoso } = await openDomainRig(t)
    const patch = (emailDomains: unknown) =>
      ask(rig, `/connections/${contoso.connection.id}`, {
        method: 'PATCH',
        body: { settings: { emailDomains } },
      })
    const { body } = await patch(['CORP.com', 'bücher.example'])
    const { emailDomains } = body.settings as { readonly emailDomains: unknown }
    assert.deepEqual(emailDomains, ['corp.com', 'xn--bcher-kva.example'])
    for (const wrong of [[], ['corp'], ['a@corp.com'], ['*.corp.com'], 'corp.com']) {
      assert.equal((await patch(wrong)).status, 400, JSON.stringify(wrong))
    }
    const cleared = (await patch(null)).body.settings as { readonly emailDomains: unknown }
    assert.equal(cleared.emailDomains, null)
  })
})

describe('entrada domain', () => {
  async function openServer(t: TestContext) {
    const dns = createTestDns()
    const port = await freePort()
    const serverUrl = new URL(`http://localhost:${port}`)
    const rig = await openRig(t, { serverUrl, resolveTxt: dns.resolveTxt })
    await createCustomer(rig, { name: 'Contoso' })
    const server = await startHttpServer(rig.entrada, { host: '127.0.0.1', port })
    t.after(() => server.stop())
    const environment = {
      ENTRADA_SERVER_URL: serverUrl.origin,
      ENTRADA_DATA_DIR: await temporaryFolder(t),
      ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
    }
    return { rig, dns, entrada: (...argv: string[]) => run(['domain', ...argv], environment) }
  }

  it('adds one with what to put into DNS, verifies, lists and removes it', async (t) => {
    const { rig, dns, entrada } = await openServer(t)
    const added = await entrada('add', 'contoso.example', '--organization', 'contoso')
    assert.equal(added.exitCode, 0, added.printedErrors.join('\n'))
    assert.match(
      added.printed.join('\n'),
      /_entrada-challenge\.contoso\.example {2}TXT {2}entrada-domain-verification=[\w-]{22}/,
    )
    const early = await entrada('verify', 'contoso.example')
    assert.equal(early.exitCode, 1)
    assert.match(early.printedErrors[0] ?? '', /^entrada: domain_not_proven/)

    const { items: found } = await rig.services.storage.listDomains({}, { limit: 1 })
    dns.add(found[0] as Domain) // added above
    const verified = await entrada('verify', 'Contoso.Example')
    assert.match(verified.printed[0] ?? '', /^dom_\S+ {2}contoso\.example {2}proven$/)
    const listed = await entrada('list', '--status', 'proven')
    assert.match(listed.printed[1] ?? '', /contoso\.example .*proven +dns/)
    assert.deepEqual((await entrada('remove', 'contoso.example')).printed, [
      'removed contoso.example',
    ])
    assert.equal((await entrada('remove', 'contoso.example')).exitCode, 1)
  })

  it('takes an operator’s word, and asks whose where several have named it', async (t) => {
    const { rig, entrada } = await openServer(t)
    const fabrikam = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
    await entrada('add', 'shared.example', '--organization', 'contoso')
    await entrada('add', 'shared.example', '--organization', 'fabrikam')
    const unclear = await entrada('verify', 'shared.example', '--by-operator')
    assert.equal(unclear.exitCode, 1)
    assert.match(
      unclear.printedErrors.join('\n'),
      new RegExp(`--organization ${fabrikam.organization.id}`),
    )
    const { id } = fabrikam.organization
    const proven = await entrada(
      'verify',
      'shared.example',
      '--by-operator',
      '--organization',
      id,
      '--json',
    )
    const { status, proof, organizationId } = JSON.parse(proven.printed[0] ?? '{}')
    assert.deepEqual([status, proof, organizationId], ['proven', 'operator', id])
  })
})
