/** One connection for several directories: an allow-list, the issuer's template filled in, and the key of a user in each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changeConnection } from '../src/connections/change-connection.ts'
import { addDomain, vouchForDomain } from '../src/organizations/domains.ts'
import type { Connection } from '../src/storage/records.ts'
import { NORTHWIND, operator } from './support/customers.ts'
import { createUser, onlyUser, sessionJson, usersOf } from './support/people.ts'
import {
  assertRefusedForGood,
  goToEntra,
  noRows,
  openRigForTenants,
  rowCounts,
} from './support/refusals.ts'
import { CONTOSO, ENTRA_URL, FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { codeOf, liveSessions } from './support/steps.ts'

const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
const both = [CONTOSO, FABRIKAM] as const
const issuerOf = (tenantId: string) => `${ENTRA_URL}/${tenantId}/v2.0`
const claimInvalid = { code: 'id_token_claim_invalid', status: 401 }

function forge(rig: Rig, setClaims: Readonly<Record<string, unknown>>): void {
  rig.emulator.setFault({ kind: 'id_token', setClaims })
}

describe('a connection for several directories', () => {
  it('sends people to the address for all work accounts, whose issuer is a template', async (t) => {
    const rig = await openRigForTenants(t, both)
    for (const [person, tid] of [
      [people.alice, CONTOSO],
      [people.frank, FABRIKAM],
    ] as const) {
      const { response, locations, browser } = await rig.signIn(person)
      assert.equal(response.status, 200)
      assert.match(
        locations[0] ?? '',
        new RegExp(`^${ENTRA_URL}/organizations/oauth2/v2.0/authorize`),
      )
      const { user } = await sessionJson(browser)
      const found = await rig.services.storage.findUser(user.id)
      assert.equal(found?.identities[0]?.key.directory, tid)
    }
    const published = rig.emulator.requests.filter(({ endpoint }) => endpoint === 'keys')
    assert.ok(published.length > 0)
  })

  it('lets nobody in from a directory that is not on the list, whatever their own administrator consented to (B01)', async (t) => {
    const rig = await openRigForTenants(t, both)
    const at = await goToEntra(rig, 'nora@northwind.example')
    await assertRefusedForGood(rig, at, { code: 'tenant_not_allowed', status: 403 })
    const none = await openRigForTenants(t, [])
    const alice = await goToEntra(none, people.alice)
    await assertRefusedForGood(none, alice, { code: 'tenant_not_allowed', status: 403 })
  })

  const forged: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['names one directory and another issuer (A20)', { tid: CONTOSO }],
    ['has the issuer of another directory (A20)', { iss: issuerOf(CONTOSO) }],
    ['has the template itself for an issuer', { iss: issuerOf('{tenantid}') }],
    ['has the template for both', { iss: issuerOf('{tenantid}'), tid: '{tenantid}' }],
    ['has the address for an issuer', { iss: issuerOf('organizations') }],
    ['fills the template in capitals', { iss: issuerOf(FABRIKAM).replace('/v2', '/V2') }],
    ['has an issuer with something behind it', { iss: `${issuerOf(FABRIKAM)}/` }],
    ['has an issuer on another host', { iss: `https://evil.example/${FABRIKAM}/v2.0` }],
    ['has a tenant that is a path', { tid: `${FABRIKAM}/../${CONTOSO}` }],
    ['names several tenants', { tid: [FABRIKAM, CONTOSO] }],
    ['was made for another application (A23)', { aud: '33333333-3333-4333-8333-333333333333' }],
    ['was made for two applications (A23)', { aud: ['x', 'y'] }],
  ]
  for (const [what, claims] of forged) {
    it(`refuses a token that ${what}`, async (t) => {
      const rig = await openRigForTenants(t, both)
      forge(rig, claims)
      await assertRefusedForGood(rig, await goToEntra(rig, people.frank), claimInvalid)
      assert.deepEqual(await rowCounts(rig), noRows)
    })
  }

  it('refuses a key that was published for another directory', async (t) => {
    const rig = await openRigForTenants(t, both)
    const address = `${ENTRA_URL}/organizations/discovery/v2.0/keys`
    const response = await rig.emulator.fetch(new Request(address))
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] } // the emulator's own
    assert.ok(keys.every(({ issuer }) => issuer === issuerOf('{tenantid}')))
    const ofContoso = keys.map((key) => ({ ...key, issuer: issuerOf(CONTOSO) }))
    rig.emulator.setFault({ kind: 'members', on: 'keys', set: { keys: ofContoso } })
    const refused = { code: 'id_token_key_unknown', status: 401 }
    await assertRefusedForGood(rig, await goToEntra(rig, people.frank), refused)
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
  })

  it('takes somebody for themselves alone, whatever address their directory writes (B01)', async (t) => {
    const rig = await openRigForTenants(t, both, { policies: { linking: 'verified' } })
    const added = { organization: 'default', name: 'contoso.example' }
    const { id } = await addDomain(rig.services, operator, added)
    await vouchForDomain(rig.services, operator, id)
    const invited = await createUser(rig, { username: 'invited', email: 'alice@contoso.example' })
    const victim = await sessionJson((await rig.signIn(people.alice)).browser)
    const variants = [
      { email: 'alice@contoso.example', xms_edov: true },
      { email: 'alice@contoso.example', preferred_username: 'alice@contoso.example' },
      { upn: 'alice@contoso.example', email: 'ALICE@CONTOSO.EXAMPLE' },
      { unique_name: 'alice@contoso.example', verified_primary_email: ['alice@contoso.example'] },
    ]
    for (const claims of variants) {
      forge(rig, claims)
      const attacker = await sessionJson((await rig.signIn(people.frank)).browser)
      assert.notEqual(attacker.user.id, victim.user.id, JSON.stringify(claims))
      assert.notEqual(attacker.user.id, invited)
    }
    assert.equal((await usersOf(rig)).length, 3)
  })

  it('keeps people apart who have the same object id in two directories (B07)', async (t) => {
    const rig = await openRigForTenants(t, both)
    const alice = await sessionJson((await rig.signIn(people.alice)).browser)
    forge(rig, { oid: 'aaaaaaaa-0000-4000-8000-000000000001' })
    const frank = await sessionJson((await rig.signIn(people.frank)).browser)
    assert.notEqual(frank.user.id, alice.user.id)
  })
})

describe('a guest of one of several directories', () => {
  it('comes in as who they are at home, where that directory is on the list', async (t) => {
    const rig = await openRigForTenants(t, both)
    const { response, text } = await rig.signIn(people.grace)
    assert.equal(response.status, 200, text)
    const { identities, memberships } = (await usersOf(rig))[0] ?? assert.fail('nobody')
    assert.equal(
      identities[0]?.key.directory,
      FABRIKAM,
      'the address for all accounts knows no guests',
    )
    assert.equal(memberships[0]?.profile.guest, false)
  })

  it('does not come in where only the directory that invited them is on the list', async (t) => {
    const rig = await openRigForTenants(t, [CONTOSO, NORTHWIND], { policies: { guests: 'allow' } })
    const at = await goToEntra(rig, people.grace)
    await assertRefusedForGood(rig, at, { code: 'tenant_not_allowed', status: 403 })
  })

  it('is refused as a guest where a token says that they are one', async (t) => {
    const rig = await openRigForTenants(t, both)
    forge(rig, { acct: 1 })
    const at = await goToEntra(rig, people.frank)
    await assertRefusedForGood(rig, at, { code: 'guest_not_allowed', status: 403 })
  })
})

describe('a personal account (B09)', () => {
  const personal = { tid: PERSONAL, iss: issuerOf(PERSONAL) }

  it('is refused, also where its tenant is on the list', async (t) => {
    const rig = await openRigForTenants(t, [...both, PERSONAL])
    forge(rig, personal)
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'personal_account_not_allowed', status: 403 })
  })

  it('is refused where personal accounts are allowed and its tenant is not on the list', async (t) => {
    const rig = await openRigForTenants(t, both, { policies: { personalAccounts: 'allow' } })
    forge(rig, personal)
    const at = await goToEntra(rig, people.alice)
    await assertRefusedForGood(rig, at, { code: 'tenant_not_allowed', status: 403 })
  })

  it('comes in where the connection says both, at the address for all accounts', async (t) => {
    const policies = { personalAccounts: 'allow' } as const
    const rig = await openRigForTenants(t, [CONTOSO, PERSONAL], { policies })
    forge(rig, personal)
    const { response, locations } = await rig.signIn(people.alice)
    assert.equal(response.status, 200)
    assert.match(locations[0] ?? '', new RegExp(`^${ENTRA_URL}/common/`))
    const { identities } = await onlyUser(rig)
    assert.equal(identities[0]?.key.directory, PERSONAL)
  })

  it('is out at once when the connection does not say so any more', async (t) => {
    const policies = { personalAccounts: 'allow' } as const
    const rig = await openRigForTenants(t, [CONTOSO, PERSONAL], { policies })
    forge(rig, personal)
    const { browser } = await rig.signIn(people.alice)
    const [session] = await liveSessions(rig)
    const refuse = (one: Connection): Connection => ({
      ...one,
      policies: { ...one.policies, personalAccounts: 'refuse' },
    })
    await changeConnection(rig.services, operator, {
      id: session?.connectionId ?? '',
      change: refuse,
    })
    const answer = await browser.request(`${SERVER_URL}/api/v1/session`)
    assert.equal(await codeOf(answer), 'access_changed')
  })
})
