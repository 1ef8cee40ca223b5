/** What is wrong with the application in Entra: its credential, its registration. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startPatient } from './support/examined.ts'
import { newCertificate } from './support/https-site.ts'
import { CLIENT_ID, CLIENT_SECRET, FABRIKAM } from './support/rig.ts'

describe('what the doctor finds about the credential', () => {
  it('a secret that is wrong', async (t) => {
    const { examine } = await startPatient(t)
    const { exitCode, find } = await examine({ ENTRADA_ENTRA_CLIENT_SECRET: 'not-the-secret' })
    assert.equal(exitCode, 1)
    assert.equal(find('credential_wrong').whoCanFix, 'application_administrator')
  })

  it('a secret that has expired, by what Entra says', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.expireSecret(CLIENT_ID)
    const { exitCode, find } = await examine()
    assert.equal(exitCode, 1)
    assert.match(find('credential_expired').what, /AADSTS7000222/)
  })

  it('a secret that is refused only by the second question', async (t) => {
    const { examine, emulator } = await startPatient(t)
    // As if Entra looked at the code before the secret.
    const fault = {
      kind: 'oauth_error',
      on: 'token',
      error: 'invalid_grant',
      code: 9002313,
    } as const
    emulator.setFault(fault)
    const { find } = await examine({ ENTRADA_ENTRA_CLIENT_SECRET: 'not-the-secret' })
    assert.equal(find('credential_wrong').severity, 'error')
  })

  it('that it is less sure when a token for the application itself is refused', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.setFault({
      kind: 'oauth_error',
      on: 'token',
      error: 'access_denied',
      code: 53003,
      skip: 1,
    })
    const { exitCode, find } = await examine()
    assert.equal(exitCode, 0)
    assert.match(find('credential_seems_good').what, /seems to accept .*AADSTS53003/)
  })

  it('an old secret beside the new one, which works', async (t) => {
    const { examine } = await startPatient(t)
    const changes = { ENTRADA_ENTRA_CLIENT_SECRET: `${CLIENT_SECRET},the-one-from-last-year` }
    const { exitCode, find } = await examine(changes)
    assert.equal(exitCode, 0)
    assert.match(find('credential_spare_refused').what, /client_secret:[0-9a-f]{4}/)
    assert.deepEqual(find('credential_spare_refused').items, ['AADSTS7000215 Wrong client secret'])
  })

  it('a client id that the directory does not have', async (t) => {
    const { examine } = await startPatient(t)
    const changes = { ENTRADA_ENTRA_CLIENT_ID: '0f8fad5b-d9cb-469f-a165-70867728950e' }
    const { exitCode, find, troubles } = await examine(changes)
    assert.equal(exitCode, 1)
    assert.match(find('client_id_unknown').fix ?? '', /not "Object ID"/)
    assert.deepEqual(troubles, ['client_id_unknown'])
  })

  it('a single-tenant application that lives in another directory', async (t) => {
    const { examine } = await startPatient(t)
    const { find } = await examine({ ENTRADA_ENTRA_TENANT_ID: FABRIKAM })
    assert.match(find('client_id_unknown').why ?? '', /single-tenant and belongs to another/)
  })

  it('a certificate that is not uploaded, and is content once it is', async (t) => {
    const { examine, emulator, folder } = await startPatient(t)
    const { chain: certificate, key } = newCertificate('Entrada')
    const file = join(folder, 'application.pem')
    await writeFile(file, `${certificate}\n${key}`)
    const changes = {
      ENTRADA_ENTRA_CLIENT_SECRET: '',
      ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE: file,
      ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: file,
    }
    const before = await examine(changes, '--only', 'credential')
    assert.match(before.find('credential_refused').items[0] ?? '', /^AADSTS700027/)
    emulator.addCertificate(CLIENT_ID, certificate)
    const after = await examine(changes, '--only', 'credential')
    assert.match(after.find('credential_good').what, /thumbprint [0-9A-F]{40}/)
  })

  it('a federated token file that is not there', async (t) => {
    const { examine, folder } = await startPatient(t)
    const changes = {
      ENTRADA_ENTRA_CLIENT_SECRET: '',
      ENTRADA_ENTRA_FEDERATED_TOKEN_FILE: join(folder, 'token'),
    }
    const { find } = await examine(changes, '--only', 'credential')
    assert.match(find('credential_unreadable').what, /it cannot be read/)
  })

  it('a secret that ends in ten days, one that ended, and one whose end nobody knows', async (t) => {
    const { examine } = await startPatient(t)
    const day = (days: number) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    const at = (date: string) =>
      examine({ ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES: date }, '--only', 'credential')
    assert.match((await at(day(10))).find('credential_ends_soon').what, /in 9 days/)
    assert.equal((await at(day(-10))).find('credential_ended').severity, 'warning')
    assert.equal((await at(day(400))).find('credential_lasts').severity, 'ok')
    assert.equal((await at('-')).find('credential_end_unknown').severity, 'info')
  })
})

describe('what the doctor finds about the registration', () => {
  it('a redirect URI that is not registered', async (t) => {
    const { examine, emulator, serverUrl } = await startPatient(t)
    emulator.setApplication(CLIENT_ID, {
      loopbackRedirectUris: undefined,
      redirectUris: ['https://elsewhere.example.com/'],
    })
    const { exitCode, find } = await examine()
    assert.equal(exitCode, 1)
    assert.match(find('redirect_uri_not_registered').what, new RegExp(`^${serverUrl}/auth`))
  })

  it('a redirect URI that is registered for http in place of https', async (t) => {
    const { examine, emulator } = await startPatient(t)
    const wrong = 'http://sso.example.com/auth/entra/callback'
    emulator.setApplication(CLIENT_ID, { loopbackRedirectUris: undefined, redirectUris: [wrong] })
    const changes = { ENTRADA_SERVER_URL: 'https://sso.example.com' }
    const { exitCode, find } = await examine(changes, '--only', 'registration')
    assert.equal(exitCode, 1)
    assert.match(find('redirect_uri_registered_otherwise').what, new RegExp(`but ${wrong} is`))
  })

  it('a redirect URI that is registered with a slash too many', async (t) => {
    const { examine, emulator, serverUrl } = await startPatient(t)
    emulator.setApplication(CLIENT_ID, {
      loopbackRedirectUris: undefined,
      redirectUris: [`${serverUrl}/auth/entra/callback/`],
    })
    const { find } = await examine({}, '--only', 'registration')
    assert.match(find('redirect_uri_registered_otherwise').what, /callback\/ is\.$/)
  })

  it('a redirect URI that is registered without its port, or with www before it', async (t) => {
    for (const change of ['port', 'www'] as const) {
      const { examine, emulator } = await startPatient(t)
      const [right, wrong] = [
        'https://example.com:8443/auth/entra/callback',
        change === 'port'
          ? 'https://example.com/auth/entra/callback'
          : 'https://www.example.com:8443/auth/entra/callback',
      ]
      emulator.addRedirectUri(CLIENT_ID, wrong)
      const changes = { ENTRADA_SERVER_URL: 'https://example.com:8443' }
      const { find } = await examine(changes, '--only', 'registration')
      const { what } = find('redirect_uri_registered_otherwise')
      assert.equal(what, `${right} is not registered, but ${wrong} is.`)
    }
  })

  it('that it could not find out, when Entra does not answer', async (t) => {
    const { examine, emulator } = await startPatient(t)
    emulator.setFault({ kind: 'status', on: 'authorize', status: 503 })
    const { exitCode, find } = await examine({}, '--only', 'registration')
    assert.equal(exitCode, 0)
    assert.match(find('redirect_uri_not_known').what, /answered 503 without a reason/)
  })

  for (const [code, id] of [
    [9002325, 'registered_as_spa'],
    [9002327, 'registered_as_spa'],
    [700025, 'registered_as_public'],
  ] as const) {
    it(`a redirect URI of another kind than Web (AADSTS${code})`, async (t) => {
      const { examine, emulator } = await startPatient(t)
      emulator.setFault({ kind: 'oauth_error', on: 'token', error: 'invalid_request', code })
      const { exitCode, find } = await examine()
      assert.equal(exitCode, 1)
      assert.match(find(id).fix ?? '', /add it under "Web"/)
    })
  }
})
