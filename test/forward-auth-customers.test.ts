/** What an application behind a proxy receives about users of customers, who control their own directories. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { decodeJwt } from 'jose'
import { createCustomer } from './support/customers.ts'
import { FABRIKAM, people, type RigOptions, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

/** A customer's user with the operator's name and address, and one of our own organization with the same and no proof. */
async function openBoth(t: TestContext, options: RigOptions = {}) {
  const rig = await openRig(t, options)
  const customer = await createCustomer(rig, { name: 'Fabrikam', tenantId: FABRIKAM })
  const unproven = { kind: 'id_token', removeClaims: ['xms_edov'] } as const
  rig.emulator.setFault({ ...unproven, setClaims: { email: 'alice@contoso.example' } })
  const stranger = await customer.signIn(people.frank)
  const ask = async (browser: typeof stranger.browser) => {
    const { status, headers } = await browser.request(`${SERVER_URL}/auth/verify`)
    const [email, unverified] = ['email', 'email-unverified'].map((name) =>
      headers.get(`x-auth-request-${name}`),
    )
    return { status, email, unverified, headers }
  }
  return { rig, stranger: await ask(stranger.browser), ask, unproven }
}

describe('/auth/verify for the people of a customer', () => {
  it('is no without access rules, and yes for our own (S4)', async (t) => {
    const { rig, stranger, ask } = await openBoth(t)
    assert.equal(stranger.status, 403)
    assert.equal(stranger.email, null)
    const own = await ask((await rig.signIn(people.alice)).browser)
    assert.deepEqual([own.status, own.email, own.unverified], [204, people.alice, ''])
  })

  it('is no by rules that leave out what holds otherwise, and yes where they name them (S4)', async (t) => {
    assert.equal((await openBoth(t, { accessRules: { rules: [] } })).stranger.status, 403)
    const named = { rules: [{ allow: { organizations: ['fabrikam'] } }] } as const
    const { stranger } = await openBoth(t, { accessRules: named })
    assert.equal(stranger.status, 204)
    assert.deepEqual([stranger.email, stranger.unverified], ['', 'alice@contoso.example'])
    assert.equal(
      (await openBoth(t, { accessRules: { rules: [], otherwise: 'signed_in' } })).stranger.status,
      204,
    )
  })

  it('has the address in a signed token under the name that says what it is (S4)', async (t) => {
    const accessRules = { rules: [], otherwise: 'signed_in' } as const
    const { rig, stranger, ask } = await openBoth(t, { accessRules, identityTokens: true })
    const claimsOf = (headers: Headers) =>
      decodeJwt(headers.get('authorization')?.replace('Bearer ', '') ?? '')
    const theirs = claimsOf(stranger.headers)
    assert.deepEqual(
      [theirs.email, theirs.email_verified, theirs.email_unverified],
      [null, false, 'alice@contoso.example'],
    )
    const own = claimsOf((await ask((await rig.signIn(people.alice)).browser)).headers)
    assert.deepEqual(
      [own.email, own.email_verified, own.email_unverified],
      [people.alice, true, null],
    )
  })

  it('is as it was before while the setting says so, which the log warns of (S4)', async (t) => {
    const { rig, stranger } = await openBoth(t, { dangerouslyForwardUnproven: true })
    assert.deepEqual(
      [stranger.status, stranger.email, stranger.unverified],
      [204, 'alice@contoso.example', 'alice@contoso.example'],
    )
    assert.ok(rig.logLines.some((line) => line.includes('"unproven_forwarded"')))
    const quiet = await openBoth(t)
    assert.ok(!quiet.rig.logLines.some((line) => line.includes('"unproven_forwarded"')))
  })
})
