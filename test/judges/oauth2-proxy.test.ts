import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../support/server-process.ts'
import { createBrowser, trustAuthority } from './support/browser.ts'
import {
  getFetched,
  isSkipped,
  JUDGE_MILLISECONDS,
  type JudgedEmulator,
  requestsOf,
  runEmulator,
  runServer,
} from './support/run-judge.ts'

const alice = 'aaaaaaaa-0000-4000-8000-000000000001'

async function startOauth2Proxy(
  t: TestContext,
  { environment, trust }: JudgedEmulator,
  provider: string,
): Promise<string> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const options = {
    provider,
    'oidc-issuer-url': environment.OIDC_ISSUER,
    'client-id': environment.OIDC_CLIENT_ID,
    'client-secret': environment.OIDC_CLIENT_SECRET,
    'provider-ca-file': trust.certificate,
    'redirect-url': `${origin}/oauth2/callback`,
    'code-challenge-method': 'S256',
    scope: 'openid profile email offline_access',
    'email-domain': '*',
    upstream: 'static://202',
    'http-address': `127.0.0.1:${port}`,
    'cookie-secret': randomBytes(16).toString('hex'),
    'cookie-secure': 'false',
    // So soon that the second request of a test refreshes.
    'cookie-refresh': '1s',
  }
  await runServer(t, {
    command: join(getFetched('oauth2-proxy'), 'oauth2-proxy'),
    parameters: Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    readyAt: `${origin}/ping`,
  })
  return origin
}

describe('the emulator, judged by oauth2-proxy', { timeout: JUDGE_MILLISECONDS }, () => {
  for (const provider of ['oidc', 'entra-id']) {
    it(`signs in by code and refreshes, as provider ${provider} (M1)`, async (t) => {
      if (isSkipped(t, 'oauth2-proxy')) return
      const emulator = await runEmulator(t)
      trustAuthority(emulator.trust.certificate)
      const origin = await startOauth2Proxy(t, emulator, provider)
      const browser = createBrowser(alice)
      assert.equal((await browser.visit(`${origin}/oauth2/start?rd=/`)).status, 202)

      await pause(2000) // The session of the proxy is a second old then.
      const { text } = await browser.visit(`${origin}/oauth2/userinfo`)
      const { email, preferredUsername } = JSON.parse(text)
      assert.deepEqual(
        [email, preferredUsername],
        ['alice@contoso.example', 'alice@contoso.example'],
      )
      const grants = (await requestsOf(emulator, 'token')).map(({ params }) => params.grant_type)
      assert.deepEqual(grants, ['authorization_code', 'refresh_token'])
    })
  }
})
