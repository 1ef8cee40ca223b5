import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { freePort } from '../support/server-process.ts'
import { createBrowser, trustAuthority } from './support/browser.ts'
import { findProgram } from './support/judge-folders.ts'
import {
  getFetched,
  isSkipped,
  JUDGE_MILLISECONDS,
  type JudgedEmulator,
  runEmulator,
  runServer,
} from './support/run-judge.ts'

const alice = 'aaaaaaaa-0000-4000-8000-000000000001'
const apiClientId = '88888888-8888-4888-8888-888888888888'
const publicClientId = '66666666-6666-4666-8666-666666666666'

async function startSpring(t: TestContext, { environment }: JudgedEmulator): Promise<string> {
  const port = await freePort()
  const client = 'spring.security.oauth2.client'
  const settings = {
    'server.port': port,
    'server.address': '127.0.0.1',
    [`${client}.provider.entra.issuer-uri`]: environment.OIDC_ISSUER,
    [`${client}.provider.entra.user-name-attribute`]: 'sub',
    [`${client}.registration.entra.client-id`]: environment.OIDC_CLIENT_ID,
    [`${client}.registration.entra.client-secret`]: environment.OIDC_CLIENT_SECRET,
    [`${client}.registration.entra.scope`]: 'openid,profile,email,offline_access',
    [`${client}.registration.service.provider`]: 'entra',
    [`${client}.registration.service.client-id`]: environment.OIDC_CLIENT_ID,
    [`${client}.registration.service.client-secret`]: environment.OIDC_CLIENT_SECRET,
    [`${client}.registration.service.authorization-grant-type`]: 'client_credentials',
    [`${client}.registration.service.scope`]: `api://${apiClientId}/.default`,
    'spring.security.oauth2.resourceserver.jwt.issuer-uri': environment.OIDC_ISSUER,
    'spring.security.oauth2.resourceserver.jwt.audiences': apiClientId,
  }
  const folder = getFetched('spring')
  const classPath = [join(folder, 'classes'), join(folder, 'dependency', '*')].join(':')
  await runServer(t, {
    command: findProgram('java') ?? 'java',
    parameters: [
      '-cp',
      classPath,
      'judge.Judge',
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ],
    environment: { JAVA_TOOL_OPTIONS: environment.JAVA_TOOL_OPTIONS ?? '' },
    readyAt: `http://localhost:${port}/`,
  })
  return `http://localhost:${port}`
}

/** An access token for the API, which a device got for its user. */
async function getAccessToken({ environment, authority }: JudgedEmulator): Promise<string> {
  const base = `${authority}/${environment.AZURE_TENANT_ID}/oauth2/v2.0`
  const send = async (url: string, form: Readonly<Record<string, string>>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  const scope = `api://${apiClientId}/access_as_user`
  const response = await send(`${base}/devicecode`, { client_id: publicClientId, scope })
  const device = (await response.json()) as Readonly<Record<string, string>>
  await send(device.verification_uri ?? '', { otc: device.user_code ?? '', account: alice })
  const answer = await send(`${base}/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: publicClientId,
    device_code: device.device_code ?? '',
  })
  return String(((await answer.json()) as Readonly<Record<string, unknown>>).access_token)
}

describe('the emulator, judged by Spring Security', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in by code, refreshes, uses client credentials, and takes JWT access tokens (M1, M7)', async (t) => {
    if (isSkipped(t, 'spring')) return
    const emulator = await runEmulator(t)
    trustAuthority(emulator.trust.certificate)
    const origin = await startSpring(t, emulator)
    const { text } = await createBrowser(alice).visit(`${origin}/`)
    assert.deepEqual(JSON.parse(text), {
      user: 'alice@contoso.example',
      email: 'alice@contoso.example',
      isRefreshed: true,
      hasOwnToken: true,
    })

    const headers = { Authorization: `Bearer ${await getAccessToken(emulator)}` }
    const called = await fetch(`${origin}/api/me`, { headers })
    assert.deepEqual(await called.json(), { caller: 'alice@contoso.example' })
  })
})
