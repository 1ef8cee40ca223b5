import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRig, people, SERVER_URL } from './support/rig.ts'

const CHALLENGE = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'

describe('a claims challenge', () => {
  it('goes back to Entra with the next start, and only until that sign-in succeeded', async (t) => {
    const rig = await createRig()
    t.after(rig.close)
    rig.emulator.setFault({
      kind: 'oauth_error',
      on: 'token',
      error: 'interaction_required',
      code: 50076,
      claims: CHALLENGE,
    })
    const refused = await rig.signIn(people.alice)
    assert.equal(refused.response.status, 403)
    assert.match(refused.text, /interaction_required/)

    const { browser } = await rig.signIn(people.alice, { browser: refused.browser })
    assert.deepEqual(acrsAsked(rig), { essential: true, value: 'c1' })
    assert.match((await browser.visit(`${SERVER_URL}/`)).text, /Hello, Alice/)

    await rig.signIn(people.alice, { browser })
    assert.equal(acrsAsked(rig), undefined)
  })

  it('satisfies a policy that asks for more, instead of going round in circles', async (t) => {
    const rig = await createRig()
    t.after(rig.close)
    rig.emulator.addPolicy({ require: 'c1' })
    const refused = await rig.signIn(people.alice)
    assert.equal(refused.response.status, 403)
    const again = await rig.signIn(people.alice, { browser: refused.browser })
    assert.equal(again.response.status, 200, again.text)
    assert.match(again.text, /Hello, Alice/)
  })

  it('is sealed: a made-up cookie asks for nothing', async (t) => {
    const rig = await createRig()
    t.after(rig.close)
    const browser = rig.browser()
    browser.setCookie(new URL(SERVER_URL).host, 'entrada-claims-challenge', 'v1.00000000.x.y')
    const { response } = await rig.signIn(people.alice, { browser })
    assert.equal(response.status, 200)
    assert.equal(acrsAsked(rig), undefined)
  })
})

/** The authentication context in the `claims` of the latest authorization request. */
function acrsAsked({ emulator }: Awaited<ReturnType<typeof createRig>>): unknown {
  const request = emulator.requests.findLast(({ endpoint }) => endpoint === 'authorize')
  const claims = JSON.parse(String(request?.params.claims ?? '{}')) as {
    access_token?: { acrs?: unknown }
  } // what MSAL sent
  return claims.access_token?.acrs
}
