import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorizationQuery,
  authorize,
  contoso,
  fabrikam,
  multiTenant,
  newEmulator,
  origin,
  type Parameters,
  post,
  redirectUri,
  returned,
  signIn,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'
import type { Emulator } from './emulator.ts'

const alice = 'alice@contoso.example'
const aliceId = 'aaaaaaaa-0000-4000-8000-000000000001'
const bob = 'bob@contoso.example'
const bobId = 'aaaaaaaa-0000-4000-8000-000000000002'
const northwind = '55555555-5555-4555-8555-555555555555'

function emulatorAskingConsent(): Emulator {
  const emulator = newEmulator()
  emulator.setApplication(singleTenant.clientId, { consent: 'required' })
  return emulator
}

function choose(emulator: Emulator, form: Parameters, changes: Parameters = {}) {
  const request = authorizationQuery(changes).toString()
  return post(emulator, `/${contoso}/oauth2/v2.0/authorize/choose`, { form: { request, ...form } })
}

function numberOf(answer: Record<string, string>): string | undefined {
  return /^AADSTS(\d+)/.exec(answer.error_description ?? '')?.[1]
}

describe('consent of a person', () => {
  it('is asked for once, on a page that names what is asked', async () => {
    const emulator = emulatorAskingConsent()
    const changes = { scope: 'openid User.Read' }
    const response = await choose(emulator, { account: bobId }, changes)
    const page = await response.text()
    assert.match(page, /Permissions requested/)
    assert.match(page, /User\.Read/)
    const accepted = await choose(emulator, { account: bobId, accept: 'yes' }, changes)
    assert.notEqual(returned(accepted).code, undefined)
    assert.notEqual(returned(await choose(emulator, { account: bobId }, changes)).code, undefined)
    assert.equal((await choose(emulator, { account: aliceId }, changes)).status, 200)
  })

  it('declined is AADSTS65004', async () => {
    const answer = returned(
      await choose(emulatorAskingConsent(), { account: bobId, cancel: 'yes' }),
    )
    assert.equal(numberOf(answer), '65004')
  })

  it('missing is AADSTS65001 when nobody may be asked', async () => {
    const emulator = newEmulator()
    const response = await choose(emulator, { account: bobId })
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
    emulator.setApplication(singleTenant.clientId, { consent: 'required' })
    const answer = returned(await authorize(emulator, { prompt: 'none' }, { cookie }))
    assert.deepEqual([answer.error, numberOf(answer)], ['consent_required', '65001'])
  })

  it('is not theirs to give for what needs an administrator: AADSTS90094', async () => {
    const changes = { scope: 'openid GroupMember.Read.All' }
    const refused = await choose(emulatorAskingConsent(), { account: bobId }, changes)
    assert.equal(numberOf(returned(refused)), '90094')
    const administrator = await choose(emulatorAskingConsent(), { account: aliceId }, changes)
    assert.equal(administrator.status, 200)
  })

  it('is shown again with prompt=consent', async () => {
    const page = await (
      await choose(newEmulator(), { account: bobId }, { prompt: 'consent' })
    ).text()
    assert.match(page, /Permissions requested/)
  })

  it('adds up: a token has what was consented to before as well', async () => {
    const emulator = emulatorAskingConsent()
    await signIn(emulator, bob, { changes: { scope: 'openid User.Read' } })
    const { scope } = await signIn(emulator, bob, { changes: { scope: 'openid Mail.Read' } })
    assert.equal(scope, 'openid Mail.Read User.Read')
  })
})

