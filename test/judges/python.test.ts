import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Judge, sourceOf } from './support/judge-folders.ts'
import {
  getFetched,
  isSkipped,
  JUDGE_MILLISECONDS,
  runEmulator,
  runProgram,
} from './support/run-judge.ts'

const [alice, bob] = ['alice@contoso.example', 'bob@contoso.example']

async function judge(t: TestContext, name: Judge) {
  const { environment } = await runEmulator(t)
  return runProgram(t, {
    command: 'python3',
    parameters: [join(sourceOf(name), 'judge.py')],
    environment: {
      ...environment,
      PYTHONPATH: [getFetched(name), sourceOf('support')].join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  })
}

describe('the emulator, judged by libraries in Python', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in with MSAL: code, refresh, client credentials, public client, device code, on behalf of (M1, M5, M6)', async (t) => {
    if (isSkipped(t, 'msal-python')) return
    assert.deepEqual(await judge(t, 'msal-python'), {
      code: alice,
      refresh: alice,
      clientCredentials: 'Alice Example',
      publicCode: alice,
      publicRefresh: alice,
      deviceCode: bob,
      onBehalfOf: 'Alice Example',
    })
  })

  it('gives azure-identity its tokens: code, refresh, environment, browser, device code, on behalf of (M1, M5, M8)', async (t) => {
    if (isSkipped(t, 'azure-identity-python')) return
    assert.deepEqual(await judge(t, 'azure-identity-python'), {
      code: alice,
      refresh: alice,
      clientCredentials: 'Alice Example',
      interactive: alice,
      deviceCode: bob,
      onBehalfOf: alice,
    })
  })

  it('signs in with Authlib, which knows OpenID Connect alone: code, refresh, client credentials, device code (M1, M5, M6)', async (t) => {
    if (isSkipped(t, 'authlib')) return
    assert.deepEqual(await judge(t, 'authlib'), {
      code: alice,
      refresh: alice,
      userinfo: alice,
      publicCode: alice,
      publicRefresh: alice,
      clientCredentials: 'Alice Example',
      deviceCode: bob,
    })
  })
})
