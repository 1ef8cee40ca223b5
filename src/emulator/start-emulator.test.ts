import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contoso, redirectUri, singleTenant } from '../../test/support/emulator-sign-in.ts'
import { startEmulator } from './start-emulator.ts'

describe('startEmulator', () => {
  it('answers over http on a port of its own, under the name localhost', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    const url = `${emulator.origin}/${contoso}/v2.0/.well-known/openid-configuration`
    const { issuer } = await (await fetch(url)).json()
    assert.equal(issuer, `http://localhost:${emulator.port}/${contoso}/v2.0`)
    await emulator.close()
    await assert.rejects(fetch(url))
  })

  it('builds addresses from the public origin when there is one', async (t) => {
    const emulator = await startEmulator({ publicOrigin: 'https://entra.example' })
    t.after(() => emulator.close())
    const url = `http://127.0.0.1:${emulator.port}/common/v2.0/.well-known/openid-configuration`
    const { issuer } = await (await fetch(url)).json()
    assert.equal(issuer, 'https://entra.example/{tenantid}/v2.0')
  })

  it('ends requests that hang when it closes', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    emulator.setFault({ kind: 'hang', on: 'keys' })
    const pending = fetch(`${emulator.origin}/${contoso}/discovery/v2.0/keys`)
    const settled = pending.then(
      () => 'ended',
      () => 'ended',
    )
    while (emulator.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await emulator.close()
    assert.equal(await settled, 'ended')
  })

  it('breaks the connection in the middle of a body', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    emulator.setFault({ kind: 'cut_body', on: 'keys' })
    const url = `${emulator.origin}/${contoso}/discovery/v2.0/keys`
    await assert.rejects(async () => (await fetch(url)).text())
    assert.equal((await fetch(url)).status, 200)
  })

  it('shows a change of the directory, which is not a copy', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    emulator.updateUser('alice@contoso.example', { displayName: 'Changed' })
    assert.equal(emulator.directory.tenants[0]?.users[0]?.displayName, 'Changed')
  })

  it('posts a picked person on to the application', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    const query = new URLSearchParams({
      client_id: singleTenant.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
    })
    const response = await fetch(`${emulator.origin}/${contoso}/oauth2/v2.0/authorize/choose`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({
        request: query.toString(),
        account: 'aaaaaaaa-0000-4000-8000-000000000001',
      }),
    })
    assert.equal(response.status, 303)
  })

  it('refuses to listen where other machines could reach it', async () => {
    await assert.rejects(startEmulator({ hostname: '0.0.0.0' }), /loopback/)
  })

  it('says so when the port is taken', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    await assert.rejects(startEmulator({ port: emulator.port }), { code: 'EADDRINUSE' })
  })
})
