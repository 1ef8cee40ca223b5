import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
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

/** MSAL4J forgets the port of the authority when it refreshes. */
async function isHttpsPortFree(): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(443, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

describe('the emulator, judged by MSAL4J', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in by code, refreshes, with client credentials, device code and on behalf of (M1, M2, M5, M6)', async (t) => {
    if (isSkipped(t, 'msal4j')) return
    const canRefresh = await isHttpsPortFree()
    if (!canRefresh) t.diagnostic('without refresh: port 443 cannot be used here')
    const { environment } = await runEmulator(t, ['--port', canRefresh ? '443' : '0'])
    const fetched = getFetched('msal4j')
    const classPath = [join(fetched, 'classes'), join(fetched, 'dependency', '*')].join(':')
    const parameters = ['-cp', classPath, 'Judge', ...(canRefresh ? ['refresh'] : [])]
    assert.deepEqual(await runProgram(t, { command: 'java', parameters, environment }), {
      code: alice,
      ...(canRefresh ? { refresh: alice } : {}),
      clientCredentials: alice,
      deviceCode: bob,
      onBehalfOf: alice,
    })
  })
})
