/** What an operator does for a new customer: API, command line, and the script that the customer gets. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { azScript } from '../src/setup/entra/az-script.ts'
import { registrationOf } from '../src/setup/entra/registration.ts'
import { ask, items } from './support/api-calls.ts'
import { SERVER_URL } from './support/rig.ts'
import { invite, openLink } from './support/setup.ts'
import { openRig } from './support/steps.ts'
import { run } from './support/transcript.ts'

describe('/api/v1/connections/ID/setup-links', () => {
  it('makes a link, shows its address once, lists it and withdraws it', async (t) => {
    const rig = await openRig(t)
    const { connection } = await invite(rig)
    const path = `/connections/${connection.id}/setup-links`
    const { status, body, headers } = await ask(rig, path, { method: 'POST' })
    assert.equal(status, 201)
    assert.match(String(body.address), new RegExp(`^${SERVER_URL}/setup/link/[A-Za-z0-9_-]{43}$`))
    assert.equal(headers.get('location'), `/api/v1${path}/${body.id}`)
    const [newest, earlier] = await items(rig, path)
    assert.deepEqual([newest?.state, earlier?.state], ['waiting', 'replaced'])
    assert.ok(!JSON.stringify(newest).includes('address'))

    await openLink(rig.browser(), String(body.address))
    assert.equal((await ask(rig, `${path}/${body.id}`)).body.state, 'opened')
    assert.equal((await ask(rig, `${path}/${body.id}`, { method: 'DELETE' })).status, 204)
    assert.equal((await ask(rig, `${path}/${body.id}`)).body.state, 'withdrawn')
    assert.equal((await openLink(rig.browser(), String(body.address))).response.status, 410)
  })

  it('keeps the address nowhere, also for a call that comes again (I03)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await invite(rig)
    const path = `/connections/${connection.id}/setup-links`
    const headers = { 'idempotency-key': 'k-1' }
    const first = await ask(rig, path, { method: 'POST', headers })
    const again = await ask(rig, path, { method: 'POST', headers })
    assert.deepEqual([again.status, again.body.id], [201, first.body.id])
    assert.match(String(first.body.address), /\/setup\/link\//)
    assert.equal(again.body.address, null)
  })

  it('are nobody’s who may not, and of nothing that is not there', async (t) => {
    const rig = await openRig(t)
    const { connection } = await invite(rig)
    const path = `/connections/${connection.id}/setup-links`
    assert.equal((await ask(rig, path, { method: 'POST', as: {} })).status, 401)
    assert.equal(
      (await ask(rig, '/connections/absent/setup-links', { method: 'POST' })).status,
      404,
    )
    assert.equal((await ask(rig, `${path}/absent`)).status, 404)
    assert.equal((await ask(rig, `${path}/absent`, { method: 'DELETE' })).status, 404)
    assert.equal(
      (await ask(rig, '/connections/default/setup-links', { method: 'POST' })).status,
      409,
    )
  })
})

describe('on the command line', () => {
  it('three commands lead to a link', async (t) => {
    const environment = environmentOf(t)
    assert.equal((await run(['migrate'], environment)).exitCode, 0)
    const organization = await run(['organization', 'create', 'Contoso', '--json'], environment)
    assert.equal(organization.exitCode, 0, organization.lines.join('\n'))
    const { id, slug } = JSON.parse(organization.printed[0] ?? '')
    assert.equal(slug, 'contoso')
    const created = ['connection', 'create', id, '--id', 'abc123', '--default-role', 'member']
    const connection = await run(created, environment)
    assert.deepEqual(connection.printed, ['abc123  Contoso (contoso), draft'])
    const invited = await run(['connection', 'invite', 'abc123'], environment)
    assert.match(invited.printed[0] ?? '', /^http:\/\/localhost:39999\/setup\/link\/[\w-]{43}$/)
    assert.match(invited.printed[1] ?? '', /^To set up the connection, until /)
    const absent = await run(['connection', 'invite', 'absent'], environment)
    assert.equal(absent.exitCode, 1)
  })
})

describe('the script for the Azure CLI', () => {
  const hostile = `O'Neil "& Söhne" $(touch /tmp/x) \`id\` \\ APPLICATION`

  it('is one that bash reads, with a registration that is JSON, whatever the names are', async (t) => {
    const rig = await openRig(t)
    const { connection } = await invite(rig, { name: hostile })
    const registration = { ...registrationOf(rig.services, connection), applicationName: hostile }
    const script = azScript(registration)
    const checked = spawnSync('bash', ['-n'], { input: script })
    assert.equal(checked.status, 0, String(checked.stderr))
    const [, json = ''] = /<<'APPLICATION'\n([\s\S]*?)\nAPPLICATION\n/.exec(script) ?? []
    const body = JSON.parse(json)
    assert.equal(body.displayName, hostile)
    assert.deepEqual(body.web.redirectUris, [registration.redirectUri])
    assert.equal(body.web.homePageUrl, registration.homePageUrl)
    assert.equal(body.signInAudience, 'AzureADMyOrg')
    assert.deepEqual(
      body.optionalClaims.idToken.map(({ name }: { name: string }) => name),
      ['email', 'xms_edov', 'acct', 'sid', 'login_hint', 'groups'],
    )
    assert.match(script, /https:\/\/graph\.microsoft\.com\/v1\.0\/applications/)
  })

  it('speaks to the Graph and the login of a national cloud', async (t) => {
    const rig = await openRig(t)
    const authority = new URL('https://login.microsoftonline.us')
    const { connection } = await invite(rig, { authority })
    const script = azScript(registrationOf(rig.services, connection))
    assert.doesNotMatch(script, /7427e0e9/)
    assert.match(script, /az cloud set --name AzureUSGovernment/)
    assert.match(script, /--uri https:\/\/graph\.microsoft\.us\/v1\.0\/applications/)
  })
})

describe('a connection whose sessions are checked again', () => {
  it('asks for offline_access on the set-up page and in its script (O20)', async (t) => {
    const rig = await openRig(t)
    const { connection, link } = await invite(rig, { settings: { recheckMinutes: 15 } })
    const script = azScript(registrationOf(rig.services, connection))
    assert.match(script, /"id": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"/)
    const { text } = await openLink(rig.browser(), link)
    assert.match(text, /Add <code>offline_access<\/code>/)
    const without = await openLink(rig.browser(), (await invite(rig)).link)
    assert.doesNotMatch(without.text, /offline_access<\/code>/)
  })
})

function environmentOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-customers-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return { ENTRADA_DATA_DIR: folder, ENTRADA_SERVER_URL: 'http://localhost:39999' }
}
