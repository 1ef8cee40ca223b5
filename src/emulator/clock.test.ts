import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  contoso,
  frozenAt,
  newEmulator,
  origin,
  signIn,
  signInForClaims,
} from '../../test/support/emulator-sign-in.ts'

const alice = 'alice@contoso.example'
const seconds = Math.floor(frozenAt.getTime() / 1000)

describe('the emulator’s clock', () => {
  it('is told in the Date header of every answer', async () => {
    const response = await newEmulator().fetch(new Request(`${origin}/nowhere`))
    assert.equal(response.headers.get('date'), 'Wed, 04 Mar 2026 05:06:07 GMT')
  })

  for (const offset of [600, -600]) {
    it(`${offset} seconds off shifts tokens and the Date header`, async () => {
      const emulator = newEmulator({ clockOffsetSeconds: offset })
      const { iat, nbf, exp } = await signInForClaims(emulator, alice)
      assert.deepEqual(
        [iat, nbf, exp],
        [seconds + offset, seconds + offset, seconds + offset + 3900],
      )
      const response = await emulator.fetch(new Request(`${origin}/nowhere`))
      const dateSeconds = new Date(response.headers.get('date') ?? 0).getTime() / 1000
      assert.equal(dateSeconds, seconds + offset)
    })
  }

  it('is put wrong and right again while it runs', async () => {
    const emulator = newEmulator()
    emulator.setClockOffset(3600)
    assert.equal((await signInForClaims(emulator, alice)).iat, seconds + 3600)
    emulator.setClockOffset(0)
    assert.equal((await signInForClaims(emulator, alice)).iat, seconds)
    assert.throws(() => emulator.setClockOffset(Number.NaN), /ten years/)
  })
})

describe('a key rotation in flight', () => {
  it('leaves whoever is waiting for the old list without the key of the next token', async () => {
    const emulator = newEmulator()
    emulator.setFault({ kind: 'delay', on: 'keys', milliseconds: 20 })
    const kidsOf = async () => {
      const url = `${origin}/${contoso}/discovery/v2.0/keys`
      const { keys } = await (await emulator.fetch(new Request(url))).json()
      return Array.isArray(keys) ? keys.map(({ kid }) => kid) : []
    }
    const before = await kidsOf()
    const old = await signIn(emulator, alice)
    await emulator.rotateKeys()
    const fresh = await signIn(emulator, alice)
    const kidOf = (answer: Record<string, unknown>) =>
      JSON.parse(Buffer.from(String(answer.id_token).split('.')[0] ?? '', 'base64url').toString())
        .kid
    const after = await kidsOf()
    assert.deepEqual([before.includes(kidOf(old)), before.includes(kidOf(fresh))], [true, false])
    assert.deepEqual([after.includes(kidOf(old)), after.includes(kidOf(fresh))], [false, true])
  })
})
