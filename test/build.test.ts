/** What `npm run build` makes, as others get it: one file that needs Node alone, and a library for `node_modules`. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startEmulator } from '../src/emulator/start-emulator.ts'
import { CLIENT_ID, CLIENT_SECRET, OPERATOR_TOKEN, people } from './support/rig.ts'
import {
  createSocketBrowser,
  freePort,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'

const closers: (() => unknown)[] = []
let dist: string

before(async () => {
  const folder = await temporaryFolder({
    after: (close: () => unknown) => void closers.push(close),
  })
  dist = join(folder, 'dist')
  execFileSync(process.execPath, ['scripts/build.ts', '--out', dist], { encoding: 'utf8' })
})
after(async () => {
  for (const close of closers) await close()
})

function checkRefused(node: string, given: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(node, given, { encoding: 'utf8' })
  assert.deepEqual({ status, stdout }, { status: 1, stdout: '' })
  assert.match(stderr, /^entrada: this needs Node 24 or later, and runs on Node \S+\n.*\n$/)
}

/** The machine's own, not the one among the dependencies. */
function findOldNode(): string | undefined {
  const folders = (process.env.PATH ?? '')
    .split(':')
    .filter((path) => !path.includes('node_modules'))
  return folders
    .map((folder) => join(folder, 'node'))
    .find((path) => {
      const { stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8' })
      return error === undefined && Number.parseInt(stdout.slice(1), 10) < 24
    })
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('dist/entrada.js', () => {
  it('is the whole server in one file: with nothing beside it, it signs a person in', async (t) => {
    const emulator = await startEmulator()
    t.after(() => emulator.close())
    const port = await freePort()
    const origin = `http://localhost:${port}`
    emulator.addRedirectUri(CLIENT_ID, `${origin}/auth/entra/callback`)
    emulator.signInAutomaticallyAs(people.alice)
    const folder = await temporaryFolder(t)
    const program = join(folder, 'entrada.js')
    cpSync(join(dist, 'entrada.js'), program)
    // Without a package.json above it, Node still has to know a module when it sees one.
    const environment = {
      ENTRADA_ENTRA_TENANT_ID: 'contoso.example',
      ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
      ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
      ENTRADA_ENTRA_AUTHORITY: emulator.origin,
      NODE_ENV: 'production',
    }
    const server = await startServer(t, 'serve', { folder, port, program, environment })
    await server.printed(/"event":"started"/)
    const home = await createSocketBrowser().visit(`${origin}/auth/entra/login`)
    assert.equal(home.url.href, `${origin}/`, home.text)
    assert.match(home.text, /Alice Example/)
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })

  it('has the made-up directory inside, for trying it', async (t) => {
    const server = await startServer(t, 'dev', { program: join(dist, 'entrada.js') })
    await server.printed(/Open {15}http/)
    const browser = createSocketBrowser()
    const picker = await browser.visit(`${server.origin}/auth/entra/login`)
    assert.match(picker.text, /Alice Example/)
  })

  it('tells an old Node that it is old, in a sentence', async (t) => {
    const program = join(dist, 'entrada.js')
    const folder = await temporaryFolder(t)
    const disguise = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`
    for (const path of [program, 'src/bin.ts']) {
      checkRefused(process.execPath, ['--import', disguise, path, 'help'])
    }
    const old = findOldNode()
    if (old === undefined) t.diagnostic('no old Node here: tried with a new one in disguise alone')
    const copy = join(folder, 'entrada.mjs')
    cpSync(program, copy)
    for (const path of [program, copy]) if (old) checkRefused(old, [path, 'serve'])
  })

  it('says what went wrong with the names of our own files and functions', () => {
    const text = readFileSync(join(dist, 'entrada.js'), 'utf8')
    assert.match(text, /async function finishSignIn\(/)
    assert.match(text, /^\/\/ src\/sign-in\/sign-in\.ts$/m)
  })
})

describe('the built package', () => {
  it('installs from its tarball into an empty folder, type-checks under strict, and signs a person in', async (t) => {
    const application = await installedFromTarball(t)
    writeFileSync(join(application, 'app.ts'), APPLICATION)
    for (const resolution of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const checked = typeCheck(application, resolution)
      assert.equal(checked.status, 0, resolution.join() + checked.stdout)
    }
    const port = await freePort()
    const environment = { PATH: process.env.PATH, PORT: String(port) }
    const program = spawn(process.execPath, ['app.ts'], { cwd: application, env: environment })
    t.after(() => program.kill('SIGKILL'))
    const [ready] = await Promise.race([once(program.stdout, 'data'), once(program.stderr, 'data')])
    assert.equal(String(ready), 'ready\n')
    const origin = `http://localhost:${port}`
    const page = await createSocketBrowser().visit(
      `${origin}/sso/auth/entra/login?return_to=/hello`,
    )
    assert.deepEqual([page.url.href, page.text], [`${origin}/hello`, 'Hello Alice Example'])

    const wrong = APPLICATION.replace("mountPath: '/sso'", 'mountPath: 7')
    writeFileSync(join(application, 'app.ts'), wrong)
    const refused = typeCheck(application, ['nodenext', 'nodenext'])
    assert.match(refused.stdout, /Type 'number' is not assignable to type 'string'/)
  })

  it('offers everything that a clone offers', async (t) => {
    const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      name: string
      exports: Record<string, string>
    }
    const application = await installedInApplication(t)
    const wanted = Object.keys(exports).map((path) => name + path.slice(1))
    const text = wanted.map((path) => `console.log(typeof await import('${path}'))`).join('\n')
    writeFileSync(join(application, 'all.js'), text)
    const ran = spawnSync(process.execPath, ['all.js'], { cwd: application, encoding: 'utf8' })
    assert.equal(ran.stdout, wanted.map(() => 'object\n').join(''), ran.stderr)
    assert.ok(wanted.includes('entrada/express') && wanted.includes('entrada/testing/storage'))
  })

  it('throws from createEntrada at once on an old Node, with the sentence of the command line (O8)', async (t) => {
    const old = findOldNode()
    if (old === undefined) return t.skip('no old Node here')
    const application = await installedInApplication(t)
    const text = "import { createEntrada } from 'entrada'\ncreateEntrada({})"
    writeFileSync(join(application, 'old.js'), text)
    const ran = spawnSync(old, ['old.js'], { cwd: application, encoding: 'utf8' })
    assert.equal(ran.status, 1)
    assert.match(ran.stderr, /this needs Node 24 or later, and runs on Node \d+/)
  })

  it('carries no test, key, environment file or source map (I28)', () => {
    const own = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'LICENSES.txt',
      'entrada.js',
    ]
    const stranger = packedFiles(dist).filter(
      (path) => !own.includes(path) && !/^lib\/[\w/-]+(?<!\.test)(\.d)?\.(ts|js|json)$/.test(path),
    )
    assert.deepEqual(stranger, [])
    for (const path of filesOf(dist)) {
      const text = readFileSync(path, 'utf8')
      assert.doesNotMatch(text, /sourceMappingURL=(?!`|\$)/, path)
      // The storage suite is for authors of a storage; no other entry point loads it.
      if (!/conformance/.test(path)) assert.doesNotMatch(text, /from 'node:test'/, path)
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/, path)
      assert.ok(
        !text.includes(process.cwd()),
        `${path} names a folder of the machine it was built on`,
      )
    }
  })

  it('from a clone packs no source but the door, and never a test, key or environment file (I28)', () => {
    const stranger = packedFiles('.').filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|src\/bin\.ts)$/.test(path) &&
        !path.startsWith('dist/'),
    )
    assert.deepEqual(stranger, [])
  })

  it('names every package whose code it carries, with its licence', () => {
    const text = readFileSync(join(dist, 'LICENSES.txt'), 'utf8')
    for (const name of ['@azure/msal-node', 'hono', 'jose', 'kysely', 'pg', 'pino', 'valibot']) {
      assert.match(text, new RegExp(`^---- ${name} \\d`, 'm'))
    }
    assert.doesNotMatch(text, /undefined/)
  })
})

/** As npm would pack it. */
function packedFiles(folder: string): string[] {
  const parameters = ['pack', '--dry-run', '--json', '--ignore-scripts', resolve(folder)]
  const printed = execFileSync('npm', parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [packed] = JSON.parse(printed) as [{ files: { path: string }[] }] // npm's own form
  return packed.files.map(({ path }) => path)
}

/** As \`npm install\` leaves it; without a registry, the same files with the clone's own copies of what they depend on. */
async function installedFromTarball(t: TestContext): Promise<string> {
  const application = await temporaryFolder(t)
  writeFileSync(join(application, 'package.json'), '{ "type": "module", "private": true }')
  const pack = ['pack', '--silent', '--pack-destination', application, dist]
  const tarball = execFileSync('npm', pack, { encoding: 'utf8' }).trim()
  const { devDependencies = {} } = readManifest('package.json')
  const types = `@types/node@${devDependencies['@types/node']}`
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  const installed = spawnSync('npm', ['install', ...flags, `./${tarball}`, types], {
    cwd: application,
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (installed.status === 0) return application
  t.diagnostic(`npm install failed, its dependencies are linked instead: ${installed.stderr}`)
  return installedInApplication(t)
}

function typeCheck(cwd: string, [module, resolution]: readonly [string, string]) {
  const compiler = resolve('node_modules/typescript/bin/tsc')
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'es2024']
  const parameters = [
    ...strict,
    '--module',
    module,
    '--moduleResolution',
    resolution,
    '--types',
    'node',
  ]
  const check = [compiler, ...parameters, '--ignoreConfig', 'app.ts']
  return spawnSync(process.execPath, check, { cwd, encoding: 'utf8' })
}

function readManifest(path: string): Record<string, Record<string, string> | undefined> {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** A folder with the package copied into its `node_modules`, where Node runs no TypeScript, and what it depends on. */
async function installedInApplication(t: TestContext): Promise<string> {
  const application = await temporaryFolder(t)
  writeFileSync(join(application, 'package.json'), '{ "type": "module" }')
  cpSync(dist, join(application, 'node_modules/entrada'), { recursive: true })
  const { dependencies } = JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(application, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link)
  }
  return application
}

const APPLICATION = `
import { createServer } from 'node:http'
import { createEntrada, EntradaError, Secret, type Entrada } from 'entrada'
import { createClient, type EntradaClient } from 'entrada/client'
import { startEmulator } from 'entrada/emulator'
import * as express from 'entrada/express'
import * as fastify from 'entrada/fastify'
import * as hono from 'entrada/hono'
import * as next from 'entrada/next'
import { sendResponse, toNodeListener, toRequest } from 'entrada/node'
import { signInAs, testOptions } from 'entrada/testing'

const serverUrl = 'http://localhost:' + process.env.PORT
const emulator = await startEmulator()
const clientId = '${CLIENT_ID}'
emulator.addRedirectUri(clientId, serverUrl + '/sso/auth/entra/callback')
emulator.signInAutomaticallyAs('${people.alice}')

const entrada: Entrada = createEntrada({
  serverUrl,
  mountPath: '/sso',
  database: ':memory:',
  secretKeys: [new Secret(Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'))],
  operatorTokens: [new Secret('${OPERATOR_TOKEN}')],
  entra: { tenantId: 'contoso.example', clientId, clientSecret: '${CLIENT_SECRET}', authority: emulator.origin },
})
const listener = toNodeListener(entrada)
const server = createServer(async (incoming, outgoing) => {
  const request = toRequest(incoming)
  if (entrada.handles(new URL(request.url).pathname)) return listener(incoming, outgoing)
  const access = await entrada.decideAccess(request)
  if (access.kind === 'refused') return sendResponse(access.response, outgoing)
  outgoing.end('Hello ' + access.session.membership.displayName)
})
const { session } = await signInAs(createEntrada(testOptions()), { roles: ['admin'] })
const name: string = session.membership.username
const parts = [express, fastify, hono].map(({ mountEntrada, requireRole, requireSession }) => [mountEntrada, requireRole, requireSession])
if (EntradaError.name !== 'EntradaError' || name === '' || parts.length !== 3) process.exit(1)
const { GET } = next.routeHandlers(entrada)
await GET(new Request(serverUrl + '/sso/login'))
const client: EntradaClient = createClient({
  serverUrl: serverUrl + '/sso',
  apiKey: '${OPERATOR_TOKEN}',
  fetch: (url, init) => entrada.fetch(new Request(url, init)),
})
const { items: [organization] } = await client.listOrganizations({ query: { limit: 1 } })
const slug: string | undefined = organization?.slug
if (slug !== 'default') process.exit(2)
server.listen(process.env.PORT, () => console.log('ready'))
`
