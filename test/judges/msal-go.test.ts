import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  getFetched,
  isSkipped,
  JUDGE_MILLISECONDS,
  runEmulator,
  runProgram,
} from './support/run-judge.ts'

const [alice, bob] = ['alice@contoso.example', 'bob@contoso.example']

describe('the emulator, judged by MSAL for Go', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in by code, refreshes, with client credentials, device code and on behalf of (M1, M2, M3, M4, M5, M6)', async (t) => {
    if (isSkipped(t, 'msal-go')) return
    const { environment } = await runEmulator(t)
    const command = join(getFetched('msal-go'), 'judge')
    assert.deepEqual(await runProgram(t, { command, parameters: [], environment }), {
      code: alice,
      refresh: alice,
      clientCredentials: 'Alice Example',
      publicCode: alice,
      publicRefresh: alice,
      deviceCode: bob,
      onBehalfOf: 'Alice Example',
    })
  })
})
