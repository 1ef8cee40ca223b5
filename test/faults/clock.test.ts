/** Our clock and Entra's differ. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRefusedForGood, goToEntra, noRows, rowCounts } from '../support/refusals.ts'
import { people } from '../support/rig.ts'
import { openRig } from '../support/steps.ts'

/** An hour and five minutes: what Entra gives a token. */
const TOKEN_SECONDS = 3_900
const refused = { code: 'id_token_claim_invalid', status: 401 }

describe('a sign-in while the clocks differ', () => {
  for (const [what, seconds] of [
    ['a minute ahead of Entra', -60],
    ['a minute behind Entra', 60],
    ['ten minutes ahead of Entra, whose tokens live for an hour', -600],
  ] as const) {
    it(`works when ours is ${what} (H10)`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setClockOffset(seconds)
      assert.equal((await rig.signIn(people.alice)).response.status, 200)
    })
  }

  for (const [what, seconds, claim, secondsFromNow] of [
    ['ten minutes behind Entra: the token comes from the future', 600, 'iat', 600],
    ['so far ahead of Entra that the token has ended', -2 * 3600, 'exp', TOKEN_SECONDS - 2 * 3600],
  ] as const) {
    it(`is refused when ours is ${what}, and page and log point to the clock (H10)`, async (t) => {
      const rig = await openRig(t)
      rig.emulator.setClockOffset(seconds)
      const at = await goToEntra(rig, people.alice)
      const { text } = await assertRefusedForGood(rig, at, refused)
      assert.match(text, /For <code>exp<\/code>.* compare this server&#39;s clock/)
      const line = rig.logLines.find((entry) => entry.includes('"id_token_claim_invalid"')) ?? '{}'
      const { detail }: { detail?: Record<string, unknown> } = JSON.parse(line)
      assert.equal(detail?.claim, claim, line)
      assert.equal(detail?.secondsFromNow, secondsFromNow, line)
      assert.deepEqual(await rowCounts(rig), noRows)

      rig.emulator.setClockOffset(0)
      assert.equal((await rig.signIn(people.alice)).response.status, 200)
    })
  }
})