describe('GET /{tenant}/v2.0/adminconsent', () => {
  const path = `/${northwind}/v2.0/adminconsent`
  const query = {
    client_id: multiTenant.clientId,
    redirect_uri: redirectUri,
    scope: 'https://graph.microsoft.com/.default',
    state: 'the state',
  }
  const noraId = 'cccccccc-0000-4000-8000-000000000001'
  const omarId = 'cccccccc-0000-4000-8000-000000000002'

  function unconsented(): Emulator {
    const emulator = newEmulator()
    emulator.setApplication(multiTenant.clientId, { consent: 'required', availableIn: [] })
    return emulator
  }
  const visit = (emulator: Emulator, changes: Record<string, string> = {}, at = path) =>
    emulator.fetch(new Request(`${origin}${at}?${new URLSearchParams({ ...query, ...changes })}`))
  const answer = (emulator: Emulator, form: Parameters) =>
    post(emulator, path, { form: { ...query, ...form } })

  it('lists the permissions and who may accept them, administrators first', async () => {
    const page = await (await visit(unconsented())).text()
    assert.match(page, /User\.Read\.All/)
    assert.ok(page.indexOf('nora@') < page.indexOf('omar@'))
  })

  it('makes the application available in the tenant, and its permissions consented', async () => {
    const emulator = unconsented()
    const tenant = northwind
    const form = { client_id: multiTenant.clientId, client_secret: multiTenant.secret }
    const changes = { client_id: multiTenant.clientId, scope: 'openid User.Read' }
    const signInOmar = () => signIn(emulator, 'omar@northwind.example', { tenant, form, changes })
    assert.deepEqual((await signInOmar()).error_codes, [700016])

    const accepted = returned(await answer(emulator, { account: noraId }))
    assert.deepEqual(accepted, {
      admin_consent: 'True',
      tenant: northwind,
      scope: 'User.Read',
      state: 'the state',
    })
    assert.equal((await signInOmar()).scope, 'openid User.Read')
  })

  it('is not for people who are no administrators, and is forgotten when revoked', async () => {
    const emulator = unconsented()
    const refused = returned(await answer(emulator, { account: omarId }))
    assert.equal(numberOf(refused), '90094')
    emulator.grantAdminConsent(multiTenant.clientId, 'northwind.example', { scopes: ['User.Read'] })
    emulator.revokeConsent(multiTenant.clientId, 'northwind.example')
    const [application] = emulator.directory.applications.filter(
      ({ clientId }) => clientId === multiTenant.clientId,
    )
    assert.deepEqual([application?.availableIn, application?.consents], [[], []])
  })

  it('says admin_consent=True on an error too, as Entra does', async () => {
    const refused = returned(await answer(unconsented(), { cancel: 'yes' }))
    assert.equal(refused.admin_consent, 'True')
    assert.equal(refused.error, 'access_denied')
    assert.equal(numberOf(refused), '65004')
    assert.equal(refused.state, 'the state')
    assert.equal(refused.tenant, undefined)
  })

  it('answers at once in automatic mode', async () => {
    const emulator = unconsented()
    emulator.signInAutomaticallyAs('nora@northwind.example')
    assert.equal(returned(await visit(emulator)).tenant, northwind)
  })

  it('consents to nothing by a link that names an account', async () => {
    const response = await visit(unconsented(), { account: noraId })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('location'), null)
  })

  const shown: readonly (readonly [string, Record<string, string>, string, string])[] = [
    ['at /common', {}, '/common/v2.0/adminconsent', '50059'],
    ['for an unregistered address', { redirect_uri: 'https://evil.example/' }, path, '50011'],
    ['for an unknown application', { client_id: contoso }, path, '700016'],
    ['for the application of another tenant', { client_id: singleTenant.clientId }, path, '700016'],
  ]
  for (const [name, changes, at, number] of shown) {
    it(`shows AADSTS${number} ${name}`, async () => {
      const response = await visit(unconsented(), changes, at)
      assert.equal(response.status, 400)
      assert.match(await response.text(), new RegExp(`AADSTS${number}`))
    })
  }

  it('through /organizations is for the tenant of the administrator', async () => {
    const emulator = unconsented()
    emulator.signInAutomaticallyAs('frank@fabrikam.example')
    const accepted = returned(await visit(emulator, {}, '/organizations/v2.0/adminconsent'))
    assert.equal(accepted.tenant, fabrikam)
  })
})

describe('an application without an administrator’s consent', () => {
  it('may do nothing for itself', async () => {
    const emulator = newEmulator()
    emulator.setApplication(multiTenant.clientId, { consent: 'required' })
    const form = {
      grant_type: 'client_credentials',
      client_id: multiTenant.clientId,
      client_secret: multiTenant.secret,
      scope: 'https://graph.microsoft.com/.default',
    }
    const token = async () => {
      const response = await post(emulator, `/${contoso}/oauth2/v2.0/token`, { form })
      const { access_token } = await response.json()
      const headers = { Authorization: `Bearer ${access_token}` }
      const url = `${emulator.graphUrl}/users/${alice}`
      return (await emulator.fetch(new Request(url, { headers }))).status
    }
    assert.equal(await token(), 403)
    emulator.grantAdminConsent(multiTenant.clientId, contoso, { appRoles: ['User.Read.All'] })
    assert.equal(await token(), 200)
  })
})
