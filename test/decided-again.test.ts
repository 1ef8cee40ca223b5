import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createRig, people, type Rig } from './support/rig.ts'

/** A rig in which something happens after a sign-in was decided and before it is written. */
async function openRig(t: TestContext, between: (rig: Rig) => Promise<void>): Promise<Rig> {
  let happened = false
  const rig: Rig = await createRig({
    hooks: {
      async decideSignIn() {
        if (happened) return { refuse: false }
        happened = true
        await between(rig)
        return { refuse: false }
      },
    },
  })
  t.after(() => rig.close())
  return rig
}

async function users(rig: Rig) {
  return (await rig.entrada.api.listUsers({ limit: 10 })).items
}

async function sessions(rig: Rig) {
  return (await rig.entrada.api.listSessions({}, { limit: 10 })).items
}

describe('what happens between the decision and the writing of a sign-in', () => {
  it('counts: a person who came in elsewhere meanwhile stays one user (B13)', async (t) => {
    const rig = await openRig(t, async (itself) => {
      assert.equal((await itself.signIn(people.alice)).response.status, 200)
    })
    assert.equal((await rig.signIn(people.alice)).response.status, 200)
    const found = await users(rig)
    assert.deepEqual(
      found.map(({ identities, memberships }) => [identities.length, memberships.length]),
      [[1, 1]],
    )
    assert.equal((await sessions(rig)).length, 2)
  })

  it('counts: a user who is disabled meanwhile does not get in (B16)', async (t) => {
    const rig = await openRig(t, async (itself) => {
      await itself.signIn(people.alice)
      const [user] = await users(itself)
      const operator = { actor: { kind: 'operator', id: 'test' } } as const
      await itself.entrada.api.disableUser(operator, user?.user.id ?? '')
    })
    const { response, text } = await rig.signIn(people.alice)
    assert.equal(response.status, 403)
    assert.match(text, /user_disabled/)
    assert.deepEqual(await sessions(rig), [])
    assert.equal((await users(rig)).length, 1)
  })
})
