/** What operators read afterwards: sessions, audit events, sign-ins step by step. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, items } from './support/api-calls.ts'
import { people, SERVER_URL } from './support/rig.ts'
import { openRig } from './support/steps.ts'

describe('GET /api/v1/sessions', () => {
  it('lists live sessions, of everybody or of one user, and nothing secret', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.bob)
    const all = await items(rig, '/sessions')
    assert.equal(all.length, 2)
    const [alice] = await items(rig, '/users?search=alice')
    const ofAlice = await items(rig, `/sessions?user=${alice?.id}`)
    assert.deepEqual(
      ofAlice.map(({ userId, kind }) => [userId, kind]),
      [[alice?.id, 'user']],
    )
    const { session } = await (await browser.request(`${SERVER_URL}/api/v1/session`)).json()
    assert.equal(ofAlice[0]?.id, session.id)
    assert.doesNotMatch(JSON.stringify(all), /tokenHash|loginHint|entraSid/)
    rig.clock.advanceSeconds(43_200)
    assert.deepEqual(await items(rig, '/sessions'), [])
  })
})

describe('GET /api/v1/audit-events', () => {
  it('is read by type, person, request and time', async (t) => {
    const rig = await openRig(t)
    rig.clock.advanceSeconds(10)
    await rig.signIn(people.alice)
    rig.clock.advanceSeconds(10)
    await rig.signIn(people.bob)
    const [last] = await items(rig, '/audit-events?type=sign_in.succeeded')
    assert.equal(last?.at, '2026-11-22T12:00:20.000Z')
    const ofBob = await items(rig, `/audit-events?user=${last?.userId}`)
    assert.ok(ofBob.every(({ userId }) => userId === last?.userId))
    const sameRequest = await items(rig, `/audit-events?correlation_id=${last?.correlationId}`)
    assert.deepEqual(sameRequest.map(({ id }) => id).sort(), ofBob.map(({ id }) => id).sort())
    const since = await items(rig, '/audit-events?since=2026-11-22T12:00:20Z')
    assert.ok(since.length > 0 && since.every(({ at }) => at === last?.at))
    const until = await items(rig, '/audit-events?until=2026-11-22T12:00:20.000Z')
    assert.ok(until.length > 0 && until.every(({ at }) => at !== last?.at))
  })
})

describe('the events of one request', () => {
  it('are listed in the order they happened, newest first', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    await rig.signIn(people.alice, { browser })
    const [last] = await items(rig, '/audit-events?type=sign_in.succeeded&limit=1')
    const sameRequest = await items(rig, `/audit-events?correlation_id=${last?.correlationId}`)
    assert.deepEqual(
      sameRequest.map(({ type, at }) => [type, at]),
      [
        ['sign_in.succeeded', last?.at],
        ['session.ended', last?.at],
      ],
    )
  })
})

describe('GET /api/v1/sign-in-traces', () => {
  it('answers "why can’t she get in?" from the correlation id of the error page', async (t) => {
    const rig = await openRig(t)
    const { text, response } = await rig.signIn(people.grace)
    assert.equal(response.status, 403)
    const correlationId = /<dt>Correlation id<\/dt><dd><code>([^<]+)</.exec(text)?.[1]
    const [trace, ...more] = await items(rig, `/sign-in-traces?correlation_id=${correlationId}`)
    assert.ok(trace)
    assert.equal(more.length, 0)
    assert.deepEqual([trace.outcome, trace.code], ['refused', 'guest_not_allowed'])
    const shown = (await ask(rig, `/sign-in-traces/${trace.id}`)).body
    assert.deepEqual(shown, trace)
    const steps = shown.steps as readonly { readonly step: string }[]
    assert.deepEqual(
      steps.map(({ step }) => step),
      ['attempt_opened', 'attempt_claimed', 'identity_verified', 'refused'],
    )
  })

  it('is read by outcome and by user', async (t) => {
    const rig = await openRig(t)
    await rig.signIn(people.alice)
    await rig.signIn(people.grace)
    const signedIn = await items(rig, '/sign-in-traces?outcome=signed_in')
    assert.equal(signedIn.length, 1)
    assert.equal((await items(rig, '/sign-in-traces?outcome=refused')).length, 1)
    const ofAlice = await items(rig, `/sign-in-traces?user=${signedIn[0]?.userId}`)
    assert.deepEqual(ofAlice, signedIn)
  })
})
