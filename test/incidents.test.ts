/** What docs/incidents and the rotation in docs/operate.md say, tried. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { createEntrada, type Entrada } from '../src/entrada.ts'
import { newSecretKey } from '../src/keys/key-ring.ts'
import { Secret } from '../src/keys/secret.ts'
import { createTestBrowser, type TestBrowser } from './support/browser.ts'
import {
  CLIENT_ID,
  CLIENT_SECRET,
  CONTOSO,
  ENTRA_URL,
  OPERATOR_TOKEN,
  people,
  type Rig,
  SERVER_URL,
} from './support/rig.ts'
import {
  createSocketBrowser,
  freePort,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'
import { openRig } from './support/steps.ts'

const NEW_SECRET = 'another~value.of-forty-characters-012345'

describe('docs/incidents/secret-expired.md', () => {
  it('the page, the log and /admin name it; a new secret in the file ends it, nobody signed out', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    emulator.signInAutomaticallyAs(people.alice)
    const port = await freePort()
    const origin = `http://localhost:${port}`
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
    const file = join(await temporaryFolder(t), 'secret')
    writeFileSync(file, CLIENT_SECRET)
    const server = await startServer(t, 'serve', {
      port,
      environment: {
        ENTRADA_ENTRA_TENANT_ID: CONTOSO,
        ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
        ENTRADA_ENTRA_CLIENT_SECRET_FILE: file,
        ENTRADA_ENTRA_AUTHORITY: emulator.origin,
        ENTRADA_OPERATOR_TOKEN: OPERATOR_TOKEN,
      },
    })
    await server.printed(/"event":"started"/)
    assert.match(server.output(), /credential_expiry_unknown/)
    const signIn = (browser = createSocketBrowser()) => browser.visit(`${origin}/auth/entra/login`)
    const signedIn = createSocketBrowser()
    assert.equal((await signIn(signedIn)).url.pathname, '/')

    const past = new Date('2020-01-01T00:00:00Z')
    emulator.setApplication(CLIENT_ID, { secrets: [{ value: CLIENT_SECRET, expiresAt: past }] })
    const refused = await signIn()
    assert.match(refused.text, /Ask your administrator to renew the client secret/)
    assert.match(refused.text, /client_credentials_refused[\s\S]*AADSTS7000222/)
    await server.printed(/"entraCodes":\[7000222\],"event":"credential_refused"/)
    const body = new URLSearchParams({ operator_token: OPERATOR_TOKEN })
    const admin = await createSocketBrowser().visit(`${origin}/login/token`, {
      method: 'POST',
      body,
    })
    assert.match(admin.text, /was refused when it was tried last \(AADSTS7000222\)/)
    assert.match((await signedIn.visit(`${origin}/`)).text, /Alice Example/)

    emulator.setApplication(CLIENT_ID, { secrets: [{ value: NEW_SECRET }] })
    writeFileSync(file, `${CLIENT_SECRET},${NEW_SECRET}\n`)
    server.kill('SIGHUP')
    await server.printed(/"event":"credentials_changed"/)
    assert.equal((await signIn()).url.pathname, '/')
    assert.match((await signedIn.visit(`${origin}/`)).text, /Alice Example/)
  })
})

describe('docs/incidents/entra-down.md', () => {
  it('keeps people signed in and the server ready, and is over by itself', async (t) => {
    const rig = await openRig(t)
    const { browser } = await rig.signIn(people.alice)
    rig.emulator.setFault({ kind: 'status', on: 'token', status: 503, times: 10 })
    const refused = await rig.signIn(people.bob)
    assert.match(refused.text, /Microsoft cannot be reached right now[\s\S]*provider_unreachable/)
    assert.match(rig.logLines.join(), /"endpoint":"token","status":503/)
    assert.equal((await rig.browser().request(`${SERVER_URL}/readyz`)).status, 200)
    assert.match((await browser.visit(SERVER_URL)).text, /Alice Example/)
    rig.emulator.clearFaults()
    assert.equal((await rig.signIn(people.bob)).url.pathname, '/')
  })

  it('lets a server be started meanwhile, for those who are signed in', async (t) => {
    const rig = await openRig(t, { database: join(await temporaryFolder(t), 'entrada.db') })
    const { browser } = await rig.signIn(people.alice)
    rig.emulator.setFault({ kind: 'status', on: 'discovery', status: 503, times: 10 })
    const replicas = openReplicas(t, rig)
    replicas.useKeys(rig.options.secretKeys)
    const again = replicas.browser(browser)
    assert.match((await again.visit(SERVER_URL)).text, /Alice Example/)
    const refused = await again.request(`${SERVER_URL}/auth/entra/login`)
    assert.equal(refused.status, 502)
  })
})

describe('docs/incidents/key-lost.md', () => {
  it('with a new key ring people stay signed in, a sign-in under way starts again', async (t) => {
    const rig = await openRig(t, { database: join(await temporaryFolder(t), 'entrada.db') })
    const { browser } = await rig.signIn(people.alice)
    const replicas = openReplicas(t, rig)
    const underWay = replicas.browser()
    const callback = await callbackOf(underWay)

    replicas.useKeys([new Secret(newSecretKey())])
    const page = await underWay.visit(callback)
    assert.match(page.text, /sign_in_attempt_not_yours/)
    assert.match(rig.logLines.join(), /"reason":"sealed"[^\n]*secret_key_missing[^\n]*"keyId"/)
    assert.equal((await underWay.visit(`${SERVER_URL}/auth/entra/login`)).url.pathname, '/')
    assert.match((await replicas.browser(browser).visit(SERVER_URL)).text, /Alice Example/)
  })
})

describe('docs/operate.md, rotation of the key ring', () => {
  it('appended, then moved to the front, no sign-in under way is lost', async (t) => {
    const [old, fresh] = [new Secret(newSecretKey()), new Secret(newSecretKey())]
    const database = join(await temporaryFolder(t), 'entrada.db')
    const rig = await openRig(t, { database, secretKeys: [old] })
    rig.emulator.signInAutomaticallyAs(people.alice)
    const replicas = openReplicas(t, rig)
    for (const keys of [[old, fresh], [fresh, old], [fresh]]) {
      const underWay = replicas.browser()
      const callback = await callbackOf(underWay)
      if (keys.length > 1) replicas.useKeys(keys)
      assert.equal((await underWay.visit(callback)).url.pathname, '/', `with ${keys.length} keys`)
      replicas.useKeys(keys)
    }
  })
})

/** Goes to Entra and comes back with the address of the callback, not yet visited. */
async function callbackOf(browser: TestBrowser): Promise<string> {
  const started = await browser.request(`${SERVER_URL}/auth/entra/login`)
  const returned = await browser.request(started.headers.get('location') ?? '')
  return returned.headers.get('location') ?? ''
}

/** The same database under another key ring, as after a restart: what answers the browsers changes under them. */
function openReplicas(t: TestContext, rig: Rig) {
  let current: Entrada = rig.entrada
  const sites = {
    [new URL(SERVER_URL).host]: (request: Request) => current.fetch(request),
    [new URL(ENTRA_URL).host]: (request: Request) => rig.emulator.fetch(request),
  }
  return {
    useKeys(secretKeys: readonly Secret[]): void {
      const next = createEntrada({ ...rig.options, secretKeys })
      t.after(() => next.close())
      current = next
    },
    /** With the cookies of another browser, or none. */
    browser(like?: TestBrowser): TestBrowser {
      const made = createTestBrowser(sites)
      const { host } = new URL(SERVER_URL)
      for (const [name, value] of like?.cookies(host) ?? []) made.setCookie(host, name, value)
      return made
    },
  }
}
