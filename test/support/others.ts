/** What other clients notice while one client uses as much as it can. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'
import type { TestBrowser } from './browser.ts'
import type { Flood } from './flood.ts'
import { startProgram } from './server-process.ts'

const QUESTIONS = 70
const SIGN_INS = 30
const LONGEST_MS = 1_000
const MOST_LATE = 1
const ROUNDS = 3

/** Starts a flood and resolves when each of its connections has begun. Call the result to end it. */
export async function startFlood(
  t: Pick<TestContext, 'after'>,
  flood: Flood,
): Promise<() => Promise<void>> {
  const program = startProgram(t, [resolve('test/support/flood.ts'), JSON.stringify(flood)])
  await program.printed(/all begun/)
  return async () => {
    program.kill('SIGKILL')
    await program.ended
  }
}

type Others = {
  readonly origin: string
  readonly newBrowser: () => TestBrowser
  /** What a signed-in browser asks for between the sign-ins. */
  readonly question?: string
}

/**
 * Of a hundred sign-ins, forms and questions of a proxy, each is answered as ever, and 99 within a second. On a machine that is busy with
 * other things a round may be late; three rounds in a row are not.
 */
export async function assertOthersGoOn(
  t: Pick<TestContext, 'diagnostic'>,
  others: Others,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    const sorted = (await measureRound(others)).sort((a, b) => a - b)
    const [half = 0, slowest = 0] = [sorted[50], sorted.at(-1)].map((ms) => Math.round(ms ?? 0))
    t.diagnostic(`half within ${half} ms, slowest ${slowest} ms`)
    const late = sorted.filter((ms) => ms >= LONGEST_MS)
    if (late.length <= MOST_LATE) return
    assert.ok(round < ROUNDS, `late: ${late.map(Math.round).join()} ms`)
  }
}

/** A form without its token: Entrada reads it and refuses it. */
const aForm = {
  method: 'POST',
  body: 'form_token=none',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
}

async function measureRound({
  origin,
  newBrowser,
  question = '/auth/verify',
}: Others): Promise<number[]> {
  const millis: number[] = []
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    const done = await work()
    millis.push(performance.now() - startedAt)
    return done
  }
  let signedIn: TestBrowser | undefined
  for (let nth = 0; nth < QUESTIONS + SIGN_INS; nth += 1) {
    if (signedIn === undefined || nth % Math.ceil(100 / SIGN_INS) === 0) {
      const browser = newBrowser()
      const visit = await timed(() =>
        browser.visit(`${origin}/auth/entra/login?return_to=/account`),
      )
      assert.equal(visit.response.status, 200, visit.text)
      signedIn = browser
    } else if (nth % 10 === 5) {
      const asked = signedIn
      const answer = await timed(() => asked.request(`${origin}/auth/logout`, aForm))
      assert.equal(answer.status, 403, await answer.text())
    } else {
      const asked = signedIn
      const answer = await timed(() => asked.request(origin + question))
      assert.ok([200, 204].includes(answer.status), await answer.text())
    }
  }
  return millis
}
