/**
 * `npm run example NAME`: runs an example with a made-up directory, so that nothing has to be registered anywhere. With
 * ENTRADA_ENTRA_TENANT_ID, ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET it uses your own.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'

const folder = resolve(import.meta.dirname, '../examples')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '3000' },
    // For tests: this person, without the page on which one is chosen.
    'sign-in-as': { type: 'string' },
  },
})
const [name = ''] = positionals
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
if (names.includes(name)) await run(name)
else {
  console.error(`Usage: npm run example NAME, with one of ${names.join(', ')}`)
  process.exitCode = 2
}

async function run(example: string): Promise<void> {
  const origin = `http://localhost:${values.port}`
  const emulator = process.env.ENTRADA_ENTRA_TENANT_ID ? undefined : await startDirectory(origin)
  const data = await mkdtemp(join(tmpdir(), 'entrada-example-'))
  const [command = '', ...given] = commandOf(example)
  const child = spawn(command, given, {
    cwd: join(folder, example),
    stdio: 'inherit',
    env: {
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: values.port,
      ENTRADA_SERVER_URL: origin,
      ENTRADA_SECRET_KEYS: randomBytes(32).toString('base64url'),
      DATABASE_FILE: join(data, 'entrada.db'),
      APPLICATION_DATABASE_FILE: join(data, 'application.db'),
      ...process.env,
      ...(emulator ? directoryOf(emulator) : {}),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  await emulator?.close()
  await rm(data, { recursive: true, force: true })
  process.exitCode = code ?? 0
}

async function startDirectory(origin: string): Promise<StartedEmulator> {
  const emulator = await startEmulator()
  const { clientId } = applicationOf(emulator)
  emulator.addRedirectUri(clientId, `${origin}/sso/auth/entra/callback`)
  emulator.addRedirectUri(clientId, `${origin}/auth/entra/callback`)
  if (values['sign-in-as']) emulator.signInAutomaticallyAs(values['sign-in-as'])
  console.log(`Open ${origin} and sign in as anybody of a made-up directory (${emulator.origin}).`)
  return emulator
}

function applicationOf({ directory }: StartedEmulator) {
  const [application] = directory.applications
  if (application === undefined) throw new Error('the made-up directory has no application')
  return application
}

function directoryOf(emulator: StartedEmulator): Record<string, string> {
  const { clientId, homeTenantId, secrets } = applicationOf(emulator)
  return {
    ENTRADA_ENTRA_AUTHORITY: emulator.origin,
    ENTRADA_ENTRA_TENANT_ID: homeTenantId,
    ENTRADA_ENTRA_CLIENT_ID: clientId,
    ENTRADA_ENTRA_CLIENT_SECRET: secrets[0]?.value ?? '',
  }
}

function commandOf(example: string): readonly string[] {
  const next = resolve(folder, '../node_modules/next/dist/bin/next')
  const given = example === 'next' ? [next, 'dev', '--port', values.port] : ['app.ts']
  return [process.execPath, ...given]
}
