import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  contoso,
  fabrikam,
  frozenAt,
  multiTenant,
  newEmulator,
  origin,
  signInForClaims,
  singleTenant,
} from '../../test/support/emulator-sign-in.ts'

const alice = 'alice@contoso.example'
const guest = 'grace_fabrikam.example#EXT#@contoso.example'
const asMultiTenant = {
  changes: { client_id: multiTenant.clientId },
  form: { client_id: multiTenant.clientId, client_secret: multiTenant.secret },
}

describe('the claims of an ID token', () => {
  it('are those of an employee: who, where, when and for whom', async () => {
    const claims = await signInForClaims(newEmulator(), alice)
    const issuedAt = frozenAt.getTime() / 1000
    const expected = {
      ver: '2.0',
      iss: `${origin}/${contoso}/v2.0`,
      aud: singleTenant.clientId,
      tid: contoso,
      oid: 'aaaaaaaa-0000-4000-8000-000000000001',
      name: 'Alice Example',
      preferred_username: alice,
      email: alice,
      xms_edov: true,
      acct: 0,
      nonce: 'the nonce',
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + 3900,
      groups: ['1a000000-0000-4000-8000-000000000001', '1a000000-0000-4000-8000-000000000003'],
      roles: ['Admin'],
    }
    assert.deepEqual({ ...claims, ...expected }, claims)
    assert.deepEqual(
      Object.keys(claims).filter((name) => !Object.hasOwn(expected, name)),
      ['sub', 'aio', 'rh', 'uti', 'sid', 'login_hint'],
    )
  })

  it('have a subject that is stable per application and differs between applications', async () => {
    const emulator = newEmulator()
    const first = await signInForClaims(emulator, alice)
    const again = await signInForClaims(newEmulator(), alice)
    const elsewhere = await signInForClaims(emulator, alice, asMultiTenant)
    assert.equal(first.sub, again.sub)
    assert.notEqual(first.sub, elsewhere.sub)
    assert.equal(first.oid, elsewhere.oid)
  })

  it('leave out oid, name and preferred_username without the scope profile', async () => {
    const claims = await signInForClaims(newEmulator(), alice, { changes: { scope: 'openid' } })
    assert.deepEqual(
      [claims.oid, claims.name, claims.preferred_username],
      [undefined, undefined, undefined],
    )
  })

  it('have no email and no name for a person who has none', async () => {
    const claims = await signInForClaims(newEmulator(), 'erin@contoso.example')
    for (const name of ['email', 'xms_edov', 'name', 'groups', 'roles', 'idp']) {
      assert.equal(name in claims, false, name)
    }
    assert.equal(claims.preferred_username, 'erin@contoso.example')
  })

  it('say xms_edov false for an address in a foreign domain', async () => {
    const claims = await signInForClaims(newEmulator(), 'heidi@contoso.example')
    assert.deepEqual([claims.email, claims.xms_edov], ['heidi@elsewhere.example', false])
  })

  it('leave an unverified address out for a multi-tenant application', async () => {
    const claims = await signInForClaims(newEmulator(), 'heidi@contoso.example', asMultiTenant)
    assert.deepEqual([claims.email, claims.xms_edov], [undefined, undefined])
  })

  it('give a member’s email by scope alone, too', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, { optionalClaims: [] })
    const without = await signInForClaims(emulator, alice)
    const scope = 'openid profile email'
    const withScope = await signInForClaims(emulator, alice, { changes: { scope } })
    assert.deepEqual([without.email, withScope.email], [undefined, alice])
    assert.deepEqual(
      [without.sid, without.acct, without.login_hint],
      [undefined, undefined, undefined],
    )
  })

  it('give login_hint when the claims parameter asks, as MSAL always does', async () => {
    const emulator = newEmulator()
    emulator.setApplication(singleTenant.clientId, { optionalClaims: [] })
    const claims = JSON.stringify({ id_token: { login_hint: { essential: false } } })
    const answer = await signInForClaims(emulator, alice, { changes: { claims } })
    assert.equal(typeof answer.login_hint, 'string')
  })

  it('give the optional claims an application configures', async () => {
    const emulator = newEmulator()
    const optionalClaims = ['auth_time', 'upn', 'given_name', 'family_name', 'ctry']
    emulator.setApplication(singleTenant.clientId, { optionalClaims })
    const claims = await signInForClaims(emulator, alice)
    const values = optionalClaims.map((name) => claims[name])
    assert.deepEqual(values, [frozenAt.getTime() / 1000, alice, 'Alice', 'Example', 'DE'])
  })

  it('show a guest: acct 1, idp of the home tenant, own object id, and an email', async () => {
    const claims = await signInForClaims(newEmulator(), guest)
    assert.equal(claims.acct, 1)
    assert.equal(claims.idp, `https://sts.windows.net/${fabrikam}/`)
    assert.equal(claims.oid, 'aaaaaaaa-0000-4000-8000-000000000008')
    assert.equal(claims.tid, contoso)
    assert.equal(claims.email, 'grace@fabrikam.example')
    assert.equal(claims.xms_edov, true)
  })

  it('are the guest’s when the account of the home tenant signs in here', async () => {
    const claims = await signInForClaims(newEmulator(), 'grace@fabrikam.example')
    assert.equal(claims.oid, 'aaaaaaaa-0000-4000-8000-000000000008')
    assert.equal(claims.acct, 1)
  })

  it('are the home account’s when a guest signs in through /common', async () => {
    const options = { ...asMultiTenant, tenant: 'common' }
    const claims = await signInForClaims(newEmulator(), guest, options)
    assert.equal(claims.oid, 'bbbbbbbb-0000-4000-8000-000000000002')
    assert.equal(claims.tid, fabrikam)
    assert.equal(claims.iss, `${origin}/${fabrikam}/v2.0`)
    assert.equal(claims.acct, 0)
  })

  it('follow a change of the directory', async () => {
    const emulator = newEmulator()
    emulator.updateUser(alice, { userPrincipalName: 'alice.new@contoso.example' })
    emulator.setUserGroups('alice.new@contoso.example', ['Sales'])
    const claims = await signInForClaims(emulator, 'alice.new@contoso.example')
    assert.equal(claims.preferred_username, 'alice.new@contoso.example')
    assert.deepEqual(claims.roles, ['Admin', 'Reader'])
  })
})

