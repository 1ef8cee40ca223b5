/** One person of a directory in two organizations of this deployment: one user, two memberships, nothing of one in the other. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { sessionJson, usersOf } from './support/people.ts'
import { ENGINEERING, people, SERVER_URL } from './support/rig.ts'
import { auditEvents, liveSessions, openRig } from './support/steps.ts'

async function openTwo(t: TestContext) {
  const rig = await openRig(t)
  const refuse = { unmatched: { kind: 'refuse' } } as const
  const rule = { id: 'r1', match: 'group', value: ENGINEERING, role: 'developer' } as const
  const first = await createCustomer(rig, { name: 'One', roleRules: [rule], policies: refuse })
  const two = await createCustomer(rig, { name: 'Two' })
  return { rig, one: first, two }
}

describe('one person in two organizations', () => {
  it('is one user with two memberships, each with its own username, profile and roles', async (t) => {
    const { rig, one, two } = await openTwo(t)
    // Another user of the second organization has the name already.
    rig.emulator.setFault({
      kind: 'id_token',
      setClaims: { preferred_username: 'alice@x.example', upn: 'alice@x.example' },
    })
    await two.signIn(people.bob)
    const first = await sessionJson((await one.signIn(people.alice)).browser)
    rig.emulator.setFault({ kind: 'id_token', setClaims: { name: 'Alice at Two' } })
    const second = await sessionJson((await two.signIn(people.alice)).browser)

    assert.equal(first.user.id, second.user.id)
    assert.deepEqual([first.organization.name, second.organization.name], ['One', 'Two'])
    assert.deepEqual([first.membership.username, second.membership.username], ['alice', 'alice-2'])
    assert.deepEqual([first.roles, second.roles], [['developer'], ['member']])
    const alice = (await usersOf(rig)).find(({ user }) => user.id === first.user.id)
    assert.equal(alice?.identities.length, 1)
    assert.deepEqual(
      alice?.memberships.map(({ profile }) => profile.displayName),
      ['Alice Example', 'Alice at Two'],
    )
    const created = await auditEvents(rig, { type: 'user.created', userId: first.user.id })
    assert.deepEqual(
      created.map(({ organizationId }) => organizationId),
      [one.organization.id],
    )
  })

  it('has a session of one organization in a browser, and another one elsewhere', async (t) => {
    const { rig, one, two } = await openTwo(t)
    const { browser } = await one.signIn(people.alice)
    const elsewhere = await two.signIn(people.alice)
    assert.equal((await sessionJson(browser)).organization.name, 'One')
    assert.equal((await sessionJson(elsewhere.browser)).organization.name, 'Two')

    await two.signIn(people.alice, { browser })
    assert.equal((await sessionJson(browser)).organization.name, 'Two')
    assert.deepEqual(
      (await liveSessions(rig)).map(({ organizationId }) => organizationId),
      [two.organization.id, two.organization.id],
    )
  })

  it('says on its pages which organization that is', async (t) => {
    const { one, two } = await openTwo(t)
    const { browser, text } = await one.signIn(people.alice)
    assert.match(text, /<dt>Organization<\/dt><dd>One<\/dd>/)
    await two.signIn(people.alice)
    const { text: account } = await browser.visit(`${SERVER_URL}/account`)
    assert.match(account, /This browser<\/strong> at [^<]*, in <strong>One<\/strong>/)
    assert.match(account, /Another browser<\/strong> at [^<]*, in <strong>Two<\/strong>/)
  })

  it('loses one organization and keeps the other when a membership is disabled', async (t) => {
    const { rig, one, two } = await openTwo(t)
    const first = await one.signIn(people.alice)
    const second = await two.signIn(people.alice)
    const { membership } = await sessionJson(first.browser)
    const change = (verb: string) =>
      ask(rig, `/memberships/${membership.id}/${verb}`, { method: 'POST' })
    assert.equal((await change('disable')).status, 200)
    assert.deepEqual(
      (await liveSessions(rig)).map(({ organizationId }) => organizationId),
      [two.organization.id],
    )
    const state = async ({ browser }: typeof first) =>
      (await browser.request(`${SERVER_URL}/api/v1/session`)).status
    assert.deepEqual([await state(first), await state(second)], [401, 200])
    const again = await one.signIn(people.alice)
    assert.equal(again.response.status, 403)
    assert.match(again.text, /membership_disabled/)
    assert.equal((await two.signIn(people.alice)).response.status, 200)

    await change('enable')
    const back = await sessionJson((await one.signIn(people.alice)).browser)
    assert.deepEqual([back.membership.username, back.organization.name], ['alice', 'One'])
  })
})
