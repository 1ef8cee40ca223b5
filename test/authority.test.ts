/** `ENTRADA_ENTRA_AUTHORITY` and the option `authority`: the cloud of the deployment, and of connections that name another one. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from './support/api-calls.ts'
import { createCustomer } from './support/customers.ts'
import { onlyUser } from './support/people.ts'
import { ENTRA_URL, people, SERVER_URL } from './support/rig.ts'
import { temporaryFolder } from './support/server-process.ts'
import { invite, openLink } from './support/setup.ts'
import { openRig, signInWithToken } from './support/steps.ts'
import { run } from './support/transcript.ts'

const US = 'https://login.microsoftonline.us'
const CHINA = 'https://login.partner.microsoftonline.cn'
const EXTERNAL = 'https://contoso.ciamlogin.com'
const TENANT = '11111111-1111-4111-8111-111111111111'

describe('the authority of a deployment without a connection of its own', () => {
  const options = { withoutEntra: true, authority: new URL(US) }

  it('is that of connections which API and set-up pages make (E2)', async (t) => {
    const rig = await openRig(t, options)
    await ask(rig, '/organizations', { method: 'POST', body: { id: 'contoso', name: 'Contoso' } })
    const made = await ask(rig, '/connections', {
      method: 'POST',
      body: { organizationId: 'contoso' },
    })
    assert.deepEqual([made.body.cloud, made.body.authority], ['us_government', US])

    const { connection, link } = await invite(rig, { name: 'Fabrikam' })
    assert.deepEqual([connection.cloud, connection.authority], ['us_government', US])
    const { text } = await openLink(rig.browser(), link)
    assert.match(text, new RegExp(`<option value="${US}" selected`))
  })

  it('is that of connections which the command line and a file make (E2)', async (t) => {
    const folder = await temporaryFolder(t)
    const environment = {
      ENTRADA_SERVER_URL: 'https://sso.example.com',
      ENTRADA_DATA_DIR: folder,
      ENTRADA_ENTRA_AUTHORITY: US,
    }
    const entrada = (...argv: readonly string[]) => run(argv, environment)
    assert.equal((await entrada('migrate')).exitCode, 0)
    await entrada('organization', 'create', 'Contoso', '--id', 'contoso')
    const made = await entrada('connection', 'create', 'contoso', '--json')
    const { cloud, authority } = JSON.parse(made.printed.join(''))
    assert.deepEqual([cloud, authority], ['us_government', US], made.printedErrors.join('\n'))

    const file = join(folder, 'connections.yaml')
    const connections = 'connections: [{ id: by-file, tenant: contoso.com }]'
    await writeFile(file, `organizations:\n  - { id: fabrikam, name: Fabrikam, ${connections} }\n`)
    const applied = await entrada('apply', '-f', file, '--yes')
    assert.equal(applied.exitCode, 0, applied.printedErrors.join('\n'))
    const shown = JSON.parse(
      (await entrada('connection', 'show', 'by-file', '--json')).printed.join(''),
    )
    assert.deepEqual([shown.cloud, shown.authority], ['us_government', US])
    assert.match(
      (await entrada('apply', '-f', file, '--yes')).printed.join('\n'),
      /matches the file/i,
    )
  })

  it('gives way to a connection that names another cloud, and the person keeps that cloud (E2)', async (t) => {
    const rig = await openRig(t, options)
    await ask(rig, '/organizations', { method: 'POST', body: { id: 'contoso', name: 'Contoso' } })
    const body = { organizationId: 'contoso', authority: CHINA }
    const made = await ask(rig, '/connections', { method: 'POST', body })
    assert.deepEqual([made.body.cloud, made.body.authority], ['china', CHINA])
    const patched = await ask(rig, `/connections/${made.body.id}`, {
      method: 'PATCH',
      body: { name: 'Still China' },
    })
    assert.equal(patched.body.authority, CHINA)

    const customer = await createCustomer(rig)
    await customer.signIn(people.alice)
    const [identity] = (await onlyUser(rig)).identities
    assert.equal(identity?.key.space, `entra:${new URL(ENTRA_URL).hostname}`)
  })
})

describe('the authority of a connection', () => {
  it('is the cloud by any of its names: an older name makes no cloud of its own (E2)', async (t) => {
    const rig = await openRig(t)
    await ask(rig, '/organizations', { method: 'POST', body: { id: 'contoso', name: 'Contoso' } })
    for (const [authority, expected] of [
      ['https://login.windows.net', 'https://login.microsoftonline.com'],
      ['https://sts.windows.net/', 'https://login.microsoftonline.com'],
      ['https://LOGIN.Microsoft.com:443', 'https://login.microsoftonline.com'],
      ['https://login.microsoftonline.com.', 'https://login.microsoftonline.com'],
      ['https://login.usgovcloudapi.net', US],
      ['https://login.chinacloudapi.cn', CHINA],
    ]) {
      const body = { organizationId: 'contoso', authority }
      const made = await ask(rig, '/connections', { method: 'POST', body })
      assert.equal(made.body.authority, expected, authority)
      assert.match(String(made.body.cloud), /^(global|us_government|china)$/)
    }
  })

  it('of External ID is one directory with an application of its own (E5)', async (t) => {
    const rig = await openRig(t)
    await ask(rig, '/organizations', { method: 'POST', body: { id: 'contoso', name: 'Contoso' } })
    const make = (more: object) =>
      ask(rig, '/connections', {
        method: 'POST',
        body: { organizationId: 'contoso', authority: EXTERNAL, ...more },
      })
    const made = await make({ tenant: 'contoso.onmicrosoft.com' })
    assert.deepEqual([made.body.cloud, made.body.authority], ['external', EXTERNAL])
    for (const [more, parameter] of [
      [{ allowedTenantIds: [TENANT] }, 'allowedTenantIds'],
      [{ application: 'shared' }, 'application'],
    ] as const) {
      const refused = await make(more)
      assert.deepEqual([refused.status, refused.body.parameter], [400, parameter])
    }
    const { body } = await make({ authority: `https://${TENANT}.ciamlogin.com`, tenant: TENANT })
    assert.equal(body.cloud, 'external')
  })
})

describe('the page of a connection for operators', () => {
  it('shows which cloud, and which kind of directory, it is for (E5)', async (t) => {
    const rig = await openRig(t)
    const { connection } = await invite(rig, { authority: new URL(EXTERNAL) })
    const browser = rig.browser()
    await signInWithToken(browser, SERVER_URL)
    const { text } = await browser.visit(`${SERVER_URL}/admin/connections/${connection.id}`)
    assert.match(text, /Entra External ID \(customers\)/)
  })
})
