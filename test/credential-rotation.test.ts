/** The steps of docs/credentials.md, taken on a running server: files on disk, a signal, the emulator as the directory. */
import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, people } from './support/rig.ts'
import {
  createSocketBrowser,
  freePort,
  type RunningServer,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'
import { run } from './support/transcript.ts'

async function openEmulator(t: TestContext, origin: string): Promise<StartedEmulator> {
  const emulator = await startEmulator()
  t.after(() => emulator.close())
  emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
  emulator.signInAutomaticallyAs(people.alice)
  return emulator
}

async function startWith(t: TestContext, credential: Record<string, string>) {
  const port = await freePort()
  const emulator = await openEmulator(t, `http://localhost:${port}`)
  const server = await startServer(t, 'serve', {
    port,
    environment: {
      ENTRADA_ENTRA_TENANT_ID: CONTOSO,
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_AUTHORITY: emulator.origin,
      ...credential,
    },
  })
  await server.printed(/"event":"started"/)
  return { emulator, server }
}

async function assertSignsIn({ origin }: RunningServer): Promise<void> {
  const { text } = await createSocketBrowser().visit(`${origin}/auth/entra/login`)
  assert.match(text, /Alice Example/)
}

type CreatedJson = { readonly certificateFile: string; readonly privateKeyFile: string }

async function createCertificate(folder: string): Promise<CreatedJson> {
  const { printed } = await run(['certificate', 'create', '--out', folder, '--json'], {})
  return JSON.parse(printed[0] ?? '')
}

describe('a running server', () => {
  it('takes a new secret from its file and goes on when the old one is deleted', async (t) => {
    const file = join(await temporaryFolder(t), 'entra')
    await writeFile(file, CLIENT_SECRET)
    const { emulator, server } = await startWith(t, { ENTRADA_ENTRA_CLIENT_SECRET_FILE: file })
    await assertSignsIn(server)

    const newSecret = 'a~new.secret-from-the-portal'
    emulator.addSecret(CLIENT_ID, newSecret)
    await writeFile(file, `${newSecret}\n${CLIENT_SECRET}\n`)
    server.kill('SIGHUP')
    await server.printed(/"event":"credentials_read"/)
    await assertSignsIn(server)
    emulator.setSecret(CLIENT_ID, newSecret)
    await assertSignsIn(server)
    await writeFile(file, newSecret)
    server.kill('SIGHUP')
    await server.printed(/"credentials_changed"[\s\S]*"credentials_changed"/)
    await assertSignsIn(server)

    assert.doesNotMatch(server.output(), /credential_refused|credentials_not_read/)
    assert.ok(![newSecret, CLIENT_SECRET].some((value) => server.output().includes(value)))
  })

  it('takes a new certificate from its files and goes on when the old one is deleted', async (t) => {
    const folder = await temporaryFolder(t)
    const paths = { certificate: join(folder, 'entra.pem'), key: join(folder, 'entra.key') }
    const place = async ({ certificateFile, privateKeyFile }: CreatedJson) => {
      await rename(certificateFile, paths.certificate)
      await rename(privateKeyFile, paths.key)
      return readFile(paths.certificate, 'utf8')
    }
    const first = await place(await createCertificate(folder))
    const { emulator, server } = await startWith(t, {
      ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE: paths.certificate,
      ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE: paths.key,
    })
    emulator.setApplication(CLIENT_ID, { certificates: [first], secrets: [] })
    await assertSignsIn(server)

    const created = await createCertificate(folder)
    emulator.addCertificate(CLIENT_ID, await readFile(created.certificateFile, 'utf8'))
    const second = await place(created)
    server.kill('SIGHUP')
    await server.printed(/"event":"credentials_changed"/)
    emulator.setApplication(CLIENT_ID, { certificates: [second] })
    await assertSignsIn(server)
    assert.doesNotMatch(server.output(), /credential_refused|PRIVATE KEY/)
  })
})