describe('groups in an ID token', () => {
  it('are replaced by a pointer to a dead service beyond 200', async () => {
    const claims = await signInForClaims(newEmulator(), 'dave@contoso.example')
    const endpoint = `https://graph.windows.net/${contoso}/users/${claims.oid}/getMemberObjects`
    assert.equal('groups' in claims, false)
    assert.deepEqual(claims._claim_names, { groups: 'src1' })
    assert.deepEqual(claims._claim_sources, { src1: { endpoint } })
  })

  it('are all there with exactly 200', async () => {
    const emulator = newEmulator()
    const dave = 'dave@contoso.example'
    const groups = emulator.directory.tenants[0]?.groups.filter(({ displayName }) =>
      displayName.startsWith('Dave'),
    )
    emulator.setUserGroups(
      dave,
      (groups ?? []).slice(0, 200).map(({ id }) => id),
    )
    const claims = await signInForClaims(emulator, dave)
    assert.equal(Array.isArray(claims.groups) && claims.groups.length, 200)
  })

  it('are none, security groups, those assigned to the application, or all', async () => {
    const emulator = newEmulator()
    emulator.setUserGroups(alice, ['Sales', 'Engineering', 'Newsletter'])
    const counted = []
    for (const groupMembershipClaims of [
      'None',
      'SecurityGroup',
      'ApplicationGroup',
      'All',
    ] as const) {
      emulator.setApplication(singleTenant.clientId, { groupMembershipClaims })
      const { groups } = await signInForClaims(emulator, alice)
      counted.push(Array.isArray(groups) ? groups.length : 0)
    }
    assert.deepEqual(counted, [0, 3, 1, 4])
  })
})
