import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  getFetched,
  isSkipped,
  JUDGE_MILLISECONDS,
  runEmulator,
  runProgram,
} from './support/run-judge.ts'

const [alice, bob] = ['alice@contoso.example', 'bob@contoso.example']

async function judge(t: TestContext, program: string) {
  const { environment } = await runEmulator(t)
  const parameters = [join(getFetched('azure-node'), program)]
  return runProgram(t, { command: process.execPath, parameters, environment })
}

describe('the emulator, judged by libraries in Node', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in with @azure/msal-node: code, refresh, client credentials, public client, device code, on behalf of (M1, M5, M6)', async (t) => {
    if (isSkipped(t, 'azure-node')) return
    assert.deepEqual(await judge(t, 'msal-node.mjs'), {
      code: alice,
      refresh: alice,
      clientCredentials: alice,
      publicCode: alice,
      publicRefresh: alice,
      deviceCode: bob,
      onBehalfOf: alice,
    })
  })

  it('gives @azure/identity its tokens: code, refresh, environment, device code, on behalf of (M1, M5, M8)', async (t) => {
    if (isSkipped(t, 'azure-node')) return
    assert.deepEqual(await judge(t, 'azure-identity.mjs'), {
      code: alice,
      refresh: 3,
      clientCredentials: alice,
      deviceCode: bob,
      onBehalfOf: alice,
    })
  })
})
