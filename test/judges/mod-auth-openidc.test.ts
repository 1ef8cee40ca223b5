import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { freePort, temporaryFolder } from '../support/server-process.ts'
import { createBrowser, trustAuthority } from './support/browser.ts'
import { apacheModules, findProgram, sourceOf } from './support/judge-folders.ts'
import {
  isSkipped,
  JUDGE_MILLISECONDS,
  type JudgedEmulator,
  requestsOf,
  runEmulator,
  runServer,
} from './support/run-judge.ts'

const alice = 'aaaaaaaa-0000-4000-8000-000000000001'

async function startApache(t: TestContext, emulator: JudgedEmulator): Promise<string> {
  const [folder, port] = [await temporaryFolder(t), await freePort()]
  await chmod(folder, 0o755) // Apache's workers are not root.
  await mkdir(join(folder, 'www'))
  await writeFile(join(folder, 'www', 'index.html'), 'signed in')
  const certificate = join(folder, 'ca.pem')
  await writeFile(certificate, await readFile(emulator.trust.certificate))
  const isRoot = userInfo().uid === 0
  const values: Readonly<Record<string, string | undefined>> = {
    FOLDER: folder,
    PORT: String(port),
    MODULES: apacheModules,
    USER: isRoot ? 'www-data' : `#${userInfo().uid}`,
    GROUP: isRoot ? 'www-data' : `#${userInfo().gid}`,
    ISSUER: emulator.environment.OIDC_ISSUER,
    CLIENT_ID: emulator.environment.OIDC_CLIENT_ID,
    CLIENT_SECRET: emulator.environment.OIDC_CLIENT_SECRET,
    CERTIFICATE: certificate,
  }
  const text = await readFile(join(sourceOf('mod-auth-openidc'), 'httpd.conf'), 'utf8')
  const file = join(folder, 'httpd.conf')
  await writeFile(
    file,
    text.replace(/\{([A-Z_]+)\}/g, (whole, name) => values[name] ?? whole),
  )
  await runServer(t, {
    command: findProgram('apache2') ?? 'apache2',
    parameters: ['-X', '-f', file],
    readyAt: `http://localhost:${port}/`,
  })
  return `http://localhost:${port}`
}

describe('the emulator, judged by mod_auth_openidc', { timeout: JUDGE_MILLISECONDS }, () => {
  it('signs in by code and refreshes (M1)', async (t) => {
    if (isSkipped(t, 'mod-auth-openidc')) return
    const emulator = await runEmulator(t)
    trustAuthority(emulator.trust.certificate)
    const origin = await startApache(t, emulator)
    const browser = createBrowser(alice)
    const { status, headers } = await browser.visit(`${origin}/index.html`)
    assert.equal(status, 200)
    assert.equal(headers['x-user'], 'alice@contoso.example')
    assert.equal(headers['x-email'], 'alice@contoso.example')
    await browser.visit(`${origin}/index.html`)
    const grants = (await requestsOf(emulator, 'token')).map(({ params }) => params.grant_type)
    assert.deepEqual([grants[0], grants.at(-1)], ['authorization_code', 'refresh_token'])
  })
})
