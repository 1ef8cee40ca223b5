/**
 * `npm run example NAME`: runs an example with a made-up directory, so that nothing has to be registered anywhere. With
 * ENTRADA_ENTRA_TENANT_ID, ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET it uses your own. The first time it
 * installs the packages of the example.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type StartedEmulator, startEmulator } from '../src/emulator/start-emulator.ts'
import { installPackages } from './install-packages.ts'

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
  installPackages(`examples/${example}`)
  const origin = `http://localhost:${values.port}`
  const emulator = process.env.ENTRADA_ENTRA_TENANT_ID ? undefined : await startDirectory(origin)
  const data = await mkdtemp(join(tmpdir(), 'entrada-example-'))
  const ports = { public: values.port, entrada: await freePort(), application: await freePort() }
  const children = (await partsOf(example, ports, data)).map(([command = '', ...given]) =>
    spawn(command, given, {
      cwd: join(folder, example),
      stdio: 'inherit',
      env: {
        ...settingsOf(origin, ports, data),
        ...process.env,
        ...(emulator ? directoryOf(emulator) : {}),
      },
    }),
  )
  const stop = () => {
    for (const child of children) child.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // One that ends takes the others along: without any of them the example does not work.
  const ended = children.map((child) => once(child, 'exit').finally(stop))
  const failed = new AbortController()
  void Promise.race(ended).finally(() => failed.abort())
  await sayWhenOpen(origin, emulator, failed.signal)
  const codes = (await Promise.all(ended)).map(([code]) => code ?? 0)
  await emulator?.close()
  await rm(data, { recursive: true, force: true })
  process.exitCode = Math.max(...codes)
}

type Ports = { readonly public: string; readonly entrada: string; readonly application: string }

/** Those that an example does not read do no harm to it. */
function settingsOf(origin: string, ports: Ports, data: string): Record<string, string> {
  return {
    NEXT_TELEMETRY_DISABLED: '1',
    // Where Caddy keeps what it made of its configuration.
    XDG_CONFIG_HOME: data,
    XDG_DATA_HOME: data,
    PORT: ports.public,
    SSO_PORT: ports.entrada,
    APPLICATION_PORT: ports.application,
    ENTRADA_SERVER_URL: origin,
    ENTRADA_SECRET_KEYS: randomBytes(32).toString('base64url'),
    // For `entrada serve` behind a proxy on this machine.
    ENTRADA_LISTEN: `127.0.0.1:${ports.entrada}`,
    ENTRADA_TRUSTED_PROXIES: '127.0.0.1',
    ENTRADA_DATA_DIR: data,
    DATABASE_FILE: join(data, 'entrada.db'),
    APPLICATION_DATABASE_FILE: join(data, 'application.db'),
  }
}

async function startDirectory(origin: string): Promise<StartedEmulator> {
  const emulator = await startEmulator()
  const { clientId } = applicationOf(emulator)
  emulator.addRedirectUri(clientId, `${origin}/sso/auth/entra/callback`)
  emulator.addRedirectUri(clientId, `${origin}/auth/entra/callback`)
  if (values['sign-in-as']) emulator.signInAutomaticallyAs(values['sign-in-as'])
  console.log(`Starting, with a made-up directory (${emulator.origin}).`)
  return emulator
}

/** A proxy listens before what is behind it, and answers 502 until then. */
async function sayWhenOpen(
  origin: string,
  emulator: StartedEmulator | undefined,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const response = await fetch(origin, { redirect: 'manual', signal }).catch(() => undefined)
    if (response && response.status < 500) {
      const who = emulator ? 'as anybody of the made-up directory' : 'with your directory'
      console.log(`Open ${origin} and sign in ${who}.`)
      return
    }
    await pause(100)
  }
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

/** The programs to run, each with its parameters: one program, or Entrada with a reverse proxy and an application. */
async function partsOf(
  example: string,
  ports: Ports,
  data: string,
): Promise<readonly (readonly string[])[]> {
  const node = process.execPath
  const next = 'node_modules/next/dist/bin/next'
  if (example === 'next') return [[node, next, 'dev', '--port', ports.public]]
  const server = [node, resolve(folder, '../src/bin.ts'), 'serve']
  if (example === 'caddy') return [server, ['caddy', 'run', '--config', 'Caddyfile']]
  if (example !== 'nginx') return [[node, 'app.ts']]
  const configuration = await nginxConfiguration(ports, data)
  return [server, ['python3', 'app.py'], ['nginx', '-e', 'stderr', '-p', data, '-c', configuration]]
}

/** nginx reads no environment: the ports of the file are put to those that are free. */
async function nginxConfiguration(ports: Ports, data: string): Promise<string> {
  const text = await readFile(join(folder, 'nginx/nginx.conf'), 'utf8')
  const path = join(data, 'nginx.conf')
  await chmod(data, 0o755) // nginx's worker may be another user
  await writeFile(
    path,
    text
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${ports.public}`)
      .replaceAll('127.0.0.1:3001', `127.0.0.1:${ports.entrada}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.application}`),
  )
  return path
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return String(typeof address === 'object' && address !== null ? address.port : 0)
}
