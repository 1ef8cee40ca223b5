/** Every step of a sign-in fails with an unexpected error. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEntrada, type Entrada } from '../../src/entrada.ts'
import type { Services } from '../../src/services.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  type AtCallback,
  assertNoSecrets,
  assertRefusalPage,
  detailsOf,
  goToEntra,
  hasSessionCookie,
  noRows,
  rowCounts,
} from '../support/refusals.ts'
import { browserAcross, sameBrowserAcross } from '../support/replicas.ts'
import { people, type Rig, requestsAt, SERVER_URL } from '../support/rig.ts'
import { openRig } from '../support/steps.ts'
import { type Touch, touchedStorage } from '../support/touched-storage.ts'

/** Only for our eyes: nothing of it may reach a page. */
const CANARY = 'canary of an error nobody foresaw'

/** Entrada with these parts in place of the rig's. */
function withParts(rig: Rig, changes: Partial<Services>): Entrada {
  return createEntrada(rig.options, { ...rig.services, ...changes })
}

/** A user returns from Entra, to a server with these parts instead of the rig's. */
async function comeBack(rig: Rig, changes: Partial<Services>): Promise<AtCallback> {
  const { browser, callback } = await goToEntra(rig, people.alice)
  return { browser: sameBrowserAcross(rig, [withParts(rig, changes)], browser), callback }
}

/** Checks for a generic page, no session, no change in the database, and the cause in the log only. */
async function assertGenericRefusal(rig: Rig, at: AtCallback): Promise<void> {
  const rows = await rowCounts(rig)
  const visit = await at.browser.visit(at.callback)
  assertRefusalPage(visit, { code: 'internal_error', status: 500 })
  assert.doesNotMatch(visit.text, /canary|foresaw|Error:|\.ts\b|node:|^ +at /m)
  assert.equal(hasSessionCookie(at.browser), false)
  assertNoSecrets(rig, visit.text)
  assert.deepEqual(await rowCounts(rig), rows)
  const correlationId = detailsOf(visit.text)['Correlation id'] ?? '?'
  const lines = rig.logLines.filter((line) => line.includes(correlationId))
  assert.ok(
    lines.some((line) => line.includes(CANARY)),
    'the log says what broke',
  )
}

/** Every verb that the first sign-in of a person calls after Entra's answer. */
async function verbsOfSignIn(rig: Rig): Promise<readonly string[]> {
  const seen = new Set<string>()
  const storage = touchedStorage(rig.services.storage, (verb, place) =>
    seen.add(`${place} ${verb}`),
  )
  const { browser, callback } = await comeBack(rig, { storage })
  assert.equal((await browser.request(callback)).status, 303)
  return [...seen]
}

/** Every person has so many sessions that the oldest are looked for. */
function withManySessions(storage: Storage): Storage {
  return {
    ...storage,
    async readSignIn(question) {
      const state = await storage.readSignIn(question)
      return state && { ...state, hasManySessions: true }
    },
  }
}

/** The person is signed in by then; a failure is logged, and the next sign-in ends the oldest sessions. */
const comesAfterwards: ReadonlySet<string> = new Set(['outside listSessionsBeyond'])

describe('a sign-in in which a verb of the database throws what nobody foresaw', () => {
  it('stands when only the look at the oldest sessions of the person fails, which is logged', async (t) => {
    const rig = await openRig(t)
    const touched: string[] = []
    const touch: Touch = (verb, place) => {
      if (!comesAfterwards.has(`${place} ${verb}`)) return
      touched.push(verb)
      throw new Error(CANARY)
    }
    const storage = withManySessions(rig.services.storage)
    const { browser, callback } = await comeBack(rig, { storage: touchedStorage(storage, touch) })
    assert.equal((await browser.request(callback)).status, 303)
    assert.equal((await browser.request(`${SERVER_URL}/api/v1/session`)).status, 200)
    assert.deepEqual(touched, ['listSessionsBeyond'])
  })

  it('ends on a generic page, lets nobody in, and spends the attempt, whichever verb it is (I30)', async (t) => {
    const verbs = await verbsOfSignIn(await openRig(t))
    for (const verb of ['claimAttemptOf', 'readSignIn', 'writePlan']) {
      assert.ok(verbs.includes(`outside ${verb}`), verbs.join())
    }
    for (const broken of verbs.filter((verb) => !comesAfterwards.has(verb))) {
      const rig = await openRig(t)
      const touch: Touch = (verb, place) => {
        if (`${place} ${verb}` === broken) throw new Error(CANARY)
      }
      const at = await comeBack(rig, { storage: touchedStorage(rig.services.storage, touch) })
      const spent = at.browser.clone()
      await assertGenericRefusal(rig, at).catch((error) => {
        throw new Error(broken, { cause: error })
      })
      if (requestsAt(rig, 'token') === 0) continue // it broke before the attempt was claimed
      const again = await sameBrowserAcross(rig, [rig.entrada], spent).visit(at.callback)
      assertRefusalPage(again, { code: 'attempt_already_used', status: 400 })
      assert.equal(requestsAt(rig, 'token'), 1, broken)
    }
  })
})

function breakDown(): never {
  throw new Error(CANARY)
}

describe('a sign-in in which another part throws what nobody foresaw', () => {
  const parts: readonly [string, (services: Services) => Partial<Services>][] = [
    ['the choice of the directory', () => ({ identityProviderFor: breakDown })],
    [
      'the exchange of the code',
      ({ identityProviderFor }) => ({
        identityProviderFor: (connection) => ({
          ...identityProviderFor(connection),
          arrive: async () => breakDown(),
        }),
      }),
    ],
    ['the limits', ({ limits }) => ({ limits: { ...limits, spend: async () => breakDown() } })],
    ['hashing', () => ({ sha256: breakDown })],
  ]
  for (const [what, changesOf] of parts) {
    it(`ends on a generic page and lets nobody in: ${what} (I30)`, async (t) => {
      const rig = await openRig(t)
      await assertGenericRefusal(rig, await comeBack(rig, changesOf(rig.services)))
      assert.deepEqual(await rowCounts(rig), noRows)
    })
  }

  it('says no more than that when not even a page can be made (I30)', async (t) => {
    const rig = await openRig(t)
    const broken = browserAcross(rig, [withParts(rig, { randomBytes: breakDown })])
    const { response, text } = await broken.visit(`${SERVER_URL}/auth/entra/login`)
    assert.equal(response.status, 503)
    assert.match(text, /internal_error/)
    assert.doesNotMatch(text, /canary|foresaw|\.ts\b|^ +at /m)
    assert.ok(rig.logLines.some((line) => line.includes(CANARY)))
  })
})
